# SPDX-License-Identifier: GPL-2.0-only
"""An SDMA engine of CIK: reads packets from a ring, and does what they say. The packets are
those that amdgpu's cik_sdma.c makes; their layout is in its cikd.h."""

import struct
import time

from interrupts import NO_PAGE, SDMA_ILLEGAL, SDMA_TRAP
from memory import PAGE, Miss
from registers import SDMA1_OFFSET, Reg

RB_ENABLE, RPTR_WRITEBACK_ENABLE = 0x1, 0x1000
HALT, TRAP_ENABLE, IB_ENABLE = 0x1, 0x1, 0x1
SOFT_RESET = (1 << 20, 1 << 6)

# Any of these in VM_CONTEXT1_CNTL asks for an interrupt when no page table has an address.
MISS_INTERRUPTS = sum(1 << bit for bit in (3, 6, 9, 12, 15, 18))

# How long to wait, in seconds, before a condition that was false is looked at again.
POLL_PAUSE = 0.001

DWORD_FILL = 2

# What a poll does: waits for a register or for memory; may write a register before.
FROM_REGISTER = 0
WRITE_BEFORE = 1

COMPARE = (
    lambda value, reference: True,
    lambda value, reference: value < reference,
    lambda value, reference: value <= reference,
    lambda value, reference: value == reference,
    lambda value, reference: value != reference,
    lambda value, reference: value >= reference,
    lambda value, reference: value > reference,
)


class BadPacket(Exception):
    """A packet that the engine cannot obey, with the reason in one line."""


def address_of(packet, at):
    """An address in two words of a packet."""
    return packet[at] | packet[at + 1] << 32


class Sdma:
    """One of the two engines. Register numbers are those of the first."""

    def __init__(self, number, registers, memory, interrupts, log):
        # pylint: disable=too-many-arguments,too-many-positional-arguments
        self.name = f"sdma{number}"
        self.number = number
        self.rate = None    # bytes that it copies or fills in a second; None: no limit
        self._offset = number * SDMA1_OFFSET
        self._registers = registers
        self._memory = memory
        self._interrupts = interrupts
        self._log = log
        self._work = None
        self._busy = False
        self._bad = False
        self._pause_ends = 0.0
        for number_of in (Reg.SDMA0_GFX_RB_CNTL, Reg.SDMA0_GFX_RB_WPTR, Reg.SDMA0_GFX_IB_CNTL):
            registers.on_write(number_of + self._offset, lambda value: self.run())
        registers.on_write(Reg.SDMA0_F32_CNTL + self._offset, self._halted)

    def _get(self, number):
        return self._registers[number + self._offset]

    @property
    def is_waiting(self):
        """Whether it has begun something that it has to go on with."""
        return self._work is not None

    def stop(self):
        """Forget the packets that are under way, and the one that was bad."""
        self._work = None
        self._bad = False
        self._pause_ends = 0.0

    def soft_reset(self, bits):
        """The driver resets engines: those of these bits."""
        if bits & SOFT_RESET[self.number]:
            self.stop()
            for number in (Reg.SDMA0_GFX_RB_RPTR, Reg.SDMA0_GFX_RB_WPTR):
                self._registers[number + self._offset] = 0

    def _halted(self, value):
        if value & HALT:
            self.stop()
        else:
            self.run()

    def _is_on(self):
        return (self._get(Reg.SDMA0_GFX_RB_CNTL) & RB_ENABLE
                and not self._get(Reg.SDMA0_F32_CNTL) & HALT and not self._bad)

    def run(self):
        """Go on as far as possible. Returns the seconds until it has to go on, None if it has
        nothing to do."""
        left = self._pause_ends - time.monotonic()
        if left > 0 or self._busy:
            return max(left, 0.0)
        self._busy = True
        try:
            return self._run()
        finally:
            self._busy = False

    def _run(self):
        if not self._work:
            self._work = self._read_ring()
        try:
            pause = next(self._work, None)
        except BadPacket as why:
            self._log.warn(f"{self.name}: {why}")
            self._work, self._bad = None, True
            self._interrupts.add(SDMA_ILLEGAL, ring=self.number)
            return None
        if pause is None:
            self._work = None
            return None
        self._pause_ends = time.monotonic() + pause
        return pause

    def _ring(self):
        size = 4 << (self._get(Reg.SDMA0_GFX_RB_CNTL) >> 1 & 0x1f)
        base = self._get(Reg.SDMA0_GFX_RB_BASE) << 8 | self._get(Reg.SDMA0_GFX_RB_BASE_HI) << 40
        return base, size

    def _waiting(self):
        """The words between the read pointer and the write pointer."""
        base, size = self._ring()
        rptr, wptr = (self._get(number) % size
                      for number in (Reg.SDMA0_GFX_RB_RPTR, Reg.SDMA0_GFX_RB_WPTR))
        ends = [(rptr, wptr)] if rptr <= wptr else [(rptr, size), (0, wptr)]
        try:
            data = b"".join(self._memory.read(0, base + start, end - start)
                            for start, end in ends)
        except Miss as miss:
            raise BadPacket(f"its ring cannot be read: {miss}") from miss
        return memoryview(data).cast("I")

    def _advance(self, words):
        """Move the read pointer, and tell the driver in memory."""
        _, size = self._ring()
        rptr = (self._get(Reg.SDMA0_GFX_RB_RPTR) + 4 * words) % size
        self._registers[Reg.SDMA0_GFX_RB_RPTR + self._offset] = rptr
        if self._get(Reg.SDMA0_GFX_RB_CNTL) & RPTR_WRITEBACK_ENABLE:
            address = self._get(Reg.SDMA0_GFX_RB_RPTR_ADDR_LO) | \
                self._get(Reg.SDMA0_GFX_RB_RPTR_ADDR_HI) << 32
            self._attempt(0, self._memory.write, address, struct.pack("<I", rptr))

    def _read_ring(self):
        """Work until the ring is empty. Yields seconds to wait for something."""
        while self._is_on():
            words = self._waiting()
            done = 0
            while self._is_on() and done < len(words):
                packet = self._packet(words, done)
                if packet is None:
                    return
                yield from self._obey(packet, 0)
                self._advance(len(packet))
                done += len(packet)
            if not done:
                return

    def _packet(self, words, at):
        """The packet there; None if the rest of it is not there yet."""
        opcode, sub = words[at] & 0xff, words[at] >> 8 & 0xff
        _, size, subs, _ = PACKETS.get(opcode, (None, 0, (), None))
        if sub not in subs:
            raise BadPacket(f"the packet {words[at]:#010x} is not known")
        if at + size <= len(words):
            if opcode == NOP:
                size += words[at] >> 16 & 0x3fff
            elif opcode == WRITE:
                size += words[at + 3]
        return words[at:at + size] if at + size <= len(words) else None

    def _obey(self, packet, vmid):
        name, _, _, do_it = PACKETS[packet[0] & 0xff]
        if name != "nop":
            shown = " ".join(f"{word:x}" for word in packet[:10])
            self._log.say(f"{self.name} VMID {vmid} {name} {shown}")
        waits = do_it(self, packet, vmid)
        if waits is not None:
            yield from waits

    def _attempt(self, vmid, function, *arguments):
        """Do something with memory. If no page table has it, tell the driver, and go on:
        returns None then."""
        try:
            return function(vmid, *arguments)
        except Miss as miss:
            self._log.warn(f"{self.name}: {miss}")
            self._report(miss)
            return None

    def _report(self, miss):
        registers = self._registers
        if registers[Reg.VM_CONTEXT1_PROTECTION_FAULT_STATUS]:
            return
        registers[Reg.VM_CONTEXT1_PROTECTION_FAULT_ADDR] = miss.address // PAGE
        registers[Reg.VM_CONTEXT1_PROTECTION_FAULT_STATUS] = \
            miss.vmid << 25 | miss.write << 24 | 1
        registers[Reg.VM_CONTEXT1_PROTECTION_FAULT_MCCLIENT] = \
            int.from_bytes(b"SDM%d" % self.number, "big")
        if registers[Reg.VM_CONTEXT1_CNTL] & MISS_INTERRUPTS:
            self._interrupts.add(NO_PAGE, vmid=miss.vmid)

    def _took(self, size):
        """Wait as long as that many bytes take."""
        if self.rate:
            yield size / self.rate

    # What packets do: a function for each. Those that may have to wait return what to wait for.

    def _nop(self, packet, vmid):
        pass

    def _copy(self, packet, vmid):
        self._attempt(vmid, self._memory.copy, address_of(packet, 3), address_of(packet, 5),
                      packet[1])
        return self._took(packet[1])

    def _write(self, packet, vmid):
        self._attempt(vmid, self._memory.write, address_of(packet, 1), bytes(packet[4:]))

    def _fill(self, packet, vmid):
        is_dwords = packet[0] >> 30 == DWORD_FILL
        pattern = struct.pack("<I", packet[3]) if is_dwords else bytes([packet[3] & 0xff])
        address = address_of(packet, 1)
        self._attempt(vmid, self._memory.fill, address & ~3 if is_dwords else address, packet[4],
                      pattern)
        return self._took(packet[4])

    def _fence(self, packet, vmid):
        self._attempt(vmid, self._memory.write, address_of(packet, 1), bytes(packet[3:4]))

    def _trap(self, packet, vmid):
        if self._get(Reg.SDMA0_CNTL) & TRAP_ENABLE:
            self._interrupts.add(SDMA_TRAP, ring=self.number, vmid=vmid)

    def _poll(self, packet, vmid):
        """Wait for a register, or for a word in memory."""
        header, low, high, reference, mask, _ = packet
        place, operation = header >> 31, header >> 26 & 3
        compare = COMPARE[min(header >> 28 & 7, len(COMPARE) - 1)]
        if place == FROM_REGISTER and operation == WRITE_BEFORE:
            self._registers.write(high >> 2, reference)
        while True:
            if place == FROM_REGISTER:
                value = self._registers.read(low >> 2)
            else:
                data = self._attempt(vmid, self._memory.read, low & ~3 | high << 32, 4)
                if data is None:
                    return
                value = int.from_bytes(data, "little")
            if compare(value & mask, reference):
                return
            yield POLL_PAUSE

    def _write_register(self, packet, vmid):
        self._registers.write(packet[1], packet[2])

    def _timestamp(self, packet, vmid):
        """The time in 10 ns. Setting the clock changes nothing."""
        if packet[0] >> 8 & 0xff:
            self._attempt(vmid, self._memory.write, address_of(packet, 1),
                          struct.pack("<Q", time.monotonic_ns() // 10))

    def _make_entries(self, packet, vmid):
        """Entries of a page table, for memory in one piece."""
        target, flags, value = (address_of(packet, at) for at in (1, 3, 5))
        step, count = packet[7], packet[9]
        entries = (value + at * step | flags for at in range(count))
        self._attempt(vmid, self._memory.write, target,
                      b"".join(entry.to_bytes(8, "little") for entry in entries))

    def _indirect(self, packet, vmid):
        """Obey the packets of an indirect buffer, with the page tables of its VMID."""
        if not self._get(Reg.SDMA0_GFX_IB_CNTL) & IB_ENABLE:
            raise BadPacket("indirect buffers are off")
        vmid = packet[0] >> 16 & 0xf
        data = self._attempt(vmid, self._memory.read, address_of(packet, 1) & ~0x1f,
                             4 * packet[3])
        words = memoryview(data or b"").cast("I")
        at = 0
        while at < len(words):
            inner = self._packet(words, at)
            if inner is None:
                raise BadPacket(f"the packet {words[at]:#010x} ends beyond its indirect buffer")
            if inner[0] & 0xff == INDIRECT:
                raise BadPacket("an indirect buffer in an indirect buffer")
            yield from self._obey(inner, vmid)
            at += len(inner)


NOP, WRITE, INDIRECT = 0, 2, 4

# Name, words without what follows, sub-opcodes, and what it does, by opcode.
# pylint: disable=protected-access
PACKETS = {
    NOP: ("nop", 1, (0,), Sdma._nop),
    1: ("copy", 7, (0,), Sdma._copy),
    WRITE: ("write", 4, (0,), Sdma._write),
    INDIRECT: ("indirect", 4, (0,), Sdma._indirect),
    5: ("fence", 4, (0,), Sdma._fence),
    6: ("trap", 1, (0,), Sdma._trap),
    8: ("poll", 6, (0,), Sdma._poll),
    11: ("fill", 5, (0,), Sdma._fill),
    12: ("entries", 10, (0,), Sdma._make_entries),
    13: ("timestamp", 3, (0, 1, 2), Sdma._timestamp),
    14: ("register", 3, (0,), Sdma._write_register),
}

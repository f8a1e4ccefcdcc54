# SPDX-License-Identifier: GPL-2.0-only
"""An SDMA engine of CIK: reads packets from a ring, and does what they say. The packets are
those that amdgpu's cik_sdma.c makes; their layout is in its cikd.h."""

import struct
import time

from engine import BadPacket, Engine, address_of
from interrupts import SDMA_ILLEGAL, SDMA_TRAP
from registers import SDMA1_OFFSET, Reg

RB_ENABLE, RPTR_WRITEBACK_ENABLE = 0x1, 0x1000
HALT, TRAP_ENABLE, IB_ENABLE = 0x1, 0x1, 0x1
SOFT_RESET = (1 << 20, 1 << 6)

DWORD_FILL = 2

# What a poll does: waits for a register or for memory; may write a register before.
FROM_REGISTER = 0
WRITE_BEFORE = 1


class Sdma(Engine):
    """One of the two engines. Register numbers are those of the first."""

    def __init__(self, number, registers, memory, interrupts, log):
        # pylint: disable=too-many-arguments,too-many-positional-arguments
        super().__init__(f"sdma{number}", registers, memory, interrupts, log)
        self.number = number
        self.client = b"SDM%d" % number
        self.rate = None    # bytes that it copies or fills in a second; None: no limit
        self._offset = number * SDMA1_OFFSET
        for number_of in (Reg.SDMA0_GFX_RB_CNTL, Reg.SDMA0_GFX_RB_WPTR, Reg.SDMA0_GFX_IB_CNTL):
            registers.on_write(number_of + self._offset, lambda value: self.run())
        registers.on_write(Reg.SDMA0_F32_CNTL + self._offset, self._halted)

    def _get(self, number):
        return self._registers[number + self._offset]

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

    def is_on(self):
        return (self._get(Reg.SDMA0_GFX_RB_CNTL) & RB_ENABLE
                and not self._get(Reg.SDMA0_F32_CNTL) & HALT)

    def place(self):
        size = 4 << (self._get(Reg.SDMA0_GFX_RB_CNTL) >> 1 & 0x1f)
        base = self._get(Reg.SDMA0_GFX_RB_BASE) << 8 | self._get(Reg.SDMA0_GFX_RB_BASE_HI) << 40
        return base, size

    def pointers(self):
        return self._get(Reg.SDMA0_GFX_RB_RPTR), self._get(Reg.SDMA0_GFX_RB_WPTR)

    def move(self, rptr):
        self._registers[Reg.SDMA0_GFX_RB_RPTR + self._offset] = rptr
        if not self._get(Reg.SDMA0_GFX_RB_CNTL) & RPTR_WRITEBACK_ENABLE:
            return None
        return (self._get(Reg.SDMA0_GFX_RB_RPTR_ADDR_LO)
                | self._get(Reg.SDMA0_GFX_RB_RPTR_ADDR_HI) << 32), rptr

    def packet(self, words, at):
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

    def obey(self, packet, vmid):
        name, _, _, do_it = PACKETS[packet[0] & 0xff]
        if name != "nop":
            self.say(name, packet, vmid)
        waits = do_it(self, packet, vmid)
        if waits is not None:
            yield from waits

    def tell_illegal(self):
        self._interrupts.add(SDMA_ILLEGAL, ring=self.number)

    def _took(self, size):
        """Wait as long as that many bytes take."""
        if self.rate:
            yield size / self.rate

    # What packets do: a function for each. Those that may have to wait return what to wait for.

    def _nop(self, packet, vmid):
        pass

    def _copy(self, packet, vmid):
        self.attempt(vmid, self._memory.copy, address_of(packet, 3), address_of(packet, 5),
                     packet[1])
        return self._took(packet[1])

    def _write(self, packet, vmid):
        self.attempt(vmid, self._memory.write, address_of(packet, 1), bytes(packet[4:]))

    def _fill(self, packet, vmid):
        is_dwords = packet[0] >> 30 == DWORD_FILL
        pattern = struct.pack("<I", packet[3]) if is_dwords else bytes([packet[3] & 0xff])
        address = address_of(packet, 1)
        self.attempt(vmid, self._memory.fill, address & ~3 if is_dwords else address, packet[4],
                     pattern)
        return self._took(packet[4])

    def _fence(self, packet, vmid):
        self.attempt(vmid, self._memory.write, address_of(packet, 1), bytes(packet[3:4]))

    def _trap(self, packet, vmid):
        if self._get(Reg.SDMA0_CNTL) & TRAP_ENABLE:
            self._interrupts.add(SDMA_TRAP, ring=self.number, vmid=vmid)

    def _poll(self, packet, vmid):
        """Wait for a register, or for a word in memory."""
        header, low, high, reference, mask, _ = packet
        if header >> 31 != FROM_REGISTER:
            def read():
                return self.read_word(vmid, low | high << 32)
        else:
            if header >> 26 & 3 == WRITE_BEFORE:
                self._registers.write(high >> 2, reference)

            def read():
                return self._registers.read(low >> 2)
        return self.wait_for(read, mask, header >> 28 & 7, reference)

    def _write_register(self, packet, vmid):
        self._registers.write(packet[1], packet[2])

    def _timestamp(self, packet, vmid):
        """The time in 10 ns. Setting the clock changes nothing."""
        if packet[0] >> 8 & 0xff:
            self.attempt(vmid, self._memory.write, address_of(packet, 1),
                         struct.pack("<Q", time.monotonic_ns() // 10))

    def _make_entries(self, packet, vmid):
        """Entries of a page table, for memory in one piece."""
        target, flags, value = (address_of(packet, at) for at in (1, 3, 5))
        step, count = packet[7], packet[9]
        entries = (value + at * step | flags for at in range(count))
        self.attempt(vmid, self._memory.write, target,
                     b"".join(entry.to_bytes(8, "little") for entry in entries))

    def _indirect(self, packet, vmid):
        """Obey the packets of an indirect buffer, with the page tables of its VMID."""
        if not self._get(Reg.SDMA0_GFX_IB_CNTL) & IB_ENABLE:
            raise BadPacket("indirect buffers are off")
        return self.obey_indirect(packet[0] >> 16 & 0xf, address_of(packet, 1) & ~0x1f, packet[3])


NOP, WRITE = 0, 2

# Name, words without what follows, sub-opcodes, and what it does, by opcode.
# pylint: disable=protected-access
PACKETS = {
    NOP: ("nop", 1, (0,), Sdma._nop),
    1: ("copy", 7, (0,), Sdma._copy),
    WRITE: ("write", 4, (0,), Sdma._write),
    4: ("indirect", 4, (0,), Sdma._indirect),
    5: ("fence", 4, (0,), Sdma._fence),
    6: ("trap", 1, (0,), Sdma._trap),
    8: ("poll", 6, (0,), Sdma._poll),
    11: ("fill", 5, (0,), Sdma._fill),
    12: ("entries", 10, (0,), Sdma._make_entries),
    13: ("timestamp", 3, (0, 1, 2), Sdma._timestamp),
    14: ("register", 3, (0,), Sdma._write_register),
}

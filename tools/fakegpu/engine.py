# SPDX-License-Identifier: GPL-2.0-only
"""What reads packets from a ring and does what they say: the base of the SDMA engines and of the
command processor's queues."""

import time

from interrupts import NO_PAGE
from memory import PAGE, Miss
from registers import Reg

# Any of these in VM_CONTEXT1_CNTL asks for an interrupt when no page table has an address.
MISS_INTERRUPTS = sum(1 << bit for bit in (3, 6, 9, 12, 15, 18))

# How long to wait, in seconds, before a condition that was false is looked at again.
POLL_PAUSE = 0.001

# How a packet that waits compares what it reads with what it waits for, by its function.
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
    """A packet that cannot be obeyed, with the reason in one line."""


def address_of(packet, at):
    """An address in two words of a packet."""
    return packet[at] | packet[at + 1] << 32


class Engine:
    """A ring, and what is done with it. A class of its own says where the ring is, and what the
    packets do. client: four letters, by which the driver knows it when it has missed a page."""

    client = b"    "

    def __init__(self, name, registers, memory, interrupts, log):
        # pylint: disable=too-many-arguments,too-many-positional-arguments
        self.name = name
        self._registers = registers
        self._memory = memory
        self._interrupts = interrupts
        self._log = log
        self._work = None
        self._busy = False
        self._bad = False
        self._inside = False    # an indirect buffer
        self._pause_ends = 0.0

    # What a class of its own has.

    def is_on(self):
        """Whether the driver has turned it on."""
        raise NotImplementedError

    def place(self):
        """The address of the ring, and its bytes."""
        raise NotImplementedError

    def pointers(self):
        """The read pointer and the write pointer, in bytes."""
        raise NotImplementedError

    def move(self, rptr):
        """Set the read pointer. Returns where the driver wants it in memory, and what; None if
        it does not."""
        raise NotImplementedError

    def packet(self, words, at):
        """The packet there; None if the rest of it is not there yet. Raises BadPacket."""
        raise NotImplementedError

    def obey(self, packet, vmid):
        """Do what a packet says. Yields seconds to wait for something."""
        raise NotImplementedError

    def tell_illegal(self):
        """Tell the driver of a bad packet."""
        raise NotImplementedError

    # What all have.

    @property
    def is_waiting(self):
        """Whether it has begun something that it has to go on with."""
        return self._work is not None

    def stop(self):
        """Forget the packets that are under way, and the one that was bad."""
        self._work = None
        self._bad = False
        self._inside = False
        self._pause_ends = 0.0

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
            self.tell_illegal()
            return None
        if pause is None:
            self._work = None
            return None
        self._pause_ends = time.monotonic() + pause
        return pause

    def _runs(self):
        return self.is_on() and not self._bad

    def _waiting(self):
        """The words between the read pointer and the write pointer."""
        base, size = self.place()
        rptr, wptr = (pointer % size for pointer in self.pointers())
        ends = [(rptr, wptr)] if rptr <= wptr else [(rptr, size), (0, wptr)]
        try:
            data = b"".join(self._memory.read(0, base + start, end - start)
                            for start, end in ends)
        except Miss as miss:
            raise BadPacket(f"its ring cannot be read: {miss}") from miss
        return memoryview(data).cast("I")

    def _advance(self, words):
        """Move the read pointer, and tell the driver in memory."""
        _, size = self.place()
        report = self.move((self.pointers()[0] + 4 * words) % size)
        if report:
            self.write_word(0, *report)

    def _read_ring(self):
        """Work until the ring is empty. Yields seconds to wait for something."""
        while self._runs():
            words = self._waiting()
            done = 0
            while self._runs() and done < len(words):
                packet = self.packet(words, done)
                if packet is None:
                    return
                yield from self.obey(packet, 0)
                self._advance(len(packet))
                done += len(packet)
            if not done:
                return

    def say(self, name, packet, vmid):
        """Write a packet to the trace."""
        shown = " ".join(f"{word:x}" for word in packet[:10])
        self._log.say(f"{self.name} VMID {vmid} {name} {shown}")

    def attempt(self, vmid, function, *arguments):
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
            int.from_bytes(self.client, "big")
        if registers[Reg.VM_CONTEXT1_CNTL] & MISS_INTERRUPTS:
            self._interrupts.add(NO_PAGE, vmid=miss.vmid)

    def write_word(self, vmid, address, value, size=4):
        """Write a number."""
        self.attempt(vmid, self._memory.write, address, value.to_bytes(size, "little"))

    def wait_for(self, read, mask, function, reference):
        """Wait until what is read compares as wanted. Ends if it cannot be read."""
        compare = COMPARE[min(function, len(COMPARE) - 1)]
        while True:
            value = read()
            if value is None or compare(value & mask, reference):
                return
            yield POLL_PAUSE

    def read_word(self, vmid, address):
        """A word in memory; None if no page table has it."""
        data = self.attempt(vmid, self._memory.read, address & ~3, 4)
        return None if data is None else int.from_bytes(data, "little")

    def obey_indirect(self, vmid, address, count):
        """Obey the packets of an indirect buffer, with the page tables of its VMID."""
        if self._inside:
            raise BadPacket("an indirect buffer in an indirect buffer")
        self._inside = True
        data = self.attempt(vmid, self._memory.read, address, 4 * count)
        words = memoryview(data or b"").cast("I")
        at = 0
        while at < len(words):
            inner = self.packet(words, at)
            if inner is None:
                raise BadPacket(f"the packet {words[at]:#010x} ends beyond its indirect buffer")
            yield from self.obey(inner, vmid)
            at += len(inner)
        self._inside = False

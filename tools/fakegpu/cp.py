# SPDX-License-Identifier: GPL-2.0-only
"""The command processor (CP) of GFX 7: a ring for graphics, and queues for computing. It does
what amdgpu itself puts into them, which sets registers, writes memory and waits. There are no
shaders: a packet that draws or dispatches is not known.

The layout of the packets is in amdgpu's cikd.h, how amdgpu uses them in gfx_v7_0.c."""

from engine import BadPacket, Engine, address_of
from interrupts import CP_END_OF_PIPE, CP_ILLEGAL
from registers import Reg

NOP = 0x10

# The count of a NOP that has no second word.
NOTHING_MORE = 0x3fff

HALT_GRAPHICS = 1 << 28 | 1 << 26 | 1 << 24
# By ME.
HALT_COMPUTE = {1: 1 << 30, 2: 1 << 28}
SOFT_RESET_CP = 0x1
RPTR_WRITABLE = 1 << 31
TIME_STAMP_INTERRUPT = 1 << 26
DOORBELL_ON, DOORBELL_OFFSET = 1 << 30, 0x7ffffc
ACTIVE = 0x1

# Where the registers begin that a packet sets, by its opcode.
FIRST_REGISTER = {0x68: 0x2000, 0x69: 0xa000, 0x76: 0x2c00, 0x79: 0xc000}

# What is written: where to, and how much.
TO_REGISTER, TO_MEMORY = 0, (1, 2, 5)
ONE_ADDRESS = 1 << 16
LOW_WORD, BOTH_WORDS = 1, 2
INTERRUPT_ONLY, INTERRUPT_AFTER = 1, 2
IN_MEMORY, WRITE_BEFORE = 1 << 4, 1


class Queue(Engine):
    """What the ring for graphics and the queues for computing have in common."""

    client = b"CPF\0"

    def __init__(self, place, *arguments):
        """place: ME, pipe and queue."""
        super().__init__("cp" + ".".join(str(number) for number in place), *arguments)
        me, pipe, queue = place
        self._ring = pipe | me << 2 | queue << 4
        self._skip = 0              # words that are not obeyed
        self._is_skipped = False    # the packet that was read last

    def stop(self):
        super().stop()
        self._skip = 0

    def wants_time_stamps(self):
        """Whether the driver wants an interrupt after a fence."""
        raise NotImplementedError

    def packet(self, words, at):
        self._is_skipped = self._skip > 0
        if self._is_skipped:
            count = min(self._skip, len(words) - at)
            self._skip -= count
            return words[at:at + count]
        header = words[at]
        kind, count = header >> 30, header >> 16 & 0x3fff
        if kind == 2 or (kind == 3 and header >> 8 & 0xff == NOP and count == NOTHING_MORE):
            return words[at:at + 1]
        if kind != 3 or header >> 8 & 0xff not in PACKETS:
            raise BadPacket(f"the packet {header:#010x} is not known")
        _, least, _ = PACKETS[header >> 8 & 0xff]
        if count + 1 < least:
            raise BadPacket(f"the packet {header:#010x} is too short")
        return words[at:at + count + 2] if at + count + 2 <= len(words) else None

    def obey(self, packet, vmid):
        if self._is_skipped or packet[0] >> 30 != 3:
            return
        name, _, do_it = PACKETS[packet[0] >> 8 & 0xff]
        if do_it is None:
            return
        self.say(name, packet, vmid)
        waits = do_it(self, packet, vmid)
        if waits is not None:
            yield from waits

    def tell_illegal(self):
        self._interrupts.add(CP_ILLEGAL, ring=self._ring)

    # What packets do.

    def _set_registers(self, packet, vmid):
        first = FIRST_REGISTER[packet[0] >> 8 & 0xff] + (packet[1] & 0xffff)
        for at, value in enumerate(packet[2:]):
            self._registers.write(first + at, value)

    def _write_data(self, packet, vmid):
        target, step = packet[1] >> 8 & 0xf, not packet[1] & ONE_ADDRESS
        address = address_of(packet, 2)
        if target == TO_REGISTER:
            for at, value in enumerate(packet[4:]):
                self._registers.write(packet[2] + at * step, value)
        elif target in TO_MEMORY and step:
            self.attempt(vmid, self._memory.write, address & ~3, bytes(packet[4:]))
        else:
            raise BadPacket(f"the target {target} is not known")

    def _condition(self, packet, vmid):
        """Skip words if a word in memory is 0."""
        if self.read_word(vmid, address_of(packet, 1)) == 0:
            self._skip = packet[4] & 0x3fff

    def _wait(self, packet, vmid):
        control, low, high, reference, mask = packet[1:6]
        if control & IN_MEMORY:
            def read():
                return self.read_word(vmid, low | high << 32)
        else:
            number = low
            if control >> 6 & 3 == WRITE_BEFORE:
                self._registers.write(low, reference)
                number = high

            def read():
                return self._registers.read(number)
        return self.wait_for(read, mask, control & 7, reference)

    def _fence(self, vmid, address, kinds, value):
        """Write a number, and tell the driver, as two fields ask for."""
        what, interrupt = kinds >> 29, kinds >> 24 & 3
        if what in (LOW_WORD, BOTH_WORDS):
            size = 4 * what
            self.write_word(vmid, address & ~3, value & ((1 << 8 * size) - 1), size)
        if interrupt in (INTERRUPT_ONLY, INTERRUPT_AFTER) and self.wants_time_stamps():
            self._interrupts.add(CP_END_OF_PIPE, ring=self._ring, vmid=vmid)

    def _end_of_pipe(self, packet, vmid):
        self._fence(vmid, packet[2] | (packet[3] & 0xffff) << 32, packet[3], address_of(packet, 4))

    def _release(self, packet, vmid):
        self._fence(vmid, address_of(packet, 3), packet[2], address_of(packet, 5))

    def _indirect(self, packet, vmid):
        return self.obey_indirect(packet[3] >> 24 & 0xf, address_of(packet, 1) & ~3,
                                  packet[3] & 0xfffff)


# Name, least words after the header, and what it does, by opcode; None: nothing that can be seen
# without shaders.
# pylint: disable=protected-access
PACKETS = {
    NOP: ("nop", 1, None),
    0x11: ("set base", 1, None),
    0x12: ("clear state", 1, None),
    0x22: ("condition", 4, Queue._condition),
    0x28: ("context control", 2, None),
    0x33: ("indirect const", 3, Queue._indirect),
    0x37: ("write", 4, Queue._write_data),
    0x3c: ("wait", 6, Queue._wait),
    0x3f: ("indirect", 3, Queue._indirect),
    0x42: ("sync", 1, None),
    0x43: ("surface sync", 4, None),
    0x46: ("event", 1, None),
    0x47: ("end of pipe", 5, Queue._end_of_pipe),
    0x49: ("release", 6, Queue._release),
    0x4a: ("preamble", 1, None),
    0x58: ("acquire", 6, None),
    0x68: ("config registers", 2, Queue._set_registers),
    0x69: ("context registers", 2, Queue._set_registers),
    0x76: ("shader registers", 2, Queue._set_registers),
    0x79: ("user registers", 2, Queue._set_registers),
    0x8b: ("switch buffer", 1, None),
}


class Graphics(Queue):
    """The ring for graphics."""

    def __init__(self, *arguments):
        super().__init__((0, 0, 0), *arguments)
        self._registers.on_write(Reg.CP_RB0_CNTL, self._controlled)
        self._registers.on_write(Reg.CP_RB0_WPTR, lambda value: self.run())
        self._registers.on_write(Reg.CP_ME_CNTL, self._halted)

    def _controlled(self, value):
        if value & RPTR_WRITABLE:
            self.move(0)

    def _halted(self, value):
        if value & HALT_GRAPHICS:
            self.stop()
        else:
            self.run()

    def is_on(self):
        return not self._registers[Reg.CP_ME_CNTL] & HALT_GRAPHICS

    def wants_time_stamps(self):
        return self._registers[Reg.CP_INT_CNTL_RING0] & TIME_STAMP_INTERRUPT

    def place(self):
        return (self._registers[Reg.CP_RB0_BASE] << 8 | self._registers[Reg.CP_RB0_BASE_HI] << 40,
                8 << (self._registers[Reg.CP_RB0_CNTL] & 0x3f))

    def pointers(self):
        return 4 * self._registers[Reg.CP_RB0_RPTR], 4 * self._registers[Reg.CP_RB0_WPTR]

    def move(self, rptr):
        registers = self._registers
        registers[Reg.CP_RB0_RPTR] = rptr // 4
        return (registers[Reg.CP_RB0_RPTR_ADDR] & ~3
                | registers[Reg.CP_RB0_RPTR_ADDR_HI] << 32), rptr // 4


class Compute(Queue):
    """A queue for computing, which has its registers in a bank of their own."""

    def __init__(self, place, *arguments):
        super().__init__(place, *arguments)
        self._me, self._pipe, _ = place
        self._bank = self._registers.bank(*place)

    @property
    def doorbell(self):
        """Where in the BAR of doorbells the driver rings, if it does."""
        control = self._bank[Reg.CP_HQD_PQ_DOORBELL_CONTROL]
        return control & DOORBELL_OFFSET if control & DOORBELL_ON else None

    def ring(self, wptr):
        """The driver rings."""
        self._bank[Reg.CP_HQD_PQ_WPTR] = wptr
        self.run()

    def is_on(self):
        return self._bank[Reg.CP_HQD_ACTIVE] & ACTIVE and not self.is_halted

    @property
    def is_halted(self):
        """Whether the driver has halted the engine that has this queue."""
        return self._registers[Reg.CP_MEC_CNTL] & HALT_COMPUTE[self._me]

    def dequeue(self):
        """The driver takes the queue away."""
        self.stop()
        self._bank[Reg.CP_HQD_ACTIVE] = 0

    def forget(self):
        """An engine that was halted starts with no queue: amdgpu reads the pointers before it sets
        them to 0, and writes back what it has read."""
        self.dequeue()
        self._bank[Reg.CP_HQD_PQ_RPTR] = self._bank[Reg.CP_HQD_PQ_WPTR] = 0

    def wants_time_stamps(self):
        number = Reg.CP_ME1_PIPE0_INT_CNTL + 4 * (self._me - 1) + self._pipe
        return self._registers[number] & TIME_STAMP_INTERRUPT

    def place(self):
        return (self._bank[Reg.CP_HQD_PQ_BASE] << 8 | self._bank[Reg.CP_HQD_PQ_BASE_HI] << 40,
                8 << (self._bank[Reg.CP_HQD_PQ_CONTROL] & 0x3f))

    def pointers(self):
        return 4 * self._bank[Reg.CP_HQD_PQ_RPTR], 4 * self._bank[Reg.CP_HQD_PQ_WPTR]

    def move(self, rptr):
        bank = self._bank
        bank[Reg.CP_HQD_PQ_RPTR] = rptr // 4
        return (bank[Reg.CP_HQD_PQ_RPTR_REPORT_ADDR] & ~3
                | bank[Reg.CP_HQD_PQ_RPTR_REPORT_ADDR_HI] << 32), rptr // 4


class CommandProcessor:
    """The ring and the queues, and what sets the RLC beside them at rest."""

    def __init__(self, registers, *arguments):
        self._registers = registers
        self._arguments = (registers, *arguments)
        self.graphics = Graphics(*self._arguments)
        self._queues = {}
        registers.on_write(Reg.CP_HQD_ACTIVE, self._activated)
        registers.on_write(Reg.CP_HQD_DEQUEUE_REQUEST, self._dequeued)
        registers.on_write(Reg.CP_MEC_CNTL, self._halted)
        registers.on_write(Reg.GRBM_SOFT_RESET, self._soft_reset)
        registers.on_write(Reg.RLC_GPR_REG2, self._rlc_asked)

    @property
    def engines(self):
        """All that there are."""
        return [self.graphics, *self._queues.values()]

    def reset(self):
        """Forget all that was under way, and the queues."""
        self.graphics.stop()
        self._queues.clear()

    def ring(self, offset, value):
        """The driver writes to a doorbell."""
        for queue in list(self._queues.values()):
            if queue.doorbell == offset:
                queue.ring(value)

    def _selected(self):
        """The queue whose registers the driver has chosen; None if no queue is there."""
        place = self._registers.selected
        if place[0] not in HALT_COMPUTE:
            return None
        if place not in self._queues:
            self._queues[place] = Compute(place, *self._arguments)
        return self._queues[place]

    def _activated(self, value):
        queue = self._selected()
        if queue:
            queue.stop()
            if value & ACTIVE:
                queue.run()

    def _dequeued(self, value):
        queue = self._selected()
        if queue and value & 0xf:
            queue.dequeue()

    def _halted(self, _):
        for queue in list(self._queues.values()):
            if queue.is_halted:
                queue.forget()
            else:
                queue.run()

    def _soft_reset(self, bits):
        if bits & SOFT_RESET_CP:
            self.reset()
            self._registers[Reg.CP_RB0_RPTR] = self._registers[Reg.CP_RB0_WPTR] = 0

    def _rlc_asked(self, value):
        """The RLC does at once what the driver asks for, and says so by the lowest bit."""
        self._registers[Reg.RLC_GPR_REG2] = value & ~1

# SPDX-License-Identifier: GPL-2.0-only
"""A GPU with CIK's memory controller, interrupt ring, command processor and two SDMA engines. It
has no shaders, no display, no video and no power management: amdgpu is told to leave those out
that it can leave out."""

import collections

from cp import CommandProcessor
from interrupts import InterruptRing
from memory import CarvedVram, GuestMemory, Memory, Miss, Vram
from protocol import Gone
from registers import Reg, Registers
from sdma import Sdma

MIB = 1 << 20

# Where the memory controller puts VRAM, as a Kaveri's BIOS does.
FB_BASE = 0xf400000000

# What a BIOS writes when it has set up the GPU (ATOM_S7_ASIC_INIT_COMPLETE).
INIT_COMPLETE = 0x200

# RLC_GPM_STAT: graphics have power, and a clock.
POWER_AND_CLOCK = 0x6

# MM_INDEX with this bit is an address in VRAM, and not a register.
IN_VRAM = 0x80000000

VRAM_BAR, DOORBELL_BAR, PORT_BAR, REGISTER_BAR = 0, 2, 4, 5
DOORBELL_BYTES, PORT_BYTES, REGISTER_BYTES = 2 * MIB, 256, 256 << 10
IS_PORT, IS_64_BIT, IS_PREFETCHABLE = 0x1, 0x4, 0x8

# kind: the lowest bits of the BAR. file: what the guest maps, if it does.
Bar = collections.namedtuple("Bar", "size kind file")


class Gpu:
    """Answers to reads and writes of BARs; copies and fills memory; sends interrupts by calling
    send_interrupt(). rate: bytes that an SDMA engine moves in a second. Without a rate all is done
    when the driver's write of a pointer returns. leave: a register; a write to it ends the
    connection, by Gone, as if this program had died."""

    def __init__(self, profile, log, send_interrupt, rate=None, leave=None):
        # pylint: disable=too-many-arguments,too-many-positional-arguments
        self.profile = profile
        self._log = log
        self.guest = GuestMemory()
        self._vram = CarvedVram(profile.vram, self.guest, profile.carved) if profile.carved \
            else Vram(profile.vram)
        self._doorbells = {}
        self.bars = {
            VRAM_BAR: Bar(profile.bar, IS_64_BIT | IS_PREFETCHABLE, self._vram.file),
            DOORBELL_BAR: Bar(DOORBELL_BYTES, IS_64_BIT | IS_PREFETCHABLE, None),
            PORT_BAR: Bar(PORT_BYTES, IS_PORT, None),
            REGISTER_BAR: Bar(REGISTER_BYTES, 0, None),
        }
        self._registers = registers = Registers(log)
        self._memory = Memory(registers, self._vram, self.guest)
        self._interrupts = InterruptRing(registers, self._memory, send_interrupt, log)
        self._engines = [Sdma(number, registers, self._memory, self._interrupts, log)
                         for number in range(2)]
        for engine in self._engines:
            engine.rate = rate
        self._processor = CommandProcessor(registers, self._memory, self._interrupts, log)
        self._add_functions()
        if leave is not None:
            registers.on_write(leave, self._leave)
        self.reset()

    def _add_functions(self):
        """What happens at once when the driver reads or writes a register."""
        registers = self._registers
        registers.on_read(Reg.MM_DATA, self._read_behind)
        registers.on_write(Reg.MM_DATA, self._write_behind)
        registers.on_write(Reg.SRBM_SOFT_RESET, self._soft_reset)
        registers.on_write(Reg.GPU_HDP_FLUSH_REQ, self._flushed)
        registers.on_write(Reg.VM_CONTEXT1_CNTL2, self._miss_was_seen)

    def reset(self):
        """Be as a BIOS leaves it. VRAM stays."""
        for engine in self._engines:
            engine.stop()
        self._processor.reset()
        self._doorbells.clear()
        size = self.profile.vram
        self._registers.reset({
            Reg.CONFIG_MEMSIZE: size // MIB,
            Reg.MC_VM_FB_OFFSET: self.profile.carved >> 22,
            Reg.MC_VM_FB_LOCATION: FB_BASE >> 24 | ((FB_BASE + size - 1) >> 24) << 16,
        }, {Reg.BIOS_SCRATCH_7: INIT_COMPLETE, Reg.RLC_GPM_STAT: POWER_AND_CLOCK})

    def lose_power(self):
        """Be as after a cold boot of another guest."""
        self.guest.unmap_all()
        self._vram.clear()
        self.reset()

    def close(self):
        """Give back the memory."""
        self.guest.unmap_all()
        self._vram.close()

    def work(self):
        """Go on with what waits. Returns in how many seconds to go on, None if nothing waits."""
        pauses = [engine.run() for engine in (*self._engines, *self._processor.engines)
                  if engine.is_waiting]
        return min((pause for pause in pauses if pause is not None), default=None)

    def read(self, bar, offset, size):
        """What the guest reads of a BAR that it has not mapped."""
        if bar == VRAM_BAR:
            return bytes(self._part_of_vram(offset, size))
        first, last = offset // 4, (offset + size - 1) // 4
        read = self._registers.read if bar != DOORBELL_BAR else \
            lambda number: self._doorbells.get(number, 0)
        data = b"".join(read(number).to_bytes(4, "little")
                        for number in range(first, last + 1))
        return data[offset % 4:offset % 4 + size]

    def write(self, bar, offset, data):
        """The guest writes to a BAR that it has not mapped."""
        if bar == VRAM_BAR:
            self._part_of_vram(offset, len(data))[:] = data
        elif offset % 4 or len(data) % 4:
            self._log.warn(f"a write of {len(data)} bytes to register {offset:#x} is left out")
        else:
            write = self._registers.write if bar != DOORBELL_BAR else self._ring
            for at in range(0, len(data), 4):
                write((offset + at) // 4, int.from_bytes(data[at:at + 4], "little"))

    def _part_of_vram(self, offset, size):
        """Bytes of VRAM; others if there is no VRAM there."""
        try:
            return self._vram.view(offset, size)
        except Miss as miss:
            self._log.warn(str(miss))
            return bytearray(size)

    def _ring(self, number, value):
        """The driver writes to a doorbell."""
        self._log.say(f"ring  {4 * number:#x} {value:#x}")
        self._doorbells[number] = value
        self._processor.ring(4 * number, value)

    def _behind(self):
        """The place in VRAM that MM_INDEX names, or the register."""
        index = self._registers[Reg.MM_INDEX]
        if not index & IN_VRAM:
            return None, index // 4
        return self._registers[Reg.MM_INDEX_HI] << 31 | index & ~IN_VRAM & ~3, None

    def _read_behind(self):
        offset, register = self._behind()
        if offset is None:
            return self._registers.read(register) if register != Reg.MM_DATA else 0
        return int.from_bytes(self._part_of_vram(offset, 4), "little")

    def _write_behind(self, value):
        offset, register = self._behind()
        if offset is not None and offset < self.profile.vram:
            self._part_of_vram(offset, 4)[:] = value.to_bytes(4, "little")
        elif offset is None and register != Reg.MM_DATA:
            self._registers.write(register, value)

    def _leave(self, _):
        self._log.warn("leaving, as the guest has asked for: it has no GPU any more")
        raise Gone

    def _soft_reset(self, bits):
        for engine in self._engines:
            engine.soft_reset(bits)

    def _flushed(self, value):
        self._registers[Reg.GPU_HDP_FLUSH_DONE] = value

    def _miss_was_seen(self, value):
        if value & 1:
            self._registers[Reg.VM_CONTEXT1_PROTECTION_FAULT_ADDR] = 0
            self._registers[Reg.VM_CONTEXT1_PROTECTION_FAULT_STATUS] = 0

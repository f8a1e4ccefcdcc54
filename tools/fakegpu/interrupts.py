# SPDX-License-Identifier: GPL-2.0-only
"""The ring of interrupt vectors (IH): the GPU writes what has happened, then sends an MSI."""

import struct

from memory import Miss
from registers import Reg

# What a vector is about, as in amdgpu's ivsrcid_vislands30.h, gfx_v7_0.c and cik_sdma.c.
CP_END_OF_PIPE, CP_ILLEGAL = 181, 185
NO_PAGE, SDMA_TRAP, SDMA_ILLEGAL = 146, 224, 241

VECTOR = struct.Struct("<IIII")

RB_ENABLE, WPTR_WRITEBACK_ENABLE, WPTR_OVERFLOW_CLEAR = 0x1, 0x100, 0x80000000
ENABLE_INTR = 0x1
RB_OVERFLOW = 0x1


class InterruptRing:
    """Writes vectors, and calls send() for an MSI."""

    def __init__(self, registers, memory, send, log):
        self._registers = registers
        self._memory = memory
        self._send = send
        self._log = log
        self._overflow = False
        registers.on_write(Reg.IH_RB_RPTR, self._moved_on)
        registers.on_write(Reg.IH_RB_CNTL, self._controlled)

    def _mask(self):
        return (4 << (self._registers[Reg.IH_RB_CNTL] >> 1 & 0x1f)) - 1

    def _is_on(self):
        return (self._registers[Reg.IH_RB_CNTL] & RB_ENABLE
                and self._registers[Reg.IH_CNTL] & ENABLE_INTR)

    def _controlled(self, value):
        if value & WPTR_OVERFLOW_CLEAR:
            self._overflow = False

    def _moved_on(self, rptr):
        """The driver has read vectors. Another MSI tells it of those that it has not."""
        if self._is_on() and rptr & self._mask() != self._registers[Reg.IH_RB_WPTR]:
            self._send()

    def add(self, source, data=0, ring=0, vmid=0):
        """Write a vector and tell the driver. Nothing happens while interrupts are off."""
        if not self._is_on():
            self._log.say(f"interrupt {source}: off")
            return
        pasid = self._registers[Reg.IH_VMID_0_LUT + vmid] & 0xffff
        vector = VECTOR.pack(source, data & 0xfffffff, ring | vmid << 8 | pasid << 16, 0)
        wptr = self._registers[Reg.IH_RB_WPTR]
        try:
            self._memory.write(0, (self._registers[Reg.IH_RB_BASE] << 8) + wptr, vector)
            self._advance((wptr + VECTOR.size) & self._mask())
        except Miss as miss:
            self._log.warn(f"interrupt {source} is lost: {miss}")
            return
        self._log.say(f"interrupt {source} ring {ring} VMID {vmid}")
        self._send()

    def _advance(self, wptr):
        registers = self._registers
        if wptr == registers[Reg.IH_RB_RPTR] & self._mask():
            self._overflow = True
            self._log.warn("the ring of interrupts is full: old ones are lost")
        registers[Reg.IH_RB_WPTR] = wptr
        if registers[Reg.IH_RB_CNTL] & WPTR_WRITEBACK_ENABLE:
            address = registers[Reg.IH_RB_WPTR_ADDR_LO] | registers[Reg.IH_RB_WPTR_ADDR_HI] << 32
            self._memory.write(0, address, struct.pack(
                "<I", wptr | (RB_OVERFLOW if self._overflow else 0)))

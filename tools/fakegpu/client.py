# SPDX-License-Identifier: GPL-2.0-only
"""A client that speaks vfio-user as QEMU does, and sets the GPU up as amdgpu does, for tests."""

import array
import errno
import mmap
import os
import struct

from gpu import FB_BASE
from protocol import Command, Connection, ProtocolError
from registers import SDMA1_OFFSET, Reg

KIB, MIB = 1 << 10, 1 << 20
PAGE = 4096

CONFIG, REGISTERS = 7, 5
MSI = 1

# Where the driver that is made up here has its things. Guest memory begins at GUEST.
GUEST, GUEST_BYTES = 0x100000000, 8 * MIB
GART, GART_PAGES = 0xff00000000, GUEST_BYTES // PAGE
TABLE = 1 * MIB                                     # in VRAM: entries of the GART
RING, RING_BYTES = 0, 1 * KIB                       # in guest memory, as all of these
IH, IH_BYTES = 64 * KIB, 256
RPTR, IH_WPTR, FENCE = 128 * KIB, 128 * KIB + 8, 128 * KIB + 16
CP_RING, CP_RPTR = 132 * KIB, 129 * KIB
IB = 256 * KIB
DATA = 1 * MIB

# What the packets of cik_sdma.c begin with.
NOP, COPY, WRITE, INDIRECT, SIGNAL, TRAP, POLL, FILL, ENTRIES, TIME, REGISTER = \
    0, 1, 2, 4, 5, 6, 8, 11, 12, 13, 14
IN_MEMORY, EQUAL = 1 << 31, 3 << 28
GET_TIME, TILED = 2 << 8, 1 << 8
DWORDS = 2 << 30

# Bits of entries.
VALID, SYSTEM, SNOOPED, READABLE, WRITABLE = 1, 2, 4, 32, 64
ACCESS = VALID | READABLE | WRITABLE


def low_high(address):
    """The two words of an address."""
    return [address & 0xffffffff, address >> 32]


def gart(offset):
    """The GPU's address of guest memory."""
    return GART + offset


def vram(offset):
    """The GPU's address of VRAM."""
    return FB_BASE + offset


class Client:
    """QEMU, and a driver in it."""

    def __init__(self, sock):
        self.connection = Connection(sock)
        self._number = 0
        self.guest_file = os.memfd_create("guest")
        os.ftruncate(self.guest_file, GUEST_BYTES)
        self.guest = mmap.mmap(self.guest_file, GUEST_BYTES)
        self.event = os.eventfd(0, os.EFD_NONBLOCK)

    def close(self):
        """Leave."""
        self.connection.close()
        self.guest.close()
        os.close(self.guest_file)
        os.close(self.event)

    def ask(self, command, payload=b"", files=(), flags=0):
        """Send a message, and wait for the answer."""
        self._number += 1
        self.connection.send(self._number, command, flags, payload, files)
        return self.connection.receive()

    def is_refused(self, command, payload, error=errno.EINVAL):
        """Whether a message is refused, with this error number."""
        try:
            self.ask(command, payload)
        except ProtocolError as refused:
            return str(refused).endswith(f"the error {error}")
        return False

    def read(self, region, offset, size):
        """Read a region."""
        request = struct.pack("<QII", offset, region, size)
        return self.ask(Command.REGION_READ, request).payload[16:]

    def write(self, region, offset, data):
        """Write a region."""
        request = struct.pack("<QII", offset, region, len(data)) + data
        self.ask(Command.REGION_WRITE, request)

    def get(self, number):
        """Read a register."""
        return struct.unpack("<I", self.read(REGISTERS, 4 * number, 4))[0]

    def set(self, number, value):
        """Write a register."""
        self.write(REGISTERS, 4 * number, struct.pack("<I", value))

    def region(self, index):
        """Flags, size and files of a region."""
        answer = self.ask(Command.DEVICE_GET_REGION_INFO,
                          struct.pack("<IIIIQQ", 32, 0, index, 0, 0, 0))
        _, flags, _, _, size, _ = struct.unpack("<IIIIQQ", answer.payload)
        return flags, size, answer.files

    def map_vram(self):
        """Map the BAR that has VRAM, as the guest does."""
        _, size, files = self.region(0)
        mapped = mmap.mmap(files[0], size)
        os.close(files[0])
        return mapped

    def map_guest(self, files=True, address=GUEST, size=GUEST_BYTES, offset=0):
        """Tell of guest memory."""
        self.ask(Command.DMA_MAP, struct.pack("<IIQQQ", 32, 3, offset, address, size),
                 [self.guest_file] if files else [])

    def turn_msi_on(self):
        """Send an event file."""
        self.ask(Command.DEVICE_SET_IRQS, struct.pack("<IIIII", 20, 0x24, MSI, 0, 1),
                 [self.event])

    def interrupts(self):
        """How many came since the last time."""
        try:
            return os.eventfd_read(self.event)
        except BlockingIOError:
            return 0

    def word(self, offset):
        """A word of guest memory."""
        return struct.unpack_from("<I", self.guest, offset)[0]


def pm4(opcode, *words):
    """A packet of the command processor."""
    return [3 << 30 | len(words) - 1 << 16 | opcode << 8, *words]


class Driver(Client):
    """Sets the GPU up as amdgpu does, and keeps a ring of the first engine or the second."""

    def __init__(self, sock, engine=0):
        super().__init__(sock)
        self.offset = engine * SDMA1_OFFSET
        self.wptr = 0
        self.map_guest()
        self.turn_msi_on()
        self.bar = self.map_vram()
        self.enable_gart()
        self.enable_interrupts()
        self.start()

    def close(self):
        """Leave."""
        self.bar.close()
        super().close()

    def enable_gart(self):
        """gmc_v7_0_gart_enable(): entries for all of the guest's memory."""
        flags = ACCESS | SYSTEM | SNOOPED
        entries = array.array("Q", (GUEST + at * PAGE | flags for at in range(GART_PAGES)))
        self.bar[TABLE:TABLE + 8 * GART_PAGES] = entries.tobytes()
        for number, value in ((Reg.VM_CONTEXT0_PAGE_TABLE_START_ADDR, GART // PAGE),
                              (Reg.VM_CONTEXT0_PAGE_TABLE_END_ADDR, GART // PAGE + GART_PAGES - 1),
                              (Reg.VM_CONTEXT0_PAGE_TABLE_BASE_ADDR, vram(TABLE) // PAGE),
                              (Reg.VM_CONTEXT0_CNTL, 1)):
            self.set(number, value)

    def enable_interrupts(self):
        """cik_ih_irq_init()."""
        size = (IH_BYTES // 4).bit_length() - 1
        for number, value in ((Reg.IH_RB_BASE, gart(IH) >> 8),
                              (Reg.IH_RB_WPTR_ADDR_LO, low_high(gart(IH_WPTR))[0]),
                              (Reg.IH_RB_WPTR_ADDR_HI, low_high(gart(IH_WPTR))[1]),
                              (Reg.IH_RB_RPTR, 0), (Reg.IH_RB_WPTR, 0), (Reg.IH_CNTL, 0x11),
                              (Reg.IH_RB_CNTL, 0x80010101 | size << 1)):
            self.set(number, value)

    def set_engine(self, number, value):
        """Write a register of the engine."""
        self.set(number + self.offset, value)

    def start(self):
        """cik_sdma_start()."""
        size = (RING_BYTES // 4).bit_length() - 1
        self.wptr = 0
        for number, value in ((Reg.SDMA0_F32_CNTL, 1), (Reg.SDMA0_CNTL, 1),
                              (Reg.SDMA0_GFX_RB_RPTR, 0), (Reg.SDMA0_GFX_RB_WPTR, 0),
                              (Reg.SDMA0_GFX_RB_RPTR_ADDR_HI, low_high(gart(RPTR))[1]),
                              (Reg.SDMA0_GFX_RB_RPTR_ADDR_LO, low_high(gart(RPTR))[0]),
                              (Reg.SDMA0_GFX_RB_BASE, gart(RING) >> 8 & 0xffffffff),
                              (Reg.SDMA0_GFX_RB_BASE_HI, gart(RING) >> 40),
                              (Reg.SDMA0_GFX_RB_CNTL, 0x1001 | size << 1),
                              (Reg.SDMA0_GFX_IB_CNTL, 1), (Reg.SDMA0_F32_CNTL, 0)):
            self.set_engine(number, value)

    def put(self, ring, size, wptr, *packets):
        """Put packets into a ring in guest memory. Returns where the next one goes."""
        for word in (word for packet in packets for word in packet):
            struct.pack_into("<I", self.guest, ring + wptr, word)
            wptr = (wptr + 4) % size
        return wptr

    def submit(self, *packets):
        """Put packets into the ring, and ring the bell."""
        self.wptr = self.put(RING, RING_BYTES, self.wptr, *packets)
        self.set_engine(Reg.SDMA0_GFX_RB_WPTR, self.wptr)

    def submit_indirect(self, *packets, vmid=0, address=None):
        """The same by an indirect buffer."""
        words = [word for packet in packets for word in packet]
        struct.pack_into(f"<{len(words)}I", self.guest, IB, *words)
        base = gart(IB) if address is None else address
        self.submit([INDIRECT | vmid << 16, *low_high(base), len(words)])

    def vectors(self):
        """Source, ring and VMID of the vectors that the driver has not read."""
        rptr, wptr = self.get(Reg.IH_RB_RPTR), self.word(IH_WPTR)
        found = []
        while rptr != wptr & ~1:
            source, _, ring, _ = struct.unpack_from("<IIII", self.guest, IH + rptr)
            found.append((source, ring & 0xff, ring >> 8 & 0xff))
            rptr = (rptr + 16) % IH_BYTES
        self.set(Reg.IH_RB_RPTR, rptr)
        return found


class Processor(Driver):
    """Sets up the command processor, too: the ring for graphics, and queues for computing."""

    DOORBELLS = 2
    INTERRUPT = 1 << 26

    def __init__(self, sock):
        super().__init__(sock)
        self.places = {}
        self.start_graphics()

    def start_graphics(self):
        """gfx_v7_0_cp_gfx_resume()."""
        self.places[None] = CP_RING, 0
        size = (RING_BYTES // 8).bit_length() - 1
        for number, value in ((Reg.CP_ME_CNTL, 0x15000000), (Reg.CP_RB0_CNTL, size | 1 << 31),
                              (Reg.CP_RB0_WPTR, 0), (Reg.CP_RB0_CNTL, size),
                              (Reg.CP_RB0_RPTR_ADDR, low_high(gart(CP_RPTR))[0]),
                              (Reg.CP_RB0_RPTR_ADDR_HI, low_high(gart(CP_RPTR))[1]),
                              (Reg.CP_RB0_BASE, gart(CP_RING) >> 8 & 0xffffffff),
                              (Reg.CP_RB0_BASE_HI, gart(CP_RING) >> 40),
                              (Reg.CP_INT_CNTL_RING0, self.INTERRUPT), (Reg.CP_ME_CNTL, 0)):
            self.set(number, value)

    def select(self, place=(0, 0, 0)):
        """cik_srbm_select()."""
        me, pipe, queue = place
        self.set(Reg.SRBM_GFX_CNTL, pipe | me << 2 | queue << 8)

    def start_queue(self, *place):
        """gfx_v7_0_compute_queue_init()."""
        ring = CP_RING + len(self.places) * RING_BYTES
        self.places[place] = ring, 0
        me, pipe, _ = place
        self.set(Reg.CP_ME1_PIPE0_INT_CNTL + 4 * (me - 1) + pipe, self.INTERRUPT)
        self.select(place)
        for number, value in ((Reg.CP_HQD_PQ_BASE, gart(ring) >> 8 & 0xffffffff),
                              (Reg.CP_HQD_PQ_BASE_HI, gart(ring) >> 40),
                              (Reg.CP_HQD_PQ_RPTR, 0), (Reg.CP_HQD_PQ_WPTR, 0),
                              (Reg.CP_HQD_PQ_RPTR_REPORT_ADDR, low_high(gart(CP_RPTR))[0]),
                              (Reg.CP_HQD_PQ_RPTR_REPORT_ADDR_HI, low_high(gart(CP_RPTR))[1]),
                              (Reg.CP_HQD_PQ_DOORBELL_CONTROL, 1 << 30 | self.bell(place)),
                              (Reg.CP_HQD_PQ_CONTROL, (RING_BYTES // 8).bit_length() - 1),
                              (Reg.CP_HQD_ACTIVE, 1)):
            self.set(number, value)
        self.select()

    @staticmethod
    def bell(place):
        """The doorbell of a queue: where it is in the BAR."""
        me, pipe, queue = place
        return 0x40 + 4 * (me << 5 | pipe << 3 | queue)

    def process(self, *packets, place=None):
        """Put packets into the ring for graphics, or into a queue for computing."""
        ring, wptr = self.places[place]
        wptr = self.put(ring, RING_BYTES, wptr, *packets)
        self.places[place] = ring, wptr
        if place is None:
            self.set(Reg.CP_RB0_WPTR, wptr // 4)
        else:
            self.write(self.DOORBELLS, self.bell(place), struct.pack("<I", wptr // 4))


class CarvedDriver(Driver):
    """The same for VRAM that is the second half of the guest's memory."""

    CARVED = GUEST_BYTES // 2

    def map_vram(self):
        return mmap.mmap(self.guest_file, GUEST_BYTES - self.CARVED, offset=self.CARVED)


def write(address, *words):
    """A packet that writes words."""
    return [WRITE, *low_high(address), len(words), *words]


def fence(value, address=gart(FENCE)):
    """A fence, and the trap after it, as cik_sdma_ring_emit_fence() makes them."""
    return [SIGNAL, *low_high(address), value, TRAP]


def copy(source, target, size):
    """A packet that copies."""
    return [COPY, size, 0, *low_high(source), *low_high(target)]


def fill(address, size, value=0, kind=0):
    """A packet that fills."""
    return [FILL | kind, *low_high(address), value, size]

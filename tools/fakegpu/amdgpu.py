# SPDX-License-Identifier: GPL-2.0-only
"""Buffer objects of amdgpu, copies by its SDMA engines, and writes by its command processor: by
ioctls. The structures are those of drm/amdgpu_drm.h."""

import array
import collections
import ctypes
import fcntl
import mmap
import os
import pathlib
import struct
import time

GTT, VRAM = 0x2, 0x4
CPU_ACCESS, CLEARED = 0x1, 0x8

# Numbers of ioctls without direction and size, and those of DRM itself.
GEM_CREATE, GEM_MMAP, CTX, CS, INFO = 0x40, 0x41, 0x42, 0x44, 0x45
GEM_WAIT_IDLE, GEM_VA, WAIT_CS = 0x47, 0x48, 0x49
GEM_CLOSE = 0x09
READS, WRITES = 2, 1

# What INFO can be asked.
BYTES_MOVED, VRAM_USAGE, GTT_USAGE, EVICTIONS, MEMORY = 0x0f, 0x10, 0x11, 0x18, 0x19

ALLOC_CTX = 1
MAP, READABLE, WRITABLE = 1, 1 << 1, 1 << 2
IB_CHUNK, BO_CHUNK = 1, 6
GRAPHICS, COMPUTE, SDMA = 0, 1, 2
FOREVER = (1 << 63) - 1

# Packets of CIK's SDMA engine: one that copies, and one that waits for a word in memory.
COPY, MOST_BYTES = 1, 0x1fff00
POLL_MEMORY = 0xb0000008

# A packet of the command processor that writes words to memory, and how many.
WRITE_DATA, TO_MEMORY, MOST_WORDS = 0xc0003700, 5 << 8, 4096


class NoGpu(Exception):
    """Why there is none to use, in one line."""


Memory = collections.namedtuple("Memory", "vram visible gtt")


def find_node():
    """The render node of amdgpu."""
    for node in sorted(pathlib.Path("/sys/class/drm").glob("renderD*")):
        if (node / "device/driver").resolve().name == "amdgpu":
            return f"/dev/dri/{node.name}"
    raise NoGpu("amdgpu has no render node: is it loaded, and does it drive a GPU?")


def count_interrupts():
    """How many amdgpu had, on all processors."""
    lines = pathlib.Path("/proc/interrupts").read_text(encoding="ascii").splitlines()
    return sum(int(word) for line in lines if line.endswith("amdgpu")
               for word in line.split()[1:] if word.isdigit())


def debug_file(name):
    """A file of amdgpu's in debugfs."""
    found = sorted(pathlib.Path("/sys/kernel/debug/dri").glob(f"*/{name}"))
    if not found:
        raise NoGpu(f"amdgpu has no {name} in debugfs: is that mounted?")
    return found[0]


def reset():
    """Have amdgpu reset the GPU, and wait until it has."""
    debug_file("amdgpu_gpu_recover").read_bytes()


def write_register(number, value):
    """Have amdgpu write a register."""
    with open(debug_file("amdgpu_regs"), "r+b", buffering=0) as file:
        os.pwrite(file.fileno(), struct.pack("<I", value), 4 * number)


def read_register(number):
    """Have amdgpu read a register."""
    with open(debug_file("amdgpu_regs"), "rb", buffering=0) as file:
        return struct.unpack("<I", os.pread(file.fileno(), 4, 4 * number))[0]


def unplug(path):
    """Take the device of a node away from the bus, as PCI hot unplug does."""
    device = pathlib.Path("/sys/class/drm") / pathlib.Path(path).name / "device"
    (device / "remove").write_text("1", encoding="ascii")


def plug(seconds):
    """Have the bus find the device again. Returns amdgpu's render node."""
    pathlib.Path("/sys/bus/pci/rescan").write_text("1", encoding="ascii")
    deadline = time.monotonic() + seconds
    while True:
        try:
            path = find_node()
            os.stat(path)
            return path
        except (NoGpu, FileNotFoundError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


class Bo:
    """A buffer object."""

    def __init__(self, gpu, handle, size):
        self.gpu = gpu
        self.handle = handle
        self.size = size

    def map(self):
        """Map it."""
        offset, = self.gpu.call(GEM_MMAP, "<II", "<Q", self.handle, 0)
        return mmap.mmap(self.gpu.file, self.size, offset=offset)

    def wait(self):
        """Wait until the GPU has done what it does to it."""
        self.gpu.call(GEM_WAIT_IDLE, "<IIQ", "<II", self.handle, 0, FOREVER)

    def place(self, address):
        """Give it an address in the GPU's page tables."""
        self.gpu.call(GEM_VA, "<IIIIQQQ", None, self.handle, 0, MAP, READABLE | WRITABLE,
                      address, 0, self.size)

    def close(self):
        """Give it back."""
        self.gpu.call(GEM_CLOSE, "<II", None, self.handle, 0)


class Gpu:
    """An open render node."""

    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._context = None

    def close(self):
        """Close the node."""
        os.close(self.file)

    def call(self, number, given, returned, *values):
        """An ioctl: what is given and what is returned are in the same place, if anything is
        returned."""
        data = bytearray(struct.pack(given, *values))
        direction = WRITES | (READS if returned else 0)
        fcntl.ioctl(self.file, direction << 30 | len(data) << 16 | ord("d") << 8 | number, data)
        return struct.unpack_from(returned, data) if returned else ()

    def create(self, size, domain, flags=0):
        """A new buffer object."""
        handle, _ = self.call(GEM_CREATE, "<QQQQ", "<II", size, 0, domain, flags)
        return Bo(self, handle, size)

    def info(self, query, form="<Q"):
        """What INFO says."""
        answer = ctypes.create_string_buffer(struct.calcsize(form))
        self.call(INFO, "<QII16x", None, ctypes.addressof(answer), len(answer), query)
        return struct.unpack(form, answer.raw)

    def number(self, query):
        """The same for a single number."""
        return self.info(query)[0]

    def memory(self):
        """How much there is."""
        vram, visible, gtt = self.info(MEMORY, "<Q24xQ24xQ24x")
        return Memory(vram, visible, gtt)

    def _submit(self, engine, address, size, bos):
        """Have an engine obey packets. Returns what to wait for."""
        if self._context is None:
            self._context, _ = self.call(CTX, "<IIIi", "<II8x", ALLOC_CTX, 0, 0, 0)
        handles = array.array("I", [word for bo in bos for word in (bo.handle, 0)])
        no_list = 0xffffffff
        chunks = [(IB_CHUNK, struct.pack("<IIQIIII", 0, 0, address, size, engine, 0, 0)),
                  (BO_CHUNK, struct.pack("<IIIIQ", no_list, no_list, len(bos), 8,
                                         handles.buffer_info()[0]))]
        contents = [ctypes.create_string_buffer(data, len(data)) for _, data in chunks]
        heads = [ctypes.create_string_buffer(struct.pack(
            "<IIQ", kind, len(data) // 4, ctypes.addressof(content)), 16)
                 for (kind, data), content in zip(chunks, contents)]
        pointers = array.array("Q", [ctypes.addressof(head) for head in heads])
        handle, = self.call(CS, "<IIIIQ", "<Q16x", self._context, 0, len(chunks), 0,
                            pointers.buffer_info()[0])
        return handle

    def copy(self, source, target, packets, others=()):
        """Have an SDMA engine copy a buffer object to another of its size, by the address that
        each got, through a third that takes the packets. source, target, packets: pairs of
        buffer object and address. others: buffer objects that have to be in VRAM, too. Waits."""
        words = []
        for at in range(0, source[0].size, MOST_BYTES):
            first, second = source[1] + at, target[1] + at
            words += [COPY, min(MOST_BYTES, source[0].size - at), 0, first & 0xffffffff,
                      first >> 32, second & 0xffffffff, second >> 32]
        words += [0] * (-len(words) % 8)
        return self._do(SDMA, words, packets, [source[0], target[0], *others])

    def write(self, engine, target, packets, content):
        """Have the command processor write to a buffer object. Waits."""
        words = []
        given = array.array("I", content)
        for at in range(0, len(given), MOST_WORDS):
            part = given[at:at + MOST_WORDS]
            address = target[1] + 4 * at
            words += [WRITE_DATA | len(part) + 2 << 16, TO_MEMORY, address & 0xffffffff,
                      address >> 32, *part]
        return self._do(engine, words, packets, [target[0]])

    def hang(self, packets):
        """Have an SDMA engine wait for a word of its own packets that never comes. Returns what
        to wait for."""
        never = packets[1] + 4 * 8
        return self._start(SDMA, [POLL_MEMORY, never & 0xffffffff, never >> 32, 1, 0xffffffff,
                                  0xfff0004, 0, 0], packets, [])

    def wait(self, engine, handle, nanoseconds=FOREVER):
        """Wait for what an engine was given. Returns whether it is done."""
        if nanoseconds != FOREVER:
            nanoseconds += time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        status, = self.call(WAIT_CS, "<QQIIII", "<Q24x", handle, nanoseconds, engine, 0, 0,
                            self._context)
        return not status

    def _start(self, engine, words, packets, bos):
        """Have an engine obey words, by a buffer object that takes them. Returns what to wait
        for."""
        with packets[0].map() as mapped:
            mapped[:4 * len(words)] = struct.pack(f"<{len(words)}I", *words)
        return self._submit(engine, packets[1], 4 * len(words), [packets[0], *bos])

    def _do(self, engine, words, packets, bos):
        return self.wait(engine, self._start(engine, words, packets, bos))

# SPDX-License-Identifier: GPL-2.0-only
"""Where the time of first touches goes: samples of the CPU with their call chains, as perf takes
them. The kernel allows that to root, and to others as kernel.perf_event_paranoid says."""

import bisect
import collections
import ctypes
import errno
import fcntl
import mmap
import os
import pathlib
import platform
import struct
import time

from create import new_bo
from devices import CostError
from measure import in_process, map_bo, touch

# perf_event.h: the first version of struct perf_event_attr.
ATTR = struct.Struct("=IIQQQQQIIQ")
HARDWARE_CYCLES, SOFTWARE_CPU_CLOCK = (0, 0), (1, 0)
SAMPLE_IP, SAMPLE_CALLCHAIN = 1 << 0, 1 << 5
DISABLED, EXCLUDE_HV, FREQUENCY, NO_USER_CHAIN = 1 << 0, 1 << 6, 1 << 10, 1 << 22
ENABLE, DISABLE = 0x2400, 0x2401
CLOSE_ON_EXEC = 8
HEADS_AT = 1024
RECORD_SAMPLE = 9
FIRST_CONTEXT = (1 << 64) - 4095
FIRST_KERNEL = 1 << 63

SYSCALLS = {"x86_64": 298, "aarch64": 241}
NO_SUCH_EVENT = (errno.ENOENT, errno.EOPNOTSUPP, errno.ENODEV)

# In Hz of the time that is sampled; low enough for a kernel that checks itself.
RATE = 2000
BUFFER_BYTES = 256 << 10
SECONDS = 1.0

KALLSYMS = pathlib.Path("/proc/kallsyms")
PARANOID = pathlib.Path("/proc/sys/kernel/perf_event_paranoid")
# In the call chain of whatever is done for a page fault, on any architecture.
FAULT_HANDLER = "handle_mm_fault"
MOST = 6


def open_event(event):
    """The file of an event that samples this thread, not started yet."""
    number = SYSCALLS.get(platform.machine())
    if number is None:
        raise CostError(f"samples are not taken on {platform.machine()}")
    flags = DISABLED | EXCLUDE_HV | FREQUENCY | NO_USER_CHAIN
    attr = ctypes.create_string_buffer(ATTR.pack(
        event[0], ATTR.size, event[1], RATE, SAMPLE_IP | SAMPLE_CALLCHAIN, 0, flags, 0, 0, 0),
        ATTR.size)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(ctypes.c_long(number), attr, 0, -1, -1, ctypes.c_ulong(CLOSE_ON_EXEC))
    if fd < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return fd


def open_any_event():
    """The same, of the CPU's cycles, or of a timer in a machine that has no counter for them."""
    try:
        return open_event(HARDWARE_CYCLES)
    except OSError as error:
        if error.errno not in NO_SUCH_EVENT:
            raise
    return open_event(SOFTWARE_CPU_CLOCK)


def refusal(error):
    """Why the kernel does not let us."""
    if error.errno not in (errno.EACCES, errno.EPERM):
        return CostError(f"perf_event_open: {error.strerror}")
    try:
        level = PARANOID.read_text(encoding="ascii").strip()
    except OSError:
        level = "unknown"
    return CostError(f"the kernel does not let this user take samples: try sudo "
                     f"(kernel.perf_event_paranoid is {level})")


def parse_samples(data):
    """The call chains in the records of a buffer: addresses, from the innermost function."""
    chains, at = [], 0
    while at < len(data):
        kind, _, size = struct.unpack_from("=IHH", data, at)
        if kind == RECORD_SAMPLE:
            address, count = struct.unpack_from("=QQ", data, at + 8)
            frames = struct.unpack_from(f"={count}Q", data, at + 24)
            callers = [frame for frame in frames if frame < FIRST_CONTEXT][1:]
            chains.append([address, *callers])
        at += size
    return chains


class Sampler:
    """Samples of the code between start() and stop()."""

    def __enter__(self):
        try:
            self.fd = open_any_event()
        except OSError as error:
            raise refusal(error) from error
        self.area = mmap.mmap(self.fd, mmap.PAGESIZE + BUFFER_BYTES)
        self.chains = []
        return self

    def __exit__(self, *unused):
        self.area.close()
        os.close(self.fd)

    def start(self):
        """Begin to sample."""
        fcntl.ioctl(self.fd, ENABLE, 0)

    def stop(self):
        """Stop, and take what is in the buffer."""
        fcntl.ioctl(self.fd, DISABLE, 0)
        head, tail = struct.unpack_from("=QQ", self.area, HEADS_AT)
        ring = self.area[mmap.PAGESIZE:]
        begin = tail % BUFFER_BYTES
        self.chains += parse_samples((ring + ring)[begin:begin + head - tail])
        struct.pack_into("=Q", self.area, HEADS_AT + 8, head)


class Symbols:
    """The functions of the kernel, and the modules that they are in."""

    def __init__(self, text):
        found = []
        for line in text.splitlines():
            address, kind, name, *module = line.split()
            if kind in "tTwW":
                found.append((int(address, 16), name, module[0].strip("[]") if module else None))
        self.found = sorted(found, key=lambda symbol: symbol[0])
        self.addresses = [symbol[0] for symbol in self.found]

    def are_hidden(self):
        """Whether the kernel shows no addresses to this user."""
        return not any(self.addresses)

    def at(self, address):
        """Name and module of the function at an address."""
        place = bisect.bisect_right(self.addresses, address) - 1
        return self.found[place][1:] if place >= 0 and address >= FIRST_KERNEL else (None, None)


def read_symbols():
    """The functions, or None if the kernel does not show where they are."""
    try:
        symbols = Symbols(KALLSYMS.read_text(encoding="ascii", errors="replace"))
    except OSError:
        return None
    return None if symbols.are_hidden() else symbols


def summary(chains, symbols):
    """How many samples are in the kernel, in the handler of page faults, and in modules, such as
    TTM and the driver; and in which functions most are."""
    row = {"samples": len(chains),
           "in_kernel": sum(chain[0] >= FIRST_KERNEL for chain in chains)}
    if not symbols:
        return row
    named = [[symbols.at(address) for address in chain] for chain in chains]
    modules = collections.Counter(module for chain in named
                                  for module in {module for _, module in chain if module})
    innermost = collections.Counter(chain[0][0] for chain in named if chain[0][0])
    return {**row, "in_fault_handler": sum(any(name == FAULT_HANDLER for name, _ in chain)
                                           for chain in named),
            "in_modules": dict(modules.most_common(MOST)),
            "functions": dict(innermost.most_common(MOST))}


def take_chains(fd, bo):
    """Map, touch and unmap for a while; sample only the first touches."""
    end = time.monotonic() + SECONDS
    with Sampler() as sampler:
        while True:
            area = map_bo(fd, bo)
            with memoryview(area) as view:
                sampler.start()
                touch(view)
                sampler.stop()
            area.close()
            if time.monotonic() >= end:
                return sampler.chains


def profile_of(gpu, size):
    """Where first touches of a buffer object of a size spend their time, or why that is not
    known."""
    def measure():
        with new_bo(gpu, size) as (fd, bo):
            return {"bytes": bo.bytes, **summary(take_chains(fd, bo), read_symbols())}
    try:
        return in_process(measure)
    except CostError as error:
        return {"why_not": str(error)}

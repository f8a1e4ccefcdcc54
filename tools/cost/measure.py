# SPDX-License-Identifier: GPL-2.0-only
"""What it costs to map a buffer object and to write to each of its pages: time, page faults,
page tables.

Each buffer object is looked at in a process of its own. An access that the driver cannot serve
ends that process, and what it has mapped and made goes with it."""

import ctypes
import gc
import json
import mmap
import os
import pathlib
import re
import resource
import signal
import time

from create import new_bo
from devices import CostError
from shared.mappings import LEVELS, MapError, find_devices, read_mappings
from shared.page_tables import LEVEL_BYTES

PAGE = mmap.PAGESIZE
MIB = 1 << 20
PR_SET_PDEATHSIG = 1

# As many pages are touched by one statement: a longer one would allocate memory, with faults.
PAGES_AT_ONCE = 512
ZEROS = bytes(PAGES_AT_ONCE)

# The loop itself is measured on this much memory without a GPU.
LOOP_BYTES = 16 * MIB

# The region, the number and the unit of a line of fdinfo.
REGION = re.compile(r"drm-(resident|memory)-(\S+):\s+(\d+)(?: (KiB|MiB))?")
UNITS = {None: 1, "KiB": 1 << 10, "MiB": 1 << 20}


def faults():
    """The page faults of this thread so far that read nothing from a disk."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt


def page_table_bytes():
    """The page tables of this process, of all levels."""
    status = pathlib.Path("/proc/self/status").read_text(encoding="utf-8", errors="replace")
    return int(re.search(r"VmPTE:\s*(\d+) kB", status).group(1)) << 10


def touch(view):
    """Write a byte to each page."""
    step = PAGES_AT_ONCE * PAGE
    for start in range(0, len(view), step):
        pages = -(-min(step, len(view) - start) // PAGE)
        view[start:start + step:PAGE] = ZEROS[:pages]


def map_bo(fd, bo):
    """Map the whole of it, where the kernel likes."""
    return mmap.mmap(fd, bo.bytes, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE,
                     offset=bo.offset)


def timed_touch(view):
    """How long it takes to touch, and the faults meanwhile."""
    before = faults()
    start = time.perf_counter_ns()
    touch(view)
    return time.perf_counter_ns() - start, faults() - before


def take_sample(make_map):
    """Map, touch each page twice, unmap: how long each takes, and the faults of the touches.
    The second touch has the cost of the loop and of the memory, and no fault."""
    start = time.perf_counter_ns()
    area = make_map()
    mapped = time.perf_counter_ns()
    with memoryview(area) as view:
        (first, count), (again, rest) = timed_touch(view), timed_touch(view)
    end = time.perf_counter_ns()
    area.close()
    return {"mmap_ns": mapped - start, "first_ns": first, "again_ns": again,
            "munmap_ns": time.perf_counter_ns() - end, "faults": count, "again_faults": rest}


def take_samples(make_map, number):
    """Samples, by what they are of, after one to warm up. Faults of the program itself can
    only be more, so the least number of faults is that of the mapping."""
    take_sample(make_map)
    samples = [take_sample(make_map) for _ in range(number)]
    row = {name: [sample[name] for sample in samples] for name in samples[0]}
    for name in "faults", "again_faults":
        row[name] = min(row[name])
    return row


def parse_regions(text):
    """Where the buffer objects of a file are, from its fdinfo: bytes by the driver's names."""
    found = {}
    for kind, region, number, unit in REGION.findall(text):
        found.setdefault(kind, {})[region] = int(number) * UNITS[unit or None]
    regions = found.get("resident") or found.get("memory") or {}
    return {region: count for region, count in regions.items() if count}


def regions_of(fd):
    """The same of an open file; empty if the driver does not tell."""
    return parse_regions(pathlib.Path(f"/proc/self/fdinfo/{fd}").read_text(encoding="ascii"))


def entries_of(gpu, bo):
    """How many page-table entries of each level map it, as the driver's file in debugfs shows
    them; None without root, or without pfnmap."""
    try:
        devices = [device for device in find_devices() if device.name == gpu.address]
        found = [mapping for device in devices
                 for mapping in read_mappings(device, os.getpid(), (bo.offset, bo.bytes))]
    except MapError:
        return None
    return {level: sum(mapping.bytes_at(level) for mapping in found) // LEVEL_BYTES[level]
            for level in LEVELS} if found else None


def whole_ranges(area):
    """How many ranges of 2 MiB are wholly inside a mapping: each has either a huge entry, or a
    page table of its own."""
    anchor = ctypes.c_char.from_buffer(area)
    address, size = ctypes.addressof(anchor), LEVEL_BYTES["pmd"]
    return max(0, (address + len(area)) // size - -(-address // size))


def look_at(gpu, fd, bo):
    """How it is mapped when each page has been touched, and where it is."""
    before = page_table_bytes()
    area = map_bo(fd, bo)
    with memoryview(area) as view:
        touch(view)
    found = {"page_table_bytes": page_table_bytes() - before,
             "ranges_of_2m": whole_ranges(area),
             "entries": entries_of(gpu, bo), "regions": regions_of(fd)}
    area.close()
    return found


def die_with(parent):
    """Have the kernel end this process when its parent ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def answer_of(function):
    """What a function returns, or why it fails, as JSON."""
    gc.disable()
    try:
        return json.dumps({"found": function()})
    except CostError as error:
        return json.dumps({"error": str(error)})
    except OSError as error:
        return json.dumps({"error": error.strerror})


def run_child(function, parent, pipe):
    """Be the process in which a function is called."""
    try:
        die_with(parent)
        with os.fdopen(pipe, "w", encoding="ascii") as stream:
            stream.write(answer_of(function))
    finally:
        os._exit(0)


def wait_for(child, pipe):
    """What a process has written, and how it has ended. If we are interrupted, it ends, too."""
    try:
        with os.fdopen(pipe, encoding="ascii") as stream:
            text = stream.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        status = os.waitpid(child, 0)[1]
    return text, os.waitstatus_to_exitcode(status)


def in_process(function):
    """Call a function in a process of its own; return what it returns."""
    reader, writer = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if not child:
        run_child(function, parent, writer)
    os.close(writer)
    text, status = wait_for(child, reader)
    if status < 0:
        what = ("an access to the mapping failed" if -status in (signal.SIGBUS, signal.SIGSEGV)
                else "the process that measured was ended")
        raise CostError(f"{what}: {signal.strsignal(-status)}")
    answer = json.loads(text or '{"error": "the process that measured has failed"}')
    if "error" in answer:
        raise CostError(answer["error"])
    return answer["found"]


def row_of(gpu, size, number):
    """What a buffer object of a size costs, as a row of the report; or why it is not known."""
    def measure():
        with new_bo(gpu, size) as (fd, bo):
            row = take_samples(lambda: map_bo(fd, bo), number)
            return {"bytes": bo.bytes, "how": bo.how, **row, **look_at(gpu, fd, bo)}
    try:
        return {"wanted_bytes": size, **in_process(measure)}
    except CostError as error:
        return {"wanted_bytes": size, "why_not": str(error)}


def loop_cost(number):
    """What the loop takes on memory of the process itself that has been touched before."""
    def measure():
        with mmap.mmap(-1, LOOP_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as area:
            with memoryview(area) as view:
                timed_touch(view)
                times, counts = zip(*(timed_touch(view) for _ in range(number)))
        return {"pages": LOOP_BYTES // PAGE, "loop_ns": times, "loop_faults": min(counts)}
    return in_process(measure)

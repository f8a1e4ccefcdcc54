# SPDX-License-Identifier: GPL-2.0-only
"""Follow the faults that set entries, by the tracepoint of pfnmap."""

import collections
import os
import pathlib
import re
import select
import time

from shared.mappings import MapError, refused

TRACEFS = pathlib.Path("/sys/kernel/tracing")
EVENT = "pfnmap/pfnmap_fault"
LINE = re.compile(r"\s*(.+)-(\d+)\s+.*pfnmap_fault: address=(\w+) write=(\d) level=(\w+) "
                  r"entries=(\d+) at (\w+) pfn=(\w+) more=(\d+) reason=(\w+) ret=(\w+)")

# The values of enum pfnmap_reason, in words for users.
REASONS = {
    "largest": "",
    "kernel": "the kernel cannot set larger ones here",
    "dirty_tracked": "writes are tracked",
    "policy": "max_level, the driver or the process allows nothing larger",
    "vma_edge": "the mapping begins or ends inside",
    "extent_edge": "the memory is not contiguous for longer",
    "misaligned_va": "the address is not aligned: let the kernel choose it",
    "misaligned_pfn": "the memory is not aligned",
    "caching": "only PTEs carry this caching",
    "populated": "a table of smaller entries is there already",
}


def because(reason):
    """The end of a line that names a reason, if there is one."""
    words = REASONS.get(reason, reason)
    return f"  why: {words}" if words else ""


class Fault:
    """A page fault, from a line of the tracepoint."""

    def __init__(self, found):
        self.command, self.pid = found.group(1), int(found.group(2))
        self.address, self.write = int(found.group(3), 16), found.group(4) == "1"
        self.level, self.reason = found.group(5), found.group(10)
        self.entries = int(found.group(6)) + int(found.group(9))

    def __str__(self):
        return (f"{self.pid:>8} {self.command:<16} {'write' if self.write else 'read':5} "
                f"{self.address:016x}  {self.entries:>4} {self.level.upper()}"
                + because(self.reason))


def parse_fault(line):
    """Parse a line; return None if it is not of the tracepoint."""
    found = LINE.match(line)
    return Fault(found) if found else None


class Instance:
    """A trace buffer of our own, so that other programs that trace are not disturbed."""

    def __init__(self, pid=None, tracefs=TRACEFS):
        self.path = tracefs / "instances" / f"hugemap-{os.getpid()}"
        self.pid = pid

    def __enter__(self):
        try:
            self.set_up()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *unused):
        self.remove()

    def set_up(self):
        """Make the trace buffer, and trace."""
        try:
            self.path.mkdir()
            if self.pid:
                self.follow()
            (self.path / "events" / EVENT / "enable").write_text("1", encoding="ascii")
        except FileNotFoundError as error:
            raise MapError("the kernel has no such tracepoint: pfnmap is not loaded, or "
                           f"'mount -t tracefs tracefs {TRACEFS}' is missing") from error
        except OSError as error:
            raise refused(error, TRACEFS) from error

    def follow(self):
        """Trace all threads of a process, and the threads that these start."""
        try:
            threads = os.listdir(f"/proc/{self.pid}/task")
        except FileNotFoundError as error:
            raise MapError(f"there is no process {self.pid}, or it has ended") from error
        (self.path / "set_event_pid").write_text(" ".join(threads), encoding="ascii")
        (self.path / "options" / "event-fork").write_text("1", encoding="ascii")

    def remove(self):
        """Remove the trace buffer, also if it was not set up completely."""
        try:
            (self.path / "events" / EVENT / "enable").write_text("0", encoding="ascii")
        except OSError:
            pass
        try:
            self.path.rmdir()
        except OSError:
            pass

    def lines(self, seconds=None):
        """The lines of the trace as they come, until the time is over."""
        end = time.monotonic() + seconds if seconds is not None else None
        pipe = os.open(self.path / "trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
        rest = b""
        try:
            while end is None or time.monotonic() < end:
                select.select([pipe], [], [], 0.2)
                try:
                    read = os.read(pipe, 1 << 16)
                except BlockingIOError:
                    continue
                *lines, rest = (rest + read).split(b"\n")
                yield from (line.decode("utf-8", errors="replace") for line in lines)
        finally:
            os.close(pipe)


def summary(faults):
    """The number of faults for each level and reason, the most frequent first."""
    counts = collections.Counter((fault.level, fault.reason) for fault in faults)
    yield f"{sum(counts.values())} faults"
    for (level, reason), count in counts.most_common():
        yield f"{count:>8} {level.upper()}{because(reason)}"


def watch(pid, seconds):
    """Print each fault as it comes, and the sums at the end or after ^C."""
    faults = []
    with Instance(pid) as instance:
        try:
            for line in instance.lines(seconds):
                fault = parse_fault(line)
                if fault:
                    faults.append(fault)
                    print(fault, flush=True)
        except KeyboardInterrupt:
            print()
    print("\n".join(summary(faults)))

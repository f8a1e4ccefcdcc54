# SPDX-License-Identifier: GPL-2.0-only
"""How processes map the memory of drivers, from files of the kernel."""

import os
import pathlib
import re
from collections import namedtuple

PAGE = 1 << 12
LEVELS = ("pte", "pmd", "pud")
LEVEL_BYTES = {"pte": PAGE, "pmd": 1 << 21, "pud": 1 << 30}

PROC = pathlib.Path("/proc")
DEBUGFS = pathlib.Path("/sys/kernel/debug")
DUMP = "pfnmap_page_tables"

MAPS_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (....) ([0-9a-f]+) \S+ \d+ *(.*)\n?")


class MapError(Exception):
    """An error, in a line that also says what to do."""


class Run(namedtuple("Run", "start end level pfn caching special writable")):
    """Adjacent entries of one level, which map contiguous memory."""

    @property
    def entries(self):
        """The number of entries."""
        return (self.end - self.start) // LEVEL_BYTES[self.level]

    def part(self, start, end):
        """The part of the run inside a range."""
        start, end = max(start, self.start), min(end, self.end)
        return self._replace(start=start, end=end,
                             pfn=self.pfn + (start - self.start) // PAGE)


class Mapping:
    """A mapping of a driver's file, and the entries that it has."""

    def __init__(self, start, end, offset, path, runs=()):
        self.start, self.end = start, end
        self.offset, self.path = offset, path
        self.runs = list(runs)

    @property
    def bytes(self):
        """The size of the mapping."""
        return self.end - self.start

    def bytes_at(self, level):
        """The bytes that entries of a level map."""
        return sum(run.end - run.start for run in self.runs if run.level == level)

    @property
    def bytes_unmapped(self):
        """The bytes without an entry: not accessed yet, or moved since."""
        return self.bytes - sum(run.end - run.start for run in self.runs)


# A device whose driver shows page tables, and the file that shows them.
Device = namedtuple("Device", "name driver dump")


def parse_run(line):
    """Parse a line of the driver's file; return None for a hole."""
    words = line.split()
    if len(words) != 9 or words[2] not in (*LEVELS, "none"):
        raise MapError(f"'{line.strip()}' is no line of page tables: is this hugemap older "
                       "than the driver?")
    if words[2] == "none":
        return None
    return Run(int(words[0], 16), int(words[1], 16), words[2], int(words[3], 16), words[4],
               words[5] == "special", words[6] == "rw")


def parse_maps(text):
    """The mappings of files in the text of /proc/PID/maps."""
    mappings = []
    for line in text.splitlines():
        found = MAPS_LINE.fullmatch(line)
        if found and found.group(5).startswith("/"):
            start, end, offset = (int(found.group(i), 16) for i in (1, 2, 4))
            mappings.append(Mapping(start, end, offset, found.group(5)))
    return mappings


def assign(mappings, runs):
    """Give each mapping the runs inside it; return the mappings that have any."""
    for mapping in mappings:
        mapping.runs = [run for run in runs
                        if run and mapping.start <= run.start and run.end <= mapping.end]
    return [mapping for mapping in mappings if mapping.runs]


def refused(error, path):
    """The error for a file that cannot be opened, with what to do."""
    if isinstance(error, PermissionError) and os.geteuid():
        return MapError(f"{path} can be read by root alone: try sudo")
    if isinstance(error, PermissionError):
        return MapError(f"{path} cannot be read: this kernel is locked down, as by Secure Boot")
    return MapError(f"{path}: {error.strerror}")


def named(folder):
    """Device and driver of a folder in debugfs, from 'bigbar dev=0000:00:10.0 ...'."""
    try:
        text = (folder / "name").read_text(encoding="ascii")
    except OSError:
        return folder.name, "?"
    found = re.search(r"dev=(\S+)", text)
    return found.group(1) if found else folder.name, text.split(maxsplit=1)[0]


def find_devices(debugfs=DEBUGFS):
    """The devices whose drivers show page tables."""
    try:
        dumps = [folder / DUMP for folder in sorted((debugfs / "dri").iterdir())
                 if not folder.is_symlink() and (folder / DUMP).exists()]
    except FileNotFoundError as error:
        raise MapError(f"{debugfs}/dri is not there: no DRM driver is loaded, or 'mount -t "
                       f"debugfs debugfs {debugfs}' is missing") from error
    except OSError as error:
        raise refused(error, debugfs) from error
    if not dumps:
        raise MapError("no driver here shows page tables: it has to use pfnmap, which has to be "
                       "built with CONFIG_PFNMAP_DUMP")
    return [Device(*named(dump.parent), dump) for dump in dumps]


def read_runs(device, pid, part=None):
    """The runs of a process for a device, in the order of addresses; None for holes."""
    wanted = f"{pid} {part[0]:#x} {part[1]:#x}" if part else str(pid)
    try:
        with open(device.dump, "r+", encoding="ascii") as dump:
            dump.write(wanted)
            dump.flush()
            dump.seek(0)
            return [parse_run(line) for line in dump]
    except ProcessLookupError as error:
        raise MapError(f"there is no process {pid}, or it has ended") from error
    except OSError as error:
        raise refused(error, device.dump) from error


def read_mappings(device, pid, part=None, proc=PROC):
    """The mappings of a device in a process, without those that have no entry."""
    runs = read_runs(device, pid, part)
    try:
        text = (proc / str(pid) / "maps").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError) as error:
        raise MapError(f"process {pid} has ended") from error
    except OSError as error:
        raise refused(error, proc / str(pid) / "maps") from error
    return assign(parse_maps(text), runs)


def command_of(pid, proc=PROC):
    """The name of a process."""
    try:
        return (proc / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "?"


def users_of(proc=PROC):
    """The processes that map a file of DRM."""
    users = []
    for folder in proc.iterdir():
        try:
            if folder.name.isdigit() and "/dev/dri/" in (folder / "maps").read_text(
                    encoding="utf-8", errors="replace"):
                users.append(int(folder.name))
        except OSError:
            continue  # the process has ended, or belongs to another user
    return sorted(users)

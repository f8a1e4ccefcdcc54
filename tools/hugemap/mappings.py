# SPDX-License-Identifier: GPL-2.0-only
"""How processes map the memory of drivers: what the kernel says of it."""

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
    """What is wrong, in a line that says what to do."""


class Run(namedtuple("Run", "start end level pfn caching special writable")):
    """Entries of one level, one after the other, for memory that is one after the other."""

    @property
    def entries(self):
        """How many there are."""
        return (self.end - self.start) // LEVEL_BYTES[self.level]

    def part(self, start, end):
        """What of it lies in a range."""
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
        """Its size."""
        return self.end - self.start

    def bytes_at(self, level):
        """How much of it is mapped by entries of a level."""
        return sum(run.end - run.start for run in self.runs if run.level == level)

    @property
    def bytes_unmapped(self):
        """How much of it has no entry: it has not been accessed, or has been moved."""
        return self.bytes - sum(run.end - run.start for run in self.runs)


# A device whose driver shows page tables, and its file for that.
Device = namedtuple("Device", "name driver dump")


def parse_run(line):
    """A line of the driver's file; None for a hole."""
    words = line.split()
    if len(words) != 9 or words[2] not in (*LEVELS, "none"):
        raise MapError(f"'{line.strip()}' is no line of page tables: is this hugemap older "
                       "than the driver?")
    if words[2] == "none":
        return None
    return Run(int(words[0], 16), int(words[1], 16), words[2], int(words[3], 16), words[4],
               words[5] == "special", words[6] == "rw")


def parse_maps(text):
    """The mappings of /proc/PID/maps that are of files."""
    mappings = []
    for line in text.splitlines():
        found = MAPS_LINE.fullmatch(line)
        if found and found.group(5).startswith("/"):
            start, end, offset = (int(found.group(i), 16) for i in (1, 2, 4))
            mappings.append(Mapping(start, end, offset, found.group(5)))
    return mappings


def assign(mappings, runs):
    """Those of the mappings that runs lie in, with these. A driver's file has its mappings in
    the order of addresses, as /proc/PID/maps has."""
    for mapping in mappings:
        mapping.runs = [run for run in runs
                        if run and mapping.start <= run.start and run.end <= mapping.end]
    return [mapping for mapping in mappings if mapping.runs]


def refused(error, path):
    """Why a file cannot be opened, and what to do."""
    if isinstance(error, PermissionError) and os.geteuid():
        return MapError(f"{path} can be read by root alone: try sudo")
    if isinstance(error, PermissionError):
        return MapError(f"{path} cannot be read: this kernel is locked down, as by Secure Boot")
    return MapError(f"{path}: {error.strerror}")


def named(folder):
    """The device and the driver of a folder in debugfs, 'bigbar dev=0000:00:10.0 ...'."""
    try:
        text = (folder / "name").read_text(encoding="ascii")
    except OSError:
        return folder.name, "?"
    found = re.search(r"dev=(\S+)", text)
    return found.group(1) if found else folder.name, text.split(maxsplit=1)[0]


def find_devices(debugfs=DEBUGFS):
    """Devices whose drivers show page tables."""
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
    """What a process has of a device, in the order of addresses; None for holes."""
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
    """The mappings of a process that show a device, those that have no entry left out."""
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
            continue  # it has ended, or is somebody else's
    return sorted(users)

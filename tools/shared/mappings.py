# SPDX-License-Identifier: GPL-2.0-only
"""How processes map the memory of drivers, from files of the kernel."""

import os
import pathlib
import re
from collections import namedtuple

from .page_tables import LEVEL_BYTES, NONE, Mapped, parse_run

LEVELS = (*reversed(LEVEL_BYTES),)
PAGE = LEVEL_BYTES["pte"]

PROC = pathlib.Path("/proc")
DEBUGFS = pathlib.Path("/sys/kernel/debug")
DUMP = "pfnmap_page_tables"

MAPS_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (....) ([0-9a-f]+) \S+ \d+ *(.*)")


class MapError(Exception):
    """An error, in a line that also says what to do."""


def part_of(run, start, end):
    """The part of a run in a range inside it."""
    return run._replace(start=start, end=end, pfn=run.pfn + (start - run.start) // PAGE)


class Mapping(Mapped):
    """A mapping of a driver's file, and the entries that it has."""

    def __init__(self, start, end, offset, path, runs=()):
        super().__init__(start, end, runs)
        self.offset, self.path = offset, path

    @property
    def bytes_unmapped(self):
        """The bytes without an entry: not accessed yet, or moved since."""
        return self.bytes - sum(run.end - run.start for run in self.runs)


# A device whose driver shows page tables, and the file that shows them.
Device = namedtuple("Device", "name driver dump")


def entries_of(line):
    """Parse a line of the driver's file; return None for a hole."""
    try:
        run = parse_run(line)
    except ValueError as error:
        raise MapError(f"{error}: is this hugemap older than the driver?") from error
    return None if run.level == NONE else run._replace(pfn=int(run.pfn, 16))


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
    # On older kernels each node of a device has a folder of its own.
    devices = {device.name: device
               for device in (Device(*named(dump.parent), dump) for dump in reversed(dumps))}
    return [devices[name] for name in sorted(devices)]


def read_runs(device, pid, part=None):
    """The runs of a process for a device, in the order of addresses; None for holes."""
    wanted = f"{pid} {part[0]:#x} {part[1]:#x}" if part else str(pid)
    try:
        with open(device.dump, "r+", encoding="ascii") as dump:
            dump.write(wanted)
            dump.flush()
            dump.seek(0)
            return [entries_of(line) for line in dump]
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

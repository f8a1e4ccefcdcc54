# SPDX-License-Identifier: GPL-2.0-only
"""Page tables, as the debugfs file pfnmap_page_tables of a driver shows them."""

from collections import namedtuple

from .figures import GIB, KIB, MIB

# What an entry of each level maps, the largest first.
LEVEL_BYTES = {"pud": GIB, "pmd": 2 * MIB, "pte": 4 * KIB}

# The level of a hole.
NONE = "none"


class Run(namedtuple("Run", "start end level pfn caching special access young dirty")):
    """Adjacent entries of one level, which map contiguous memory; or a hole."""

    @property
    def entries(self):
        """The number of entries."""
        return (self.end - self.start) // LEVEL_BYTES[self.level]


class Mapped:
    """Addresses, and the runs of entries that map them."""

    def __init__(self, start, end, runs=()):
        self.start, self.end = start, end
        self.runs = list(runs)

    @property
    def bytes(self):
        """The size of the range."""
        return self.end - self.start

    def bytes_at(self, level):
        """The bytes that entries of a level map."""
        return sum(run.end - run.start for run in self.runs if run.level == level)

    def entries(self, level):
        """The number of entries of a level."""
        return self.bytes_at(level) // LEVEL_BYTES[level]

    def entries_text(self):
        """The number of entries of each level that has any."""
        return " + ".join(f"{count:,} {level.upper()}" for level in LEVEL_BYTES
                          if (count := self.entries(level))) or "none"


def parse_run(line):
    """Parse a line of the file; ValueError if it is none."""
    fields = line.split()
    if len(fields) != len(Run._fields) or fields[2] not in (*LEVEL_BYTES, NONE):
        raise ValueError(f"not a line of page tables: {line!r}")
    start, end = (int(field, 16) for field in fields[:2])
    return Run(start, end, *fields[2:])

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


def parse_run(line):
    """Parse a line of the file; ValueError if it is none."""
    fields = line.split()
    if len(fields) != len(Run._fields) or fields[2] not in (*LEVEL_BYTES, NONE):
        raise ValueError(f"not a line of page tables: {line!r}")
    start, end = (int(field, 16) for field in fields[:2])
    return Run(start, end, *fields[2:])

# SPDX-License-Identifier: GPL-2.0-only
"""What ttm_huge would give: by arithmetic, and as it was measured elsewhere. No time of this
machine follows from either."""

from collections import namedtuple

from shared.page_tables import LEVEL_BYTES

# What README.md says of the demo in the lab, for the first touch of a GiB: the level of the
# entries, faults, and how many times fewer instructions than with TTM's own handler.
Lab = namedtuple("Lab", "level faults times")
LAB_IN_TREE_FAULTS = 16384
LAB = (Lab("PUD", 1, 39517), Lab("PMD", 1, 16342), Lab("PTE", 512, 32))


def tables_of(size, level):
    """How many entries of a level it takes to map a size that begins at one."""
    return -(-size // LEVEL_BYTES[level])


def faults_with_ours(size, entry_bytes):
    """The faults of a touch of all pages, if the memory is in one piece, and memory and address
    are aligned as ttm_huge aligns them. A fault sets a PUD entry, or all entries that belong
    into one page table; entry_bytes is the most that an entry maps at the BAR's address."""
    if entry_bytes < LEVEL_BYTES["pmd"]:
        return tables_of(size, "pmd")
    tail = size % LEVEL_BYTES["pmd"]
    return tables_of(size - tail, "pud") + bool(tail)

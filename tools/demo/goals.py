# SPDX-License-Identifier: GPL-2.0-only
"""The figures to reach, and the checks without which they would mean nothing."""

from rows import format_share
from shared.figures import GIB, KIB, Figure, clock_figure, format_bytes, format_kib

PAGE_TABLE_BYTES = 4 * KIB
PUD_TABLE_SPAN = 512 * GIB

# The figures to reach are for this size.
BO_BYTES = 4 * GIB
WANTED_FAULTS = 4
WANTED_RATIO = 10000

# Faults and nanoseconds to populate a GiB by entries of one level.
LEVEL_LIMITS = {"pud": (1, 20000), "pmd": (1, 500000), "pte": (512, 25000000)}
PREFAULT_BYTES = 8 * GIB
PREFAULT_LIMIT_NS = 100000

# In-tree TTM maps 16 pages in each fault (TTM_BO_VM_NUM_PREFAULT).
IN_TREE_FAULT_BYTES = 64 * KIB


def format_ms(nanoseconds):
    """A time, always in the same unit."""
    return f"{nanoseconds / 1000000:,.4f} ms"


def format_limit(nanoseconds):
    """A time that has to be larger."""
    return f"under {nanoseconds / 1000000:g} ms"


def pud_tables(mapping):
    """The number of tables that hold the PUD entries of a mapping."""
    return (mapping.end - 1) // PUD_TABLE_SPAN - mapping.start // PUD_TABLE_SPAN + 1


def faults_figure(demo):
    """A PUD entry for each GiB takes a fault."""
    faults = demo.huge.faults
    return Figure(f"{WANTED_FAULTS} faults", f"{faults:,}",
                  faults == WANTED_FAULTS)


def touch_figure(demo):
    """How many times less the first touch takes than with in-tree TTM."""
    found = demo.touch_ratio(demo.huge)
    text = "no ratio"
    if found is not None:
        at_least = "at least " if demo.huge.touch_bound()[1] else ""
        text = f"{at_least}{found:,} times"
    return Figure(f"first touch {WANTED_RATIO:,} times cheaper", text,
                  found is not None and found >= WANTED_RATIO)


def tables_figure(demo):
    """PUD entries have no page table below them, and VmPTE must show that."""
    huge = demo.huge
    allowed = pud_tables(huge) * PAGE_TABLE_BYTES
    reached = huge.is_all("pud") and huge.page_table_bytes <= allowed
    return Figure("no page-table page below the PUD level",
                  f"VmPTE +{format_kib(huge.page_table_bytes)}", reached)


def size_figure(demo):
    """The other figures are for this size."""
    size = demo.bo["size"]
    return Figure(f"a BO of {format_bytes(BO_BYTES)}", format_bytes(size),
                  size == BO_BYTES)


def baseline_figure(demo):
    """What is compared with is TTM as everybody has it."""
    in_tree = demo.in_tree
    wanted = demo.bo["size"] // IN_TREE_FAULT_BYTES
    return Figure("in-tree TTM: PTEs only, 16 to a fault",
                  f"{in_tree.faults:,} faults",
                  in_tree.is_all("pte") and in_tree.faults == wanted)


def witnesses_figure(demo):
    """Two ways to count entries that share no code."""
    reached = all(mapping.walked() == mapping.raw["entries"]
                  for mapping in demo.mappings)
    return Figure("the driver counts what the page tables hold",
                  "the same" if reached else "it differs", reached)


def level_faults_figure(level, mapping):
    """The faults of a GiB by one level."""
    wanted = LEVEL_LIMITS[level][0]
    only = mapping.is_all(level)
    name = f"{level.upper()}: {wanted} fault{'s' * (wanted > 1)} per GiB"
    text = format_share(mapping.per_gib(mapping.faults))
    return Figure(name, text if only else f"{text}, not all by {level.upper()}s",
                  only and mapping.faults * GIB == wanted * mapping.bytes)


def level_time_figure(level, mapping):
    """The time of a GiB by one level."""
    limit = LEVEL_LIMITS[level][1]
    found, is_bound = mapping.touch_bound()
    at_most = "at most " if is_bound else ""
    return Figure(
        f"{level.upper()}: {format_limit(limit)} per GiB",
        at_most + format_ms(mapping.per_gib(found)),
        mapping.is_all(level) and 0 < found * GIB < limit * mapping.bytes)


def level_figures(demo):
    """Both, for each level."""
    for level, mapping in demo.levels.items():
        yield level_faults_figure(level, mapping)
        yield level_time_figure(level, mapping)


def prefault_figures(demo):
    """Mapping ahead of use sets all entries, at once."""
    found = demo.prefault
    size = format_bytes(PREFAULT_BYTES)
    whole = found.bytes == PREFAULT_BYTES and found.is_all("pud")
    yield Figure(f"prefault of {size}: 8 PUD entries", found.entries_text(),
                 whole)
    yield Figure(f"prefault of {size}: {format_limit(PREFAULT_LIMIT_NS)}",
                 format_ms(found.ioctl_ns),
                 whole and 0 < found.ioctl_ns < PREFAULT_LIMIT_NS)
    yield Figure(f"prefault of {size}: no fault afterwards",
                 f"{found.faults:,}", whole and found.faults == 0)


def all_figures(demo):
    """The figures to reach, and the checks without which they would mean nothing."""
    reach = (faults_figure, touch_figure, tables_figure)
    worth = (size_figure, baseline_figure, witnesses_figure)
    return [*(check(demo) for check in reach), *level_figures(demo),
            *prefault_figures(demo), *(check(demo) for check in worth),
            clock_figure(demo.clock)]

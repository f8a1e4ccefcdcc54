# SPDX-License-Identifier: GPL-2.0-only
"""What was measured in words and rows, for the terminal and for the page."""

from demo import ratio
from shared.figures import (
    KIB, counts_instructions, format_bytes, format_count, format_kib, format_ns)
from shared.page_tables import LEVEL_BYTES


def format_ratio(theirs, ours):
    """How many times more theirs is."""
    quotient = ratio(theirs, ours)
    if quotient is None:
        return "-"
    return f"{quotient:,}" if quotient >= 10 else f"{theirs / ours:.2f}"


def format_share(number):
    """A number that need not be whole."""
    return f"{number:,.2f}".removesuffix(".00")


def head_lines(demo):
    """What was measured, and how."""
    yield f"Linux {demo.kernel}"
    yield (f"A buffer object of {format_bytes(demo.bo['size'])} in VRAM, "
           f"mapped in {len(demo.mappings)} ways, every page written.")
    if counts_instructions(demo.clock):
        yield ("Time is counted in executed instructions (QEMU TCG -icount): "
               "one instruction is")
        yield "one nanosecond of the guest, on any host."
    else:
        yield ("Time is NOT counted in executed instructions: it depends on "
               "the host.")


def table_rows(demo):
    """Rows of a label, the two values, and the function to print them."""
    theirs, ours = demo.in_tree, demo.huge
    yield "faults", theirs.faults, ours.faults, format_count
    yield "mmap()", theirs.mmap_ns, ours.mmap_ns, format_ns
    yield "first touch, net", theirs.net_ns, ours.net_ns, format_ns
    yield "first touch, raw", theirs.raw_ns, ours.raw_ns, format_ns
    yield "unmap", theirs.unmap_ns, ours.unmap_ns, format_ns
    yield ("page-table memory", theirs.page_table_bytes,
           ours.page_table_bytes, format_kib)
    for level in LEVEL_BYTES:
        yield (f"entries, {level.upper()}", theirs.entries(level),
               ours.entries(level), format_count)


def compared_cells(demo):
    """The head and the rows of both ways side by side."""
    yield "", demo.in_tree.name, demo.huge.name, "ratio"
    for label, theirs, ours, show in table_rows(demo):
        yield label, show(theirs), show(ours), format_ratio(theirs, ours)


def note_lines(demo):
    """What the rows mean."""
    yield f"raw: one pass that writes a word to each {format_bytes(4 * KIB)}"
    yield f"net: raw, less the least of {demo.loop_passes} passes without a fault"
    yield "page-table memory: growth of VmPTE; it counts PUD tables as well"


def bound_lines(mappings):
    """Where the net time of a mapping means nothing."""
    for mapping in mappings:
        if mapping.touch_bound()[1]:
            yield (f"{mapping.name}: net time is not above zero, because faults cost"
                   " less than passes")
            yield ("  vary; below, the raw time is used instead, as an"
                   " upper bound")


def level_cells(demo):
    """The head and the rows of what a GiB costs, by level."""
    yield "", "faults", "first touch, net", "ratio", "unmap"
    for label, mapping in demo.ways().values():
        yield (label, format_share(mapping.per_gib(mapping.faults)),
               format_ns(mapping.per_gib(mapping.net_ns)),
               format_ratio(demo.in_tree.net_ns, mapping.net_ns),
               format_ns(mapping.per_gib(mapping.unmap_ns)))


def prefault_title(demo):
    """What is mapped ahead of use."""
    return ("The same buffer object mapped twice in a row, "
            f"{format_bytes(demo.prefault.bytes)}, by one prefault ioctl")


def prefault_cells(demo):
    """What that costs."""
    found = demo.prefault
    yield "time of the ioctl", format_ns(found.ioctl_ns)
    yield "entries (from the page tables)", found.entries_text()
    yield "ru_minflt during the ioctl", format_count(found.ioctl_faults)
    yield "ru_minflt when every page is written after that", format_count(found.faults)


def prefault_notes():
    """What the faults of an ioctl are."""
    yield "The ioctl causes no page faults, but the kernel counts as a fault each"
    yield "call by which the ioctl sets entries."


def size_cells(demo):
    """The head and the rows of the cost by size."""
    yield ("", *(label for label, _ in demo.ways().values()))
    for size, costs in demo.by_size():
        yield (format_bytes(size),
               *("-" if ns is None else format_ns(ns) for ns in costs.values()))

# SPDX-License-Identifier: GPL-2.0-only
"""The results in words and rows, for the terminal and for the HTML page."""

from collections import defaultdict

from shared.figures import GIB, format_bytes, format_count, format_kib, format_ns
from shared.metrics import quotient

COLUMNS = ("way", "size", "time")
WALL_COLUMNS = ("spread", "TLB misses")
MORE_COLUMNS = ("faults", "page tables", "in-tree TTM", "best peer", "which", "")


def head_lines(bench):
    yield f"Linux {bench.kernel}, commit {bench.commit}"
    yield f"Command: {bench.command}"


def meaning_lines(bench):
    if bench.wall:
        yield ("Time is that of the clock, on this machine's processor: the median of"
               " nine samples, after one to warm up. Spread: from their first to their"
               " third quartile.")
        yield ("TLB misses: of the data TLB, in a pass without page faults."
               + (f" None are counted: {bench.why_no_tlb_misses}."
                  if bench.why_no_tlb_misses else ""))
    else:
        yield ("Time is counted in executed instructions (QEMU TCG -icount): one"
               " instruction is one nanosecond, on any host. Caches, TLBs, and"
               " processors that wait for each other cost nothing here.")
    yield ("Net time: what takes the same with and without page faults, such as the loop"
           " that writes a word to each page, is subtracted.")
    yield ("Page tables: growth of VmPTE, which counts tables of PUDs as well. A table"
           " that another mapping uses as well is not counted.")
    yield ("In-tree TTM: how many times less it costs than with TTM's own fault handler on a"
           " BO of the same size. Best peer: the same against the cheapest other way to map"
           " the same memory by entries of the same level; below 1, the peer is cheaper. The"
           " only peer for buffer objects in pieces or in system memory is TTM itself."
           " Anonymous memory and hugetlb do not map VRAM, and are not peers; the kernel"
           " clears what they map.")
    if not bench.wall:
        yield ("Two threads take turns on one processor. What they cost more than one"
               " thread is switching, and locks that the other thread holds, but not two"
               " processors that wait for each other.")


def reference_size(bench, work):
    """The size that the figures to reach are for, or the largest that was measured"""
    sizes = {metric.bytes for metric in bench.measured() if metric.work == work}
    return GIB if GIB in sizes else max(sizes, default=0)


def format_times(number):
    if number is None:
        return "-"
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:,.2f}" if number >= 0.1 else f"{number:.1g}"


def answer_sizes(bench):
    return bench.sizes("first-touch") if "first-touch" in bench.works else []


def answer_rows(bench):
    """How many times less mapping and touching costs than with TTM's own handler, as a row
    for each of our ways"""
    for name, way in bench.ways.items():
        cells = [bench.cell("first-touch", name, size) for size in answer_sizes(bench)]
        times = [quotient(bench.in_tree(cell), cell) if cell else None for cell in cells]
        if way["role"] == "ours" and any(times):
            yield (name, f"{way['level']} entries", *map(format_times, times))


# What people report as slow: in words, the metric with TTM's own handler, and the one with ours.
REPORTED = (
    ("a staging buffer of 33 MB in radeon's VRAM: mapped, written, read back, unmapped",
     "staging.radeon.32400K", "staging.radeon-huge.32400K"),
    ("the same in system memory, as an integrated GPU has it",
     "staging.in-tree-system.32400K", "staging.system.32400K"),
    ("8 GiB mapped, and every page touched in order",
     "first-touch.in-tree.8G", "first-touch.pmd.8G"),
    ("8 GiB mapped, and 1 % of the pages touched at random",
     "random-1pct.in-tree.8G", "random-1pct.pmd.8G"),
)


def reported_rows(bench):
    """A row for each REPORTED that was measured: words, both costs, how many times less"""
    for text, *names in REPORTED:
        theirs, ours = map(bench.metrics.get, names)
        times = quotient(theirs, ours) if theirs and ours and theirs.ns and ours.ns else None
        if times:
            yield text, format_ns(theirs.ns), format_ns(ours.ns), format_times(times)


def columns(bench):
    return COLUMNS + (WALL_COLUMNS if bench.wall else ()) + MORE_COLUMNS


def or_dash(text_of, number):
    return "-" if number is None else text_of(number)


def row_of(bench, metric):
    """The cells of a metric, one for each of columns()"""
    best = bench.best_peer(metric)
    wall = (format_ns(metric.noise), or_dash(format_count, metric.tlb_misses))
    return (metric.way, format_bytes(metric.bytes), format_ns(metric.ns),
            *(wall if bench.wall else ()),
            or_dash(format_count, metric.faults),
            or_dash(format_kib, metric.page_table_bytes),
            format_times(quotient(bench.in_tree(metric), metric)),
            format_times(quotient(best, metric)), best.way if best else "-",
            bench.verdict(metric))


def some_sizes(some, sizes):
    """Which of all sizes these are, in words"""
    if some == sizes:
        return ""
    if some == sizes[-len(some):]:
        return f" from {format_bytes(some[0])} on"
    if some == sizes[:len(some)]:
        return f" up to {format_bytes(some[-1])}"
    return f" at {', '.join(format_bytes(size) for size in some)}"


def empty_lines(bench, work):
    """Why cells are empty: a line for each reason"""
    reasons = defaultdict(list)
    for metric in bench.metrics.values():
        if metric.work == work and metric.why_not:
            reasons[metric.why_not, metric.way].append(metric.bytes)
    ways = defaultdict(list)
    for (reason, way), sizes in reasons.items():
        ways[reason, some_sizes(sorted(sizes), bench.sizes(work))].append(way)
    for (reason, at), names in ways.items():
        yield f"Not measured: {', '.join(names)}{at}: {reason}."

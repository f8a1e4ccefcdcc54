# SPDX-License-Identifier: GPL-2.0-only
"""What mapping costs where TTM has ttm_huge inside, beside what it costs with modules."""

from collections import namedtuple

from meaning import format_times
from page import format_size
from shared.figures import GIB, clock_figure, format_count, format_ns
from targets import at_least, at_most, cost

WORK = "first-touch"

# The ways of each driver, by what maps its buffer objects.
OWN = "TTM's own handler"
WAYS = {
    "qxl": {OWN: "qxl", "PUD entries": "qxl-pud", "PMD entries": "qxl-pmd", "PTEs": "qxl-pte"},
    "bigbar": {OWN: "in-tree", "PUD entries": "pud", "PMD entries": "pmd", "PTEs": "pte"},
}

# Costs in ns by size in bytes; faults are those of 1 GiB, None if they are not known.
Row = namedtuple("Row", "driver where entries ns faults")

LABELS = "  {:<8}{:<12}{:<20}"
CELL = "{:>11}"


def inside_rows(bench):
    """The rows of the kernel whose TTM has ttm_huge inside."""
    for driver, ways in WAYS.items():
        for entries, way in ways.items():
            cells = [cell for size in bench.sizes(WORK) if (cell := bench.cell(WORK, way, size))]
            faults = next((cell.faults for cell in cells if cell.bytes == GIB), None)
            yield Row(driver, "inside", entries, {cell.bytes: cell.ns for cell in cells}, faults)


def module_rows(demo):
    """The rows of 'make demo', which has ttm_huge as a module."""
    for entries, way in WAYS["bigbar"].items():
        ns = {at["bytes"]: at["ns"][way] for at in demo["by_size"] if at["ns"][way] is not None}
        yield Row("bigbar", "as modules", entries, ns, None)


def times_less(row, rows):
    """How many times less than TTM's own handler a GiB costs, or None."""
    own = next(other for other in rows
               if other[:2] == row[:2] and other.entries == OWN).ns.get(GIB, 0)
    ours = row.ns.get(GIB, 0)
    return own / ours if own > 0 and ours > 0 and row.entries != OWN else None


def row_line(row, rows, sizes):
    """A line of the table."""
    cells = [format_ns(row.ns[size]) if size in row.ns else "-" for size in sizes]
    cells.append(format_times(times_less(row, rows)))
    cells.append("-" if row.faults is None else format_count(row.faults))
    return LABELS.format(*row[:3]) + "".join(map(CELL.format, cells))


def table_lines(rows):
    """All rows. What was left out has no level that fits its size."""
    sizes = sorted({size for row in rows for size in row.ns})
    yield "mmap() and the first write to every page, by size; for 1 GiB also times less, and faults"
    yield (LABELS.format("", "", "") +
           "".join(map(CELL.format, [*map(format_size, sizes), "times less", "faults"])))
    for row in rows:
        yield row_line(row, rows, sizes)


def inside_figures(bench):
    """What was reached with modules has to be reached without a change of the driver, too."""
    for driver, ways in WAYS.items():
        own, pud, pmd, pte = (f"{WORK}.{way}.1G" for way in ways.values())
        base = cost(bench, own, "touch")
        yield at_least(f"{driver}, 1 GiB by PUD entries: times below TTM's own",
                       base / cost(bench, pud, "touch"), 10000)
        yield at_least(f"{driver}, 1 GiB by PTEs: times below TTM's own",
                       base / cost(bench, pte, "touch"), 31)
        for name, entries, faults in ((pud, "PUD entries", 1), (pmd, "PMD entries", 1),
                                      (pte, "PTEs", 512)):
            yield at_most(f"{driver}, 1 GiB by {entries}: faults",
                          bench.value(name).faults or 0, faults)
    yield clock_figure(bench.clock)


def rows_as_json(rows):
    """The rows for programs."""
    return [{**row._asdict(), "times_less": times_less(row, rows)} for row in rows]

# SPDX-License-Identifier: GPL-2.0-only
"""The demo as one HTML page that needs no other file."""

from html import escape

from demo import BY_SIZE
from rows import (
    bound_lines, compared_cells, format_ratio, head_lines, level_cells, note_lines,
    prefault_cells, prefault_notes, prefault_title, size_cells)
from shared.chart import COLOURS as WAY_COLOURS, NARROW, curves
from shared.figures import MIB, format_bytes, format_count, format_ns
from shared.markup import document, figures_table, paragraphs, table, wide, words
from shared.page_tables import LEVEL_BYTES
from shared.strips import COLOURS, strip

STYLE = """
.strip { display: block; width: 100%; height: 1.6em; background: #8884 }
.strip path { stroke: Canvas; fill: none }
.legend i { display: inline-block; width: 1em; height: 1em; margin: 0 .4em 0 1em;
            vertical-align: middle }
.chart svg { display: block; width: 100%; max-width: 30em; height: auto }
th:first-child, td:first-child { text-align: left }
h3 { font-size: 1em; margin: 1.5em 0 .3em } .strip + p { margin: 0 0 .5em }
"""

# What is shown enlarged: a single PMD entry, or all PTEs of a page table.
ENLARGED = 2 * MIB
STRIPS = ("A bar is the addresses of a mapping, from the first to the last, coloured by the level "
          "of the entries that map them. Lines are the borders between entries, where there is "
          "room.")


def rows_table(cells):
    """A table of a head and rows."""
    head, *rows = cells
    return wide(table(head, rows))


def lead(demo):
    """The answer, in a sentence."""
    theirs, ours = demo.in_tree, demo.huge
    found, is_bound = ours.touch_bound()
    at_most, at_least = ("at most ", "at least ") if is_bound else ("", "")
    return (f"To write to every page of {format_bytes(demo.bo['size'])} of VRAM takes "
            f"{format_count(theirs.faults)} page faults and {format_ns(theirs.net_ns)} with "
            f"{theirs.name}. With {ours.name} it takes {format_count(ours.faults)} and {at_most}"
            f"{format_ns(found)}: {at_least}{format_ratio(theirs.net_ns, found)} times less.")


def legend():
    """What the colours of levels mean."""
    yield '<p class="legend">'
    for level, size in LEVEL_BYTES.items():
        yield (f'<i style="background: {COLOURS[level]}"></i>{level.upper()}, '
               f"{format_bytes(size)}")
    yield "</p>"


def strips(demo):
    """What maps the buffer object: all of it, and its first bytes enlarged."""
    whole = demo.bo["size"]
    for label, mapping in demo.ways().values():
        yield (f"<h3>{escape(label)}: {mapping.entries_text()}, "
               f"{format_count(mapping.faults)} faults</h3>")
        for size, text in ((whole, "all {}"), (ENLARGED, "the first {} of it, enlarged")):
            yield from strip(mapping, size)
            yield f'<p class="small">{text.format(format_bytes(size))}</p>'


def size_curves(demo):
    """The cost by size, as curves."""
    costs = list(demo.by_size())
    colours = {**COLOURS, "in-tree": WAY_COLOURS[0]}
    lines = [(label, colours[way], points) for way, (label, _) in demo.ways().items()
             if (points := [(size, ns[way]) for size, ns in costs if (ns[way] or 0) > 0])]
    return curves("mmap() and first touch", [size for size, _ in costs], lines,
                  NARROW) if lines else ""


def joined(lines):
    """A paragraph of the lines of a terminal, if there are any."""
    text = " ".join(" ".join(lines).split())
    return paragraphs([text]) if text else ""


def page(demo, figures):
    """The page."""
    kernel, *how = head_lines(demo)
    return document("What maps VRAM, before and after", [
        paragraphs([lead(demo), kernel]), joined(how),
        "<h2>The page tables</h2>", paragraphs([STRIPS]), *legend(), *strips(demo),
        "<h2>Before and after</h2>", rows_table(compared_cells(demo)),
        '<div class="small">', paragraphs(note_lines(demo)),
        joined(bound_lines(demo.levels.values())), "</div>",
        "<h2>What a GiB costs, by the level of its entries</h2>", rows_table(level_cells(demo)),
        "<h2>What it costs, by the size of the buffer object</h2>",
        paragraphs([demo.bench.works[BY_SIZE]]),
        f'<div class="chart">{size_curves(demo)}</div>', rows_table(size_cells(demo)),
        f"<h2>{escape(prefault_title(demo))}</h2>", words(table(("", ""), prefault_cells(demo))),
        joined(prefault_notes()),
        "<h2>Figures to reach</h2>", figures_table(figures)], STYLE)

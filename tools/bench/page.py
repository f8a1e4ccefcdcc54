# SPDX-License-Identifier: GPL-2.0-only
"""The results as one HTML page that needs no other file."""

from html import escape

from meaning import (answer_rows, answer_sizes, columns, empty_lines, head_lines,
                     meaning_lines, reported_rows, row_of, reference_size)
from shared.chart import COLOURS, bars, curves
from shared.markup import document, figures_table, paragraphs, table, wide
from targets import bounded_lines

STYLE = """
body { max-width: 70em }
h2 { border-bottom: 1px solid #8886 }
th:first-child, td:first-child { text-align: left }
tr.loses td { background: color-mix(in srgb, var(--bad) 20%, Canvas) }
svg { max-width: 100%; height: auto }
.empty { color: GrayText }
"""


def colours(bench):
    return {way: COLOURS[place % len(COLOURS)]
            for place, way in enumerate(bench.ways)}


def work_curves(bench, work):
    sizes = bench.sizes(work)
    lines = []
    for way, colour in colours(bench).items():
        cells = [bench.cell(work, way, size) for size in sizes]
        points = [(cell.bytes, cell.ns) for cell in cells if cell and cell.ns > 0]
        if points:
            lines.append((way, colour, points))
    return curves(f"{work}: {bench.works[work]}", sizes, lines) if lines else ""


def work_bars(bench, work, size):
    palette = colours(bench)
    rows = [(way, palette[way], cell.ns) for way in bench.ways
            if (cell := bench.cell(work, way, size)) and cell.ns > 0]
    return bars(f"{work}, {format_size(size)}", rows) if rows else ""


def format_size(size):
    for shift, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >> shift:
            return f"{size >> shift} {unit}"
    return f"{size} B"


def work_section(bench, work):
    size = reference_size(bench, work)
    cells = [cell for way in bench.ways
             for at in bench.sizes(work) if (cell := bench.cell(work, way, at))]
    losers = {place: "loses" for place, cell in enumerate(cells)
              if bench.loses(cell)}
    parts = [f'<h2 id="{work}">{escape(work)}</h2>',
             f"<p>{escape(bench.works[work])}</p>"]
    if not bench.has_small_bos(work):
        parts += [work_curves(bench, work), work_bars(bench, work, size)]
    parts.append(wide(table(columns(bench), [row_of(bench, cell) for cell in cells], losers)))
    parts += [f'<p class="empty">{escape(line)}</p>'
              for line in empty_lines(bench, work)]
    return "\n".join(parts)


def ways_table(bench):
    return wide(table(("way", "what", "memory", "largest entries", "role"),
                      [(name, way["what"], way["memory"], way["level"], way["role"])
                       for name, way in bench.ways.items()]))


def answer(bench):
    """The section that comes first: what a reader wants to know most"""
    return "\n".join((
        "<h2>What people report</h2>",
        wide(table(("what", "TTM", "ttm_huge", "times less"), reported_rows(bench))),
        "<h2>How many times less than with TTM today</h2>",
        "<p>mmap() and the first write to every page, by the size of the buffer object,"
        " compared with TTM's own fault handler on the same buffer object. The level of the"
        " entries depends on the memory and the address.</p>",
        wide(table(("way", "by", *map(format_size, answer_sizes(bench))),
                   answer_rows(bench)))))


def page(bench, figures):
    parts = [paragraphs(head_lines(bench)), answer(bench), "<h2>Meaning</h2>",
             paragraphs(meaning_lines(bench)), "<h2>Ways</h2>", ways_table(bench)]
    if figures:
        parts += ["<h2>Figures to reach</h2>", figures_table(figures),
                  paragraphs(bounded_lines(figures))]
    parts += [work_section(bench, work) for work in bench.works]
    return document("What mapping VRAM costs", parts, STYLE)

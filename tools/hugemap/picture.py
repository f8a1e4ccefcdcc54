# SPDX-License-Identifier: GPL-2.0-only
"""An SVG picture of the mappings of processes: a bar for each, coloured by level."""

import html

from shared.mappings import LEVELS
from shared.strips import BAR, COLOURS, SPAN, coloured
from text import size_text

LINE, MARGIN = 44, 12
WIDTH = SPAN + 2 * MARGIN
STYLE = """text { font: 12px sans-serif; fill: #222 }
.none { fill: #8884 } .frame { fill: none; stroke: #888 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } svg { background: #1b1b1b } }"""


def bar(mapping, top):
    """The bar of a mapping."""
    yield f'<rect class="none" x="{MARGIN}" y="{top}" width="{SPAN}" height="{BAR}"/>'
    yield from coloured(mapping, MARGIN, top, SPAN / mapping.bytes)
    yield f'<rect class="frame" x="{MARGIN}" y="{top}" width="{SPAN}" height="{BAR}"/>'


def legend(top):
    """The legend of the colours."""
    for number, level in enumerate([*reversed(LEVELS), "none"]):
        left = MARGIN + number * 110
        fill = f'fill="{COLOURS[level]}"' if level in COLOURS else 'class="none"'
        name = level.upper() if level in COLOURS else "not mapped"
        yield f'<rect x="{left}" y="{top}" width="{BAR}" height="{BAR}" {fill}/>'
        yield f'<text x="{left + BAR + 6}" y="{top + 14}">{name}</text>'


def picture(processes):
    """The lines of the SVG file, with a bar for each mapping of the processes."""
    rows = [(f"{process.pid} {process.command}, {process.device.name}: {mapping.start:x}, "
             f"{size_text(mapping.bytes)}", mapping)
            for process in processes for mapping in process.mappings]
    height = MARGIN + LINE * (len(rows) + 1)
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">'
           f"<style>{STYLE}</style>")
    yield from legend(MARGIN)
    for number, (title, mapping) in enumerate(rows, 1):
        top = MARGIN + LINE * number
        yield f'<text x="{MARGIN}" y="{top + 10}">{html.escape(title)}</text>'
        yield from bar(mapping, top + 16)
    yield "</svg>"

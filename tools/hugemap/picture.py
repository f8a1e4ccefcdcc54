# SPDX-License-Identifier: GPL-2.0-only
"""An SVG picture of the mappings of processes: a bar for each, coloured by level."""

import html

from shared.mappings import LEVELS
from text import size_text

WIDTH, BAR, LINE, MARGIN = 960, 18, 44, 12
COLOURS = {"pud": "#2a9d6f", "pmd": "#3b7dd8", "pte": "#e0902a"}
STYLE = """text { font: 12px sans-serif; fill: #222 }
.none { fill: #8884 } .frame { fill: none; stroke: #888 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } svg { background: #1b1b1b } }"""


def bar(mapping, top):
    """The bar of a mapping. Runs that are too small to be seen are a pixel wide."""
    scale = (WIDTH - 2 * MARGIN) / mapping.bytes
    yield (f'<rect class="none" x="{MARGIN}" y="{top}" width="{WIDTH - 2 * MARGIN}" '
           f'height="{BAR}"/>')
    for run in mapping.runs:
        left = MARGIN + (run.start - mapping.start) * scale
        width = max(1, (run.end - run.start) * scale)
        yield (f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{BAR}" '
               f'fill="{COLOURS[run.level]}"><title>{run.start:x}-{run.end:x}: {run.entries} '
               f'{run.level.upper()}</title></rect>')
    yield (f'<rect class="frame" x="{MARGIN}" y="{top}" width="{WIDTH - 2 * MARGIN}" '
           f'height="{BAR}"/>')


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

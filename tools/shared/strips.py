# SPDX-License-Identifier: GPL-2.0-only
"""Mappings as parts of SVG pictures: bars, coloured by the level of the entries."""

# The width and the height of a bar.
SPAN, BAR = 936, 18
COLOURS = {"pud": "#2a9d6f", "pmd": "#3b7dd8", "pte": "#e0902a"}


def coloured(mapping, left, top, scale):
    """The runs of a mapping. Those that are too small to be seen are a pixel wide."""
    for run in mapping.runs:
        start = left + (run.start - mapping.start) * scale
        width = max(1, (run.end - run.start) * scale)
        yield (f'<rect x="{start:.1f}" y="{top}" width="{width:.1f}" height="{BAR}" '
               f'fill="{COLOURS[run.level]}"><title>{run.start:x}-{run.end:x}: {run.entries} '
               f'{run.level.upper()}</title></rect>')

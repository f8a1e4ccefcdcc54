# SPDX-License-Identifier: GPL-2.0-only
"""Mappings as parts of SVG pictures: bars, coloured by the level of the entries."""

from .page_tables import LEVEL_BYTES

# The width and the height of a bar.
SPAN, BAR = 936, 18
# The borders between entries are drawn if an entry is so wide.
SEEN = 1.5
COLOURS = {"pud": "#2a9d6f", "pmd": "#3b7dd8", "pte": "#e0902a"}


def coloured(mapping, left, top, scale):
    """The runs of a mapping. Those that are too small to be seen are a pixel wide."""
    for run in mapping.runs:
        start = left + (run.start - mapping.start) * scale
        width = max(1, (run.end - run.start) * scale)
        yield (f'<rect x="{start:.1f}" y="{top}" width="{width:.1f}" height="{BAR}" '
               f'fill="{COLOURS[run.level]}"><title>{run.start:x}-{run.end:x}: {run.entries} '
               f'{run.level.upper()}</title></rect>')


def borders(mapping, size, scale):
    """The borders between entries in the first bytes of a mapping, where they can be seen."""
    for run in mapping.runs:
        entry = LEVEL_BYTES[run.level]
        end = min(run.end, mapping.start + size)
        if entry * scale >= SEEN and run.start < end:
            lines = "".join(f"M{(at - mapping.start) * scale:.2f} 0V{BAR}"
                            for at in range(run.start, end, entry))
            yield f'<path d="{lines}" stroke-width="{min(3, entry * scale / 4):.2f}"/>'


def strip(mapping, size):
    """The first bytes of a mapping, as a picture that is as wide as its place in a page."""
    scale = SPAN / size
    yield f'<svg class="strip" viewBox="0 0 {SPAN} {BAR}" preserveAspectRatio="none">'
    yield from coloured(mapping, 0, 0, scale)
    yield from borders(mapping, size, scale)
    yield "</svg>"

# SPDX-License-Identifier: GPL-2.0-only
"""The report as one HTML page that needs no other file."""

from html import escape

import words
from shared.markup import document, paragraphs, table, wide

STYLE = """
.bar { display: flex; height: 1.2em; background: #8883 }
.bar i { background: #c0562e }
"""


def bars(gpu):
    """For each size, how much of the first touch is faults."""
    for row in words.measured(gpu):
        share = 100 * words.fault_ns(row) / max(1, words.median(row, "first_ns"))
        yield (f"<p>{escape(words.cells_of(row)[0])}: {share:.0f} % of the first touch is faults"
               f'</p><div class="bar"><i style="width:{share:.1f}%"></i></div>')


def gpu_section(gpu):
    """A GPU."""
    yield f"<h2>{escape(words.gpu_title(gpu))}</h2>"
    yield paragraphs(words.gpu_lines(gpu))
    if words.measured(gpu):
        yield wide(table(words.COLUMNS, words.table_rows(gpu)))
        yield from bars(gpu)
    yield paragraphs(words.notes(gpu))


def compared_section(comparison, report):
    """Before and after."""
    yield "<h2>Before and after</h2>"
    yield paragraphs(words.compared_lines(comparison.old, report))
    yield wide(table(words.COMPARED, words.compared_rows(comparison.pairs)))


def page(report, comparison=None):
    """The page."""
    parts = [paragraphs(words.head_lines(report))]
    if comparison:
        parts += compared_section(comparison, report)
    for gpu in report["gpus"]:
        parts += gpu_section(gpu)
    parts += ["<h2>Meaning</h2>", f'<div class="small">{paragraphs(words.meaning_lines(report))}',
              f"{paragraphs([words.SEND])}</div>"]
    return document(words.TITLE, parts, STYLE)

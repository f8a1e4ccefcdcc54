# SPDX-License-Identifier: GPL-2.0-only
"""The report as one HTML page that needs no other file."""

from html import escape

import words
from shared.markup import paragraphs, table

# Colours are the reader's, light or dark. A table that is too wide for a phone is scrolled.
STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: auto; padding: 1em;
       overflow-wrap: break-word }
h1 { font-size: 1.5em } h2 { font-size: 1.2em; margin-top: 2em }
.wide { overflow-x: auto }
table { border-collapse: collapse; white-space: nowrap; font-variant-numeric: tabular-nums }
th, td { padding: .2em .7em; text-align: right; border-bottom: 1px solid #8886 }
th:first-child, td:first-child { position: sticky; left: 0; background: Canvas }
.bar { display: flex; height: 1.2em; background: #8883 }
.bar i { background: #c0562e }
.small { font-size: .9em }
"""


def wide(head, rows):
    """A table in a box that is scrolled."""
    return f'<div class="wide">{table(head, rows)}</div>'


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
        yield wide(words.COLUMNS, words.table_rows(gpu))
        yield from bars(gpu)
    yield paragraphs(words.notes(gpu))


def compared_section(comparison, report):
    """Before and after."""
    yield "<h2>Before and after</h2>"
    yield paragraphs(words.compared_lines(comparison.old, report))
    yield wide(words.COMPARED, words.compared_rows(comparison.pairs))


def page(report, comparison=None):
    """The page."""
    parts = ['<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
             '<meta name="viewport" content="width=device-width, initial-scale=1">',
             f"<title>{words.TITLE}</title><style>{STYLE}</style></head><body>",
             f"<h1>{words.TITLE}</h1>", paragraphs(words.head_lines(report))]
    if comparison:
        parts += compared_section(comparison, report)
    for gpu in report["gpus"]:
        parts += gpu_section(gpu)
    parts += ["<h2>Meaning</h2>", f'<div class="small">{paragraphs(words.meaning_lines(report))}',
              f"{paragraphs([words.SEND])}</div></body></html>"]
    return "\n".join(parts) + "\n"

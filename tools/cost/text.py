# SPDX-License-Identifier: GPL-2.0-only
"""The report as text for a terminal."""

import textwrap

import words

WIDTH = 96
ROW = "  {:>10}{:>10}{:>13}{:>11}{:>11}{:>11}{:>11}{:>11}"
COMPARED_ROW = "  {:<11}{:>10}{:>18}{:>26}  {}"


def wrapped(lines, indent="  "):
    """Lines that are too long go on below themselves."""
    for line in lines:
        more = indent + " " * (len(line) - len(line.lstrip()))
        yield from textwrap.wrap(line.lstrip(), WIDTH, initial_indent=more,
                                 subsequent_indent=more + "  ", break_long_words=False)


def gpu_text(gpu):
    """A GPU."""
    yield ""
    yield from wrapped([words.gpu_title(gpu)], "")
    yield from wrapped(words.gpu_lines(gpu))
    rows = words.table_rows(gpu)
    if rows:
        yield ""
        yield ROW.format(*words.COLUMNS)
        yield from (ROW.format(*row) for row in rows)
        yield ""
    yield from wrapped(words.notes(gpu))


def compared_text(comparison, report):
    """Before and after."""
    yield ""
    yield from wrapped(words.compared_lines(comparison.old, report), "")
    yield COMPARED_ROW.format(*words.COMPARED)
    yield from (COMPARED_ROW.format(*row) for row in words.compared_rows(comparison.pairs))


def text(report, comparison=None):
    """The lines of the report."""
    yield from wrapped([words.TITLE, *words.head_lines(report)], "")
    for gpu in report["gpus"]:
        yield from gpu_text(gpu)
    if comparison:
        yield from compared_text(comparison, report)
    yield ""
    yield from wrapped(words.meaning_lines(report), "")
    yield from wrapped([words.SEND], "")

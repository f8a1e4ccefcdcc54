# SPDX-License-Identifier: GPL-2.0-only
"""What the HTML pages of reports share: pages that need no other file. All text is escaped."""

from html import escape

# Colours are the reader's, light or dark. A table that is too wide for a phone is scrolled.
STYLE = """
:root { color-scheme: light dark; --good: #1e8449; --bad: #b03a2e }
@media (prefers-color-scheme: dark) { :root { --good: #58d68d; --bad: #ff8a7a } }
html { background: Canvas; color: CanvasText }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: auto; padding: 1em;
       overflow-wrap: break-word }
h1 { font-size: 1.5em } h2 { font-size: 1.2em; margin-top: 2em }
.wide { overflow-x: auto; margin: 1em 0 }
table { border-collapse: collapse; white-space: nowrap; font-variant-numeric: tabular-nums }
th, td { padding: .2em .7em; text-align: right; border-bottom: 1px solid #8886 }
th:first-child, td:first-child { position: sticky; left: 0; background: Canvas }
.words table { white-space: normal }
.words td:first-child { position: static; text-align: left }
.small { font-size: .9em }
td.yes { color: var(--good) } td.no { color: var(--bad); font-weight: bold }
"""


def table(head, rows, classes=None):
    """A table; classes has those of some rows, by their number"""
    classes = classes or {}
    lines = ["<table>", "<tr>" + "".join(f"<th>{escape(cell)}</th>"
                                         for cell in head) + "</tr>"]
    for place, row in enumerate(rows):
        marked = f' class="{classes[place]}"' if place in classes else ""
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row)
        lines.append(f"<tr{marked}>{cells}</tr>")
    return "\n".join(lines + ["</table>"])


def wide(content):
    """A box for a table, in which it is scrolled."""
    return f'<div class="wide">{content}</div>'


def words(content):
    """A box for a table whose words may go on in the next line."""
    return f'<div class="wide words">{content}</div>'


def figures_table(figures):
    """The figures to reach, and whether they are reached."""
    lines = ["<table>", "<tr><th>figure to reach</th><th>found</th><th></th></tr>"]
    for figure in figures:
        mark = ("yes", "reached") if figure.reached else ("no", "NOT reached")
        lines.append(f"<tr><td>{escape(figure.name)}</td>"
                     f"<td>{escape(figure.found)}</td>"
                     f'<td class="{mark[0]}">{mark[1]}</td></tr>')
    return words("\n".join(lines + ["</table>"]))


def paragraphs(lines):
    """A paragraph for each line"""
    return "".join(f"<p>{escape(line)}</p>\n" for line in lines)


def document(title, parts, style=""):
    """A page that has a title and these parts."""
    return "\n".join((
        '<!DOCTYPE html>', '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>", f"<style>{STYLE}{style}</style></head><body>",
        f"<h1>{escape(title)}</h1>", *parts, "</body></html>")) + "\n"

# SPDX-License-Identifier: GPL-2.0-only
"""What the HTML pages of reports share. All text is escaped."""

from html import escape


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


def paragraphs(lines):
    """A paragraph for each line"""
    return "".join(f"<p>{escape(line)}</p>\n" for line in lines)

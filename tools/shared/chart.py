# SPDX-License-Identifier: GPL-2.0-only
"""Curves and bars, drawn by gnuplot as SVG."""

import re
import subprocess

from .figures import GIB, MIB, ReportError

PREAMBLE = """
set terminal svg size {width},{height} dynamic font 'sans-serif,13'
set border 3
set tics nomirror
set grid ytics lc rgb '#888888'
"""

# In the order of the ways, so that a way has the same colour in every picture. They can be seen
# on a light and on a dark page.
COLOURS = ("#c0392b", "#e67e22", "#d4ac0d", "#1e8449", "#2471a3", "#7d3c98",
           "#17a589", "#5dade2", "#a569bd", "#7f8c8d", "#5c6bc0", "#b7950b",
           "#cd6155", "#f1948a", "#a0522d", "#ff5fa2", "#8a8f00")


def gnuplot(commands):
    try:
        done = subprocess.run(["gnuplot"], input=commands, text=True,
                              capture_output=True, check=True)
    except FileNotFoundError as error:
        raise ReportError("there is no gnuplot: install gnuplot-nox") from error
    except subprocess.CalledProcessError as error:
        raise ReportError(f"gnuplot: {error.stderr.strip()}") from error
    return for_html(done.stdout[done.stdout.index("<svg"):])


def for_html(svg):
    """Inside of HTML there are no namespaces, and black is the colour of the page's text"""
    svg = re.sub(r'\sxmlns(:xlink)?="[^"]*"', "", svg)
    return re.sub(r"""(["'])black\1""", r"\1currentColor\1", svg)


def with_names_of_its_own(svg, title):
    """Make names unique: gnuplot reuses names in all pictures, and the HTML page has many"""
    picture = re.sub(r"\W+", "-", title)
    return re.sub(r"""(\bid=["']|href=["']#|url\(#)""", rf"\g<1>{picture}-", svg)


def quoted(text):
    """A string of gnuplot, in which each ' is doubled"""
    return "'" + text.replace("'", "''") + "'"


def size_label(size):
    return f"{size // GIB} GiB" if size >= GIB else f"{size // MIB} MiB"


# Width, height, and more commands: for a page that is as wide as a screen, or as a phone.
WIDE = (960, 480, "set key outside right noenhanced")
NARROW = (400, 360, "set key below noenhanced\nset xtics rotate by 45 right")


def curves(title, sizes, lines, form=WIDE):
    """Cost by size, both logarithmic. A line is: name, colour, list of (size, ns)."""
    tics = ", ".join(f"'{size_label(size)}' {size}" for size in sizes)
    width, height, more = form
    script = PREAMBLE.format(width=width, height=height) + f"""
set title {quoted(title)} noenhanced
set logscale xy
set xtics ({tics})
set ylabel 'microseconds'
set format y '%g'
{more}
plot {", ".join(f"'-' using 1:2 with linespoints lw 2 pt 7 ps 0.5 lc rgb '{colour}' "
                f"title '{name}'" for name, colour, _ in lines)}
"""
    for _, _, points in lines:
        script += "".join(f"{size} {ns / 1000}\n" for size, ns in points) + "e\n"
    return with_names_of_its_own(gnuplot(script), title)


def bars(title, rows):
    """A bar for each way, one below the other. A row is: name, colour, ns."""
    height = 110 + 26 * len(rows)
    names = ", ".join(f"'{name}' {-place}"
                      for place, (name, _, _) in enumerate(rows))
    script = PREAMBLE.format(width=960, height=height) + f"""
set title {quoted(title)} noenhanced
set logscale x
set xlabel 'microseconds'
set format x '%g'
set ytics ({names}) noenhanced
set grid xtics lc rgb '#888888'
set yrange [{0.7 - len(rows)}:0.7]
unset key
set style fill solid
least = {min(ns for _, _, ns in rows) / 3000}
set xrange [least:*]
plot '-' using (least):1:(least):2:($1-0.35):($1+0.35):3 with boxxyerror lc rgb variable
"""
    for place, (_, colour, ns) in enumerate(rows):
        script += f"{-place} {ns / 1000} {int(colour[1:], 16)}\n"
    return with_names_of_its_own(gnuplot(script + "e\n"), title)

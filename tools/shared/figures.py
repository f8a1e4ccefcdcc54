# SPDX-License-Identifier: GPL-2.0-only
"""What the reports of demo and benchmark share: numbers as text, figures to
reach, and JSON files."""

import json
import statistics
from collections import namedtuple

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

# The width of a figure's name and of what was found, side by side.
FIGURE_WIDTH = 64

# How far a clock that counts instructions may be off: timer ticks fall into
# the measured loop, and their instructions count, too.
CLOCK_TOLERANCE_PERCENT = 10

Figure = namedtuple("Figure", "name found reached")


class ReportError(Exception):
    """Nothing to report on, with the reason in one line."""


def counts_instructions(clock):
    if clock["instructions"] <= 0:
        raise ReportError("the clock was compared with no instructions")
    off = abs(clock["ns"] - clock["instructions"])
    return 100 * off <= CLOCK_TOLERANCE_PERCENT * clock["instructions"]


def clock_figure(clock):
    counts = counts_instructions(clock)
    return Figure("an instruction takes a nanosecond",
                  f"{clock['ns'] / clock['instructions']:.2f} ns", counts)


def median_and_spread(samples):
    """The median, and the distance of the quartiles; a single sample may be off by all of it"""
    if len(samples) < 2:
        return samples[0], abs(samples[0])
    low, median, high = statistics.quantiles(samples, n=4)
    return median, high - low


def format_bytes(count):
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if count and count % unit == 0:
            return f"{count // unit:,} {name}"
    return f"{count:,} B"


def format_count(count):
    return f"{count:,}"


def format_kib(count):
    return f"{count // KIB:,} KiB"


def format_ns(nanoseconds):
    for unit, name in ((1000000, "ms"), (1000, "us")):
        if abs(nanoseconds) >= unit:
            return f"{nanoseconds / unit:,.2f} {name}"
    return f"{nanoseconds:,.0f} ns"


def figure_lines(figures, width=FIGURE_WIDTH):
    yield "Figures"
    for figure in figures:
        verdict = "reached" if figure.reached else "NOT reached"
        room = width - len(figure.name)
        yield f"  {figure.name}{figure.found:>{room}}  {verdict}"
    reached = sum(figure.reached for figure in figures)
    yield ""
    yield f"{reached} reached, {len(figures) - reached} NOT reached"


def figures_as_json(figures):
    return {
        "figures": [figure._asdict() for figure in figures],
        "reached": all(figure.reached for figure in figures),
    }


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise ReportError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ReportError(f"{path} is not JSON: {error}") from error


def write_text(path, text):
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ReportError(f"cannot write {path}: {error.strerror}") from error


def write_json(path, content):
    write_text(path, json.dumps(content, indent=2) + "\n")

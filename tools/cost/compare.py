# SPDX-License-Identifier: GPL-2.0-only
"""An older report beside the new one: before and after."""

from collections import Counter, namedtuple

from devices import CostError
from shared.figures import ReportError, median_and_spread, read_json
from words import compared_lines, compared_rows

PROGRAM, FORMAT = "ttm-map-cost", 1

# A buffer object in both reports: two rows, and whether the times differ by more than the
# spread.
Pair = namedtuple("Pair", "gpu old new differ")


def measured_rows(gpu):
    """The rows of a GPU that were measured, by size."""
    return {row["wanted_bytes"]: row for row in gpu["rows"] if "why_not" not in row}


def times_differ(old, new):
    """Whether the first touches differ by more than their spreads."""
    (before, noise), (after, more_noise) = (median_and_spread(row["first_ns"])
                                            for row in (old, new))
    return abs(after - before) > max(noise, more_noise)


def numbered_gpus(report):
    """The GPUs of a report by what they are; of two that are alike, one is the first."""
    seen = Counter()
    for gpu in report["gpus"]:
        kind = (gpu["ids"], gpu["driver"])
        yield (*kind, seen[kind]), gpu
        seen[kind] += 1


def pairs(old, new):
    """What both reports have: the same GPU and driver, and the same size."""
    before = {kind: measured_rows(gpu) for kind, gpu in numbered_gpus(old)}
    return [Pair(gpu, rows[size], row, times_differ(rows[size], row))
            for kind, gpu in numbered_gpus(new) if (rows := before.get(kind))
            for size, row in measured_rows(gpu).items() if size in rows]


def check(report):
    """Whether all is there that a comparison needs, so that none fails after the measurement."""
    return ((report["program"], report["format"]) == (PROGRAM, FORMAT)
            and list(compared_lines(report, report))
            and list(compared_rows(pairs(report, report))))


def read_report(path):
    """A report that this program has written as JSON."""
    try:
        report = read_json(path)
        good = check(report)
    except ReportError as error:
        raise CostError(str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        good = False
    if not good:
        raise CostError(f"{path} is not JSON that this {PROGRAM} has written")
    return report

# SPDX-License-Identifier: GPL-2.0-only
"""Floors: what has to run and pass on each kernel, what is skipped there, and why.

There is a file for each kind of run. A name in brackets begins a group of tests that run
together; after it are the kernels that the group runs on. Each subtest of the group passes
on all of them, except where the lines below it, which begin with a tab, say otherwise:

    [main] 6.1 7.2 debug
    ttm_huge_gup@gup-fast-pud
            6.1: absent
            7.2: skip no CONFIG_GUP_TEST
"""

import pathlib
import re
from collections import Counter

FOLDER = pathlib.Path(__file__).resolve().parent / "floors"

# For what runs without a kernel.
NO_KERNEL = "none"
WITHOUT_KERNEL = ("prepare", "patches")

# Groups of the main boot and of tests without a guest; each other boot is a group.
MAIN = ("main", "kunit", "guest", *WITHOUT_KERNEL)

PASS = "pass"
SKIP = "skip "
ABSENT = "absent"

HEAD = """\
# SPDX-License-Identifier: MIT
# What has to run, and pass where nothing else is said. Written by 'make floors'; see
# igt-tests/floor.py.
"""


class FloorError(Exception):
    """There is no usable floor, with the reason in one line."""


def kernel_name(release):
    """The name of a kernel in floors: its series, or debug."""
    match = re.match(r"\d+\.\d+", release)
    return "debug" if release.endswith("-debug") else match.group() if match else release


def is_series(kernel):
    """Whether it is a kernel of a distribution, on which 'make check KERNEL=all' runs."""
    return re.fullmatch(r"\d+\.\d+", kernel) is not None


def in_order(kernels):
    """The oldest first, and then those without a number."""
    return sorted(kernels, key=lambda name: (not is_series(name),
                                             [int(part) for part in name.split(".")]
                                             if is_series(name) else [], name))


def name_of(row):
    """The name of a row of the report."""
    return f"{row['test']}@{row['subtest']}"


def shown_test(row):
    """The test, with its boot if that is not the main one."""
    group = row.get("group", "main")
    return row["test"] if group in MAIN else f"{row['test']} ({group})"


def what_became(row):
    """What a floor says about a row: a test that failed has to pass."""
    return SKIP + " ".join(row["reason"].split()) if row["result"] == "skip" else PASS


def is_wanted(row, wanted):
    """Whether a test did what it did before. Where no kernel runs, a test that was skipped because
    a program is missing may pass: somebody has added the program."""
    became = what_became(row)
    return became == wanted or (became == PASS and row["group"] in WITHOUT_KERNEL)


class Floor:
    """For each kernel, the wanted result of each (group, name)."""

    def __init__(self, kernels=None):
        self.kernels = kernels or {}

    def differences(self, kernel, rows):
        """The differences of a run from the floor: group, name, and what is wrong."""
        wanted = self.kernels.get(kernel, {})
        found = {(row["group"], name_of(row)): row for row in rows}
        times = Counter((row["group"], name_of(row)) for row in rows)
        groups = {group for group, _ in found}
        for group in sorted({group for group, _ in wanted} - groups):
            yield group, "all of it", "nothing of it ran"
        for key, row in found.items():
            if times[key] > 1:
                yield *key, f"it ran {times[key]} times"
            elif key not in wanted:
                yield *key, "it is new"
            elif row["result"] in ("pass", "skip") and not is_wanted(row, wanted[key]):
                yield *key, f"{what_became(row)}; it was: {wanted[key]}"
        for key in wanted:
            if key[0] in groups and key not in found:
                yield *key, "it did not run"

    def leave_out(self, kernel, groups):
        """Drop some groups from what is wanted on a kernel."""
        wanted = self.kernels.get(kernel, {})
        for key in [key for key in wanted if key[0] in groups]:
            del wanted[key]

    def renew(self, kernel, rows):
        """Make what ran on a kernel what has to run there."""
        self.kernels[kernel] = {(row["group"], name_of(row)): what_became(row) for row in rows
                                if row["subtest"] != "all of it" or row["result"] == "skip"}


def read_line(line, kernels, names):
    """A line with an exception: its kernels, and the result of the subtest there."""
    where, colon, what = line.strip().partition(": ")
    if not colon or not names or not set(where.split()) <= set(kernels) or not (
            what == ABSENT or what.startswith(SKIP)):
        raise ValueError(f"cannot understand '{line.strip()}'")
    return where.split(), what


def read_floor(path):
    """The floor in a file."""
    floor, group, kernels, key = Floor(), None, [], None
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            if line.startswith("["):
                group, kernels = re.fullmatch(r"\[(\S+)\] (.+)", line).groups()
                kernels, key = kernels.split(), None
            elif line.startswith("\t"):
                where, what = read_line(line, kernels, key)
                for kernel in where:
                    floor.kernels[kernel][key] = what
            else:
                key = (group, line)
                for kernel in kernels:
                    floor.kernels.setdefault(kernel, {})[key] = PASS
    except OSError as error:
        raise FloorError(f"cannot read {path}: {error.strerror}") from error
    except (AttributeError, ValueError) as error:
        raise FloorError(f"{path} is no floor: {error}") from error
    return Floor({kernel: {key: what for key, what in wanted.items() if what != ABSENT}
                  for kernel, wanted in floor.kernels.items()})


def exceptions(becomes):
    """Lines for kernels where a subtest does not pass, one for each other result."""
    for what in sorted(set(becomes.values()) - {PASS}):
        where = in_order(kernel for kernel in becomes if becomes[kernel] == what)
        yield f"\t{' '.join(where)}: {what}"


def write_floor(path, floor):
    """The text that read_floor() understands."""
    lines = []
    keys = {key for wanted in floor.kernels.values() for key in wanted}
    for group in sorted({group for group, _ in keys}):
        kernels = in_order(kernel for kernel, wanted in floor.kernels.items()
                           if any(key[0] == group for key in wanted))
        lines.append(f"\n[{group}] {' '.join(kernels)}")
        for key in sorted(key for key in keys if key[0] == group):
            lines.append(key[1])
            lines += exceptions({kernel: floor.kernels[kernel].get(key, ABSENT)
                                 for kernel in kernels})
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")

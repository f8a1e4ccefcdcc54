# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel log of a guest says of the subtests that ran in it."""

import pathlib
import re
import subprocess

CHECK = pathlib.Path(__file__).resolve().parent.parent / "tools" / "lab" / "check-kernel-log"

# Subtests leave these in the kernel log.
STARTING = re.compile(r"\[IGT\] (\S+): starting subtest (\S+)")
FINISHED = re.compile(r"\[IGT\] (\S+): finished subtest (\S+),")


def lines_of(path):
    """The lines of a log, none if there is no such file."""
    if not path.exists():
        return []
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def subtest_in(lines):
    """The subtest that the last of these lines belongs to."""
    for line in reversed(lines):
        match = STARTING.search(line)
        if match:
            return "@".join(match.groups())
    return ""


def first_complaint(path):
    """The first line that reports a problem, behind the subtest that it belongs to."""
    if not path.exists():
        return None
    done = subprocess.run([str(CHECK), str(path)], check=False, capture_output=True,
                          text=True)
    if not done.stdout:
        return None
    number, line = done.stdout.splitlines()[0].split(":", 1)
    return (subtest_in(lines_of(path)[:int(number)]) or "kernel log",
            re.sub(r"^\[[ .\d]*\] ", "", line))


def unfinished_subtest(path):
    """The subtest in which the guest hung or ended, or nothing."""
    lines = lines_of(path)
    begun = subtest_in(lines)
    finished = ["@".join(match.groups()) for match in map(FINISHED.search, lines) if match]
    return "" if begun in finished else begun

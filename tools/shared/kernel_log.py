# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel log of a guest says about the subtests that ran in it."""

import pathlib
import re
import subprocess

CHECK = pathlib.Path(__file__).resolve().parents[1] / "lab/check-kernel-log"

# tools/lab/guest writes this to the kernel log.
COMMAND_BEGINS = "lab: the command begins"

# Subtests write these to the kernel log.
STARTING = re.compile(r"\[IGT\] (\S+): starting subtest (\S+)")
FINISHED = re.compile(r"\[IGT\] (\S+): finished subtest (\S+),")


def lines_of(path):
    """The lines of a log, split as grep splits them to number them; no lines if there is no
    such file."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def release_of(path):
    """The release of the kernel that wrote the log, as of uname -r."""
    for line in lines_of(path):
        match = re.search(r"Linux version (\S+)", line)
        if match:
            return match.group(1)
    return "unknown"


def subtest_in(lines):
    """The subtest that the last of these lines belongs to."""
    for line in reversed(lines):
        match = STARTING.search(line)
        if match:
            return "@".join(match.groups())
    return ""


def without_time(line):
    """The text of a line, without its level, time and thread."""
    return re.sub(r"^(<\d+>)?\[[ .\d]*\](\[.*?\])? ", "", line.strip())


def line_of_command(path):
    """The number of the line where the guest began its command, None if it did not."""
    for number, line in enumerate(lines_of(path), 1):
        if line.strip().endswith(COMMAND_BEGINS):
            return number
    return None


def complaints(path):
    """The lines that report a problem, with their numbers."""
    if not path.exists():
        return []
    done = subprocess.run([str(CHECK), str(path)], check=False, capture_output=True,
                          text=True, errors="replace")
    found = (line.split(":", 1) for line in done.stdout.split("\n") if line)
    return [(int(number), line) for number, line in found]


def first_complaint(path, after=0):
    """The subtest and the text of the first line after that number that reports a
    problem."""
    for number, line in complaints(path):
        if number > after:
            return (subtest_in(lines_of(path)[:number]) or "kernel log", without_time(line))
    return None


def unfinished_subtest(path):
    """The subtest in which the guest hung or ended, or nothing."""
    lines = lines_of(path)
    begun = subtest_in(lines)
    finished = ["@".join(match.groups()) for match in map(FINISHED.search, lines) if match]
    return "" if begun in finished else begun


def print_said(rows, kernel=""):
    """Print what the kernel logged in subtests unexpectedly, from the rows of report."""
    for row in rows:
        if row.get("kernel"):
            where = f" on {kernel}" if kernel else ""
            print(f"\nThe kernel in {row['test']}@{row['subtest']}{where}:")
            print("\n".join(f"  {line}" for line in row["kernel"]))

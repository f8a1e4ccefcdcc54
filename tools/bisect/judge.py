# SPDX-License-Identifier: GPL-2.0-only
"""The outcome of a trial of a kernel, from the files that it left, and the verdict on it."""

import json
import math
import re

from lab import last_line
from shared.kernel_log import (
    complaints, first_complaint, line_of_command, lines_of, unfinished_subtest, without_time)

# Lines of a build's output that say why it failed. The first is used, because it may have caused
# the others.
BUILD_ERROR = re.compile(r"error|can't|^(?:make: (?!\*)|compat:|configure:)|\*\*\*", re.IGNORECASE)


def outcome(result, reason, figure=None):
    """An outcome. pass, fail and skip are results of the subtest; figure is a measurement;
    broken means that nothing could be found out about the kernel."""
    return {"result": result, "reason": reason, "figure": figure}


def build_failure(what, log):
    """The outcome if a kernel, or the modules for it, do not build."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line.strip() for line in lines if BUILD_ERROR.search(line)]
    return outcome("broken", f"{what}: " + (said[0] if said else last_line(log)))


def why_ended(boot):
    """How a guest with an empty kernel log ended, from the output of 'lab run'."""
    lines = lines_of(boot / "run.log")
    said = [line for line in lines if re.match(r"lab( run)?: the guest ", line)]
    return said[-1].partition(": ")[2] if said else last_line(boot / "run.log")


def boot_failure(boot):
    """The outcome if a guest did not begin its command, or None if it did."""
    log = boot / "kernel.log"
    if line_of_command(log) is not None:
        return None
    complaint = first_complaint(log)
    if complaint:
        said = complaint[1]
    elif any(lines_of(log)):
        said = without_time([line for line in lines_of(log) if line.strip()][-1])
    else:
        said = why_ended(boot)
    return outcome("broken", f"does not boot: {said}")


def complaint_of_command(boot):
    """The first report of a problem after the command began. Earlier ones have nothing to
    do with the command."""
    log = boot / "kernel.log"
    found = first_complaint(log, after=line_of_command(log))
    return f"{found[1]} (in {found[0]})" if found else ""


def why_not_begun(boot):
    """Why a subtest did not begin in a guest that lives: the message on loading the modules."""
    lines = lines_of(boot / "run.log")
    who = ("insert-module:", "modprobe:", "load-modules:")
    said = [line for line in lines if line.startswith(who)]
    return said[0] if said else last_line(boot / "run.log")


def leak(boot):
    """The message on what the modules still held after a subtest had passed."""
    said = [line for line in lines_of(boot / "run.log") if line.startswith("run: ")]
    return said[0] if said else ""


def row_of_subtest(boot):
    """The row of the report. There is no report if the tests did not begin."""
    path = boot / "report.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["tests"] if path.exists() else []
    rows = [row for row in rows if row["test"] not in ("kunit", "guest")]
    return rows[0] if rows else {"result": "missing"}


def judge_test(boot, status):
    """The outcome of a guest that ran one subtest."""
    complaint = complaint_of_command(boot)
    if complaint:
        return outcome("fail", complaint)
    if unfinished_subtest(boot / "kernel.log"):
        return outcome("fail", "the guest hung or ended in the subtest")
    row = row_of_subtest(boot)
    if row["result"] == "missing":
        return outcome("broken", f"the subtest did not begin: {why_not_begun(boot)}")
    if row["result"] not in ("pass", "skip"):
        return outcome("fail", row["reason"] or row["result"])
    if status and not complaints(boot / "kernel.log"):
        return outcome("fail", leak(boot) or last_line(boot / "run.log"))
    return outcome(row["result"], row["reason"])


def judge_figure(boot, metric):
    """The outcome of a guest that measured."""
    complaint = complaint_of_command(boot)
    if complaint:
        return outcome("broken", f"no figure from a kernel that complains: {complaint}")
    for line in lines_of(boot / "run.log"):
        words = line.split()
        if len(words) >= 2 and words[0] == metric and re.fullmatch(r"-?\d+", words[1]):
            return outcome("figure", " ".join(words[1:]), int(words[1]))
    return outcome("broken", f"no figure: {last_line(boot / 'run.log')}")


def change_percent(figure, reference):
    """How many percent a figure is above a reference."""
    if not reference:
        return math.copysign(math.inf, figure) if figure else 0
    return 100 * (figure - reference) / abs(reference)


def verdict_on_figure(step, good, threshold):
    """The verdict on a step by its figure and that of the good end."""
    if step["figure"] is None:
        return "skip"
    return "bad" if change_percent(step["figure"], good["figure"]) > threshold else "good"


def verdict_on_test(step, skip_is, bad):
    """The verdict on a step by the result of its subtest. The user says what a skip means. By
    default it is bad if the bad end is skipped for the same reason, and otherwise a skip."""
    if step["result"] == "skip":
        if skip_is != "auto":
            return skip_is
        same = bad and (bad["result"], bad["reason"]) == ("skip", step["reason"])
        return "bad" if same else "skip"
    return {"pass": "good", "fail": "bad"}.get(step["result"], "skip")

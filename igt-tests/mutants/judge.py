# SPDX-License-Identifier: GPL-2.0-only
"""Judge what a subtest made of modules that have a fault."""

import dataclasses
import re

# A time limit is one, too, if the subtest has set it for what it does.
ASSERTION = re.compile(r"(?:Failed assertion|Timed out): (.*)")

# How a subtest noticed a fault.
BY_ASSERTION = "assertion"
BY_REPORT = "kernel report"

ENDED_WITHOUT = ("missing", "notrun", "skip")


@dataclasses.dataclass
class Outcome:  # pylint: disable=too-many-instance-attributes
    """What is left of a subtest that was run by itself."""

    result: str = "missing"
    reason: str = ""
    output: str = ""
    complaint: str = ""
    hung: bool = False
    leak: str = ""
    status: str = "0"


def assertion_of(outcome):
    """What the subtest itself found wrong, or nothing."""
    match = ASSERTION.search(outcome.output)
    return match.group(1) if match and outcome.result in ("fail", "dmesg-fail") else ""


def report_of(outcome):
    """What the kernel found wrong, or what became of it, or nothing."""
    if outcome.complaint:
        return outcome.complaint
    if outcome.hung or outcome.result in ("timeout", "incomplete"):
        return "it hung, or ended the guest"
    if outcome.result in ("dmesg-warn", "dmesg-fail", "dmesg-incomplete"):
        return outcome.reason
    return outcome.leak


def judge_killer(outcome):
    """By what a subtest noticed the fault, or what it did instead; and why."""
    assertion, report = assertion_of(outcome), report_of(outcome)
    if assertion:
        return BY_ASSERTION, assertion
    if report:
        return BY_REPORT, report
    if outcome.result == "pass":
        return "pass", "" if outcome.status == "0" else f"the run ended with {outcome.status}"
    return outcome.result, outcome.reason or "it did not say why"


def has_killed(fault, verdict):
    """Whether that counts: what the kernel says does only where nothing else can."""
    return verdict == BY_ASSERTION or (fault.by_report and verdict == BY_REPORT)


def judge_fault(fault, verdicts):
    """Verdict and reason. By subtest verdicts says by what it noticed, and why."""
    lived = []
    for killer in fault.killers:
        verdict, reason = verdicts.get(killer, ("missing", "it was not run"))
        if not has_killed(fault, verdict):
            lived.append(f"{killer}: {verdict}" + (f": {reason}" if reason else ""))
    return ("lived", "; ".join(lived)) if lived else ("killed", "")


def judge_control(outcome):
    """Without a fault nothing fails, nothing is skipped, and nothing is left behind."""
    verdict, reason = judge_killer(outcome)
    if verdict == "pass" and not reason:
        return "passed", ""
    return "failed", f"{verdict}: {reason}"


def count(rows):
    """The three sums. What was not tried is not known to be noticed: it has failed."""
    passed = sum(row["verdict"] in ("killed", "passed") for row in rows)
    return {"passed": passed, "failed": len(rows) - passed, "skipped": 0}

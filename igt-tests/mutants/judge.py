# SPDX-License-Identifier: GPL-2.0-only
"""Judge by the outcomes of its killers whether a mutation was noticed."""

import dataclasses
import re

# A time limit that a subtest sets for itself counts as an assertion, too.
ASSERTION = re.compile(r"(?:Failed assertion|Timed out): (.*)")

# How a subtest noticed a mutation.
BY_ASSERTION = "assertion"
BY_REPORT = "kernel report"

ENDED_WITHOUT = ("missing", "notrun", "skip")


@dataclasses.dataclass
class Outcome:  # pylint: disable=too-many-instance-attributes
    """What the results say of one subtest."""

    result: str = "missing"
    reason: str = ""
    output: str = ""
    complaint: str = ""
    hung: bool = False
    leak: str = ""
    status: str = "0"


def assertion_of(outcome):
    """The assertion of the subtest that failed, or ''."""
    match = ASSERTION.search(outcome.output)
    return match.group(1) if match and outcome.result in ("fail", "dmesg-fail") else ""


def report_of(outcome):
    """What the kernel reported, or that it hung or ended, or ''."""
    if outcome.complaint:
        return outcome.complaint
    if outcome.hung or outcome.result in ("timeout", "incomplete"):
        return "it hung, or ended the guest"
    if outcome.result in ("dmesg-warn", "dmesg-fail", "dmesg-incomplete"):
        return outcome.reason
    return outcome.leak


def judge_killer(outcome):
    """How a subtest noticed the mutation, or else its result; and the reason."""
    assertion, report = assertion_of(outcome), report_of(outcome)
    if assertion:
        return BY_ASSERTION, assertion
    if report:
        return BY_REPORT, report
    if outcome.result == "pass":
        return "pass", "" if outcome.status == "0" else f"the run ended with {outcome.status}"
    return outcome.result, outcome.reason or "it did not say why"


def has_killed(mutation, verdict):
    """Whether a verdict kills: a kernel report does only where the patch allows it."""
    return verdict == BY_ASSERTION or (mutation.by_report and verdict == BY_REPORT)


def judge_mutation(mutation, verdicts):
    """Verdict and reason; verdicts has (how it noticed, reason) for each subtest."""
    lived = []
    for killer in mutation.killers:
        verdict, reason = verdicts.get(killer, ("missing", "it was not run"))
        if not has_killed(mutation, verdict):
            lived.append(f"{killer}: {verdict}" + (f": {reason}" if reason else ""))
    return ("lived", "; ".join(lived)) if lived else ("killed", "")


def judge_control(outcome):
    """Verdict on a subtest without a mutation: it has to pass and leave nothing behind."""
    verdict, reason = judge_killer(outcome)
    if verdict == "pass" and not reason:
        return "passed", ""
    return "failed", f"{verdict}: {reason}"


def count(rows):
    """The three sums. A mutation that was not tried counts as failed."""
    passed = sum(row["verdict"] in ("killed", "passed") for row in rows)
    return {"passed": passed, "failed": len(rows) - passed, "skipped": 0}

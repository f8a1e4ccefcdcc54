# SPDX-License-Identifier: GPL-2.0-only
"""A run as JUnit XML: a suite for each kernel and test, a case for each subtest."""

import re

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

# The characters that XML cannot have.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")


def verdict_of(result):
    """JUnit's verdict, which is empty for a pass. JUnit has no figures, so they are output."""
    reason = FORBIDDEN.sub("?", result.reason)
    if result.status == "SKIP":
        return [Skipped(reason)]
    if result.status == "FAIL":
        return [Failure(reason)]
    if result.status in ("MISS", "ERROR"):
        return [Error(reason or "it did not run")]
    return []


def case_of(kernel, result):
    """The case for one subtest."""
    name = FORBIDDEN.sub("?", result.name)
    case = TestCase(name, f"{kernel.release}.{result.suite}", result.seconds)
    case.result = verdict_of(result)
    if result.number is not None:
        case.system_out = f"{result.number} {result.unit}".strip()
    return case


def junit(run):
    """The document for a run."""
    document = JUnitXml(run.name)
    for kernel in run.kernels:
        suites = {}
        for result in kernel.results:
            if result.suite not in suites:
                suites[result.suite] = TestSuite(f"{result.suite} on {kernel.release}")
            suites[result.suite].add_testcase(case_of(kernel, result))
        for suite in suites.values():
            document.add_testsuite(suite)
    document.update_statistics()
    return document

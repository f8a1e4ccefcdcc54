# SPDX-License-Identifier: GPL-2.0-only
"""A run as a report for KCIDB, in version 5.3 of its schema.

KCIDB has checkouts, builds of checkouts, and tests of builds. Every kernel of a run is a
checkout with one build. The commit of a packaged kernel is not known; the comment has its
release.
"""

import datetime
import hashlib
import re

VERSION = {"major": 5, "minor": 3}
LONGEST_EXCERPT = 16384


def word(text):
    """A text as part of a test's path, which has only letters, digits, '-' and '_'."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-") or "-"


def path_of(result):
    """The path of a test, below the project's name. A dot in a name separates two parts."""
    names = [part for part in result.name.split(".") if part]
    return ".".join(["ttm_huge", word(result.suite), *map(word, names)])


def time_of(seconds):
    """A time in the format of RFC 3339."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()


def identify(origin, *words):
    """An identifier that is the same for the same words only."""
    return f"{origin}:" + hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]


def checkout_of(origin, run, kernel):
    """The checkout of a kernel, with the commit if it is known."""
    checkout = {"id": identify(origin, "checkout", run.name, str(run.began), kernel.release),
                "origin": origin, "start_time": time_of(run.began), "valid": True,
                "comment": f"Linux {kernel.release}"}
    if kernel.commit:
        checkout["git_commit_hash"] = kernel.commit
    return checkout


def build_of(origin, run, kernel, checkout):
    """The build of a kernel and of the modules."""
    return {"id": identify(origin, "build", checkout["id"]), "origin": origin,
            "checkout_id": checkout["id"], "architecture": "x86_64",
            "start_time": time_of(run.began), "status": "PASS" if kernel.built else "FAIL",
            "comment": f"pfnmap, ttm_huge and bigbar for Linux {kernel.release}"}


def test_of(origin, run, result, build, number):
    """The test of a result. Two may have the same path, but have different numbers."""
    test = {"id": identify(origin, "test", build["id"], str(number)), "origin": origin,
            "build_id": build["id"], "path": path_of(result), "status": result.status,
            "comment": f"{result.suite} {result.name}", "start_time": time_of(run.began),
            "duration": result.seconds}
    if result.reason:
        test["log_excerpt"] = result.reason.replace("\0", "?")[:LONGEST_EXCERPT]
    if result.number is not None:
        test["number"] = {"value": result.number}
        if result.unit:
            test["number"].update(unit=result.unit, prefix="metric")
    return test


def kcidb(run, origin):
    """The report on a run."""
    report = {"version": VERSION, "checkouts": [], "builds": [], "tests": []}
    for kernel in run.kernels:
        checkout = checkout_of(origin, run, kernel)
        build = build_of(origin, run, kernel, checkout)
        report["checkouts"].append(checkout)
        report["builds"].append(build)
        report["tests"] += [test_of(origin, run, result, build, number)
                            for number, result in enumerate(kernel.results)]
    return report

# SPDX-License-Identifier: GPL-2.0-only
"""The results of all kinds of runs in build/*.json, in one form."""

import json
import re
from collections import namedtuple
from itertools import groupby
from operator import itemgetter

# status is one of KCIDB's: PASS, FAIL, ERROR (the test itself is broken), MISS (it did not
# run, but should have), SKIP, DONE (a measurement). number is the measured number, in unit.
Result = namedtuple("Result", "suite name status seconds reason number unit",
                    defaults=(0, "", None, ""))

# The results on one kernel. commit is that of its source, if it is known; built is False if it
# did not build.
Kernel = namedtuple("Kernel", "release commit built results", defaults=(None, True, ()))

# All that a file has.
Run = namedtuple("Run", "name began kernels")

STATUS = {"pass": "PASS", "skip": "SKIP", "missing": "MISS", "notrun": "MISS",
          "incomplete": "FAIL", "broken": "MISS", "figure": "DONE",
          "passed": "PASS", "killed": "PASS", "lived": "FAIL", "failed": "FAIL",
          "not run": "MISS"}

# The groups of the report on the tests that are not a boot of their own.
SAME_SUITE = ("main", "kunit", "guest", "prepare", "patches")


class ExportError(Exception):
    """There is nothing to write, with the reason in one line."""


def status_of(result):
    """KCIDB's status for a result. An unknown result is a failure."""
    return STATUS.get(result, "FAIL")


def suite_of(row):
    """The test, and the boot if it was not the first: a test may run in several boots."""
    group = row.get("group", "main")
    return row["test"] if group in SAME_SUITE else f"{row['test']} in {group}"


def of_tests(rows):
    """The results in a report on the tests: check, stress, fuzz and soak."""
    return [Result(suite_of(row), row["subtest"], status_of(row["result"]), row["seconds"],
                   row["reason"]) for row in rows]


def of_figures(name, content):
    """The figures to reach of demo and bench, as results."""
    return [Result(name, figure["name"], "PASS" if figure["reached"] else "FAIL",
                   reason="" if figure["reached"] else f"found {figure['found']}")
            for figure in content["figures"]]


def of_metrics(name, content):
    """What bench measured, and what it could not measure, as results."""
    return [Result(name, metric, "DONE", number=found["ns"] / 1e9, unit="s")
            if "ns" in found else Result(name, metric, "SKIP", reason=found["why_not"])
            for metric, found in content.get("metrics", {}).items()]


def of_mutants(rows):
    """The results of mutants. A mutation that was noticed is a pass."""
    return [Result("mutants", row["mutant"], status_of(row["verdict"]), row["seconds"],
                   row["reason"] or row["what"]) for row in rows]


def of_step(content, step):
    """The result on one kernel of a bisect or of the releases."""
    if content["perf"]:
        suite, name = "bench", content["perf"]
    else:
        _, suite, name = content["test"].split("@")
    number, unit = None, ""
    if step["figure"] is not None:
        measured_ns = step["reason"].endswith(" ns")
        number = step["figure"] / 1e9 if measured_ns else step["figure"]
        unit = "s" if measured_ns else ""
    return Result(suite, name, status_of(step["result"]), step["seconds"].get("boot", 0),
                  step["reason"], number, unit)


def of_steps(content):
    """The kernels of a bisect, one for each commit."""
    return [Kernel(step["commit"][:12], step["commit"],
                   "kernel" in step["seconds"] and "modules" in step["seconds"],
                   [of_step(content, step)]) for step in content["steps"]]


def release_in(folder):
    """The release of the kernel that was booted, from its log."""
    log = folder / "kernel.log"
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    found = re.search(r"Linux version (\S+)", text)
    return found.group(1) if found else "unknown"


def kernels_of(name, content, folder):
    """The kernels of a file, whose keys tell what kind of run it is of."""
    if "kernels" in content and "prepared" in content:
        return [Kernel("none", results=of_tests(content["prepared"]["tests"]))] + [
            Kernel(kernel["release"], results=of_tests(kernel["tests"]))
            for kernel in content["kernels"]]
    if "steps" in content:
        return of_steps(content)
    if "kernels" in content:
        return [Kernel(step["kernel"], results=[of_step(content, step)])
                for step in content["kernels"]]
    if "tests" in content:
        return [Kernel(release_in(folder), results=of_tests(content["tests"]))]
    if "mutants" in content:
        return [Kernel(release_in(folder / place), results=of_mutants(list(rows)))
                for place, rows in groupby(content["mutants"], itemgetter("where"))]
    if "figures" in content:
        return [Kernel(content["kernel"],
                       results=of_figures(name, content) + of_metrics(name, content))]
    raise ExportError("it is not the result of a run")


def read_run(path):
    """The run of a results file. Its time is that at which the file was written."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        name = path.parent.name if path.name == "results.json" else path.stem
        folder = path.parent if path.name == "results.json" else path.with_suffix("")
        kernels = kernels_of(name, content, folder)
        if not any(kernel.results for kernel in kernels):
            raise ExportError("it has no results")
        return Run(name, path.stat().st_mtime, kernels)
    except OSError as error:
        raise ExportError(f"cannot read {path}: {error.strerror}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ExportError(f"{path} is not the result of a run: {error!r}") from error
    except ExportError as error:
        raise ExportError(f"{path}: {error}") from error

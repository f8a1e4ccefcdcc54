# SPDX-License-Identifier: GPL-2.0-only
"""A subtest or a figure on existing kernels, with a line for each."""

import json
import pathlib
import re
import shutil

import judge
from lab import PROJECT, Failure, Lab, last_line
from leash import Terminal
from trial import Trial

RESULTS = PROJECT / "build" / "releases"
SUMMARY = PROJECT / "build" / "releases.json"


def installed(lab):
    """The releases of the lab's own kernels, oldest first."""
    log = RESULTS / "kernels"
    if lab.call(["tools/lab/lab", "kernels"], log):
        raise Failure(last_line(log))
    return [line.split()[1] for line in log.read_text(encoding="utf-8").splitlines()]


def package_of(word):
    """Whether a word is the file or the name of a package to add to the lab."""
    return word.endswith(".deb") or word.startswith(("linux-image-", "linux-headers-"))


def add_packages(lab, packages):
    """Adds packages of images and headers to the lab; returns the releases of the kernels."""
    log = RESULTS / "add.log"
    print(f"Adding {', '.join(packages)} to the lab", flush=True)
    files = [pathlib.Path(name).absolute() if name.endswith(".deb") else name for name in packages]
    if lab.call(["tools/lab/lab", "add", *files], log):
        raise Failure(last_line(log))
    lines = log.read_text(encoding="utf-8").splitlines()
    return [line.split()[-1] for line in lines if line.startswith("lab: added kernel ")]


def kernels_of(lab, words):
    """The kernels that the user named, or all that the lab has."""
    if not words:
        return installed(lab)
    packages = [word for word in words if package_of(word)]
    others = [word for word in words if not package_of(word)]
    return others + (add_packages(lab, packages) if packages else [])


def release_in(lab, logs, kernel):
    """The release of a kernel."""
    log = logs / "release"
    if lab.call(["tools/lab/lab", "chroot", "--", "sh", "-c", 'echo "$KVER"'], log, kernel):
        raise Failure(last_line(log).removeprefix("lab: "))
    return last_line(log)


def differs(step, before, threshold):
    """Whether a step differs from the one before: in result or reason, or in its figure by
    more than the threshold in percent, in either direction."""
    if None in (step["figure"], before["figure"]):
        return (step["result"], step["reason"]) != (before["result"], before["reason"])
    return abs(judge.change_percent(step["figure"], before["figure"])) > threshold


def row_of(step, first, before, threshold, marked):
    """The line for a kernel, and whether it is marked as the first change."""
    words = step["result"] if step["result"] != "figure" else step["reason"]
    more = ""
    if step["result"] == "figure" and first["figure"] and step is not first:
        more = f"{judge.change_percent(step['figure'], first['figure']):+.1f} %"
    elif step["result"] != "figure":
        more = step["reason"]
    mark = ""
    if before and not marked and differs(step, before, threshold):
        mark = "  <-- first change"
    return f"{step['kernel']:28} {words:14} {more}{mark}".rstrip(), bool(mark)


def run(options, words):
    """Tries all kernels; returns exit status 0 if every kernel has a result."""
    lab = Lab(Terminal())
    shutil.rmtree(RESULTS, ignore_errors=True)
    SUMMARY.unlink(missing_ok=True)
    RESULTS.mkdir(parents=True)
    what = options["perf"] or options["test"].removeprefix("igt@")
    kernels = kernels_of(lab, words)
    if not kernels:
        raise Failure("the lab has no kernel")
    print(f"{what} on {len(kernels)} kernels", flush=True)
    steps, marked = [], False
    for kernel in kernels:
        logs = RESULTS / re.sub(r"[^\w.+-]", "_", str(kernel)).strip("_")
        logs.mkdir()
        release = release_in(lab, logs, kernel)
        step = {"kernel": release, **Trial(lab, logs, options).run(kernel)}
        row, is_change = row_of(step, steps[0] if steps else step, steps[-1] if steps else None,
                                options["threshold"], marked)
        step["first_change"] = is_change
        marked |= is_change
        steps.append(step)
        print(row, flush=True)
    if not marked:
        print("no change")
    SUMMARY.write_text(json.dumps({**options, "kernels": steps}, indent=2) + "\n", encoding="utf-8")
    print("All of it: build/releases.json; logs: build/releases")
    return 0 if all(step["result"] != "broken" for step in steps) else 1

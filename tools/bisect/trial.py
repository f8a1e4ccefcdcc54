# SPDX-License-Identifier: GPL-2.0-only
"""Try a kernel: build it, build the modules for it, boot it, run a subtest or measure."""

import re
import time

import judge
from lab import PROJECT, SPACE_PER_STEP_MIB, Failure, check_space, folder, last_line

IGT_TESTS = PROJECT / "igt-tests"
# As for 'make check'.
GUEST = ["--cpus", "2", "--memory", "4G", "--vram", "4G"]
TEST_LISTS = ("all.testlist", "nopat.testlist", "power.testlist", "slow.testlist",
              "stress.testlist", "plain.testlist")


def subtests_of(name):
    """The subtests of a test list."""
    lines = (IGT_TESTS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("igt@")]


def find_subtest(name):
    """The full name of a subtest."""
    full = name if name.startswith("igt@") else "igt@" + name
    known = [subtest for names in TEST_LISTS for subtest in subtests_of(names)]
    if full in known:
        return full
    same_test = [subtest[4:] for subtest in known if subtest.split("@")[1] == full.split("@")[1]]
    hint = f"of that test there are {', '.join(same_test)}" if same_test else \
        f"they are in {', '.join(TEST_LISTS)} in igt-tests"
    raise Failure(f"there is no subtest {name}: {hint}")


def guest_options(subtest):
    """The options for the guest that runs a subtest: some subtests need a boot of their own."""
    for line in (IGT_TESTS / "boots").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            _, _, name, *options = line.split()
            if subtest in subtests_of(name) and subtest not in subtests_of(TEST_LISTS[0]):
                return GUEST + options
    return GUEST


def split_metric(name, known):
    """The metric to measure for a figure, which may be a part of that metric."""
    if name in known:
        return name
    metric = name.rpartition(".")[0]
    if metric in known:
        return metric
    raise Failure(f"there is no figure {name}: 'tools/bench/bench --list' has the names, and "
                  "a part, such as .touch or .faults, may follow a name")


class Broken(Exception):
    """Nothing can be found out about a kernel."""

    def __init__(self, found):
        super().__init__(found["reason"])
        self.found = found


class Trial:
    """The trial of one kernel, with its logs in a folder, and the time that each part took."""

    def __init__(self, lab, logs, options):
        self.lab = lab
        self.logs = logs
        self.options = options
        self.seconds = {}

    def timed(self, name, call, *arguments):
        """Calls a function, and notes how long it takes."""
        began = time.monotonic()
        try:
            return call(*arguments)
        finally:
            self.seconds[name] = round(time.monotonic() - began, 1)

    def fail_build(self, what, log):
        """Raises Broken, or Failure if the disk is full, which says nothing about the kernel."""
        if "No space left on device" in log.read_text(encoding="utf-8", errors="replace"):
            raise Failure(f"no space is left in {folder()}, see {log}")
        raise Broken(judge.build_failure(what, log))

    def build_kernel(self, tree):
        """Builds a kernel in place, in a tree in the tool's own folder."""
        check_space(SPACE_PER_STEP_MIB)
        log = self.logs / "kernel-build.log"
        fragment = tree.parent / "more.config"
        fragment.write_text(self.options.get("config", ""), encoding="utf-8")
        command = ["/src/tools/bisect/build-kernel", f"/results/{tree.name}", self.options["cc"],
                   f"/results/{fragment.name}"]
        if self.lab.chroot(command, log, tree.parent):
            self.fail_build("the kernel does not build", log)

    def build_modules(self, kernel):
        """Builds the modules and the tests, with the compiler of the kernel."""
        log = self.logs / "modules-build.log"
        build = ["/src/tools/lab/build"]
        if self.options.get("cc"):
            build = ["env", f"MAKEFLAGS= -- CC={self.options['cc']}", *build]
        if self.lab.chroot(build, log, self.logs, kernel):
            self.fail_build("the modules do not build", log)

    def run_test(self, kernel):
        """Boots a guest, runs the subtest and makes the report, as for any run of the tests."""
        subtest = self.options["test"]
        (self.logs / "subtest.testlist").write_text(subtest + "\n", encoding="utf-8")
        status = self.lab.guest(
            [*guest_options(subtest), "--timeout", self.options["timeout"]],
            ["/src/igt-tests/run", "/results/subtest.testlist"], self.logs / "run.log", self.logs,
            kernel)
        (self.logs / "run-status").write_text(f"{status}\n", encoding="utf-8")
        self.lab.chroot(["/src/igt-tests/report", "--results", "/results", "--no-floor",
                         "--json", "/results/report.json"], self.logs / "report.log", self.logs)
        return judge.boot_failure(self.logs) or judge.judge_test(self.logs, status)

    def measure(self, kernel):
        """Has the benchmark boot a guest and measure the figure."""
        self.lab.call([PROJECT / "tools" / "bench" / "bench", "--results", self.logs,
                       "--only", self.options["metric"]], self.logs / "run.log", kernel)
        return (judge.boot_failure(self.logs)
                or judge.judge_figure(self.logs, self.options["perf"]))

    def boot(self, kernel):
        """Measures or runs the subtest in a guest; returns the outcome."""
        return self.measure(kernel) if self.options.get("perf") else self.run_test(kernel)

    def run(self, kernel, tree=None):
        """Tries an installed kernel, or a tree, which is built first."""
        try:
            if tree:
                self.timed("kernel", self.build_kernel, tree)
            self.timed("modules", self.build_modules, kernel)
            found = self.timed("boot", self.boot, kernel)
        except Broken as broken:
            found = broken.found
        return {**found, "seconds": self.seconds, "logs": str(self.logs.relative_to(PROJECT))}


def times(seconds):
    """The time that each part took, in words."""
    return ", ".join(f"{name} {value:.0f} s" for name, value in seconds.items())


def known_metrics(lab, log):
    """The names of all metrics of the benchmark."""
    script = 'make -s -C /src/tools/bench O="$LAB_BUILD/bench" && "$LAB_BUILD/bench/bench" --list'
    if lab.call(["tools/lab/lab", "chroot", "--", "sh", "-c", script], log):
        raise Failure(f"cannot ask the benchmark what it measures: {last_line(log)}")
    lines = log.read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lines if re.match(r"[\w-]+\.[\w-]+\.\w+", line)]

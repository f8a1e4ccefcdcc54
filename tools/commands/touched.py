# SPDX-License-Identifier: GPL-2.0-only
"""Which tests look at which files."""

import re

# The programs that test files whose names begin so. What is in a folder of tools is tested by
# 'test' in that folder, if nothing else is said here.
PROGRAMS = {
    "tools/measure/": "/src/tools/bench/test",
    "tools/commands/": "/src/tools/th-test",
    "tools/th": "/src/tools/th-test",
    "tools/check-kernel/": "/src/tools/check-kernel/test $KDIR",
    "tools/shared/browser.py": "/src/tools/demo/test",
    "tools/shared/chart.py": "/src/tools/bench/test",
    "tools/shared/figures.py": "/src/tools/bench/test",
    "tools/shared/mappings.py": "/src/tools/hugemap/test",
    "tools/shared/markup.py": "/src/tools/cost/test",
    "tools/shared/metrics.py": "/src/tools/bench/test",
    "tools/shared/page_tables.py": "/src/tools/hugemap/test",
    "tools/shared/pci.py": "/src/tools/bind/test",
    "tools/shared/strips.py": "/src/tools/demo/test",
    "tools/shared/": "/src/igt-tests/test",
    "tools/lint/layers": "/src/tools/lint/layers-test",
    "igt-tests/floor": "/src/igt-tests/test",
    "igt-tests/report": "/src/igt-tests/test",
    "igt-tests/test": "/src/igt-tests/test",
    "igt-tests/mutants/": "/src/igt-tests/mutants/test",
}
PLANNER = ("make -s --no-print-directory -C /src/tools/planner O=$LAB_BUILD/plan-test test")
PLANNERS = ("tools/planner/", "drivers/gpu/drm/pfnmap/pfnmap_plan.h",
            "drivers/gpu/drm/pfnmap/tests/plan-cases.h")

# All tests depend on these.
EVERYWHERE = ("drivers/", "include/", "igt-tests/kernel/", "igt-tests/igt_shim.h",
              "igt-tests/run")


def test_of(subtest):
    """The program of a line of a list."""
    return subtest.split("@")[1]


def read_list(path):
    """The subtests of a list, in order."""
    return [line for line in path.read_text(encoding="utf-8").splitlines()
            if line.startswith("igt@")]


class Touched:
    """What has to be run for changed files: programs and subtests, and why."""

    def __init__(self, project, files):
        self.project = project
        self.folder = project / "igt-tests"
        self.why = []
        self.programs = []
        self.subtests = []
        self._choose_programs(files)
        self._choose_subtests(files)

    def _choose_programs(self, files):
        for file in files:
            program = PLANNER if file.startswith(PLANNERS) else self._program_of(file)
            if program and program not in self.programs:
                self.programs.append(program)
                self.why.append(f"{file}: {program}")

    def _program_of(self, file):
        """The program that tests a file, or None."""
        for start, program in PROGRAMS.items():
            if file.startswith(start):
                return program
        folder = re.match(r"tools/[\w-]+/", file)
        test = f"{folder.group()}test" if folder else ""
        return f"/src/{test}" if test and (self.project / test).exists() else None

    def _choose_subtests(self, files):
        fast = read_list(self.folder / "fast.testlist")
        everywhere = [file for file in files if file.startswith(EVERYWHERE)]
        tests = self._tests_of(files)
        wanted = [line for line in read_list(self.folder / "all.testlist")
                  if test_of(line) in tests]
        if everywhere or len(wanted) > len(fast):
            self.why.append(f"{(everywhere or files)[0]}: all tests may see it: fast.testlist")
            # Changed tests run whole.
            changed = {line for line in wanted if f"igt-tests/{test_of(line)}.c" in files}
            wanted = fast + sorted(changed - set(fast))
        elif wanted:
            self.why.append(f"tests that use what has changed: {' '.join(sorted(tests))}")
        self.subtests = wanted
        for test in sorted(tests - {test_of(line) for line in wanted}):
            self.why.append(f"{test}: in no list of bigbar: 'make check' or 'make adopt' runs it")

    def _tests_of(self, files):
        """The tests that are changed, or use a changed file of lib."""
        libraries = {re.sub(r"^igt-tests/lib/(.*)\.[ch]$", r"\1", file) for file in files
                     if re.match(r"igt-tests/lib/", file)}
        tests = set()
        for path in self.folder.glob("*.c"):
            if f"igt-tests/{path.name}" in files or self._uses(path) & libraries:
                tests.add(path.stem)
        return tests

    def _uses(self, path):
        """The files of lib that a program includes, or that those include."""
        used, new = set(), {path}
        while new:
            found = set()
            for source in new:
                text = source.read_text(encoding="utf-8")
                found |= set(re.findall(r'^#include "(?:lib/)?(\w+)\.h"', text, re.MULTILINE))
            found = {name for name in found - used
                     if (self.folder / "lib" / f"{name}.h").exists()}
            used |= found
            new = {file for name in found for file in (self.folder / "lib").glob(f"{name}.[ch]")}
        return used

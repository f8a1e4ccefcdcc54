# SPDX-License-Identifier: GPL-2.0-only
"""The list of all commands, and the programs that each runs."""

import dataclasses
import typing

LAB = "tools/lab/lab"
SET_UP = [LAB, "setup"]
IN_ROOT = [LAB, "chroot"]
EVALUATE = "tools/lab/evaluate"
SOAK = ["--cpus", "2", "--memory", "4G", "--vram", "2G", "--timeout", "7200"]

# The options that a command has here take the place of this word; see Command.
OPTIONS = "OPTIONS"

# The results that floors are made of, as far as there are any, take the place of this word.
RESULTS = "RESULTS"
FLOORS_OF = "check stress fuzz soak adopt-qxl adopt-radeon adopt-amdgpu in-tree".split()

PROVE = ("make -s --no-print-directory -C /src/tools/planner "
         'O="$LAB_BUILD/plan-prove" prove')
EXPORT = ("/src/tools/export/export --to /results/export "
          "$(ls /results/*.json /results/bench/results.json 2>/dev/null)")


@dataclasses.dataclass
class Option:
    """An option of a command: sets a variable of the last program, which is put in the place
    of the word OPTIONS, or one of the environment."""
    variable: str
    default: str
    help: str
    is_environment: bool = False


KERNEL = Option("KERNEL", "", "the kernel, see 'th lab --help'; 'all' where it says so", True)


@dataclasses.dataclass
class Command:
    """A command: its group, one line of help, and the programs that are run one after the
    other. The last program gets the arguments, or, if options is set, none but those.
    in_place: the arguments may be names of files, as seen from where th is called.
    first: a command to run before. no_kernel: it does not depend on KERNEL. make: the
    variables that the target of make has; None if there is no target."""
    group: str
    summary: str
    steps: list
    options: dict = None
    in_place: bool = False
    first: str = None
    no_kernel: bool = False
    make: typing.Optional[str] = ""


def rooted(*command, results=False):
    """The steps to run a program in the lab's root."""
    where = ["--results", "build"] if results else []
    return [SET_UP, [*IN_ROOT, *where, "--", *command]]


def evaluated(name, folder, *options):
    """The step to run the programs of a folder in a guest, and to report."""
    return [[EVALUATE, name, folder, *options]]


SECONDS = Option("STRESS_SECONDS", "60", "for how long stress goes on")
CALLS = Option("FUZZ_CALLS", "200000", "how many calls fuzz makes")


def soaked(name, summary, lists, **options):
    """A command that goes on for as long as its options say."""
    return Command(
        "test", summary, evaluated(name, "igt-tests/soak", f"SOAK={lists}", OPTIONS, *SOAK),
        {**options, "kernel": KERNEL},
        make=" ".join(f"{word.upper()}={option.default}" for word, option in options.items()))


def seed_of(program):
    """The option of a run that can be repeated."""
    return Option(f"{program}_SEED", "", "of a run to repeat")


GROUPS = {
    "test": "Test", "measure": "Measure", "kernels": "Kernels and their bugs",
    "drivers": "Drivers of the kernel", "look": "Look and report", "lab": "The lab",
}
COMMANDS = {
    "check": Command(
        "test", "run all tests in the lab",
        evaluated("check", "igt-tests", "--cpus", "2", "--memory", "4G", "--vram", "4G",
                  "--timeout", "3600"),
        {"kernel": KERNEL,
         "leave-out": Option("LEAVE_OUT", "", "boots of igt-tests/boots to leave out", True)},
        make="KERNEL=all LEAVE_OUT="),
    "changed": Command("test", "run the tests that a change touches, in minutes",
                       [["tools/commands/changed"]]),
    "lint": Command("test", "check the style of all code", rooted("/src/tools/lint/lint"), {}),
    "check-dkms": Command(
        "test", "build, install and load the modules by DKMS for each kernel",
        [SET_UP, [LAB, "dkms", "--results", "build/check-dkms"]], {}),
    "stress": soaked("stress", "do everything at once for a while", "stress",
                     seconds=SECONDS, seed=seed_of("STRESS")),
    "fuzz": soaked("fuzz", "make random calls", "fuzz", calls=CALLS, seed=seed_of("FUZZ")),
    "soak": soaked("soak", "stress and fuzz, in one guest", "stress,fuzz",
                   seconds=SECONDS, calls=CALLS),
    "prove": Command("test", "prove the planner for every possible request",
                     rooted("sh", "-c", PROVE), {}),
    "asleep": Command("test", "put a guest to sleep, and look whether VRAM keeps its data",
                      [SET_UP, [LAB, "build"], [*IN_ROOT, "--", "/src/tools/sleep/asleep"]],
                      make=None),
    "mutants": Command("test", "build modules with mutations, and check that tests fail",
                       [["igt-tests/mutants/mutants"]], first="debug-kernel",
                       make="NAMES= GUESTS="),
    "check-bisect": Command("test", "test bisecting on kernels made for it",
                            [SET_UP, ["tools/bisect/test"]], make="SHORT=1 TOYS=1"),
    "floors": Command("test", "write igt-tests/floors from the results in build",
                      [["igt-tests/write-floors", "--to", "igt-tests/floors", RESULTS]], {}),
    "demo": Command("measure", "map 4 GiB of VRAM by TTM and by ttm_huge, and compare",
                    evaluated("demo", "tools/demo", "--icount", "--cpus", "1",
                              "--memory", "3G"), {"kernel": KERNEL}),
    "bench": Command("measure", "compare ttm_huge with every other way to map VRAM",
                     [["tools/bench/bench"]], make="ACCEL=kvm"),
    "compare": Command("measure", "compare two results of bench",
                       [["tools/bench/compare"]], in_place=True, make=None),
    "cost": Command("measure", "measure what a mapping costs on this machine's GPU, as it is",
                    [["tools/cost/ttm-map-cost"]], in_place=True, make=None),
    "bisect": Command("kernels", "find the kernel commit that broke or slowed a mapping",
                      [["tools/bisect/ttm-huge-bisect"]], in_place=True, make=None),
    "releases": Command("kernels", "run a test on each kernel, and mark the first change",
                        [SET_UP, ["tools/bisect/ttm-huge-bisect", "--releases"]],
                        make="TEST= PERF="),
    "mm-bugs": Command("kernels", "show what the kernels get wrong with huge entries",
                       [["tools/mm-bugs/mm-bugs"]]),
    "mm-fixes": Command("kernels", "fix these bugs in 7.2 and 7.3-rc, and test the fixes",
                        [["tools/mm-bugs/mm-fixes"]]),
    "adopt": Command("drivers", "build a driver of the kernel with ttm_huge, and run it",
                     [["tools/adopt/try"]], make="DRIVER="),
    "adopt-survey": Command("drivers", "change all TTM drivers, and say what is left by hand",
                            [SET_UP, [LAB, "build"],
                             [*IN_ROOT, "--results", "build", "--", "/src/tools/adopt/survey",
                              "--json", "/results/adopt-survey.json"]], {}),
    "fakegpu": Command("drivers", "boot amdgpu on a GPU made of a program, and exercise it",
                       [["tools/fakegpu/try"]], make="PROFILE="),
    "packages": Command(
        "drivers", "make Debian packages of the drivers that use ttm_huge",
        [SET_UP, [*IN_ROOT, "--results", "build", "--", "/src/tools/package/build-packages",
                  "/results/packages"]], {}, no_kernel=True),
    "check-package": Command(
        "drivers", "install a driver's package, boot with it, and remove it",
        [SET_UP, [LAB, "package", "--results", "build/check-package", "--"]], make="DRIVER="),
    "patches": Command("drivers", "write the series of patches for a kernel, and build each",
                       [["tools/in-tree/in-tree", "patches"]]),
    "in-tree": Command("drivers", "boot a kernel that has the series in it",
                       [["tools/in-tree/in-tree", "test"]], make="DRIVERS=1"),
    "hugemap": Command("look", "show how processes map VRAM, and why",
                       [["tools/hugemap/hugemap"]], in_place=True, make=None),
    "bind": Command("look", "give a PCI device to bigbar", [["tools/bind/bigbar-bind"]], make=None),
    "export": Command("look", "write the results in build as JUnit and as KCIDB",
                      rooted("sh", "-c", EXPORT, results=True), {}),
    "lab": Command("lab", "make a lab, build in it, boot its kernels", [[LAB]], make=None),
    "debug-kernel": Command(
        "lab", "build a kernel with KASAN, lockdep and other checks, which is KERNEL=debug",
        rooted("/src/tools/lab/kernel/build", "debug"), {}, no_kernel=True),
}

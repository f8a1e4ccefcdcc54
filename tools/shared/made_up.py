# SPDX-License-Identifier: GPL-2.0-only
"""Write made-up results of a run of the tests, as a guest would leave them."""

METADATA = """\
name : igt
log_level : 1
overwrite : 1
multiple_mode : 1
dmesg_warn_level : 4
test_root : /nowhere
results_path : /nowhere
test_list : /nowhere
"""

ENDS = {"pass": "SUCCESS", "fail": "FAIL"}


def by_test(results):
    """Name and result of each subtest, by its test program."""
    found = {}
    for name, result in results.items():
        _, test, subtest = name.split("@")
        found.setdefault(test, {})[subtest] = result
    return found


def said_of(subtests):
    """The output of a test. A result that is not in ENDS is the reason for a skip."""
    lines = ["IGT-Version: 2.5 (x86_64) (Linux: 7.2 x86_64)"]
    for name, result in subtests.items():
        lines.append(f"Starting subtest: {name}")
        if result not in ENDS:
            lines.append(f"Test requirement: {result}")
        lines.append(f"Subtest {name}: {ENDS.get(result, 'SKIP')} (0.001s)")
    return "\n".join(lines) + "\n"


def write_test(folder, subtests):
    """Write the files that igt_runner keeps for one test."""
    folder.mkdir(parents=True, exist_ok=True)
    journal = [*subtests, f"exit:{98 if 'fail' in subtests.values() else 0} (0.100s)"]
    (folder / "journal.txt").write_text("\n".join(journal) + "\n", encoding="utf-8")
    (folder / "out.txt").write_text(said_of(subtests), encoding="utf-8")
    (folder / "err.txt").write_text("", encoding="utf-8")
    (folder / "dmesg.txt").write_text("", encoding="utf-8")


def write_boot(folder, release, results):
    """Write the files of a boot in which subtests had these results, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    runner = folder / "igt"
    runner.mkdir(exist_ok=True)
    (folder / "kernel.log").write_text(f"[    0.000000] Linux version {release} (made up)\n",
                                       encoding="utf-8")
    (folder / "igt.testlist").write_text("".join(f"{name}\n" for name in results),
                                         encoding="utf-8")
    tests = by_test(results)
    jobs = "".join(f"{test} {','.join(subtests)}\n" for test, subtests in tests.items())
    (runner / "joblist.txt").write_text(jobs, encoding="utf-8")
    (runner / "metadata.txt").write_text(METADATA, encoding="utf-8")
    (runner / "uname.txt").write_text(f"Linux {release}\n", encoding="utf-8")
    for name in ("starttime.txt", "endtime.txt"):
        (runner / name).write_text("1000.000000\n", encoding="utf-8")
    for number, subtests in enumerate(tests.values()):
        write_test(runner / str(number), subtests)

# SPDX-License-Identifier: GPL-2.0-only
"""The bisecting tool on kernels that are built and booted."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import lab
from lab import PROJECT
from tests.toy import METRIC, git

HERE = pathlib.Path(lab.__file__).resolve().parent
# This subtest skips if the core does not ask for PUD entries.
LEVEL_TEST = "ttm_huge_levels@protect-pud"
OLD_CHECK = "mm/huge_memory: one check of special mappings for all callers"


def is_qemu_of_lab(process):
    """Whether a process is a QEMU in the lab's root; if that is hidden, it counts as one."""
    try:
        return ((process / "comm").read_text().startswith("qemu-system")
                and os.readlink(process / "root") == str(lab.folder() / "root"))
    except PermissionError:
        return True
    except OSError:
        return False


def qemus():
    """The virtual machines of the lab: other labs may start and end theirs meanwhile."""
    return {process.name for process in pathlib.Path("/proc").glob("[0-9]*")
            if is_qemu_of_lab(process)}


class Real(unittest.TestCase):
    """The tool itself, on kernels that are built and booted in the lab"""

    @classmethod
    def setUpClass(cls):
        cls.tree = lab.own_folder() / "history"
        shutil.rmtree(cls.tree, ignore_errors=True)
        subprocess.run([HERE / "history" / "build", cls.tree], check=True)
        cls.before = git(cls.tree, "for-each-ref"), git(cls.tree, "status", "--short")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.tree)

    def command(self, bad, *what):
        """The command to bisect from the base to a branch."""
        return [HERE / "ttm-huge-bisect", "--tree", self.tree, "--good", "base", "--bad", bad,
                *what]

    def run_tool(self, command):
        """Runs a command, whose output is shown at once; returns its status."""
        print("$", *(str(word).removeprefix(f"{PROJECT}/") for word in command), flush=True)
        return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode

    def summary(self, name="bisect"):
        """The JSON that the tool wrote."""
        return json.loads((PROJECT / "build" / f"{name}.json").read_text(encoding="utf-8"))

    def expect_found(self, status, subject):
        """Checks that this commit was found, and that nothing is left over."""
        self.assertEqual(status, 0)
        self.assertEqual(git(self.tree, "show", "--no-patch", "--format=%s",
                             self.summary()["first_bad"]), subject)
        self.assertFalse((lab.own_folder() / "tree").exists())
        self.assertEqual((git(self.tree, "for-each-ref"), git(self.tree, "status", "--short")),
                         self.before)

    def reasons(self):
        """The reasons for the skips."""
        return [step["reason"] for step in self.summary()["steps"] if step["verdict"] == "skip"]


class Quick(Real):
    """Few steps"""

    def test_old_check(self):
        """the old check is found in a short history, a step in less than three minutes"""
        status = self.run_tool(self.command("quick", "--test", LEVEL_TEST))
        self.expect_found(status, OLD_CHECK)
        for step in self.summary()["steps"][1:]:
            self.assertLess(sum(step["seconds"].values()), 180, step)


class Whole(Real):
    """All histories"""

    def test_levels(self):
        """the old check is found among commits that do not build or boot"""
        status = self.run_tool(self.command("levels", "--test", LEVEL_TEST))
        self.expect_found(status, OLD_CHECK)
        said = " ".join(self.reasons())
        self.assertIn("the kernel does not build: ", said)
        self.assertIn("does not boot: ", said)

    def test_cost(self):
        """what makes PMD entries slower is found, past modules that do not fit"""
        status = self.run_tool(self.command("cost", "--perf", METRIC, "--threshold", "3"))
        self.expect_found(status, "mm/huge_memory: wait before a PMD entry is set")
        self.assertIn("the modules do not build: ", " ".join(self.reasons()))

    def test_releases(self):
        """6.1 has no PUD entries, and the first change is 6.12"""
        status = self.run_tool([HERE / "ttm-huge-bisect", "--releases", "--test", LEVEL_TEST])
        self.assertEqual(status, 0)
        kernels = self.summary("releases")["kernels"]
        self.assertEqual([kernel["result"] for kernel in kernels], ["skip"] + 3 * ["pass"])
        self.assertEqual([kernel["first_change"] for kernel in kernels],
                         [False, True, False, False])

    def test_interrupted(self):
        """^C while a guest runs leaves nothing behind, and the bisect resumes"""
        # of an earlier bisect there are kernel logs, too
        shutil.rmtree(PROJECT / "build" / "bisect", ignore_errors=True)
        running = qemus()
        tool = subprocess.Popen(self.command("quick", "--test", LEVEL_TEST), text=True,
                                stdin=subprocess.DEVNULL, start_new_session=True)
        self.await_guest()
        os.killpg(tool.pid, signal.SIGINT)
        self.assertEqual(tool.wait(timeout=60), 130)
        self.assertFalse((lab.own_folder() / "tree").exists())
        self.assertEqual(qemus() - running, set())
        mounts = pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8")
        self.assertNotIn(str(lab.folder()), mounts)
        self.expect_found(self.run_tool([HERE / "ttm-huge-bisect", "--resume"]), OLD_CHECK)

    def await_guest(self):
        """Waits until the kernel of the first step runs."""
        deadline = time.monotonic() + 3600
        while time.monotonic() < deadline:
            for log in (PROJECT / "build" / "bisect").glob("01-*/kernel.log"):
                if "Linux version" in log.read_text(encoding="utf-8", errors="replace"):
                    return
            time.sleep(0.5)
        self.fail("no guest was booted")

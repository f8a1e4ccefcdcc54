# SPDX-License-Identifier: GPL-2.0-only
"""A copy of the bisecting tool with a lab that does nothing, and toy trees to bisect."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent.parent

SUBTEST = "ttm_huge_levels@size-1g"
METRIC = "first-touch.pmd.1G"
# The files of a kernel that a toy tree has.
KERNEL_FILES = ("Kconfig", "drivers/gpu/drm/ttm/ttm_bo.c", "drivers/gpu/buddy.c",
                "mm/huge_memory.c", *(f"{folder}/Makefile" for folder in (
                    "arch", "block", "crypto", "fs", "include", "init", "ipc", "kernel", "lib",
                    "net", "scripts", "security", "sound", "usr")))

IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Bisect test"), ("EMAIL", "bisect-test@localhost"))}


def git(tree, *arguments):
    """Runs git in a toy tree."""
    done = subprocess.run(["git", "-C", str(tree), *arguments], check=True, capture_output=True,
                          text=True, env={**os.environ, **IDENTITY})
    return done.stdout.strip()


def fingerprint(folder):
    """The names and hashes of all files in a folder."""
    return {str(path): hashlib.sha1(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def processes_in(folder):
    """The processes whose command line names a folder."""
    done = subprocess.run(["ps", "-ww", "-eo", "pid,args"], check=True, capture_output=True,
                          text=True)
    return [line for line in done.stdout.splitlines() if str(folder) in line]


class Toy(unittest.TestCase):
    """A copy of the tool with a lab that does nothing, and a tree whose commits each say how
    their kernel behaves."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.project = self.scratch / "project"
        self.lab = self.scratch / "lab"
        self.tree = self.scratch / "linux"
        self.lab.mkdir()
        self.copy_project()
        self.environment = {**os.environ, "LAB": str(self.lab)}

    def copy_project(self):
        """Copies the files of the project that the tool reads."""
        for folder, names in (("tools/bisect", ["*.py", "ttm-huge-bisect"]),
                              ("igt-tests", ["*.testlist", "boots"]),
                              ("tools/shared", ["*.py", "*.sh"]),
                              ("tools/lab", ["check-kernel-log"])):
            (self.project / folder).mkdir(parents=True)
            for name in names:
                for path in (PROJECT / folder).glob(name):
                    shutil.copy(path, self.project / folder)
        (self.project / "tools/bisect/shared").symlink_to("../shared")
        (self.project / "tools" / "bench").mkdir()
        for fake in ("lab/lab", "bench/bench"):
            shutil.copy(HERE / "fake-lab", self.project / "tools" / fake)

    def commit(self, behaviour, version=(7, 2)):
        """Adds a kernel; returns its commit."""
        (self.tree / "behaviour").write_text(behaviour + "\n", encoding="utf-8")
        (self.tree / "Makefile").write_text(
            f"VERSION = {version[0]}\nPATCHLEVEL = {version[1]}\n", encoding="utf-8")
        git(self.tree, "add", "--all")
        git(self.tree, "commit", "--quiet", "--allow-empty", "--message", f"it is {behaviour}")
        return git(self.tree, "rev-parse", "HEAD")

    def make_tree(self, *behaviours, without=()):
        """Makes a tree with a commit for each behaviour; returns the commits."""
        self.tree.mkdir()
        git(self.tree, "init", "--quiet")
        for name in set(KERNEL_FILES) - set(without):
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / name).write_text("\n", encoding="utf-8")
        return [self.commit(behaviour) for behaviour in behaviours]

    def make_diverged(self, base, good, *bad):
        """Makes two branches, of one and of more commits; returns the good end and the others."""
        self.make_tree(base)
        git(self.tree, "checkout", "--quiet", "-b", "stable")
        commits = [self.commit(good)]
        git(self.tree, "checkout", "--quiet", "-b", "main", "HEAD~")
        return commits + [self.commit(behaviour) for behaviour in bad]

    def command(self, *arguments):
        """The command of the tool in the copy."""
        return [str(self.project / "tools" / "bisect" / "ttm-huge-bisect"), *arguments]

    def run_tool(self, *arguments):
        """Runs the tool as a user does."""
        return subprocess.run(self.command(*arguments), check=False, capture_output=True, text=True,
                              env=self.environment, timeout=120)

    def bisect_arguments(self, commits, *more):
        """Arguments to bisect from the first commit to the last."""
        if not {"--test", "--perf"} & set(more):
            more = ("--test", SUBTEST, *more)
        return ["--tree", str(self.tree), "--good", commits[0], "--bad", commits[-1], *more]

    def bisect(self, commits, *more):
        """Runs the tool with these arguments."""
        return self.run_tool(*self.bisect_arguments(commits, *more))

    def summary(self):
        """The JSON that the tool wrote."""
        path = self.project / "build" / "bisect.json"
        return json.loads(path.read_text(encoding="utf-8"))

    def verdicts(self):
        """The verdicts in the order of the steps."""
        return [step["verdict"] for step in self.summary()["steps"]]

    def expect(self, done, status, *texts):
        """Checks the exit status and the output of both streams."""
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, said)
        for text in texts:
            self.assertIn(text, said)

    def expect_line(self, done, *texts):
        """Checks that the input was refused, in one line."""
        self.expect(done, 2, *texts)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def expect_clean(self):
        """Checks that neither a checkout nor a process is left."""
        self.assertFalse((self.lab / "bisect" / "tree").exists())
        self.assertEqual(processes_in(self.scratch), [])

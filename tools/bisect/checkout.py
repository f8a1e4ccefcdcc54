# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree to bisect: what git says of it, and a checkout of the tool's own.

The checkout borrows the tree's objects. Nothing is written in the tree, nor in its
.git: no branch, no worktree, no state of a bisect.
"""

import pathlib
import re
import shutil
import subprocess

from lab import Failure, own_folder

# What the modules need of a tree: VRAM is handed out by the buddy allocator.
NEEDED_FILES = {
    "drivers/gpu/drm/ttm/ttm_bo.c": "TTM",
    "mm/huge_memory.c": "transparent huge pages",
}
# What a kernel is built from, since long before that.
FOLDERS = {"arch", "block", "crypto", "drivers", "fs", "include", "init", "ipc", "kernel", "lib",
           "mm", "net", "scripts", "security", "sound", "usr"}
BUDDY_FILES = ("drivers/gpu/drm/drm_buddy.c", "drivers/gpu/buddy.c")

# Before that, kernels are not built by compilers whose default is C23.
FIRST_WITH_ANY_COMPILER = (6, 14)
OLD_COMPILER = "gcc-12"


def git(tree, *arguments, check=True):
    """Runs git in a tree and returns what it says."""
    done = subprocess.run(["git", "-C", str(tree), *arguments], check=False,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise Failure(f"git {arguments[0]} in {tree}: " + (said[0] if said else "it failed"))
    return done.stdout.strip() if done.returncode == 0 else ""


def subject(tree, commit):
    """What a commit says it does."""
    return git(tree, "show", "--no-patch", "--format=%s", commit)


class Tree:
    """The user's kernel tree. Only read."""

    def __init__(self, path):
        self.path = pathlib.Path(path).absolute()
        if not self.path.is_dir():
            raise Failure(f"there is no folder {path}")
        if not git(self.path, "rev-parse", "--git-dir", check=False):
            self.explain_no_git()

    def explain_no_git(self):
        """Git may refuse what belongs to someone else."""
        try:
            git(self.path, "rev-parse", "--git-dir")
        except Failure as failure:
            if "dubious ownership" in str(failure):
                raise Failure(f"{self.path} belongs to someone else: run this as its owner, or "
                              f"'git config --global --add safe.directory {self.path}'") from None
        raise Failure(f"{self.path} is not a git tree")

    def resolve(self, revision):
        """The commit that a name stands for."""
        commit = git(self.path, "rev-parse", "--verify", "--quiet", "--end-of-options",
                     revision + "^{commit}", check=False)
        if not commit:
            raise Failure(f"{self.path} has no commit '{revision}'")
        return commit

    def has(self, commit, path):
        """Whether a commit has a file."""
        return bool(git(self.path, "cat-file", "-t", f"{commit}:{path}", check=False))

    def version(self, commit):
        """Version and patch level of a kernel."""
        makefile = git(self.path, "show", f"{commit}:Makefile", check=False)
        found = re.findall(r"^(?:VERSION|PATCHLEVEL) = (\d+)$", makefile, re.MULTILINE)
        return tuple(map(int, found[:2]))

    def need_kernel(self, commit, name):
        """Fails where the modules cannot be built, without trying."""
        version = self.version(commit)
        if len(version) < 2 or not self.has(commit, "Kconfig"):
            raise Failure(f"{name} of {self.path} is no Linux kernel")
        there = git(self.path, "ls-tree", "-d", "--name-only", commit).splitlines()
        if FOLDERS - set(there):
            raise Failure(f"{name} of {self.path} is no whole Linux kernel: it has no "
                          + ", ".join(sorted(FOLDERS - set(there))))
        missing = [what for path, what in NEEDED_FILES.items() if not self.has(commit, path)]
        if not any(self.has(commit, path) for path in BUDDY_FILES):
            missing.append("DRM's buddy allocator, which is there since 5.18")
        if missing:
            raise Failure(f"{name}, Linux {version[0]}.{version[1]}, is too old for the modules: "
                          f"it has no {missing[0]}")

    def need_order(self, good, bad):
        """Fails if bad does not come after good, by the names that the user gave."""
        (good_name, good), (bad_name, bad) = good, bad
        if good == bad:
            raise Failure(f"{good_name} and {bad_name} are the same commit")
        base = git(self.path, "merge-base", good, bad, check=False)
        if not base:
            raise Failure(f"{good_name} and {bad_name} have no history in common")
        if base == bad:
            raise Failure(f"{bad_name} is an ancestor of {good_name}: the good revision has to be "
                          "the older one")

    def forks(self, good, bad):
        """Where the branches of two commits part; none if one is the other's ancestor."""
        bases = git(self.path, "merge-base", "--all", good, bad).splitlines()
        return [base for base in bases if base != good]

    def count_between(self, good, bad):
        """How many commits there are to choose from."""
        return int(git(self.path, "rev-list", "--count", bad, "^" + good))

    def subject(self, commit):
        """What a commit says it does."""
        return subject(self.path, commit)

    def compiler(self, *commits):
        """What builds all of these and what is between: a figure would be another one with
        another compiler."""
        oldest = min(self.version(commit) for commit in commits)
        return "gcc" if oldest >= FIRST_WITH_ANY_COMPILER else OLD_COMPILER


class Checkout:
    """The tool's own working tree of it, in the lab."""

    def __init__(self):
        self.path = own_folder() / "tree"

    def make(self, tree):
        """From nothing, at no commit. What a tool that was killed has left goes first."""
        self.remove()
        git(self.path.parent, "clone", "--quiet", "--shared", "--no-checkout", "--no-tags",
            "--", str(tree.path), str(self.path))
        for setting in ("advice.detachedHead=false", "core.hooksPath=/dev/null", "gc.auto=0"):
            git(self.path, "config", *setting.split("="))

    def go_to(self, commit):
        """Checks a commit out."""
        git(self.path, "checkout", "--quiet", "--force", "--detach", commit)

    def commit(self):
        """Where it is."""
        return git(self.path, "rev-parse", "HEAD")

    def subject(self, commit):
        """What a commit says it does."""
        return subject(self.path, commit)

    def remove(self):
        """All of it."""
        if self.path.exists():
            shutil.rmtree(self.path)

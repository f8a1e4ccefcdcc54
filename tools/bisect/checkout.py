# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree to bisect, as git shows it, and the tool's own checkout of it.

The checkout uses the git objects of the tree. Nothing is written to the tree, nor to its
.git: no branch, no worktree, no state of a bisect.
"""

import pathlib
import re
import shutil
import subprocess

from lab import Failure, own_folder

# The files that the modules need in a tree. bigbar allocates VRAM by the buddy allocator.
NEEDED_FILES = {
    "drivers/gpu/drm/ttm/ttm_bo.c": "TTM",
    "mm/huge_memory.c": "transparent huge pages",
}
# The folders of every kernel tree that is new enough for the modules.
FOLDERS = {"arch", "block", "crypto", "drivers", "fs", "include", "init", "ipc", "kernel", "lib",
           "mm", "net", "scripts", "security", "sound", "usr"}
BUDDY_FILES = ("drivers/gpu/drm/drm_buddy.c", "drivers/gpu/buddy.c")

# Older kernels cannot be built by compilers whose default is C23.
FIRST_WITH_ANY_COMPILER = (6, 14)
OLD_COMPILER = "gcc-12"


def git(tree, *arguments, check=True):
    """Runs git in a tree and returns its output."""
    done = subprocess.run(["git", "-C", str(tree), *arguments], check=False,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise Failure(f"git {arguments[0]} in {tree}: " + (said[0] if said else "it failed"))
    return done.stdout.strip() if done.returncode == 0 else ""


def subject(tree, commit):
    """The subject of a commit."""
    return git(tree, "show", "--no-patch", "--format=%s", commit)


class Tree:
    """The user's kernel tree, which is only read."""

    def __init__(self, path):
        self.path = pathlib.Path(path).absolute()
        if not self.path.is_dir():
            raise Failure(f"there is no folder {path}")
        if not git(self.path, "rev-parse", "--git-dir", check=False):
            self.explain_no_git()

    def explain_no_git(self):
        """Fails with the reason. Git may refuse a tree that belongs to another user."""
        try:
            git(self.path, "rev-parse", "--git-dir")
        except Failure as failure:
            if "dubious ownership" in str(failure):
                raise Failure(f"{self.path} belongs to another user: run this as its owner, or "
                              f"'git config --global --add safe.directory {self.path}'") from None
        raise Failure(f"{self.path} is not a git tree")

    def resolve(self, revision):
        """The commit that a revision names."""
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
        """Fails if a commit is not a kernel, or lacks what the modules need, without a build."""
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
        """Fails, with the names that the user gave, if bad does not come after good."""
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
        """Where the branches of two commits part; empty if good is the ancestor of bad."""
        bases = git(self.path, "merge-base", "--all", good, bad).splitlines()
        return [base for base in bases if base != good]

    def count_between(self, good, bad):
        """The number of commits to search."""
        return int(git(self.path, "rev-list", "--count", bad, "^" + good))

    def subject(self, commit):
        """The subject of a commit."""
        return subject(self.path, commit)

    def compiler(self, *commits):
        """The compiler that can build these commits and all between them. It has to be the
        same for all, because figures depend on it."""
        oldest = min(self.version(commit) for commit in commits)
        return "gcc" if oldest >= FIRST_WITH_ANY_COMPILER else OLD_COMPILER


class Checkout:
    """The tool's own checkout of a tree, in the lab."""

    def __init__(self):
        self.path = own_folder() / "tree"

    def make(self, tree):
        """Makes it, at no commit. Removes what a killed tool has left before."""
        self.remove()
        git(self.path.parent, "clone", "--quiet", "--shared", "--no-checkout", "--no-tags",
            "--", str(tree.path), str(self.path))
        for setting in ("advice.detachedHead=false", "core.hooksPath=/dev/null", "gc.auto=0"):
            git(self.path, "config", *setting.split("="))

    def go_to(self, commit):
        """Checks a commit out."""
        git(self.path, "checkout", "--quiet", "--force", "--detach", commit)

    def commit(self):
        """The commit that is checked out."""
        return git(self.path, "rev-parse", "HEAD")

    def subject(self, commit):
        """The subject of a commit."""
        return subject(self.path, commit)

    def remove(self):
        """Removes the checkout."""
        if self.path.exists():
            shutil.rmtree(self.path)

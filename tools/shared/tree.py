# SPDX-License-Identifier: GPL-2.0-only
"""A kernel source as a git repository of the few files that a series changes, so that git
does not have to look at the other 90,000."""

import fcntl
import os
import shutil
import subprocess
import sys

from .series import SeriesError, run

BASE = "base"


class Repository:
    """A work tree, and the author of the commits."""

    def __init__(self, path, author):
        self.path = path
        self.git_dir = path / ".git"
        name, email = author
        self.author = f"{name} <{email}>"
        self.environment = {**os.environ,
                            "GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email,
                            "GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email}

    def git(self, *arguments):
        """Run git, which has to succeed; return its output."""
        return run(["git", f"--git-dir={self.git_dir}", f"--work-tree={self.path}", *arguments],
                   cwd=self.path, env=self.environment)

    def begin(self, kernel_files):
        """Make the first commit: the files to change, as the kernel has them."""
        for path in kernel_files:
            if not (self.path / path).exists():
                raise SeriesError(f"the kernel has no {path}, which series.toml changes")
        self.git("init", "--quiet", "--initial-branch=series")
        self.git("add", "--force", "--", *map(str, kernel_files))
        self.git("commit", "--quiet", "--allow-empty", "--message", "The kernel as packaged")
        self.git("tag", "--force", BASE)


class Tree(Repository):
    """A whole kernel source, locked for one process. Its git directory is outside, because a
    .git inside would change the kernel's release."""

    def __init__(self, path, author):
        super().__init__(path, author)
        self.git_dir = path.with_name(f"{path.name}.git")
        self.lock = open(path.with_name(f"{path.name}.lock"), "w", encoding="utf-8")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"in-tree: waiting for another process that uses {path}", file=sys.stderr)
            fcntl.flock(self.lock, fcntl.LOCK_EX)

    def restore(self, new_files):
        """Restore the packaged source, also after a run that was interrupted."""
        shutil.rmtree(self.git_dir / "rebase-apply", ignore_errors=True)
        if self.has_base():
            self.git("reset", "--quiet", "--hard", BASE)
        for path in new_files:
            (self.path / path).unlink(missing_ok=True)

    def has_base(self):
        """Whether a series was applied before."""
        command = ["git", f"--git-dir={self.git_dir}", "rev-parse", "--quiet", "--verify", BASE]
        return not subprocess.run(command, check=False, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode

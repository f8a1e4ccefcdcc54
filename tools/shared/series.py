# SPDX-License-Identifier: GPL-2.0-only
"""A series of patches for a kernel: what its diffs change, and why it cannot be made."""

import re
import subprocess

# A file that a diff is about.
CHANGED = re.compile(r"^\+\+\+ b/(.*)", re.MULTILINE)


class SeriesError(Exception):
    """The series cannot be made, with the reason in one line."""


def run(command, **options):
    """Run a command that has to succeed; return its output."""
    done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode:
        said = (done.stdout.strip().splitlines() or ["it says nothing"])[-1]
        raise SeriesError(f"'{' '.join(map(str, command))}' failed: {said}")
    return done.stdout

# SPDX-License-Identifier: GPL-2.0-only
"""The lab as the bisecting tool uses it: commands in its root and in its guests."""

import os
import pathlib
import shutil
import signal
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
LAB = PROJECT / "tools" / "lab" / "lab"

# A full checkout of a kernel and the objects of a small kernel need this.
SPACE_NEEDED_MIB = 4096
# With less than this, a step may fail for lack of space.
SPACE_PER_STEP_MIB = 512


# The exit statuses of 'lab' when it is told to end, or is killed.
STOPPED = (130, 143, -signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL)


class Failure(Exception):
    """The tool cannot go on, with the reason in one line."""


class Stopped(Exception):
    """The tool was told to end."""


def folder():
    """The folder of the lab."""
    return pathlib.Path(os.environ.get("LAB") or PROJECT / "build" / "lab").absolute()


def own_folder():
    """The folder of the bisecting tool in the lab."""
    return folder() / "bisect"


def last_line(path):
    """The last line of a log that is not blank."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "it says nothing")


def check_space(mib):
    """Fails if the lab's disk has less free space."""
    free = shutil.disk_usage(folder()).free >> 20
    if free < mib:
        raise Failure(f"{folder()} has {free} MiB free and {mib} are needed: "
                      "set LAB to a lab on a larger disk")


def end(process):
    """Ends a command of the lab and all that it started, and waits for that. A user cannot
    send a signal to a command that sudo runs."""
    try:
        process.terminate()
    except PermissionError:
        subprocess.run(["sudo", "-n", "kill", str(process.pid)], check=False)
    process.wait()


class Lab:
    """Runs commands of the lab, until the tool at the other end of the leash ends."""

    def __init__(self, leash):
        self.leash = leash

    def call(self, command, log, kernel=""):
        """Runs a command for a kernel, its output in a log; returns its exit status."""
        environment = {**os.environ, "KERNEL": str(kernel)}
        with open(log, "w", encoding="utf-8") as output:
            # a parent that is killed cannot end the process itself
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *map(str, command)], cwd=PROJECT,
                env=environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT)
            try:
                self.leash.wait(process)
            finally:
                end(process)
        if process.returncode in STOPPED:
            raise Stopped
        return process.returncode

    def chroot(self, command, log, results, kernel=""):
        """Runs a command in the lab's root, with a folder at /results; returns its status."""
        return self.call([LAB, "chroot", "--results", results, "--", *command], log, kernel)

    def guest(self, options, command, log, results, kernel):
        """Runs a command in a guest; returns its status."""
        return self.call([LAB, "run", *options, "--results", results, "--", *command], log,
                         kernel)

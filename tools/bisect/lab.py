# SPDX-License-Identifier: GPL-2.0-only
"""The lab as the bisecting tool uses it: commands in its root and in its guests."""

import os
import pathlib
import shutil
import signal
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
LAB = PROJECT / "tools" / "lab" / "lab"

# What a full checkout of a kernel and the objects of a small one take.
SPACE_NEEDED_MIB = 4096
# Less than that, and a step that fails has failed for it.
SPACE_PER_STEP_MIB = 512


# What 'lab' ends with when it is told to end, or does not live to say it.
STOPPED = (130, 143, -signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL)


class Failure(Exception):
    """The tool cannot go on, with the reason in one line."""


class Stopped(Exception):
    """Someone wants the tool to end."""


def folder():
    """Where the lab lives."""
    return pathlib.Path(os.environ.get("LAB") or PROJECT / "build" / "lab").absolute()


def own_folder():
    """What of it belongs to the bisecting tool."""
    return folder() / "bisect"


def last_line(path):
    """The last line of a log that says something."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "it says nothing")


def check_space(mib):
    """Fails if the lab's disk has less than that to give."""
    free = shutil.disk_usage(folder()).free >> 20
    if free < mib:
        raise Failure(f"{folder()} has {free} MiB free and {mib} are needed: "
                      "set LAB to a lab on a larger disk")


def end(process):
    """Ends a command of the lab, and all that it started, and waits for that. One that
    sudo runs cannot be told by a user."""
    try:
        process.terminate()
    except PermissionError:
        subprocess.run(["sudo", "-n", "kill", str(process.pid)], check=False)
    process.wait()


class Lab:
    """Runs commands of the lab for as long as its leash is not cut."""

    def __init__(self, leash):
        self.leash = leash

    def call(self, command, log, kernel=""):
        """Runs a command for a kernel, its output in a log; returns its exit status."""
        environment = {**os.environ, "KERNEL": str(kernel)}
        with open(log, "w", encoding="utf-8") as output:
            # a parent that is killed cannot end it
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
        """The same in the lab's root, with a folder at /results."""
        return self.call([LAB, "chroot", "--results", results, "--", *command], log, kernel)

    def guest(self, options, command, log, results, kernel):
        """The same in a guest."""
        return self.call([LAB, "run", *options, "--results", results, "--", *command], log,
                         kernel)

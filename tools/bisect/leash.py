# SPDX-License-Identifier: GPL-2.0-only
"""What ties the steps of a bisect to the tool that started them.

Between the tool and a step is git, which hands on neither the end of the tool nor what
a step has to say. Both hold an end of one pair of sockets: a step says through it what
it does, and learns that the tool is gone; the tool knows by it when the last step is.
"""

import os
import select
import socket
import subprocess

from lab import Stopped


class Leash:
    """The end that a step holds."""

    def __init__(self, descriptor):
        self.socket = socket.socket(fileno=descriptor)

    def say(self, text):
        """A line for the person who waits."""
        try:
            self.socket.sendall((text + "\n").encode())
        except OSError as error:
            raise Stopped from error

    def wait(self, process):
        """Until a process has ended. Raises Stopped as soon as the tool is gone, or wants
        the step to be."""
        ended = os.pidfd_open(process.pid)
        try:
            readable, _, _ = select.select([self.socket, ended], [], [])
        finally:
            os.close(ended)
        if self.socket in readable:
            raise Stopped
        process.wait()


class Terminal:
    """The same for what runs in the tool itself."""

    @staticmethod
    def say(text):
        """A line for the person who waits."""
        print(text, flush=True)

    @staticmethod
    def wait(process):
        """Signals do the rest."""
        process.wait()


def run_on_leash(command, log, cwd):
    """Runs a command that has steps below it, and gets the leash's descriptor as its last
    argument. Prints what they say. Returns its status when all of them are gone."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs, open(log, "w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [*map(str, command), str(theirs.fileno())], cwd=cwd, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        with ours.makefile("r", encoding="utf-8", errors="replace") as said:
            try:
                for line in said:
                    print(line, end="", flush=True)
            except BaseException:
                process.terminate()
                ours.shutdown(socket.SHUT_WR)
                said.read()
                raise
            finally:
                process.wait()
    return process.returncode

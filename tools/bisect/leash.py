# SPDX-License-Identifier: GPL-2.0-only
"""The connection between the steps of a bisect and the tool that started them.

git runs between the tool and a step. It does not tell a step that the tool has ended, nor
the tool what a step prints. So both hold one end of a pair of sockets. By it, a step says
what it does and notices that the tool has ended, and the tool notices that the last step
has ended.
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
        """Sends a line for the user."""
        try:
            self.socket.sendall((text + "\n").encode())
        except OSError as error:
            raise Stopped from error

    def wait(self, process):
        """Waits until a process has ended. Raises Stopped as soon as the tool has ended, or
        tells the step to end."""
        ended = os.pidfd_open(process.pid)
        try:
            readable, _, _ = select.select([self.socket, ended], [], [])
        finally:
            os.close(ended)
        if self.socket in readable:
            raise Stopped
        process.wait()


class Terminal:
    """The same interface for what runs in the tool itself."""

    @staticmethod
    def say(text):
        """Prints a line for the user."""
        print(text, flush=True)

    @staticmethod
    def wait(process):
        """Waits until a process has ended; a signal to the tool interrupts that."""
        process.wait()


def run_on_leash(command, log, cwd):
    """Runs a command that starts steps, with the descriptor of the leash as its last argument.
    Prints what the steps say. Returns the status of the command after all steps have ended."""
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

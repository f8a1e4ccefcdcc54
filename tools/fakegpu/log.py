# SPDX-License-Identifier: GPL-2.0-only
"""The trace of a fake GPU: what the driver did to it, and when."""

import sys
import time

# How many warnings a person gets to see; the trace has all of them.
MOST_WARNINGS = 20


class Log:
    """Lines with the time since the start. A line that is the same as the one before it is
    counted, and not written again."""

    def __init__(self, file, warnings=sys.stderr):
        self._file = file
        self._warnings = warnings
        self._start = time.monotonic()
        self._last = None
        self._repeats = 0
        self._warned = 0

    def say(self, text):
        """Write a line."""
        if text == self._last:
            self._repeats += 1
            return
        self.flush()
        self._last = text
        self._write(text)

    def warn(self, text):
        """Write a line that a person has to see, unless there were too many before."""
        self.say(text)
        self._warned += 1
        if self._warned <= MOST_WARNINGS:
            print(f"fakegpu: {text}", file=self._warnings, flush=True)
        if self._warned == MOST_WARNINGS:
            print("fakegpu: the log has what follows", file=self._warnings, flush=True)

    def flush(self):
        """Write how often the last line was repeated."""
        if self._repeats:
            self._write(f"... {self._repeats} more of these")
        self._repeats = 0
        self._last = None

    def _write(self, text):
        if self._file:
            print(f"{time.monotonic() - self._start:10.4f} {text}", file=self._file)

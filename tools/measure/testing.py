# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of tools share: a line for each test, and the sums at the end."""

import argparse
import sys
import unittest


class Lines(unittest.TestResult):
    """A line for each test, and below it why it failed."""

    def __init__(self):
        super().__init__()
        self.passed = 0

    def addSuccess(self, test):
        self.passed += 1
        print(f"pass  {test.shortDescription()}")

    def say_failure(self, test, error):
        print(f"FAIL  {test.shortDescription()}")
        print(self._exc_info_to_string(error, test), end="")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say_failure(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.say_failure(test, err)


def main(description):
    argparse.ArgumentParser(description=description.splitlines()[0]).parse_args()
    lines = Lines()
    unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]).run(lines)
    failed = len(lines.failures) + len(lines.errors)
    print(f"{lines.passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0

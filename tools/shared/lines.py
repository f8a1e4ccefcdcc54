# SPDX-License-Identifier: GPL-2.0-only
"""Run tests of unittest, with a line for each, and the sums at the end."""

import unittest


class Lines(unittest.TestResult):
    """Print a line for each test, and below it why it failed."""

    def __init__(self):
        super().__init__()
        self.passed = 0

    def addSuccess(self, test):
        self.passed += 1
        print(f"pass  {test.shortDescription()}", flush=True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"skip  {test.shortDescription()}: {reason}", flush=True)

    def say_failure(self, test, error):
        print(f"FAIL  {test.shortDescription()}")
        print(self._exc_info_to_string(error, test), end="", flush=True)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.say_failure(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say_failure(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.say_failure(test, err)


def tests_of(suite):
    """The tests of a module or of a class."""
    load = unittest.defaultTestLoader
    if isinstance(suite, type):
        return load.loadTestsFromTestCase(suite)
    return load.loadTestsFromModule(suite)


def run_tests(*suites):
    """Runs the tests of modules and classes; returns an exit status."""
    lines = Lines()
    unittest.TestSuite(map(tests_of, suites)).run(lines)
    failed = len(lines.failures) + len(lines.errors)
    print(f"{lines.passed} passed, {failed} failed, {len(lines.skipped)} skipped")
    return 1 if failed or not lines.passed else 0

# SPDX-License-Identifier: GPL-2.0-only
"""The options of a bisect and the steps so far, in a file that stays if it is stopped."""

import fcntl
import json
import os
import shutil

from lab import PROJECT, Failure, own_folder

RESULTS = PROJECT / "build" / "bisect"
SUMMARY = PROJECT / "build" / "bisect.json"
# git's names of the verdicts, and their exit statuses for 'git bisect run'.
STATUS = {"good": 0, "bad": 1, "skip": 125}


class Session:
    """The bisect that a lab is running, or that was stopped. There is one at a time."""

    def __init__(self):
        self.options = {}
        self.steps = []

    @staticmethod
    def path():
        """The file of the session."""
        return own_folder() / "state.json"

    @staticmethod
    def log_path():
        """The file with the verdicts, for git."""
        return own_folder() / "log"

    @staticmethod
    def lock():
        """Locks the lab for one bisect, until the returned file is closed."""
        try:
            own_folder().mkdir(parents=True, exist_ok=True)
            file = open(own_folder() / "lock", "w", encoding="utf-8")
        except PermissionError as error:
            raise Failure(f"{error.filename} is not yours to write to: run this as the user who "
                          "made the lab, or 'chown' it") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Failure(f"another bisect is at work in {own_folder()}: wait for it, or set LAB "
                          "to another lab") from error
        return file

    @classmethod
    def unfinished(cls):
        """The session that was stopped, or None."""
        if not cls.path().exists():
            return None
        session = cls()
        content = json.loads(cls.path().read_text(encoding="utf-8"))
        session.options, session.steps = content["options"], content["steps"]
        return session

    def start(self, options):
        """Starts a new session, and removes the results of the last one."""
        self.options = options
        shutil.rmtree(RESULTS, ignore_errors=True)
        SUMMARY.unlink(missing_ok=True)
        RESULTS.mkdir(parents=True)
        self.save()

    def save(self):
        """Writes the file all at once, because a process may read it at any time."""
        new = self.path().with_suffix(".new")
        new.write_text(json.dumps({"options": self.options, "steps": self.steps}, indent=2) + "\n",
                       encoding="utf-8")
        os.replace(new, self.path())
        self.log_path().write_text(self.log(), encoding="utf-8")

    def add(self, step):
        """Adds a step that is done."""
        self.steps.append(step)
        self.save()

    def forget(self):
        """Removes the session, so that there is nothing to resume."""
        self.path().unlink(missing_ok=True)
        self.log_path().unlink(missing_ok=True)

    def find(self, commit):
        """The step of a commit, or None."""
        return next((step for step in self.steps if step["commit"] == commit), None)

    def end(self, name):
        """The step of the end that the user called good, or bad, or None."""
        return self.find(self.options[name])

    def log(self):
        """The verdicts in the format of 'git bisect replay'."""
        good, bad = self.options["good"], self.options["bad"]
        lines = [f"git bisect start '{bad}' '{good}'"]
        for step in self.steps:
            if step["commit"] not in (good, bad):
                lines += [f"# {step['verdict']}: [{step['commit']}] {step['subject']}",
                          f"git bisect {step['verdict']} {step['commit']}"]
        return "\n".join(lines) + "\n"

    def folder_for(self, commit):
        """Makes the folder for the logs of the next step."""
        folder = RESULTS / f"{len(self.steps) + 1:02}-{commit[:12]}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

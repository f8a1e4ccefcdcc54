# SPDX-License-Identifier: GPL-2.0-only
"""A bisect from its two ends to the first bad commit, by 'git bisect run'."""

import json
import math
import pathlib
import re
import shlex
import shutil
import sys

import judge
from checkout import Checkout, git
from lab import PROJECT, Failure
from leash import run_on_leash
from session import RESULTS, STATUS, SUMMARY
from step import describe
from trial import times

TOOL = pathlib.Path(__file__).resolve().parent / "ttm-huge-bisect"
# A row of the table must fit on a line.
WIDEST_SUBJECT = 44


def relative(path):
    """A path relative to the project, if it is inside."""
    path = pathlib.Path(path)
    return path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path


class Search:
    """The bisect of a session, in a checkout that is removed at the end in any case."""

    def __init__(self, session, tree):
        self.session = session
        self.tree = tree
        self.checkout = Checkout()
        self.git_log = RESULTS / "git.log"

    def step_command(self):
        """The command of this program for one step; the descriptor of the leash is appended."""
        return [sys.executable, str(TOOL), "--step"]

    def name(self, end):
        """The commit at an end, by the name that the user gave."""
        name, commit = self.session.options[end + "_name"], self.session.options[end]
        return name if commit.startswith(name) else f"{name} ({commit[:12]})"

    def try_commit(self, commit):
        """Tries a commit, unless it was tried before the bisect was stopped."""
        if not self.session.find(commit):
            self.checkout.go_to(commit)
            run_on_leash(self.step_command(), self.git_log, self.checkout.path)
            self.reload()
            if not self.session.find(commit):
                raise Failure(self.last_said())
        return self.session.find(commit)

    def reload(self):
        """Reads the session again: steps, which are processes of their own, have added to it."""
        self.session = self.session.unfinished()

    def need_verdict(self, end, step):
        """Fails if an end is not what the user called it: a bisect would find nothing."""
        if step["verdict"] == end:
            return
        where = f"see {step['logs']}"
        if step["verdict"] == "skip":
            hint = ""
            if step["result"] == "skip":
                hint = "; say with --skip-is what a skip is"
            raise Failure(f"{self.name(end)} cannot be judged: {describe(self.session, step)}"
                          f"{hint}; {where}")
        self.show_log(step)
        raise Failure(f"{self.name(end)} is {step['verdict']}, not {end}: "
                      f"{describe(self.session, step)}; {where}")

    @staticmethod
    def show_log(step):
        """Prints the end of the output of a step."""
        log = PROJECT / step["logs"] / "run.log"
        if log.exists():
            print(f"The end of {step['logs']}/run.log:")
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]:
                print(f"  {line}")

    def need_difference(self, good, bad):
        """Fails if the figures of the ends do not differ by more than the threshold."""
        limit = self.session.options["threshold"]
        change = judge.change_percent(bad["figure"], good["figure"])
        if change > limit:
            return
        raise Failure(f"{self.name('good')} and {self.name('bad')} do not differ by the "
                      f"threshold of {limit:g} %: {good['reason']} and {bad['reason']}, "
                      f"{change:+.2f} %")

    def need_no_fix(self, step):
        """Fails if the commit where the branches part is bad: one branch has a fix."""
        if step["verdict"] != "bad":
            return
        raise Failure(f"{step['commit'][:12]}, where the branches of {self.name('good')} and "
                      f"{self.name('bad')} part, is bad already "
                      f"({describe(self.session, step)}): what mends {self.name('good')} is on "
                      f"its branch only; see {step['logs']}")

    def try_ends(self):
        """Tries both ends, and where their branches part, before any commit between them."""
        options = self.session.options
        good = self.try_commit(options["good"])
        self.need_verdict("good", good)
        for fork in options["forks"]:
            self.need_no_fix(self.try_commit(fork))
        bad = self.try_commit(options["bad"])
        if self.session.options["perf"] and None not in (good["figure"], bad["figure"]):
            self.need_difference(good, bad)
        self.need_verdict("bad", bad)

    def announce(self):
        """Prints how many steps it may take."""
        options = self.session.options
        commits = self.tree.count_between(options["good"], options["bad"])
        steps = math.ceil(math.log2(commits)) if commits > 1 else 0
        fork = ", where their branches part" if options["forks"] else ""
        print(f"Bisecting {commits} commits from {self.name('good')} to {self.name('bad')}: "
              f"the two ends{fork}, then about {steps} steps", flush=True)

    def bisect(self):
        """Bisects; returns the log of git."""
        # its status is not 0 if this ends the bisect already
        git(self.checkout.path, "bisect", "replay", str(self.session.log_path()), check=False)
        said = git(self.checkout.path, "bisect", "log")
        if "# first bad commit" not in said:
            status = run_on_leash(["git", "bisect", "run", *self.step_command()], self.git_log,
                                  self.checkout.path)
            self.reload()
            said = git(self.checkout.path, "bisect", "log")
            if status and not re.search(r"^# (?:first bad|only skipped)", said, re.MULTILINE):
                raise Failure(self.last_said())
        return said

    def last_said(self):
        """The message with which a step, or git, gave up."""
        lines = self.git_log.read_text(encoding="utf-8", errors="replace").splitlines()
        for start in ("ttm-huge-bisect: ", "fatal: ", "error: "):
            said = [line for line in lines if line.startswith(start)]
            if said:
                return said[-1].removeprefix(start)
        return f"a step ended without a word, see {relative(self.git_log)}"

    def run(self):
        """Bisects; returns exit status 0 if the first bad commit was found."""
        try:
            self.announce()
            print("Making a checkout in the lab", flush=True)
            self.checkout.make(self.tree)
            self.try_ends()
            said = self.bisect()
            status = self.report(said)
        finally:
            self.checkout.remove()
        self.session.forget()
        return status

    def reproduce_command(self, step):
        """The command that builds and boots a commit again."""
        options = self.session.options
        command = [str(relative(TOOL)), "--tree", options["tree"], "--at", step["commit"][:12],
                   "--cc", options["cc"]]
        command += ["--perf", options["perf"]] if options["perf"] else \
            ["--test", options["test"].removeprefix("igt@"), "--timeout", options["timeout"]]
        if options.get("config"):
            fragment = RESULTS / "more.config"
            fragment.write_text(options["config"], encoding="utf-8")
            command += ["--config", str(relative(fragment))]
        return shlex.join(command)

    def report(self, said):
        """Prints what was found, and writes it as JSON; returns the exit status."""
        first = re.findall(r"^# first bad commit: \[(\w+)\]", said, re.MULTILINE)
        possible = re.findall(r"^# possible first bad commit: \[(\w+)\]", said, re.MULTILINE)
        (RESULTS / "bisect.log").write_text(said + "\n", encoding="utf-8")
        last_bad = [step for step in self.session.steps if step["verdict"] == "bad"][-1]
        self.print_steps()
        print()
        if first:
            print(git(self.tree.path, "show", "--stat", "--format=First bad commit: %H%n"
                      "Author: %an <%ae>%nDate:   %ad%n%n    %s%n", first[0]))
        else:
            print("Which commit is the first bad one was not found: the rest could not be judged. "
                  "It is one of")
            for commit in possible:
                print(f"  {commit[:12]} {self.tree.subject(commit)}")
        print(f"\nTo build and boot {last_bad['commit'][:12]}, the last bad one, once more:\n"
              f"  {self.reproduce_command(last_bad)}")
        print(f"All of it: {relative(SUMMARY)}; logs: {relative(RESULTS)}; "
              "git's own log: build/bisect/bisect.log")
        self.write_summary(first, possible, last_bad)
        return 0 if first else 1

    def print_steps(self):
        """Prints a row for each step."""
        print("\nstep  commit        verdict  reason")
        for number, step in enumerate(self.session.steps, 1):
            print(f"{number:4}  {step['commit'][:12]}  {step['verdict']:7}  "
                  f"{describe(self.session, step)}")
            print(f"{'':29}{step['subject'][:WIDEST_SUBJECT]}; {times(step['seconds'])}")

    def write_summary(self, first, possible, last_bad):
        """Writes the results as JSON."""
        text = json.dumps({
            **self.session.options, "first_bad": first[0] if first else None,
            "possible_first_bad": possible, "steps": self.session.steps,
            "reproduce": self.reproduce_command(last_bad)}, indent=2)
        SUMMARY.write_text(text + "\n", encoding="utf-8")


def status_of(step):
    """The exit status that tells git the verdict on a step."""
    return STATUS[step["verdict"]]


def discard(session):
    """Removes all files of a bisect that is not resumed."""
    Checkout().remove()
    session.forget()
    shutil.rmtree(RESULTS, ignore_errors=True)

# SPDX-License-Identifier: GPL-2.0-only
"""The bisecting tool on toy trees."""

import os
import shutil
import signal
import subprocess
import time
from unittest import mock

import lab
from tests.toy import METRIC, SUBTEST, Toy, fingerprint, git, processes_in


class BadInput(Toy):
    """Bad input is refused in one clear line, before anything starts"""

    def test_no_folder(self):
        """a tree that is not there is refused"""
        self.expect_line(self.bisect(["a", "b"]), "there is no folder")

    def test_no_git(self):
        """a folder that is no git tree is refused"""
        self.tree.mkdir()
        self.expect_line(self.bisect(["a", "b"]), "is not a git tree")

    def test_no_kernel(self):
        """a git tree that is no kernel is refused"""
        commits = self.make_tree("pass", "fail", without=["Kconfig"])
        self.expect_line(self.bisect(commits), "is no Linux kernel")

    def test_unknown_revision(self):
        """a revision that is not there is refused"""
        commits = self.make_tree("pass", "fail")
        self.expect_line(self.bisect([commits[0], "v9.9"]), "has no commit 'v9.9'")

    def test_option_for_revision(self):
        """a revision that looks like an option of git's is refused"""
        commits = self.make_tree("pass", "fail")
        done = self.run_tool("--tree", str(self.tree), "--good", commits[0], "--bad=--all",
                             "--test", SUBTEST)
        self.expect_line(done, "has no commit '--all'")

    def test_same_revision(self):
        """ends that are the same are refused"""
        commits = self.make_tree("pass", "fail")
        self.expect_line(self.bisect([commits[1], "HEAD"]), "are the same commit")

    def test_wrong_order(self):
        """ends in the wrong order are refused"""
        commits = self.make_tree("fail", "pass")
        self.expect_line(self.bisect(commits[::-1]), "the good revision has to be the older one")

    def test_unrelated(self):
        """ends without a common history are refused"""
        commits = self.make_tree("pass")
        git(self.tree, "checkout", "--quiet", "--orphan", "other")
        commits.append(self.commit("fail"))
        self.expect_line(self.bisect(commits), "have no history in common")

    def test_missing_folder(self):
        """a tree without one of a kernel's folders is refused, and the folder is named"""
        commits = self.make_tree("pass", "fail", without=["scripts/Makefile"])
        self.expect_line(self.bisect(commits), "is no whole Linux kernel: it has no scripts")

    def test_diverged(self):
        """ends on branches that have parted are not bisected without being asked for"""
        commits = self.make_diverged("pass", "pass", "fail")
        self.expect_line(self.bisect(commits), "have parted", "--diverged")

    def test_too_old(self):
        """a tree too old for the modules is refused"""
        commits = self.make_tree("pass", "fail", without=["drivers/gpu/buddy.c"])
        self.expect_line(self.bisect(commits), "is too old for the modules", "5.18")

    def test_no_subtest(self):
        """a subtest that is not there is refused, and its neighbours are named"""
        commits = self.make_tree("pass", "fail")
        self.expect_line(self.bisect(commits, "--test", "ttm_huge_levels@size-3g"),
                         "there is no subtest", "ttm_huge_levels@size-3m")

    def test_no_test(self):
        """a test that is not there is refused"""
        commits = self.make_tree("pass", "fail")
        self.expect_line(self.bisect(commits, "--test", "nonsense"), "there is no subtest nonsense")

    def test_no_figure(self):
        """a figure that is not there is refused"""
        commits = self.make_tree("100", "200")
        self.expect_line(self.bisect(commits, "--perf", "first-touch.pmd.7G"),
                         "there is no figure first-touch.pmd.7G")

    def test_no_fragment(self):
        """options for the kernel that cannot be read are refused"""
        commits = self.make_tree("pass", "fail")
        self.expect_line(self.bisect(commits, "--config", "/nowhere"), "cannot read /nowhere")

    def test_no_space(self):
        """a disk without space is refused"""
        with mock.patch.dict(os.environ, {"LAB": str(self.lab)}), \
                self.assertRaisesRegex(lab.Failure, "MiB free and .* are needed: set LAB"):
            lab.check_space(1 << 40)

    def test_disk_full(self):
        """a disk that fills up stops the bisect, and is no verdict"""
        commits = self.make_tree("pass", "nospace", "fail")
        self.expect(self.bisect(commits), 2, "no space is left in")
        self.expect_clean()

    def test_two_at_once(self):
        """two bisects in one lab are refused"""
        commits = self.make_tree("slow", "fail")
        first = self.start(commits)
        self.expect_line(self.bisect(commits), "another bisect is at work")
        first.terminate()
        first.communicate()

    def start(self, commits):
        """Starts a bisect, and waits for its first step."""
        first = subprocess.Popen(self.command(*self.bisect_arguments(commits)), text=True,
                                 env=self.environment, stdout=subprocess.PIPE)
        for line in first.stdout:
            if line.startswith("step 1"):
                return first
        raise AssertionError("no step was begun")

    def test_nothing_to_resume(self):
        """where nothing was stopped, nothing goes on"""
        self.expect_line(self.run_tool("--resume"), "no bisect was stopped")
        self.expect_line(self.run_tool("--discard"), "no bisect was stopped")


class Ends(Toy):
    """The ends are tried first"""

    def test_good_is_bad(self):
        """a good end that is bad is found at once, and its log is shown"""
        commits = self.make_tree("fail", "pass", "fail")
        done = self.bisect(commits)
        self.expect(done, 2, "is bad, not good", "Failed assertion: 512 != 1", "run.log")
        self.assertNotIn("step 2", done.stdout)
        self.expect_clean()

    def test_bad_is_good(self):
        """a bad end that is good is found"""
        self.expect(self.bisect(self.make_tree("pass", "pass")), 2, "is good, not bad")

    def test_end_without_verdict(self):
        """an end that cannot be judged is told with the reason"""
        self.expect(self.bisect(self.make_tree("misfit", "fail")), 2, "cannot be judged",
                    "the probe huge_fault does not know Linux 9.0")

    def test_good_is_skipped(self):
        """a skip at the good end asks for --skip-is"""
        self.expect(self.bisect(self.make_tree("skip", "fail")), 2, "cannot be judged",
                    "--skip-is")

    def test_no_difference(self):
        """figures that differ by less than the threshold are told"""
        commits = self.make_tree("1000", "1020")
        self.expect(self.bisect(commits, "--perf", METRIC, "--threshold", "3"),
                    2, "do not differ by the threshold of 3 %", "+2.00 %")

    def test_no_difference_faster(self):
        """a bad end that is faster is told"""
        self.expect(self.bisect(self.make_tree("1000", "500"), "--perf", METRIC), 2, "-50.00 %")

    def test_fix_on_branch(self):
        """where the branches part all was bad: the fix is on one only, two kernels say so"""
        commits = self.make_diverged("fail", "pass", "fail", "fail")
        done = self.bisect(commits, "--diverged")
        self.expect(done, 2, "is bad already", "on its branch only")
        self.assertNotIn("step 3", done.stdout)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.expect_clean()
        self.expect_line(self.run_tool("--resume"), "no bisect was stopped")

    def test_failed_end_is_forgotten(self):
        """ends that are not what they are called leave nothing to resume"""
        self.bisect(self.make_tree("fail", "fail"))
        self.expect_line(self.run_tool("--resume"), "no bisect was stopped")


class Bisects(Toy):
    """Bisects from the ends to the commit"""

    def expect_first_bad(self, commits, number, *more):
        """Checks that this commit was found, and that the tree is as before."""
        before = fingerprint(self.tree)
        done = self.bisect(commits, *more)
        self.expect(done, 0, f"First bad commit: {commits[number]}", "once more:\n")
        self.assertEqual(self.summary()["first_bad"], commits[number])
        self.assertEqual(fingerprint(self.tree), before)
        self.expect_clean()
        return done

    def test_names_commit(self):
        """the first bad commit is named, and the tree is as it was"""
        commits = self.make_tree("pass", "pass", "pass", "fail", "fail", "fail", "fail")
        self.expect_first_bad(commits, 3)

    def test_neighbours(self):
        """ends that are neighbours need no step between"""
        self.expect_first_bad(self.make_tree("pass", "fail"), 1)
        self.assertEqual(self.verdicts(), ["good", "bad"])

    def test_diverged(self):
        """the first bad commit is found on the branch of the bad end"""
        commits = self.make_diverged("pass", "pass", "pass", "pass", "fail", "fail")
        self.expect_first_bad(commits, 3, "--diverged")

    def test_bare(self):
        """a bare repository will do"""
        commits = self.make_tree("pass", "pass", "fail")
        bare = self.scratch / "bare"
        git(self.scratch, "clone", "--quiet", "--bare", str(self.tree), str(bare))
        shutil.rmtree(self.tree)
        bare.rename(self.tree)
        self.expect_first_bad(commits, 2)

    def test_shallow(self):
        """a shallow repository will do"""
        commits = self.make_tree("pass", "pass", "pass", "fail", "fail")
        shallow = self.scratch / "shallow"
        git(self.scratch, "clone", "--quiet", "--depth", "4", f"file://{self.tree}", str(shallow))
        shutil.rmtree(self.tree)
        shallow.rename(self.tree)
        self.expect_first_bad(commits[1:], 2)

    def expect_skips(self, what, reason):
        """Checks that a commit in the middle is skipped, and the bad one found."""
        commits = self.make_tree("pass", "pass", what, "pass", "fail", "fail")
        done = self.expect_first_bad(commits, 4)
        self.assertIn("skip", self.verdicts())
        self.assertIn(reason, done.stdout)

    def test_no_build(self):
        """a commit that does not build is skipped, with the compiler's words"""
        self.expect_skips("nobuild", "the kernel does not build: mm/memory.c:12:1: error: expected")

    def test_misfit(self):
        """a commit that the probes do not know is skipped"""
        self.expect_skips("misfit", "the modules do not build: compat: the probe huge_fault")

    def test_no_boot(self):
        """a commit that does not boot is skipped, with the kernel's words"""
        self.expect_skips("noboot", "does not boot: Kernel panic - not syncing: no root")

    def test_silent(self):
        """a commit whose kernel dies without a word is skipped, too"""
        self.expect_skips("silent", "does not boot: the guest ended before the command did")

    def test_no_load(self):
        """a commit on which the modules do not load is skipped"""
        self.expect_skips("noload", "the subtest did not begin: insert-module: cannot load")

    def expect_bad(self, what, reason):
        """Checks that a commit is bad, and not skipped."""
        commits = self.make_tree("pass", "pass", what, "fail")
        self.assertIn(reason, self.expect_first_bad(commits, 2).stdout)

    def test_oops(self):
        """a kernel that complains while the subtest runs is bad"""
        self.expect_bad("oops", "WARNING: CPU: 0")

    def test_hang(self):
        """a guest that ends in the subtest is bad"""
        self.expect_bad("hang", "the guest hung or ended in the subtest")

    def test_leak(self):
        """modules that leak are bad, although the subtest passes"""
        self.expect_bad("leak", "memory of the device is still in use")

    def test_boot_warning(self):
        """what a kernel complains of before the subtest is not the subtest's"""
        self.expect_first_bad(self.make_tree("pass", "warns-at-boot", "fail"), 2)

    def test_skip_is_bad(self):
        """a skip as at the bad end is bad"""
        self.expect_first_bad(self.make_tree("pass", "pass", "skip", "skip"), 2)

    def test_skip_is_nothing(self):
        """a skip for another reason, or where the bad end fails, says nothing"""
        commits = self.make_tree("pass", "skip-other", "skip")
        self.expect(self.bisect(commits), 1, "It is one of", commits[1][:12], commits[2][:12])
        shutil.rmtree(self.tree)
        commits = self.make_tree("pass", "skip", "fail")
        self.expect(self.bisect(commits), 1, "It is one of")

    def test_skip_is_good(self):
        """a skip is what the user says"""
        commits = self.make_tree("pass", "skip", "fail")
        self.expect_first_bad(commits, 2, "--skip-is", "good")
        self.expect_first_bad(commits, 1, "--skip-is", "bad")

    def test_only_skipped(self):
        """where the rest cannot be judged, all that it may be are named"""
        commits = self.make_tree("pass", "nobuild", "noboot", "fail")
        done = self.bisect(commits)
        self.expect(done, 1, "was not found", *(commit[:12] for commit in commits[1:]))
        self.assertIsNone(self.summary()["first_bad"])
        self.assertEqual(set(self.summary()["possible_first_bad"]), set(commits[1:]))

    def test_figure(self):
        """a figure above the threshold is bad, and one below is good"""
        commits = self.make_tree("1000", "1010", "1029", "1031", "1040")
        self.expect_first_bad(commits, 3, "--perf", METRIC, "--threshold", "3")

    def test_part_of_figure(self):
        """a part of a metric is no error, and no change is told"""
        commits = self.make_tree("1000", "2000")
        self.expect(self.bisect(commits, "--perf", METRIC + ".faults"), 2, "do not differ",
                    "+0.00 %")

    def test_no_figure_from_oops(self):
        """a kernel that does not measure is skipped"""
        commits = self.make_tree("1000", "1000", "oops", "1000", "1100", "1100")
        self.expect_first_bad(commits, 4, "--perf", METRIC)
        self.assertIn("skip", self.verdicts())

    def test_reproduce(self):
        """the last bad boot is repeated by the command that is printed"""
        commits = self.make_tree("pass", "fail")
        self.bisect(commits)
        command = self.summary()["reproduce"].split()
        self.assertEqual(command[0], "tools/bisect/ttm-huge-bisect")
        self.expect(self.run_tool(*command[1:]), 1, "fail: Failed assertion: 512 != 1")
        self.expect_clean()

    def test_replays(self):
        """the log is one that git replays"""
        commits = self.make_tree("pass", "pass", "fail", "fail")
        self.bisect(commits)
        log = self.project / "build" / "bisect" / "bisect.log"
        git(self.tree, "bisect", "replay", str(log))
        self.assertIn(f"# first bad commit: [{commits[2]}]", git(self.tree, "bisect", "log"))


class Interrupted(Toy):
    """A bisect is stopped in a step, and resumed"""

    def stop_in_step(self, number, how):
        """Sends a signal to the tool during a step; ^C goes to all its processes."""
        self.commits = self.make_tree("pass", "pass", "slow", "fail", "fail")
        tool = subprocess.Popen(self.command(*self.bisect_arguments(self.commits)), text=True,
                                env=self.environment, stdout=subprocess.PIPE,
                                start_new_session=True)
        for line in tool.stdout:
            if line.startswith(f"step {number}"):
                break
        time.sleep(1)
        (os.killpg if how == signal.SIGINT else os.kill)(tool.pid, how)
        said, _ = tool.communicate(timeout=30)
        return tool.returncode, said

    def mend(self):
        """Lets the slow commit pass at once from now on."""
        fake = self.project / "tools" / "lab" / "lab"
        text = fake.read_text(encoding="utf-8")
        text = text.replace("time.sleep(600)", "pass").replace('in ("pass"', 'in ("pass", "slow"')
        fake.write_text(text, encoding="utf-8")

    def expect_resumes(self, steps_before):
        """Checks that the bisect resumes to the end, and repeats no step."""
        self.mend()
        done = self.run_tool("--resume")
        self.expect(done, 0, f"First bad commit: {self.commits[3]}")
        self.assertIn(f"step {steps_before + 1}:", done.stdout)
        self.assertNotIn(f"step {steps_before}:", done.stdout)
        self.expect_clean()

    def test_interrupt(self):
        """^C in a step leaves nothing behind, and the bisect resumes"""
        status, said = self.stop_in_step(3, signal.SIGINT)
        self.assertEqual(status, 130, said)
        self.assertIn("Stopped after 2 steps. To go on", said)
        self.expect_clean()
        self.expect_resumes(2)

    def test_terminate(self):
        """SIGTERM of the tool alone does the same"""
        status, said = self.stop_in_step(3, signal.SIGTERM)
        self.assertEqual(status, 130, said)
        self.expect_clean()
        self.expect_resumes(2)

    def test_kill(self):
        """SIGKILL leaves no process, and the checkout goes at the next start"""
        self.stop_in_step(3, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while processes_in(self.scratch) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(processes_in(self.scratch), [])
        self.expect_resumes(2)

    def test_not_lost(self):
        """a new bisect does not overwrite one that was stopped, unless told to"""
        self.stop_in_step(3, signal.SIGTERM)
        self.expect_line(self.bisect(self.commits), "was stopped after 2 steps", "--resume",
                         "--discard")
        self.assertEqual(self.run_tool("--discard").returncode, 0)
        self.expect_line(self.run_tool("--resume"), "no bisect was stopped")


class Releases(Toy):
    """Kernels that exist already"""

    def say(self, **behaviours):
        """Sets the behaviour of each kernel."""
        for kernel, behaviour in behaviours.items():
            self.environment["FAKE_" + kernel.replace("_", ".")[1:]] = behaviour

    @staticmethod
    def marked(done):
        """The kernels that are marked as the first change."""
        return [line.split()[0] for line in done.stdout.splitlines() if "<-- first change" in line]

    def test_change(self):
        """a line for each kernel, and the first change is marked"""
        self.say(v6_1="skip", v6_12="pass", v7_2="fail")
        done = self.run_tool("--releases", "--test", SUBTEST)
        self.expect(done, 0)
        self.assertEqual(self.marked(done), ["6.12"])

    def test_no_change(self):
        """kernels that are all the same have no mark"""
        self.say(v6_1="pass", v6_12="pass", v7_2="pass")
        done = self.run_tool("--releases", "--test", SUBTEST)
        self.expect(done, 0, "no change")
        self.assertNotIn("<--", done.stdout)

    def test_named(self):
        """only those that are named, and one that cannot be tried fails the run"""
        self.say(v6_12="pass", v7_2="noboot")
        done = self.run_tool("--releases", "7.2", "6.12", "--test", SUBTEST)
        self.expect(done, 1, "does not boot")
        self.assertNotIn("\n6.1 ", done.stdout)

    def test_figures(self):
        """figures have their distance from the first, and a change is one beyond the threshold"""
        self.say(v6_1="1000", v6_12="1010", v7_2="1200")
        done = self.run_tool("--releases", "--perf", METRIC, "--threshold", "3")
        self.expect(done, 0, "+20.0 %")
        self.assertEqual(self.marked(done), ["7.2"])

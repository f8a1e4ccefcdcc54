# SPDX-License-Identifier: GPL-2.0-only
"""One step of a bisect, which tries and judges the commit that is checked out."""

import judge
from checkout import Checkout
from lab import Lab
from session import Session
from trial import Trial, times


def judged(session, found):
    """The verdict on the outcome of a trial, by the outcomes of the ends."""
    options = session.options
    good, bad = session.end("good"), session.end("bad")
    if options["perf"]:
        return judge.verdict_on_figure(found, good or found, options["threshold"])
    if found["commit"] == options["bad"]:
        bad = found
    return judge.verdict_on_test(found, options["skip_is"], bad)


def what_it_is(session, commit):
    """Words that tell the user whether a commit is an end or a fork."""
    for name in ("good", "bad"):
        if commit == session.options[name]:
            return f" (the {name} end)"
    if commit in session.options["forks"]:
        return " (where the branches of the ends part)"
    return ""


def take_step(leash):
    """Tries the commit that is checked out; returns the step with the verdict."""
    session, checkout = Session.unfinished(), Checkout()
    commit = checkout.commit()
    known = session.find(commit)
    if known:
        return known
    subject = checkout.subject(commit)
    leash.say(f"step {len(session.steps) + 1}: {commit[:12]} {subject}"
              f"{what_it_is(session, commit)}")
    trial = Trial(Lab(leash), session.folder_for(commit), session.options)
    found = {"commit": commit, "subject": subject, **trial.run(checkout.path, checkout.path)}
    step = {**found, "verdict": judged(session, found)}
    session.add(step)
    leash.say(f"  {step['verdict']}: {describe(session, step)}  ({times(step['seconds'])})")
    return step


def describe(session, step):
    """The result of a step, and the reason."""
    good = session.end("good")
    if step["result"] == "figure":
        more = ""
        if good and good["figure"] and step["commit"] != good["commit"]:
            change = judge.change_percent(step["figure"], good["figure"])
            more = f", {change:+.1f} % to the good end"
        return step["reason"] + more
    if step["result"] == "broken":
        return step["reason"]
    return step["result"] + (f": {step['reason']}" if step["reason"] else "")

# SPDX-License-Identifier: GPL-2.0-only
"""The steps of the series, from series.toml."""

import os
import pathlib
import re
import textwrap
import tomllib

from shared.series import CHANGED, SeriesError, run

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent

# The folders of the project that belong in a kernel tree.
FOLDERS = ("drivers", "include/drm", "include/linux", "include/uapi", "Documentation/gpu")

# The longest line of a message that looks good in a mail.
LINE = 75


def wrap(text):
    """Wrap the paragraphs of a text."""
    return "\n\n".join(textwrap.fill(" ".join(paragraph.split()), LINE)
                       for paragraph in text.strip().split("\n\n"))


class Step:
    """A patch: its message, the files of ours that it adds, a diff of files in a folder of the
    kernel, and insertions into such files, or into ours for a form of the kernel."""

    def __init__(self, raw, sources, forms):
        self.subject = raw["subject"]
        self.message = f"{self.subject}\n\n{wrap(raw['body'])}\n"
        self.inserts = [insert for insert in raw.get("insert", [])
                        if "form" not in insert or insert["form"] in forms]
        self.diff = PROJECT / raw["diff"] if "diff" in raw else None
        self.folder = raw.get("in", "")
        self.ours = sources
        self.files = [path for pattern in raw.get("files", [])
                      for path in self.matching(pattern, sources)]

    def matching(self, pattern, sources):
        """The sources that match a pattern, of which there has to be one."""
        found = [path for path in sources if path.full_match(pattern)]
        if not found:
            raise SeriesError(f"series.toml: '{self.subject}': there is no {pattern}")
        return found

    @property
    def changed(self):
        """The files that the diff changes, if there is one."""
        text = self.diff.read_text(encoding="utf-8") if self.diff else ""
        return [pathlib.Path(self.folder, name) for name in CHANGED.findall(text)]

    @property
    def kernel_files(self):
        """The files of the kernel that the step changes."""
        paths = [pathlib.Path(insert["file"]) for insert in self.inserts] + self.changed
        return [path for path in paths if path not in self.ours]


def lines_for(lines, change):
    """Where a change goes: after or before a line, or instead of a line that has several
    forms in kernels. There has to be exactly one such line."""
    if "instead_of" in change:
        anchor = change["instead_of"]
        found = [at for at, line in enumerate(lines) if re.fullmatch(anchor, line)]
    else:
        anchor = change.get("after") or change["before"]
        found = [at for at, line in enumerate(lines) if line == anchor]
    if len(found) != 1:
        raise SeriesError(f"{change['file']} has {len(found)} lines, not one, "
                          f"'{anchor.strip()}', which series.toml looks for")
    return slice(found[0] + ("after" in change), found[0] + ("before" not in change))


def insert(text, change, author):
    """Make a change in a text."""
    lines = text.splitlines()
    lines[lines_for(lines, change)] = change["text"].replace("{author}", author).splitlines()
    return "\n".join(lines) + "\n"


def copy_sources(root):
    """Copy what the project has for a kernel tree, without files that a build has made."""
    root.mkdir()
    run(["rsync", "--recursive", "--relative", f"--exclude-from={PROJECT}/.gitignore",
         *FOLDERS, f"{root}/"], cwd=PROJECT)


def check_all_used(sources, used):
    """Check that each source is in one step; files that are not for a kernel are elsewhere."""
    for path in sources:
        times = used.count(path)
        if times != 1:
            raise SeriesError(f"series.toml has {path} {times} times, not once: name it in a step")


def read_forms():
    """The forms in which the probes of include/compat have found the kernel's things, when the
    modules were built for it."""
    probed = pathlib.Path(os.environ.get("LAB_BUILD", ""), "modules/include/compat/probed",
                          f"{os.environ.get('KVER')}.h")
    try:
        text = probed.read_text(encoding="utf-8")
    except OSError as error:
        raise SeriesError(f"{probed}: {error.strerror}: build the modules first") from error
    return set(re.findall(r"^#define COMPAT_(\w+)$", text, re.MULTILINE))


def read_steps(root, forms):
    """Read the steps, for the sources that were copied to a root."""
    raw = tomllib.loads((HERE / "series.toml").read_text(encoding="utf-8"))
    sources = sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
    steps = [Step(step, sources, forms) for step in raw["step"]]
    check_all_used(sources, [path for step in steps for path in step.files])
    return steps

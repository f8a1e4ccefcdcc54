# SPDX-License-Identifier: GPL-2.0-only
"""The part of a Makefile or Kconfig that is about existing files, as a series of patches adds
a folder file by file."""

import pathlib
import re

MAKEFILES = ("Makefile", "Kbuild")

# An object, the flags of an object, or a folder.
NAMED = re.compile(r"\b(?:CFLAGS_)?(\w+\.o\b|\w+/$)")


def grows(path):
    """Whether a file grows with the files that exist."""
    return path.name in MAKEFILES or path.name == "Kconfig"


def is_there(name, makefile, text, present):
    """Whether an object or a folder that a Makefile names can be built."""
    if name.endswith("/"):
        return any(makefile.parent / name in path.parents for path in present)
    stem = name.removesuffix(".o")
    return f"{stem}-y" in text or makefile.with_name(f"{stem}.c") in present


def end_continuation(lines):
    """End the last line without a backslash, because the lines after it may be left out."""
    if lines and lines[-1].endswith("\\"):
        lines[-1] = lines[-1].rstrip("\\").rstrip()
    return lines


def makefile_part(makefile, text, present):
    """The lines of each paragraph that name nothing, or something that exists. A paragraph
    of which nothing exists is left out, with its comment."""
    paragraphs = []
    for paragraph in text.rstrip("\n").split("\n\n"):
        kept, named, found = [], 0, 0
        for line in paragraph.splitlines():
            names = [] if line.startswith("#") else NAMED.findall(line)
            there = [name for name in names if is_there(name, makefile, text, present)]
            named += len(names)
            found += len(there)
            if there or not names:
                kept.append(line)
        if found or not named:
            paragraphs.append("\n".join(end_continuation(kept)))
    return "\n\n".join(paragraphs) + "\n"


def kconfig_part(text, others):
    """The options that other files use."""
    head, *options = re.split(r"^(?=config )", text, flags=re.MULTILINE)
    kept = [option for option in options
            if any(re.search(rf"\bCONFIG_{option.split()[1]}\b", other) for other in others)]
    return (head + "".join(kept)).rstrip("\n") + "\n"


def part_of(path, text, root):
    """The part of a file's text that is about the files below a root."""
    present = {found.relative_to(root) for found in root.rglob("*")
               if found.is_file() and ".git" not in found.relative_to(root).parts}
    if path.name in MAKEFILES:
        return makefile_part(path, text, present)
    # A header may have stubs for a file that does not exist yet.
    others = [(root / other).read_text(encoding="utf-8") for other in present
              if not other.name.startswith("Kconfig") and other.suffix != ".h"]
    return kconfig_part(text, others)


def lost(path, text, root):
    """The first line of a text that a file lacks after the whole series, or None."""
    there = (pathlib.Path(root) / path).read_text(encoding="utf-8").splitlines()
    return next((line for line in text.splitlines() if line not in there), None)

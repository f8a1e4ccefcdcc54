# SPDX-License-Identifier: GPL-2.0-only
"""The mutations, as the first lines of their patches describe them."""

import dataclasses
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent

FIELDS = ("What", "Killers", "Kernel", "Boot", "By")
KERNEL_REPORT = "kernel report"


class MutationError(Exception):
    """A patch lacks a line, or has a bad one."""


@dataclasses.dataclass
class Mutation:
    """What the first lines of a patch say."""

    name: str
    what: str
    killers: list
    kernels: list
    boot: str
    by_report: bool


def fields_of(name, text):
    """The fields in the first lines of a patch, which end at the first empty line."""
    fields = {}
    for line in text.split("\n\n", 1)[0].splitlines():
        if line.startswith("#"):
            continue
        field, _, value = line.partition(": ")
        if field not in FIELDS or field in fields or not value.strip():
            raise MutationError(f"{name}.patch: bad line '{line}'")
        fields[field] = value.strip()
    return fields


def parse(name, text):
    """The mutation that the text of a patch describes."""
    fields = fields_of(name, text)
    for field in ("What", "Killers"):
        if field not in fields:
            raise MutationError(f"{name}.patch: there is no line '{field}:'")
    if fields.get("By", KERNEL_REPORT) != KERNEL_REPORT:
        raise MutationError(f"{name}.patch: the only value of 'By:' is '{KERNEL_REPORT}'")
    return Mutation(name=name, what=fields["What"], killers=fields["Killers"].split(),
                    kernels=fields.get("Kernel", "").split(), boot=fields.get("Boot", ""),
                    by_report="By" in fields)


def read_mutation(name):
    """The mutation of a patch in this folder."""
    path = HERE / f"{name}.patch"
    if not path.exists():
        raise MutationError(f"there is no {name}.patch in {HERE}")
    return parse(name, path.read_text(encoding="utf-8"))


def all_names():
    """The names of all mutations in this folder."""
    return sorted(path.stem for path in HERE.glob("*.patch"))


def options_of_boots(path=TESTS / "boots"):
    """The options of 'lab run' for each boot, by its name."""
    boots = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, _, *options = line.split()
            boots[name] = options
    return boots


def listed_subtests():
    """The subtests of all test lists."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.glob("*.testlist"))
    return set(re.findall(r"^igt@(\S+)", text, re.MULTILINE))


def place_of(kernel, boot):
    """The name of a place: a kernel, and the boot if it is not the usual one."""
    return "-".join(filter(None, (kernel or "default", boot)))

# SPDX-License-Identifier: GPL-2.0-only
"""The faults: what the first lines of their patches say."""

import dataclasses
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent

FIELDS = ("What", "Killers", "Kernel", "Boot", "By")
KERNEL_REPORT = "kernel report"


class FaultError(Exception):
    """A patch does not say what it has to."""


@dataclasses.dataclass
class Fault:
    """What a patch says of itself."""

    name: str
    what: str
    killers: list
    kernels: list
    boot: str
    by_report: bool


def fields_of(name, text):
    """The first lines, up to the one that is empty."""
    fields = {}
    for line in text.split("\n\n", 1)[0].splitlines():
        if line.startswith("#"):
            continue
        field, _, value = line.partition(": ")
        if field not in FIELDS or field in fields or not value.strip():
            raise FaultError(f"{name}.patch: what is '{line}'?")
        fields[field] = value.strip()
    return fields


def parse(name, text):
    """The fault that a patch says it is."""
    fields = fields_of(name, text)
    for field in ("What", "Killers"):
        if field not in fields:
            raise FaultError(f"{name}.patch: there is no line '{field}:'")
    if fields.get("By", KERNEL_REPORT) != KERNEL_REPORT:
        raise FaultError(f"{name}.patch: By is '{KERNEL_REPORT}' or not there")
    return Fault(name=name, what=fields["What"], killers=fields["Killers"].split(),
                 kernels=fields.get("Kernel", "").split(), boot=fields.get("Boot", ""),
                 by_report="By" in fields)


def read_fault(name):
    """The fault of a patch in this folder."""
    path = HERE / f"{name}.patch"
    if not path.exists():
        raise FaultError(f"there is no {name}.patch in {HERE}")
    return parse(name, path.read_text(encoding="utf-8"))


def all_names():
    """Those that are here."""
    return sorted(path.stem for path in HERE.glob("*.patch"))


def options_of_boots(path=TESTS / "boots"):
    """For each boot, by name, its options of 'lab run'."""
    boots = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, _, *options = line.split()
            boots[name] = options
    return boots


def listed_subtests():
    """All that any list has."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.glob("*.testlist"))
    return set(re.findall(r"^igt@(\S+)", text, re.MULTILINE))


def place_of(kernel, boot):
    """The name of a kernel, booted in some way."""
    return "-".join(filter(None, (kernel or "default", boot)))

# SPDX-License-Identifier: GPL-2.0-only
"""What was measured: one buffer object mapped in several ways, and costs by size."""

from shared.figures import GIB, ReportError, counts_instructions, figures_as_json
from shared.metrics import Bench
from shared.page_tables import LEVEL_BYTES, NONE, Mapped, parse_run

# The benchmark's work that has the cost by size.
BY_SIZE = "first-touch"


def integer(raw, key):
    """A member that has to be an integer."""
    value = raw[key]
    if not isinstance(value, int):
        raise ReportError(f"{key} is not an integer: {value!r}")
    return value


def parse_walk(lines):
    """The page tables as runs, holes included."""
    try:
        runs = [parse_run(line) for line in lines]
    except ValueError as error:
        raise ReportError(str(error)) from error
    if any(run.end > following.start
           for run, following in zip(runs, runs[1:])):
        raise ReportError("page tables overlap, or are not in order")
    return runs


class Mapping(Mapped):
    """One way to map the buffer object: what it cost, and the entries."""

    def __init__(self, raw):
        start, size = integer(raw, "address"), integer(raw, "bytes")
        if size <= 0:
            raise ReportError(f"a mapping of {size} bytes")
        self.walk = parse_walk(raw["page_tables"])
        super().__init__(start, start + size, (run for run in self.walk if run.level != NONE))
        self.raw = raw
        self.name = raw["name"]
        self.faults = integer(raw, "faults")
        self.mmap_ns = integer(raw, "mmap_ns")
        self.raw_ns = integer(raw, "first_touch_raw_ns")
        self.net_ns = integer(raw, "first_touch_net_ns")
        self.unmap_ns = integer(raw, "unmap_ns")
        self.page_table_bytes = integer(raw, "page_table_bytes")

    def walked(self):
        """The number of entries of each level, from the page tables."""
        return {level: self.entries(level) for level in LEVEL_BYTES}

    def is_all(self, level):
        """Whether entries of this level map all of it."""
        return self.bytes_at(level) == self.bytes

    def per_gib(self, total):
        """The part of a total that is for a GiB."""
        return total * GIB / self.bytes

    def touch_bound(self):
        """Net time of the first touch, and whether it is only an upper bound.

        If the first pass took no longer than a pass without faults, the difference
        has no meaning. Then the time of the whole first pass is an upper bound.
        """
        if self.net_ns > 0:
            return self.net_ns, False
        return self.raw_ns, True


class Prefault(Mapping):
    """The way that maps ahead of use. The cost of the ioctl is counted separately."""

    def __init__(self, raw):
        super().__init__(raw)
        self.ioctl_faults = integer(raw, "prefault_faults")
        self.ioctl_ns = integer(raw, "prefault_ns")


class Demo:
    """All that was measured in one run."""

    def __init__(self, raw):
        self.bench = Bench(raw)
        self.kernel = raw["kernel"]
        self.clock = raw["clock"]
        levels = raw["levels"]
        self.bo = levels["bo"]
        self.loop_passes = levels["loop_passes"]
        *touched, prefaulted = levels["mappings"]
        self.in_tree, self.huge, pmd, pte = map(Mapping, touched)
        self.levels = {"pud": self.huge, "pmd": pmd, "pte": pte}
        self.prefault = Prefault(prefaulted)
        self.compared = [self.in_tree, self.huge]
        self.mappings = self.compared + [pmd, pte, self.prefault]
        if any(mapping.bytes != self.bo["size"]
               for mapping in (self.in_tree, *self.levels.values())):
            raise ReportError("a mapping is not as large as the BO")

    def touch_ratio(self, mapping):
        """Net time of in-tree TTM divided by that of a mapping, or None without meaning"""
        return ratio(self.in_tree.net_ns, mapping.touch_bound()[0])

    def ways(self):
        """By the names of the benchmark's ways: what to call them, and the mappings."""
        return {"in-tree": (self.in_tree.name, self.in_tree),
                **{level: (f"ttm_huge, {level.upper()}", mapping)
                   for level, mapping in self.levels.items()}}

    def by_size(self):
        """The cost of mmap() and the first touch: for each size, ns by way, or None."""
        for size in self.bench.sizes(BY_SIZE):
            cells = {way: self.bench.cell(BY_SIZE, way, size) for way in self.ways()}
            yield size, {way: cell and cell.ns for way, cell in cells.items()}


def ratio(theirs, ours):
    """How many times more theirs is, or None if that has no meaning."""
    return theirs // ours if theirs > 0 and ours > 0 else None


def gib_as_json(demo, mapping):
    """What a GiB costs."""
    return {
        "faults": mapping.per_gib(mapping.faults),
        "first_touch_net_ns": mapping.per_gib(mapping.net_ns),
        "unmap_ns": mapping.per_gib(mapping.unmap_ns),
        "first_touch_ratio": demo.touch_ratio(mapping),
        "first_touch_ratio_is_lower_bound": mapping.touch_bound()[1],
    }


def prefault_as_json(found):
    """What it costs to map ahead of use."""
    return {
        "bytes": found.bytes,
        "ns": found.ioctl_ns,
        "entries": found.walked(),
        "faults_during": found.ioctl_faults,
        "faults_afterwards": found.faults,
    }


def as_json(demo, figures):
    """The results for programs."""
    keys = ("faults", "mmap_ns", "first_touch_net_ns", "first_touch_raw_ns",
            "unmap_ns", "page_table_bytes")
    theirs, ours = demo.in_tree.raw, demo.huge.raw
    return {
        "kernel": demo.kernel,
        "clock": demo.clock,
        "time_counts_instructions": counts_instructions(demo.clock),
        "bo": demo.bo,
        "loop_passes": demo.loop_passes,
        "mappings": [dict(mapping.raw, entries_walked=mapping.walked())
                     for mapping in demo.mappings],
        "ratios": {key: ratio(theirs[key], ours[key]) for key in keys},
        "first_touch_ratio": demo.touch_ratio(demo.huge),
        "first_touch_ratio_is_lower_bound": demo.huge.touch_bound()[1],
        "per_gib": {way: gib_as_json(demo, mapping)
                    for way, (_, mapping) in demo.ways().items()},
        "prefault": prefault_as_json(demo.prefault),
        "by_size": [{"bytes": size, "ns": costs} for size, costs in demo.by_size()],
        **figures_as_json(figures),
    }

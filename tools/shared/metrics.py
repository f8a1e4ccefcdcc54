# SPDX-License-Identifier: GPL-2.0-only
"""What the benchmark measured: metrics by name, and how they compare with each other."""

from .figures import ReportError, median_and_spread

# The noise of counted instructions.
COUNTED_NOISE = 0.01

# Below this size, many small buffer objects are measured, and not one mapping.
SMALL_BELOW = 2 << 20

IN_TREE = "in-tree"
# The way with TTM's own handler, for each memory. Apart from our ways, only TTM maps a buffer
# object in pieces, and at the same cost as one that is not in pieces.
BASELINE = {"system": "in-tree-system", "radeon": "radeon", "surface": "qxl"}
ONLY_TTM_MAPS = ("pieces", "system", "radeon", "surface")

# The smallest size that can have an entry of each level.
LEVELS = {"PUD": 1 << 30, "PMD": 2 << 20, "PTE": 0}


class Metric:
    """One figure: a cost in nanoseconds, or the reason why it was not measured."""

    def __init__(self, raw, wall):
        self.name = raw["name"]
        self.work, self.way = raw["work"], raw["way"]
        self.bytes = raw["bytes"]
        self.why_not = raw.get("why_not")
        self.samples = raw.get("ns", [])
        self.ns, self.noise = central(self.samples, wall)
        parts = {name: central(samples, wall)
                 for name, samples in raw.get("parts", {}).items()}
        self.parts = {name: ns for name, (ns, _) in parts.items()}
        self.parts_noise = {name: noise for name, (_, noise) in parts.items()}
        self.faults = raw.get("faults")
        self.page_table_bytes = raw.get("page_table_bytes")
        self.tlb_misses = raw.get("tlb_misses")


def central(samples, wall):
    """The value of some samples, and its noise."""
    if not samples:
        return None, None
    if not wall:
        least = min(samples)
        return least, abs(least) * COUNTED_NOISE
    return median_and_spread(samples)


class Bench:
    """All that was measured in one boot."""

    def __init__(self, raw):
        self.kernel = raw["kernel"]
        self.clock = raw["clock"]
        self.wall = raw["time"] == "wall"
        self.why_no_tlb_misses = raw.get("why_no_tlb_misses")
        self.ways = {way["name"]: way for way in raw["ways"]}
        self.works = {work["name"]: work["what"] for work in raw["works"]}
        self.metrics = {result["name"]: Metric(result, self.wall)
                        for result in raw["results"]}
        self.cells = {(metric.work, metric.way, metric.bytes): metric
                      for metric in self.metrics.values()}

    def sizes(self, work):
        return sorted({metric.bytes for metric in self.metrics.values()
                       if metric.work == work})

    def has_small_bos(self, work):
        """Whether the work is done with many small BOs, which have no curve by size"""
        return max(self.sizes(work), default=0) < SMALL_BELOW

    def measured(self):
        return [metric for metric in self.metrics.values() if metric.ns is not None]

    def cell(self, work, way, size):
        """The metric if it was measured, else None"""
        metric = self.cells.get((work, way, size))
        return metric if metric and metric.ns is not None else None

    def value(self, name):
        metric = self.metrics.get(name)
        if not metric or metric.ns is None:
            raise ReportError(f"{name} was not measured")
        return metric

    def lacks(self, name):
        """Whether it was not measured for a reason that is given"""
        metric = self.metrics.get(name)
        return bool(metric and metric.why_not)

    def is_ours(self, metric):
        return self.ways[metric.way]["role"] == "ours"

    def baseline(self, metric):
        return BASELINE.get(self.ways[metric.way]["memory"], IN_TREE)

    def in_tree(self, metric):
        return self.cell(metric.work, self.baseline(metric), metric.bytes)

    def level(self, metric):
        """The level of the largest entries that map it, which depends on the way and the size"""
        largest = self.ways[metric.way]["level"]
        return next(level for level, size in LEVELS.items()
                    if LEVELS[largest] >= size and metric.bytes >= size)

    def peers(self, metric):
        """The metrics of other ways to map the same memory that were measured"""
        memory = self.ways[metric.way]["memory"]
        names = {name for name, way in self.ways.items()
                 if way["role"] == "peer" and way["memory"] == memory}
        if memory in ONLY_TTM_MAPS:
            names = {self.baseline(metric)}
        return [peer for name in names - {metric.way}
                if (peer := self.cell(metric.work, name, metric.bytes))]

    def best_peer(self, metric):
        """The cheapest other way to map the same memory by entries of the same level"""
        like = [peer for peer in self.peers(metric) if self.level(peer) == self.level(metric)]
        return min(like, key=lambda peer: peer.ns, default=None)

    def verdict(self, metric):
        """What a reader should notice about a row of ours"""
        if self.loses(metric):
            return "LOSES"
        if self.is_ours(metric) and self.peers(metric) and not self.best_peer(metric):
            return f"no peer has a {self.level(metric)} entry"
        return ""

    def loses(self, metric):
        """Whether it is ours, and a peer is cheaper by more than the noise"""
        best = self.best_peer(metric)
        return (self.is_ours(metric) and best is not None
                and metric.ns - best.ns > metric.noise + best.noise)


def quotient(dividend, divisor):
    """How many times the divisor, or None if that has no meaning"""
    if dividend is None or divisor is None or dividend.ns <= 0 or divisor.ns <= 0:
        return None
    return dividend.ns / divisor.ns

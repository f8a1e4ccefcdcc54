# SPDX-License-Identifier: GPL-2.0-only
"""The figures to reach, as ratios within one run."""

from shared.figures import Figure, ReportError, clock_figure, format_ns

# Figures that are not reached for a known reason, see Documentation/tools/bench.rst. Some have
# a second figure, which limits how far off they may be.
PUD_FIGURE = "first touch of 1 GiB, aligned: times vfio-pci's PUD path"
PLAIN_FIGURE = "the same without TTM, by pfnmap alone"
DIRTY_FIGURE = "writes tracked, every page of 1 GiB: times below in-tree TTM"
PREFAULT_FIGURE = "prefault of 8 GiB by {}: times their first touch"
BOUNDED = {
    f"{PLAIN_FIGURE}: at most 1.05":
        "it checks the slot, plans, and excludes zaps of the file; vfio-pci does none of these",
    f"{PUD_FIGURE}: at most 1.2":
        "a BO can move and its device can go: 776 instructions outside the core, not 170",
    "unmap of BOs too small for a PUD entry: the same at all sizes":
        "the core removes PMD entries one by one, vfio-pci's as well",
    "evict-zap of BOs too small for a PUD entry: the same at all sizes":
        "the core removes PMD entries one by one, vfio-pci's as well",
}

# Costs count as the same if the largest is at most this times the least.
SAME = 1.1


def at_most(name, found, limit, more=""):
    return Figure(f"{name}: at most {limit:g}", f"{found:,.2f}{more}",
                  0 < found <= limit)


def at_least(name, found, limit, more=""):
    return Figure(f"{name}: at least {limit:,}", f"{found:,.1f}{more}",
                  found >= limit)


def cost(bench, name, part=None):
    """The cost of a metric, or of a part of it. A cost of 0 means that it was not measured."""
    metric = bench.value(name)
    ns = metric.parts.get(part) if part else metric.ns
    if ns is None or ns <= 0:
        raise ReportError(f"{name}{f' ({part})' if part else ''} was not measured: {ns} ns")
    return ns


def touch(bench, way):
    return cost(bench, f"first-touch.{way}.1G", "touch")


def touch_figures(bench):
    """The cost of the faults. It includes mmap() only where mmap() sets entries"""
    pud, pmd, pte = (touch(bench, way) for way in ("pud", "pmd", "pte"))
    in_tree = touch(bench, "in-tree")
    remap = cost(bench, "first-touch.sysfs-wc.1G")
    with_mmap = cost(bench, "first-touch.pud.1G") / cost(bench, "first-touch.vfio-1g.1G")
    ratio = pud / touch(bench, "vfio-1g")
    yield at_most(PUD_FIGURE, ratio, 1.2, f" ({with_mmap:.2f} with mmap())")
    yield at_most("no goal, but a bound for the above", ratio, 1.3)
    plain = touch(bench, "plain-pud") / touch(bench, "vfio-1g")
    yield at_most(PLAIN_FIGURE, plain, 1.05)
    yield at_most("no goal, but a bound for the above", plain, 1.12)
    yield at_least("first touch of 1 GiB, aligned: times below in-tree TTM",
                   in_tree / pud, 10000)
    yield at_least("not PUD-alignable: times below vfio-pci's PMD path",
                   touch(bench, "vfio-2m") / pmd, 40)
    yield at_most("runs of PTEs: times remap_pfn_range()", pte / remap, 0.75)
    yield at_least("runs of PTEs: times below in-tree TTM", in_tree / pte, 31)


# Memory in pieces: the way, the way of TTM to compare with, the size, how many times less it has
# to cost, and the most faults that it may take: one for each page table, or one for each 8 PMD
# entries if ttm_huge has to look at each page.
IN_PIECES = (("scattered-2m", "in-tree", "1G", 3700, 1),
             ("scattered-64k", "in-tree", "1G", 25, 512),
             ("scattered-4k", "in-tree", "128M", 12, 64),
             ("system", "in-tree-system", "1G", 120, 64))


def pieces_figures(bench):
    """A fault fills its page table, however the memory is scattered"""
    for way, base, size, times, faults in IN_PIECES:
        name = f"first-touch.{way}.{size}"
        found = cost(bench, f"first-touch.{base}.{size}", "touch") / cost(bench, name, "touch")
        yield at_least(f"{way}, {size}: times below {base}", found, times)
        yield at_most(f"{way}, {size}: faults", bench.value(name).faults or 0, faults)


def radeon_figures(bench):
    """Staging buffers have about this size; radeon is not built for every kernel"""
    name = "first-touch.radeon-huge.32M"
    if bench.lacks(name):
        return
    found = cost(bench, "first-touch.radeon.32M", "touch") / cost(bench, name, "touch")
    yield at_least("32 MiB of radeon's VRAM: times below in-tree radeon", found, 300)
    yield at_most("32 MiB of radeon's VRAM: faults", bench.value(name).faults or 0, 1)
    found = cost(bench, "life.radeon.32M") / cost(bench, "life.radeon-huge.32M")
    yield at_least("the same with mmap() and munmap(): times below in-tree radeon", found, 300)


def one_page_figures(bench):
    def ratio(work, way, base):
        return (cost(bench, f"{work}.{way}.1G", "touch")
                / cost(bench, f"{work}.{base}.1G", "touch"))

    for way, base in (("pud", "in-tree"), ("pmd", "in-tree"), ("pte", "in-tree"),
                      ("system", "in-tree-system")):
        without = f" ({ratio('one-page', way, base):.2f} without)"
        yield at_most(f"one page, MADV_RANDOM, {way}: times {base}",
                      ratio("one-page-advised", way, base), 1.3, without)
    yield at_most("one page, not advised, pmd: times in-tree",
                  ratio("one-page", "pmd", "in-tree"), 1.6)


def same(name, found):
    return Figure(f"{name}: the same at all sizes",
                  f"{format_ns(min(found))} to {format_ns(max(found))}",
                  max(found) <= SAME * min(found))


def unmap_part_figure(bench):
    """The cost does not depend on how much of the entry is left"""
    name = "unmap-part.pud.1G"
    found = [cost(bench, name, part) for part in bench.value(name).parts]
    if len(found) < 2:
        raise ReportError(f"{name} was measured at {len(found)} sizes")
    return same("unmap of 2 to 512 MiB of a PUD mapping", found)


def same_below_1g(bench, work):
    """A BO of less than 1 GiB has PMD entries"""
    found = [cost(bench, f"{work}.pmd.{size}")
             for size in ("2M", "8M", "32M", "128M", "512M")]
    return same(f"{work} of BOs too small for a PUD entry", found)


def linear_above(bench, work, sizes):
    """Each GiB costs no more than a single one"""
    one = cost(bench, f"{work}.pud.1G")
    costs = {size: cost(bench, f"{work}.pud.{size}G") for size in sizes}
    text = ", ".join(map(format_ns, (one, *costs.values())))
    return Figure(f"{work} of 1, {', '.join(map(str, sizes))} GiB: linear at most", text,
                  all(ns <= SAME * size * one for size, ns in costs.items()))


def zap_figures(bench):
    yield unmap_part_figure(bench)
    for work, sizes in (("unmap", (2, 8)), ("evict-zap", (2,))):
        yield same_below_1g(bench, work)
        yield linear_above(bench, work, sizes)
    yield at_most("unmap of 512 PMD entries: times vfio-pci's",
                  cost(bench, "unmap.pmd.1G") / cost(bench, "unmap.vfio-2m.1G"),
                  SAME)


def small_figures(bench):
    for size in ("4K", "64K"):
        for ours, theirs in (("pte", "in-tree"), ("system", "in-tree-system")):
            found = (cost(bench, f"small-bos.{ours}.{size}")
                     / cost(bench, f"small-bos.{theirs}.{size}"))
            yield at_most(f"4,096 small BOs, {ours}, {size}: times {theirs}",
                          found, 1)


# create-mixed times the last so many BOs that it makes.
TIMED_BOS = 1000


def create_figures(bench):
    """Both are made by the same module in the same boot"""
    for where, ours, theirs in (("system memory", "system", "in-tree-system"),
                                ("VRAM", "pte", "in-tree")):
        found = cost(bench, f"create-mixed.{ours}.12K")
        base = cost(bench, f"create-mixed.{theirs}.12K")
        more = f" ({format_ns(found / TIMED_BOS)} and {format_ns(base / TIMED_BOS)} each)"
        yield at_most(f"creation after BOs of another size, {where}: times TTM's own",
                      found / base, 1.2, more)


def dirty_figures(bench):
    """A fault for each page table, not for each page"""
    yield at_least(DIRTY_FIGURE, touch(bench, "in-tree") / touch(bench, "dirty"), 23)
    yield at_most("writes tracked, every page of 1 GiB: faults",
                  bench.value("first-touch.dirty.1G").faults or 0, 512)


def prefault_figures(bench):
    for way, entries in (("pmd", "PMD entries"), ("pte", "PTEs")):
        yield at_most(PREFAULT_FIGURE.format(entries),
                      cost(bench, f"prefault.{way}.8G")
                      / cost(bench, f"first-touch.{way}.8G", "touch"), 1)


def prefault_timer_figures(bench):
    for size in ("1G", "8G"):
        found = (cost(bench, f"prefault-timer.pte.{size}")
                 / cost(bench, f"prefault.pte.{size}"))
        yield at_most(f"prefault of {size} by PTEs under a timer: times without it",
                      found, 2)


def bounded_lines(figures):
    """The reasons for figures that are not reached, if they are known"""
    for figure in figures:
        if not figure.reached and figure.name in BOUNDED:
            yield f"Bounded: {figure.name}: {BOUNDED[figure.name]}."


def acceptable(figures):
    """Whether there are figures, and all are reached that are not in BOUNDED"""
    return bool(figures) and all(figure.reached or figure.name in BOUNDED for figure in figures)


def targets(bench):
    """All figures to reach; they are for counted instructions."""
    return [*touch_figures(bench), *pieces_figures(bench), *radeon_figures(bench),
            *one_page_figures(bench),
            *zap_figures(bench), *small_figures(bench),
            *create_figures(bench), *dirty_figures(bench), *prefault_figures(bench),
            *prefault_timer_figures(bench),
            clock_figure(bench.clock)]

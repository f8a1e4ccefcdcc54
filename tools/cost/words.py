# SPDX-License-Identifier: GPL-2.0-only
"""A report in words and rows, for the terminal and for the page."""

from ours import LAB, LAB_IN_TREE_FAULTS, faults_with_ours
from shared.figures import format_bytes, format_count, format_ns, median_and_spread
from shared.page_tables import LEVEL_BYTES

COLUMNS = ("size", "faults", "first touch", "spread", "again", "mmap", "munmap", "tables")
COMPARED = ("GPU", "size", "faults", "first touch", "times less")

TITLE = "What a CPU mapping of VRAM costs here"
SEND = ("To share it, attach the page or the JSON to an issue of the project. They have no serial "
        "number, host name, address or user name; look before you send.")


def counted(number, what):
    """A number of things."""
    return f"{format_count(number)} {what}{'' if number == 1 else 's'}"


def median(row, what):
    """The median of some samples."""
    return median_and_spread(row[what])[0]


def head_lines(report):
    """What was measured on."""
    yield f"Linux {report['kernel']}, {report['cpu']}"


def meaning_lines(report):
    """What the columns say."""
    loop = report["loop"]
    each = median(loop, "loop_ns") / loop["pages"]
    yield (f"First touch: a byte is written to each page of a new mapping, and each takes a page "
           f"fault unless an earlier fault has mapped it. Again: the same once more, without "
           f"faults; what it takes is the loop and the memory, and the rest of the first touch is "
           f"faults. Times are medians of {len(loop['loop_ns'])} samples, after one to warm up; "
           f"spread is the distance of their quartiles. Tables: what page tables grew by.")
    yield (f"The loop itself takes {each:.1f} ns a page, on memory of the program that was touched "
           f"before, and {counted(loop['loop_faults'], 'fault')}.")


def bar_line(bar):
    """A BAR: its size, what fits into it where it is, and the sizes that it can have."""
    kind = "prefetchable" if bar["prefetchable"] else "registers"
    line = f"BAR {bar['number']}: {format_bytes(bar['bytes'])}, {kind}"
    if bar["prefetchable"]:
        line += f"; entries of up to {format_bytes(bar['entry_bytes'])} fit where it is"
    if bar["can_be_bytes"]:
        sizes = ", ".join(map(format_bytes, bar["can_be_bytes"]))
        line += f"; it is resizable: {sizes}"
    return line


def vram_bar(gpu):
    """The BAR that shows VRAM: the largest that is prefetchable, if there is any."""
    bars = [bar for bar in gpu["bars"] if bar["prefetchable"]]
    return max(bars, key=lambda bar: bar["bytes"], default=None)


def resize_lines(gpu):
    """How to make the BAR larger, if it can be."""
    bar = vram_bar(gpu)
    if not bar or max(bar["can_be_bytes"], default=0) <= bar["bytes"]:
        return
    largest = max(bar["can_be_bytes"])
    yield (f"To make BAR {bar['number']} larger, turn on 'Above 4G Decoding' and 'Resizable BAR' "
           f"(or 'Smart Access Memory') in the set-up of the machine's firmware. Or, as long as no "
           f"driver has the device: echo {largest.bit_length() - 21} "
           f">/sys/bus/pci/devices/ADDRESS/resource{bar['number']}_resize, for "
           f"{format_bytes(largest)}; that fails if the bridge above has no room.")


def ours_line(gpu):
    """Whether ttm_huge is there."""
    ours = gpu["ttm_huge"]
    if not ours["max_level"]:
        return "ttm_huge is not installed."
    used = {True: f"{gpu['driver']} uses it", False: f"{gpu['driver']} does not use it",
            None: f"the kernel does not say whether {gpu['driver']} uses it"}[ours["used"]]
    return f"ttm_huge is there, with max_level={ours['max_level']}; {used}."


def ttm_line(gpu):
    """Whether the driver uses TTM."""
    return {True: f"{gpu['driver']} uses TTM.",
            False: f"{gpu['driver']} does not use TTM: these are mappings of its own.",
            None: "TTM is not a module here: the kernel does not say who uses it."}[gpu["uses_ttm"]]


def gpu_title(gpu):
    """Name, numbers, driver and node of a GPU."""
    ids = f"{gpu['name'] or 'GPU'} ({gpu['ids']})" if gpu["ids"] else "A device that is not on PCI"
    return f"{ids}: {gpu['driver']}, {gpu['node']}"


def gpu_lines(gpu):
    """What is known of a GPU before it is measured."""
    yield from map(bar_line, gpu["bars"])
    if gpu["vram"]:
        yield (f"VRAM: {format_bytes(gpu['vram']['bytes'])}, of which the CPU sees "
               f"{format_bytes(gpu['vram']['visible_bytes'])}")
    yield from resize_lines(gpu)
    yield f"{ttm_line(gpu)} {ours_line(gpu)}"


def cells_of(row):
    """A row of the table of a GPU."""
    first, spread = median_and_spread(row["first_ns"])
    return (format_bytes(row["bytes"]), format_count(row["faults"]), format_ns(first),
            format_ns(spread), *(format_ns(median(row, what))
                                 for what in ("again_ns", "mmap_ns", "munmap_ns")),
            format_bytes(row["page_table_bytes"]))


def measured(gpu):
    """The rows that have figures."""
    return [row for row in gpu["rows"] if "why_not" not in row]


def table_rows(gpu):
    """The table of a GPU."""
    return [cells_of(row) for row in measured(gpu)]


def fault_ns(row):
    """What the faults take: the difference of both touches, if there is one."""
    return max(0, median(row, "first_ns") - median(row, "again_ns"))


def tables_text(row):
    """What the new page tables tell. Each range of 2 MiB that is wholly inside a mapping has a
    huge entry, or a page table of its own; some tables are of the levels above, or at the ends."""
    tables, ranges = row["page_table_bytes"] // LEVEL_BYTES["pte"], row["ranges_of_2m"]
    others = 8 + row["bytes"] // LEVEL_BYTES["pud"]
    said = f"{counted(tables, 'new page table')} for {counted(ranges, 'range')} of 2 MiB"
    if tables < ranges:
        return f"{said}: at least {ranges - tables} mapped by entries of 2 MiB or more"
    if min(tables - others, ranges) > 0:
        return f"{said}: at least {min(tables - others, ranges)} mapped by entries of 4 KiB"
    return f"{said}, which does not tell by which entries"


def entries_text(row):
    """By which entries it is mapped: as the driver's file shows them, or as page tables tell."""
    counts = [f"{format_count(count)} {level.upper()}"
              for level, count in reversed((row["entries"] or {}).items()) if count]
    if not counts:
        return tables_text(row)
    return f"mapped by {', '.join(counts)} entries, as pfnmap_page_tables shows"


def where_text(row):
    """Where the driver says that the memory is."""
    if not row["regions"]:
        return "the driver does not say where it is"
    return "the driver has it in " + ", ".join(
        f"{region} ({format_bytes(count)})" for region, count in row["regions"].items())


def row_lines(gpu, row):
    """What is to be said of a row of the table."""
    entry_bytes = (vram_bar(gpu) or {"entry_bytes": LEVEL_BYTES["pte"]})["entry_bytes"]
    share = 100 * fault_ns(row) / max(1, median(row, "first_ns"))
    yield f"{format_bytes(row['bytes'])}: {entries_text(row)}; {where_text(row)}."
    yield (f"  Faults take {format_ns(fault_ns(row))}, {share:.0f} % of the first touch: no more "
           f"than that can be saved. By arithmetic, with ttm_huge it is "
           f"{counted(faults_with_ours(row['bytes'], entry_bytes), 'fault')}, if the memory is in "
           f"one piece.")


def lab_line():
    """What was measured elsewhere."""
    ours = "; ".join(f"{counted(lab.faults, 'fault')} by {lab.level} entries, and "
                     f"{format_count(lab.times)} times fewer instructions" for lab in LAB)
    return (f"In the project's lab, the first touch of a GiB takes "
            f"{counted(LAB_IN_TREE_FAULTS, 'fault')} with TTM's own handler. With ttm_huge it is "
            f"{ours}. These are the figures of README.md. They count instructions in QEMU, and no "
            f"time on this machine follows from them.")


def missing_lines(gpu):
    """What was not measured, and why."""
    for row in gpu["rows"]:
        if "why_not" in row:
            yield f"{format_bytes(row['wanted_bytes'])}: not measured: {row['why_not']}"


def percent(part, profile):
    """A share of samples."""
    return f"{100 * part / profile['samples']:.0f} %"


def listed(shares, profile):
    """Shares by name, the largest first."""
    return ", ".join(f"{name} {percent(count, profile)}" for name, count in shares.items())


def profile_lines(profile):
    """Where the time of first touches goes."""
    if "why_not" in profile:
        yield f"Where the time goes is not known: {profile['why_not']}."
        return
    if not profile["samples"]:
        yield "Where the time goes is not known: the first touches were over before a sample."
        return
    line = (f"Of {format_count(profile['samples'])} samples of first touches of "
            f"{format_bytes(profile['bytes'])}, {percent(profile['in_kernel'], profile)} are in "
            f"the kernel")
    if "in_fault_handler" not in profile:
        yield line + "; as it hides its addresses from this user, in which functions is not known."
        return
    yield line + f", and {percent(profile['in_fault_handler'], profile)} in handle_mm_fault()."
    if profile["in_modules"]:
        yield "In or below modules: " + listed(profile["in_modules"], profile) + "."
    yield "In functions themselves: " + listed(profile["functions"], profile) + "."


def notes(gpu):
    """What is said below the table of a GPU."""
    hows = dict.fromkeys(row["how"] for row in measured(gpu))
    if hows:
        yield "Buffer objects: " + "; ".join(hows) + "."
    for row in measured(gpu):
        yield from row_lines(gpu, row)
    yield from missing_lines(gpu)
    yield from profile_lines(gpu["profile"])
    yield lab_line()


def times_text(pair):
    """How many times less the first touch takes than before."""
    before, after = (median(row, "first_ns") for row in (pair.old, pair.new))
    if not pair.differ:
        return "the same within the spread"
    return f"{before / max(1, after):,.2f}"


def compared_rows(pairs):
    """Before and after, for each buffer object that both reports have."""
    for pair in pairs:
        yield (pair.gpu["node"], format_bytes(pair.new["bytes"]),
               f"{format_count(pair.old['faults'])} -> {format_count(pair.new['faults'])}",
               " -> ".join(format_ns(median(row, "first_ns")) for row in (pair.old, pair.new)),
               times_text(pair))


def compared_lines(old, new):
    """What is compared."""
    yield f"Before: Linux {old['kernel']}. After: Linux {new['kernel']}."
    yield "What is in only one of both reports is left out."
    if old["cpu"] != new["cpu"]:
        yield f"The CPU was another one: {old['cpu']}."
    for gpu in old["gpus"]:
        yield f"Before, {gpu['driver']}: {ours_line(gpu)}"

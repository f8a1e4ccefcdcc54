# SPDX-License-Identifier: GPL-2.0-only
"""Why entries are not larger, in words that a user can act on.

The driver knows the reason, and the tracepoint pfnmap:pfnmap_fault shows it when an entry is
set. Later it can only be guessed from what a mapping shows: its ends, addresses and memory."""

from shared.figures import format_bytes
from shared.mappings import LEVELS, PAGE, part_of
from shared.page_tables import LEVEL_BYTES


def next_level(level):
    """The next larger level, or None after the largest."""
    index = LEVELS.index(level) + 1
    return LEVELS[index] if index < len(LEVELS) else None


def align_down(number, size):
    """Round a number down to a multiple of a size."""
    return number - number % size


def parts_of(run, size):
    """Cut a run at the first and the last border between entries of a size: the part before
    the first border, the part between them, and the part after the last one."""
    borders = {align_down(run.start + size - 1, size), align_down(run.end, size)}
    cuts = sorted({run.start, run.end, *(at for at in borders if run.start < at < run.end)})
    return [part_of(run, start, end) for start, end in zip(cuts, cuts[1:])]


def delta_of(run):
    """The difference between the page frame and the user page of a run."""
    return run.pfn - run.start // PAGE


def frames_differ(mapping, start, size):
    """Whether the entries of a range map memory that is not in one piece."""
    deltas = {delta_of(run) for run in mapping.runs
              if run.start < start + size and run.end > start}
    return len(deltas) > 1


def alignment_of(number):
    """The size of the largest level that a number is a multiple of, in words."""
    return format_bytes(next((size for size in LEVEL_BYTES.values() if number % size == 0), PAGE))


def why_misaligned(mapping, run, size, words):
    """Why user address and page frame are not aligned alike."""
    if (mapping.start - mapping.offset) % size:
        found = alignment_of(mapping.start - mapping.offset)
        return (f"the address is aligned to {found}, not to {words}: let the kernel choose it, "
                "with NULL for mmap()")
    found = alignment_of(run.start - run.pfn * PAGE)
    return (f"the memory is aligned to {found}, not to {words}: it was full, or the driver does "
            "not align it")


def why(mapping, run, largest="pud"):
    """Why a part of a run has no entries of the next level, or None if there is no next
    level. @largest is the largest level that the driver allows."""
    level = next_level(run.level)
    if not level:
        return None
    size = LEVEL_BYTES[level]
    words = format_bytes(size)
    block = align_down(run.start, size)
    if LEVELS.index(level) > LEVELS.index(largest):
        return f"the driver allows nothing larger: max_level is {largest}"
    if mapping.bytes < size:
        return f"the mapping is smaller than {words}"
    if (delta_of(run) * PAGE) % size:
        return why_misaligned(mapping, run, size, words)
    if block < mapping.start or block + size > mapping.end:
        return f"the mapping has only a part of this {words}: it begins or ends inside"
    if frames_differ(mapping, block, size):
        return f"the memory of this {words} is not in one piece"
    return (f"smaller entries were there first, or the process wants none (MADV_NOHUGEPAGE), or "
            f"writes are tracked, or the buffer object ends inside this {words}; mmap() with "
            f"MAP_FIXED over the mapping lets it grow, and --watch says which it is")


def explained(mapping, largest="pud"):
    """The parts of a mapping, each with the reason why its entries are not larger. Adjacent
    parts with the same level and reason are merged: (first run, bytes, entries, reason)."""
    rows = []
    for run in mapping.runs:
        level = next_level(run.level)
        for part in parts_of(run, LEVEL_BYTES[level]) if level else [run]:
            reason = why(mapping, part, largest)
            if rows and (rows[-1][0].level, rows[-1][3]) == (part.level, reason):
                first, size, entries, _ = rows[-1]
                rows[-1] = (first, size + part.end - part.start, entries + part.entries, reason)
            else:
                rows.append((part, part.end - part.start, part.entries, reason))
    return rows

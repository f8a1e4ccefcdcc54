# SPDX-License-Identifier: GPL-2.0-only
"""Mappings as text for users, and as JSON for programs."""

from shared.figures import GIB, KIB, MIB
from shared.mappings import LEVELS
from why import explained


def size_text(size):
    """A size, in the largest unit that is not larger than it."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"


def mapping_lines(mapping, largest):
    """The line of a mapping, and below it a line for each part."""
    first = mapping.runs[0]
    yield (f"  {mapping.start:x}-{mapping.end:x}  {size_text(mapping.bytes)} from offset "
           f"{mapping.offset:#x}, {first.caching}")
    for run, size, entries, reason in explained(mapping, largest):
        yield (f"    {size_text(size):>10}  {entries:>7,} {run.level.upper()}"
               + ("" if run.special == "special" else ", which get_user_pages() may take")
               + ("" if run.access == "rw" else ", read-only"))
        if reason:
            yield f"                why: {reason}"
    if mapping.bytes_unmapped:
        yield f"    {size_text(mapping.bytes_unmapped):>10}          not mapped: no access since"


def sum_line(mappings):
    """The bytes that the mappings have at each level."""
    parts = [f"{size_text(size)} {level.upper()}" for level in reversed(LEVELS)
             if (size := sum(mapping.bytes_at(level) for mapping in mappings))]
    return ", ".join(parts)


def process_lines(process, largest):
    """The lines of a process."""
    yield (f"{process.pid} {process.command}: {sum_line(process.mappings)} of "
           f"{process.device.name} ({process.device.driver})")
    for mapping in process.mappings:
        yield from mapping_lines(mapping, largest)


def mapping_json(mapping, largest):
    """A mapping as JSON."""
    return {
        "start": mapping.start, "end": mapping.end, "offset": mapping.offset,
        "path": mapping.path, "unmapped_bytes": mapping.bytes_unmapped,
        **{f"{level}_bytes": mapping.bytes_at(level) for level in LEVELS},
        "runs": [{"start": run.start, "bytes": size, "entries": entries, "level": run.level,
                  "pfn": run.pfn, "caching": run.caching, "special": run.special == "special",
                  "writable": run.access == "rw", "why": reason}
                 for run, size, entries, reason in explained(mapping, largest)],
    }


def process_json(process, largest):
    """A process as JSON."""
    return {"pid": process.pid, "command": process.command, "device": process.device.name,
            "driver": process.device.driver,
            "mappings": [mapping_json(mapping, largest) for mapping in process.mappings]}

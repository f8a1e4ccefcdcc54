# SPDX-License-Identifier: GPL-2.0-only
"""Which GPUs there are, as sysfs shows them: driver, BARs, and whether ttm_huge is installed."""

import pathlib
import re

from shared.pci import Device, largest_entry

SYSFS = pathlib.Path("/sys")
PCI_IDS = tuple(map(pathlib.Path, ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids")))
NODE = re.compile(r"(?:renderD|card)\d+")
MIB = 1 << 20


class CostError(Exception):
    """What cannot be measured, and what to do, in one line."""


def read(path):
    """The text of a file of sysfs, or None."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return None


def name_in(lines, vendor, device):
    """What the lines of pci.ids call a device, as far as they have it."""
    name = None
    for line in lines:
        if name and not line.startswith(("\t", "#")):
            break
        if line.startswith(vendor + "  "):
            name = line[6:]
        elif name and line.startswith(f"\t{device}  "):
            return f"{name} {line[7:]}"
    return name


def name_of(ids, files=PCI_IDS):
    """What a GPU is called; None if the machine has no list of names."""
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        return name_in(lines, *ids.split(":"))
    return None


def sizes_of(bitmap):
    """The sizes that a resizable BAR can have: a bit for each, the first for 1 MiB."""
    return [MIB << bit for bit in range(bitmap.bit_length()) if bitmap >> bit & 1]


class Gpu:
    """A device of DRM, and the nodes in /dev/dri through which it is used."""

    def __init__(self, folder, nodes, sysfs=SYSFS):
        self.folder, self.nodes, self.sysfs = folder, nodes, sysfs
        self.driver = (folder / "driver").resolve().name

    @property
    def address(self):
        """The address on the PCI bus, or None. No report has it."""
        name = self.folder.name
        return name if (self.sysfs / "bus/pci/devices" / name).exists() else None

    def __str__(self):
        return f"{self.nodes[0]} ({self.driver})"

    def uses_ttm(self):
        """Whether the driver's module uses TTM; None where TTM is built in, or not there."""
        holders = self.sysfs / "module/ttm/holders"
        return (holders / self.driver).exists() if holders.is_dir() else None

    def bars(self):
        """The BARs, without their addresses."""
        if not self.address:
            return []
        device = Device(self.address, self.sysfs)
        return [{"number": bar.number, "bytes": bar.size, "prefetchable": bar.prefetchable,
                 "entry_bytes": largest_entry(bar),
                 "can_be_bytes": sizes_of(int(device.read(f"resource{bar.number}_resize", "0"),
                                              16))}
                for bar in device.memory_bars()]

    def vram(self):
        """VRAM, and as much of it as the CPU sees; None but for amdgpu."""
        total, visible = (read(self.folder / f"mem_info_{name}vram_total")
                          for name in ("", "vis_"))
        return {"bytes": int(total), "visible_bytes": int(visible)} if total and visible else None

    def ours(self):
        """What is known of ttm_huge: its largest level, and whether the driver uses it, which
        the kernel does not say of what is built in. TTM itself may have it, too."""
        module, ttm = self.sysfs / "module/ttm_huge", self.sysfs / "module/ttm"
        level, in_ttm = (read(folder / "parameters/max_level") for folder in (module, ttm))
        holders = module / "holders"
        used = (holders / self.driver).exists() if holders.is_dir() else None if level else False
        return {"used": bool(in_ttm) or used, "max_level": in_ttm or level}

    def describe(self):
        """All of it, for a report."""
        ids = Device(self.address, self.sysfs).name() if self.address else None
        return {"node": self.nodes[0], "driver": self.driver, "ids": ids,
                "name": name_of(ids) if ids else None, "uses_ttm": self.uses_ttm(),
                "bars": self.bars(), "vram": self.vram(), "ttm_huge": self.ours()}


def find_gpus(sysfs=SYSFS):
    """All devices of DRM, each with its nodes; the render node comes first."""
    nodes = {}
    for path in sorted((sysfs / "class/drm").glob("*"), reverse=True):
        if NODE.fullmatch(path.name):
            nodes.setdefault((path / "device").resolve(), []).append(path.name)
    if not nodes:
        raise CostError("there is no DRM device: no driver of a GPU is loaded")
    return sorted((Gpu(folder, names, sysfs) for folder, names in nodes.items()), key=str)


def choose_gpus(gpus, node=None):
    """The GPU that has a node; without a node, all GPUs on PCI whose driver may use TTM."""
    there = ", ".join(map(str, gpus))
    if node:
        wanted = [gpu for gpu in gpus if pathlib.Path(node).name in gpu.nodes]
        if not wanted:
            raise CostError(f"there is no DRM device {node}; there is {there}")
        return wanted
    wanted = [gpu for gpu in gpus if gpu.address and gpu.uses_ttm() is not False]
    if not wanted:
        raise CostError(f"no driver here uses TTM: there is {there}; --device measures one all "
                        "the same")
    return wanted

# SPDX-License-Identifier: GPL-2.0-only
"""What sysfs tells of a PCI device, and whether bigbar may have it."""

import pathlib
import re
from collections import namedtuple

MEMORY, PREFETCHABLE, UNSET = 0x200, 0x2000, 0x20000000
BRIDGE = 0x06
LEAST = 2 << 20
# What page-table entries map, the largest first.
ENTRIES = (1 << 30, 2 << 20, 4 << 10)
ADDRESS = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}[.][0-7]")

# Addresses and sizes in bytes.
Bar = namedtuple("Bar", "number start size prefetchable")


def largest_entry(bar):
    """What the largest page-table entry maps that fits into the BAR where it is."""
    return next((size for size in ENTRIES if bar.start % size == 0 and bar.size >= size),
                ENTRIES[-1])


class Refused(Exception):
    """Why a device cannot be given to bigbar, and what to do."""


class Device:
    """A PCI device, by its address as lspci -D shows it."""

    def __init__(self, address, sysfs="/sys", iomem="/proc/iomem"):
        self.address = address
        self.iomem = pathlib.Path(iomem)
        self.bus = pathlib.Path(sysfs) / "bus/pci"
        self.folder = self.bus / "devices" / address
        if not ADDRESS.fullmatch(address) or not self.folder.is_dir():
            raise Refused(f"there is no PCI device {address}: see lspci -D")

    def read(self, name, default=""):
        """The text of a file of the device."""
        try:
            return (self.folder / name).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return default

    def name(self):
        """Vendor and device, as in lspci -n."""
        return ":".join(self.read(file)[2:] for file in ("vendor", "device"))

    def driver(self):
        """The driver that is bound, or None."""
        link = self.folder / "driver"
        return link.resolve().name if link.exists() else None

    def override(self):
        """The driver that the device is kept for, or None."""
        text = self.read("driver_override", "(null)")
        return None if text in ("", "(null)") else text

    def memory_bars(self):
        """The BARs of memory that have an address."""
        bars = []
        for number, line in enumerate(self.read("resource").splitlines()[:6]):
            start, end, flags = (int(word, 16) for word in line.split())
            if flags & MEMORY and end > start and not flags & UNSET:
                bars.append(Bar(number, start, end - start + 1, bool(flags & PREFETCHABLE)))
        return bars

    def vram(self):
        """The BAR that bigbar uses: the largest that is prefetchable."""
        bars = [bar for bar in self.memory_bars() if bar.prefetchable]
        return max(bars, key=lambda bar: bar.size) if bars else None

    def owner(self, bar):
        """Who has claimed a part of a BAR, or None; needs root to tell."""
        depth = None
        for line in self.iomem.read_text(encoding="ascii").splitlines():
            words, name = line.split(" : ", 1)
            indent = len(words) - len(words.lstrip())
            if depth is not None:
                return name if indent > depth else None
            if name == self.address and int(words.split("-")[0], 16) == bar.start:
                depth = indent
        return None


def check_use(device):
    """Refuse a device that somebody uses, or is to use."""
    driver, override = device.driver(), device.override()
    if driver == "bigbar":
        raise Refused(f"bigbar has {device.address} already")
    if driver:
        raise Refused(f"{device.address} is in use by {driver}: if nothing needs it, "
                      f"echo {device.address} >/sys/bus/pci/drivers/{driver}/unbind")
    if override not in (None, "bigbar"):
        raise Refused(f"{device.address} is kept for {override}: "
                      f"echo >{device.folder}/driver_override")
    if device.read("boot_vga") == "1":
        raise Refused(f"{device.address} is the display that the firmware uses")


def check_memory(device):
    """Refuse a device without memory that can be VRAM; return its BAR."""
    if int(device.read("class"), 16) >> 16 == BRIDGE:
        raise Refused(f"{device.address} is a bridge")
    bar = device.vram()
    if not bar:
        raise Refused(f"{device.address} has no prefetchable memory BAR: what it has may be "
                      "registers, and reading them may do something")
    if bar.size < LEAST:
        raise Refused(f"BAR {bar.number} of {device.address} has {bar.size >> 10} KiB, and "
                      f"at least {LEAST >> 10} KiB are needed")
    owner = device.owner(bar)
    if owner:
        raise Refused(f"BAR {bar.number} of {device.address} is in use by {owner}")
    return bar

# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx: KERNEL_SOURCE=/path/to/linux sphinx-build Documentation build/doc

With -b man, the man pages of libbigbar, and of the programs that are for people who use VRAM.

The kernel-doc comments are read by the kernel's own Sphinx extension, so
KERNEL_SOURCE has to name a kernel tree (7.2).
"""

import os
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

try:
    KERNEL_SOURCE = os.path.abspath(os.environ["KERNEL_SOURCE"])
except KeyError:
    sys.exit("conf.py: KERNEL_SOURCE is not set: it names a kernel tree")

# The extension finds kernel-doc by this.
os.environ["srctree"] = KERNEL_SOURCE
sys.path.insert(0, os.path.join(KERNEL_SOURCE, "Documentation/sphinx"))

project = "Huge CPU mappings of VRAM for TTM drivers"
extensions = ["kerneldoc"]
kerneldoc_srctree = PROJECT
primary_domain = "c"
highlight_language = "none"
html_theme = "alabaster"
# What each page of libbigbar is about, and the functions that are found by it.
LIBBIGBAR = {
    "use/bigbar-device": ("open a bigbar device", (
        "bigbar_device_open", "bigbar_device_open_fd", "bigbar_device_close",
        "bigbar_device_fd", "bigbar_device_query_info")),
    "use/bigbar-bo": ("make and move buffer objects of bigbar", (
        "bigbar_bo_create", "bigbar_bo_free", "bigbar_bo_handle", "bigbar_bo_query_info",
        "bigbar_bo_mmap_offset", "bigbar_bo_move", "bigbar_bo_export")),
    "use/bigbar-map": ("map buffer objects and dma-bufs by large entries", (
        "bigbar_bo_map", "bigbar_dma_buf_map", "bigbar_map_address", "bigbar_map_length",
        "bigbar_map_grow", "bigbar_unmap", "bigbar_reserve", "bigbar_prefault")),
    "use/bigbar-dirty": ("read what has been written to a buffer object", (
        "bigbar_dirty_start", "bigbar_dirty_start_by_bits",
        "bigbar_dirty_stop", "bigbar_dirty_take",
        "bigbar_dirty_begin", "bigbar_dirty_next", "bigbar_dirty_end")),
}
man_pages = [
    ("tools/hugemap", "hugemap", "show how processes map VRAM, and why", "", 8),
    ("tools/bind", "bigbar-bind", "give a PCI device to bigbar", "", 8),
    ("tools/cost", "ttm-map-cost", "measure what a mapping of VRAM costs", "", 8),
    ("tools/fakegpu", "fakegpu", "a GPU made of a program, for amdgpu", "", 1),
    ("use/libbigbar", "libbigbar", "map VRAM of bigbar devices", "", 7),
]
man_pages += [(page, function, about, "", 3)
              for page, (about, functions) in LIBBIGBAR.items() for function in functions]

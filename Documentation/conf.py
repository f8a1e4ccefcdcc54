# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx: KERNEL_SOURCE=/path/to/linux sphinx-build Documentation build/doc

With -b man, the man pages of the programs that are for people who use VRAM.

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
man_pages = [
    ("tools/hugemap", "hugemap", "show how processes map VRAM, and why", "", 8),
    ("tools/bind", "bigbar-bind", "give a PCI device to bigbar", "", 8),
    ("tools/cost", "ttm-map-cost", "measure what a mapping of VRAM costs", "", 8),
    ("tools/fakegpu", "fakegpu", "a GPU made of a program, for amdgpu", "", 1),
]

# SPDX-License-Identifier: MIT
#
# The source files of libbigbar, for the makefiles that build it.

libbigbar_sources := address.c bo.c device.c dirty.c map.c

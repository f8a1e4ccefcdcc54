# SPDX-License-Identifier: GPL-2.0-only
#
# What demo and benchmark share, for their Makefiles to include. What is built goes to O=;
# the source directory may be read-only.

.DEFAULT_GOAL := all

O ?= .
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g

measure_cflags := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -MMD -MP -I../../include/uapi/drm -I.. \
		  $(shell $(PKG_CONFIG) --cflags libdrm)
measure_libs := $(shell $(PKG_CONFIG) --libs libdrm)
measure_objects := $(patsubst %,$(O)/%.o,measure bigbar bigbar_ioctl page_tables gem)

vpath %.c ../measure

$(O)/%.o: %.c Makefile ../measure/measure.mk | $(O)
	$(CC) $(measure_cflags) $(CFLAGS) -c -o $@ $<

$(O):
	mkdir -p $@

-include $(wildcard $(O)/*.d)

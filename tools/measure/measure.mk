# SPDX-License-Identifier: GPL-2.0-only
#
# What the benchmark and adopt share, for their Makefiles to include. What is built goes to O=;
# the source directory may be read-only.

.DEFAULT_GOAL := all

include ../libbigbar/libbigbar.mk

O ?= .
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g

measure_cflags := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -MMD -MP -I../../include/uapi/drm -I.. -I../libbigbar \
		  $(shell $(PKG_CONFIG) --cflags libdrm)
measure_libs := $(shell $(PKG_CONFIG) --libs libdrm)
measure_objects := $(patsubst %,$(O)/%.o,measure bigbar page_tables gem) \
		   $(libbigbar_sources:%.c=$(O)/%.o)

vpath %.c ../measure ../libbigbar

$(O)/%.o: %.c Makefile ../measure/measure.mk | $(O)
	$(CC) $(measure_cflags) $(CFLAGS) -c -o $@ $<

$(O):
	mkdir -p $@

-include $(wildcard $(O)/*.d)

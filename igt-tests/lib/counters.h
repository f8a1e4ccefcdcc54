/* SPDX-License-Identifier: MIT */
/*
 * What the driver says about its faults, by the device's counters: how many entries they set,
 * and why not larger ones. Needs root.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdint.h>

#include "huge_level.h"

/* Two for each level, one for each reason. */
#define COUNTERS 16

/* All counters. counters_read() fails if the file has an unknown line, or lacks a known one. */
struct counters {
	uint64_t values[COUNTERS];
};

struct counters counters_read(int fd);
/* Adds faults that set entries of one level for one reason. */
void counters_add_faults(struct counters *counters, enum huge_level level, uint64_t entries,
			 const char *reason, uint64_t faults);
/* Each of the counters is as expected. */
void counters_assert(int fd, const struct counters *expected);

/* Entries of one level that faults have set since the device was set up. */
uint64_t counted_entries(int fd, enum huge_level level);

/* Faults with this reason since the device was set up; NULL for all reasons. */
uint64_t reason_count(int fd, const char *reason);

#endif

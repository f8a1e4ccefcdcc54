/* SPDX-License-Identifier: MIT */
/*
 * What the driver says about its faults, by the device's counters and by the tracepoint:
 * how many entries they set, and why not larger ones. Needs root.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdbool.h>
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

/*
 * Traces one event, "system/event", of the calling thread from now on. There is
 * one trace at a time, with a buffer of its own.
 */
void trace_start(const char *event);
/* Lines of the trace that contain a text. */
uint64_t trace_count(const char *text);
/* Lines that contain two texts. */
uint64_t trace_count_with(const char *text, const char *more);
void trace_stop(void);

/* What the tracepoint pfnmap_fault says. */
struct traced_fault {
	uint64_t address;
	unsigned int write;
	char level[8];
	uint64_t entries;
	uint64_t start;
	uint64_t pfn;
	uint64_t more;
	char reason[24];
	unsigned int result;
};

/* Of the only fault in the trace. */
struct traced_fault trace_only_fault(void);

#endif

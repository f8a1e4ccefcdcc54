/* SPDX-License-Identifier: MIT */
/* What the driver and the kernel say by tracepoints. Needs root. */
#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>

#include "huge_level.h"

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

/* Of the only event of its name in the trace. */

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
	uint64_t ns;
};

struct traced_fault trace_only_fault(void);

/* What the tracepoint pfnmap_zap says. */
struct traced_zap {
	uint64_t address;
	uint64_t size;
	struct huge_levels levels;
	char reason[8];
	uint64_t ns;
};

struct traced_zap trace_only_zap(void);

/* What the tracepoint ttm_huge_dirty says. */
struct traced_record {
	uint64_t offset;
	char op[8];
	uint64_t page;
	uint64_t pages;
	uint64_t written;
	int result;
	uint64_t ns;
};

struct traced_record trace_only_record(void);

#endif

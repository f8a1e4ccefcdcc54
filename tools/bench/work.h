/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The works: what is done with a mapping, and measured.
 */
#ifndef WORK_H
#define WORK_H

#include "results.h"
#include "ways.h"

#define MAX_METRICS	3
#define SMALL_BOS	4096

enum work_id {
	WORK_TOUCH,
	WORK_UNMAP_PART,
	WORK_ONE_PAGE,
	WORK_ONE_PAGE_ADVISED,
	WORK_RANDOM,
	WORK_EVICT,
	WORK_FORK,
	WORK_TWO_THREADS,
	WORK_TWO_BOS,
	WORK_SMALL_BOS,
	WORK_CREATE_MIXED,
	WORK_CREATE_MIXED_IOCTL,
	WORK_STAGING,
	WORK_TAKE,
	WORK_PREFAULT,
	WORK_PREFAULT_TIMER,
	NR_WORKS
};

/**
 * struct work - what is measured together
 * @metrics: names of the metrics that it measures; the rest is NULL
 * @what: description of each metric for a reader
 * @not_for: why a way does not have this work in its mask
 * @largest: largest size that is measured, or 0 for any
 * @too_large: why larger ones are not measured
 * @sizes: the sizes that are measured, with 0 after the last; NULL for powers of two from 2 MiB on
 * @run: measures it, with one result for each metric
 */
struct work {
	const char *metrics[MAX_METRICS];
	const char *what[MAX_METRICS];
	const char *not_for;
	uint64_t largest;
	const char *too_large;
	const uint64_t *sizes;
	void (*run)(const struct way *way, struct subject *subject, struct result *results);
};

extern const struct work works[NR_WORKS];

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was measured, and how it is written.
 */
#ifndef RESULTS_H
#define RESULTS_H

#include <stdint.h>
#include <stdio.h>

#include "sampling.h"

#define MAX_PARTS	5
#define NAME_LENGTH	64

/* One of the times that make up a result. */
struct part {
	const char *name;
	struct samples samples;
};

/**
 * struct result - what one metric was found to be
 * @name: stable name: WORK.WAY.SIZE
 * @work: the same in parts
 * @way: of them
 * @bytes: of them
 * @why_not: reason why there is no figure, or NULL
 * @ns: the cost; least of the samples, or median of wall time
 * @parts: what it is made of
 * @nr_parts: how many parts there are
 * @faults: page faults in one sample, or -1
 * @page_table_bytes: growth of the page tables in one sample, or -1
 * @tlb_misses: of a pass without faults, or -1
 */
struct result {
	char name[NAME_LENGTH];
	const char *work;
	const char *way;
	uint64_t bytes;
	const char *why_not;
	struct samples ns;
	struct part parts[MAX_PARTS];
	unsigned int nr_parts;
	int64_t faults;
	int64_t page_table_bytes;
	int64_t tlb_misses;
};

void add_part(struct result *result, const char *name, int64_t ns);

/* "NAME VALUE UNIT", a line for each thing measured. */
void print_result(const struct result *result);
void print_result_json(FILE *out, const struct result *result);
void print_ways_json(FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The results, and how they are printed.
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
 * struct result - the result of one metric
 * @name: stable name: WORK.WAY.SIZE
 * @work: WORK of the name
 * @way: WAY of the name
 * @bytes: SIZE of the name, in bytes
 * @why_not: reason why there is no figure, or NULL
 * @ns: the cost: the least of the samples, or their median for wall time
 * @parts: the times that the cost is made of
 * @nr_parts: how many parts there are
 * @faults: page faults in one sample, or -1
 * @page_table_bytes: growth of the page tables in one sample, or -1
 * @tlb_misses: misses of the data TLB in a pass without faults, or -1
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

/* Prints "NAME VALUE UNIT", a line for each thing measured. */
void print_result(const struct result *result);
/* Prints a member after another one of an object; nothing if the count is negative. */
void print_count_json(FILE *out, const char *name, int64_t count);
void print_result_json(FILE *out, const struct result *result);
void print_ways_json(FILE *out);

#endif

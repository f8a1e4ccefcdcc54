/* SPDX-License-Identifier: MIT */
/*
 * What a subtest has counted, in its output: a table to read, and a line of JSON for the
 * report on the run.
 */
#ifndef FIGURES_H
#define FIGURES_H

#include <stdint.h>

struct figure {
	const char *name;
	uint64_t value;
};

void figures_print(const struct figure *figures, unsigned int count);

#endif

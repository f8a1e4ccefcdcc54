/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measures what it costs to map one buffer object by entries of each level, for 'make demo'.
 */
#ifndef LEVELS_H
#define LEVELS_H

#include <stdint.h>
#include <stdio.h>

/* Maps a buffer object of so many bytes in each way, and looks at the page tables. */
void measure_levels(uint64_t size);
/* Prints a member of an object, with a comma after it; nothing if nothing was measured. */
void print_levels_json(FILE *out);

#endif

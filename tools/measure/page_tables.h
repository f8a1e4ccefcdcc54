/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the page tables map a buffer object, from pfnmap's debugfs file, and from bigbar's. All
 * functions end the program with a message if they fail.
 */
#ifndef PAGE_TABLES_H
#define PAGE_TABLES_H

#include <stdint.h>
#include <stdio.h>

#include "bigbar.h"

/* Opens the file; returns -1 if the device's driver does not use pfnmap. */
int open_page_tables(const struct device *device);

/* Lines of text on this process's mappings of the buffer object. The caller frees them. */
char *read_page_tables(int fd, const struct bo *bo);

/* By level, how many entries of this process map a buffer object. */
struct entries {
	uint64_t pte;
	uint64_t pmd;
	uint64_t pud;
};

/* Opens the file in which bigbar counts them. */
int open_levels(const struct device *device);
/* Not by what the other file shows. */
void count_entries(int fd, const struct bo *bo, struct entries *entries);

/* Prints the lines as a JSON array. Overwrites the text. */
void print_page_tables(FILE *out, char *text);

#endif

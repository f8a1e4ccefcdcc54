/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the page tables map a buffer object, as pfnmap's debugfs file says. Everything
 * ends the program with a message if it fails.
 */
#ifndef PAGE_TABLES_H
#define PAGE_TABLES_H

#include <stdint.h>
#include <stdio.h>

#include "bigbar.h"

/* The file, or -1 if the device's driver does not use pfnmap. */
int open_page_tables(const struct device *device);

/* Lines of text for what this process maps of the buffer object; to be freed. */
char *read_page_tables(int fd, const struct bo *bo);

/* The lines as a JSON array. Cuts the text into pieces. */
void print_page_tables(FILE *out, char *text);

#endif

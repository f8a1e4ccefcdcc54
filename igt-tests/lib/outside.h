/* SPDX-License-Identifier: MIT */
/*
 * Witness that shares no code with the kernel: page tables as they lie in the
 * guest's memory, which QEMU's monitor shows from outside. For x86.
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "page_table.h"

/*
 * Finds the page tables of this process. Skips without a monitor. Fails if they are not
 * those that map a page of which the kernel has told where it is.
 */
void outside_start(void);
void outside_stop(void);

/* Whether the page tables have five levels; else they have four. */
bool outside_has_five_levels(void);

/*
 * What maps a range of whole pages, as page_table_read() has it. The first page and
 * the last are where QEMU's own walk finds them, too.
 */
struct page_table outside_read(const void *address, uint64_t length);
/* Frees it. */
struct huge_levels outside_levels_of(const void *address, uint64_t length);

/* Of a page of memory that has a struct page, by /proc/self/pagemap. */
uint64_t pagemap_pfn(const void *address);

#endif

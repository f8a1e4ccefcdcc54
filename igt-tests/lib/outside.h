/* SPDX-License-Identifier: MIT */
/*
 * A witness that shares no code with the kernel: page tables in the guest's memory, which
 * QEMU's monitor shows from outside. For x86.
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "page_table.h"

/*
 * Finds the page tables of this process. Skips without a monitor. Fails unless they map a
 * test page to the page frame that the kernel tells.
 */
void outside_start(void);
void outside_stop(void);

/* Whether the page tables have five levels; else they have four. */
bool outside_has_five_levels(void);

/*
 * The entries that map a range of whole pages, in the form of page_table_read(). Asserts
 * that QEMU's own walk agrees for the first page and the last.
 */
struct page_table outside_read(const void *address, uint64_t length);
/* The levels of outside_read() in one call. */
struct huge_levels outside_levels_of(const void *address, uint64_t length);

/* The page frame of a page that has a struct page, by /proc/self/pagemap. */
uint64_t pagemap_pfn(const void *address);
/* Whether the kernel says that a page was written since /proc/self/clear_refs was. */
bool pagemap_soft_dirty(const void *address);

#endif

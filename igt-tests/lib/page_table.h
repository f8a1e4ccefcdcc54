/* SPDX-License-Identifier: MIT */
/*
 * A witness: the entries that the page tables of a process have for a buffer object, as the
 * driver's debugfs file shows them. Needs root.
 */
#ifndef PAGE_TABLE_H
#define PAGE_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "huge_device.h"

enum page_caching {
	PAGE_WB,
	PAGE_WC,
	PAGE_UC,
};

/* Neighbouring entries of one level, with contiguous memory. */
struct page_run {
	uint64_t start;
	uint64_t end;
	enum huge_level level;
	uint64_t pfn;
	enum page_caching caching;
	bool special;
	bool writable;
	uint64_t young;		/* number of its entries that are young, */
	uint64_t dirty;		/* and of those that are dirty */
};

/* The runs in address order; holes are left out. */
struct page_table {
	struct page_run *runs;
	unsigned int count;
};

/* Across the border between two page tables of the highest level, far from other mappings. */
#define FAR_SIZE MIB(8)
#define FAR_BORDER ((char *)(uintptr_t)(GIB(16 * 1024) - FAR_SIZE / 2))

struct page_table page_table_read(const struct huge_bo *bo);
struct page_table page_table_read_of(const struct huge_bo *bo, pid_t pid);
void page_table_free(struct page_table *table);
/* The file, to which "PID [OFFSET LENGTH]" can be written, and what it shows. */
#define PAGE_TABLES "pfnmap_page_tables"
int page_table_open(int fd);
struct page_table page_table_read_from(int witness);
/*
 * Its lines follow each other without gaps, and show this range and no more: what is not
 * mapped has lines, too, one for each hole.
 */
void page_table_assert_covers(int witness, const char *address, uint64_t length);
/* The run that maps an address; asserts that there is one. */
const struct page_run *page_table_run_at(const struct page_table *table, uint64_t address);

/* Entries that lie in an address range. */
struct huge_levels page_table_levels(const struct page_table *table,
				     const void *address, uint64_t length);

/* Every entry is special, and address and memory are aligned for its level. */
void page_table_assert_sound(const struct page_table *table);
/* There are entries, and every one has this caching. */
void page_table_assert_caching(const struct page_table *table, enum page_caching caching);
bool page_table_has_pfn(const struct page_table *table, uint64_t pfn);
/* Sums over all runs. */
uint64_t page_table_young(const struct page_table *table);
uint64_t page_table_dirty(const struct page_table *table);
/* No memory is mapped by both. */
void page_table_assert_disjoint(const struct page_table *a, const struct page_table *b);

/* The levels in one call, for the caller's own mapping of a buffer object. */
struct huge_levels huge_levels_of(const struct huge_bo *bo, const void *address, uint64_t length);
/* Of all its mappings in this process; does not assert that entries are sound. */
struct huge_levels huge_levels_of_all(const struct huge_bo *bo);
/*
 * The same as the driver counts them, if it does: by what it knows of mappings, and not by the
 * offset. The file, to which "FD HANDLE" can be written, and what it shows.
 */
#define LEVELS "levels"
int levels_open(int fd);
struct huge_levels huge_bo_levels(const struct huge_bo *bo);
/* The whole buffer object by entries of one level. */
void huge_assert_mapped_at(const struct huge_bo *bo, const void *address, enum huge_level level,
			   const char *when);
/* So many of its entries are young, and so many are dirty. */
void huge_assert_used(const struct huge_bo *bo, uint64_t young, uint64_t dirty);
void huge_assert_caching(const struct huge_bo *bo, enum page_caching caching);
/* The whole range is mapped by entries that are writable, or by entries that are not. */
void huge_assert_writable(const struct huge_bo *bo, const void *address, uint64_t length,
			  bool writable);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Page-table levels, and the arithmetic that says which entries a mapping should have, and
 * how many faults it should take.
 */
#ifndef HUGE_LEVEL_H
#define HUGE_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

enum huge_level {
	HUGE_PTE,
	HUGE_PMD,
	HUGE_PUD,
	HUGE_LEVELS,
};

#define HUGE_PAGE_SIZE UINT64_C(4096)

/* In-tree TTM maps this many pages in a fault. */
#define TTM_PREFAULT_PAGES 16

/* The number of entries of each level. */
struct huge_levels {
	uint64_t entries[HUGE_LEVELS];
};

uint64_t huge_level_size(enum huge_level level);
const char *huge_level_name(enum huge_level level);
/*
 * The alignment of a buffer object of this size: a page if that is less than a PMD entry
 * maps, else the size rounded up to a power of two, but at most what a PUD entry maps.
 */
uint64_t huge_expected_alignment(uint64_t size);

/**
 * struct huge_mapping - a mapping of contiguous, aligned memory of a buffer object
 * @address: user address of the first byte
 * @start: first byte in the buffer object
 * @length: bytes
 * @alignment: of the buffer object's memory
 * @max_level: largest entry that is allowed
 */
struct huge_mapping {
	uint64_t address;
	uint64_t start;
	uint64_t length;
	uint64_t alignment;
	enum huge_level max_level;
};

/* The largest entries that address, memory and ends of the mapping allow. */
struct huge_levels huge_expected_levels(const struct huge_mapping *mapping);

/*
 * The faults that touching the whole mapping may take: one for each PUD entry, one for all
 * PMD entries of a PMD table, one for all PTEs of a PTE table.
 */
uint64_t huge_expected_faults(const struct huge_mapping *mapping);

/*
 * The entries that faults on a part of the mapping set, from byte @from to byte @to: those
 * of the part, and their neighbours in the same tables.
 */
struct huge_levels huge_expected_levels_around(const struct huge_mapping *mapping,
					       uint64_t from, uint64_t to);

/* As many entries of one level as map this length. */
struct huge_levels huge_levels_at(enum huge_level level, uint64_t length);

void huge_levels_add(struct huge_levels *sum, const struct huge_levels *levels);
bool huge_levels_equal(const struct huge_levels *a, const struct huge_levels *b);
/* Fails with both in the message unless they are equal. */
void huge_assert_levels(const struct huge_levels *found, const struct huge_levels *expected,
			const char *what);

#endif

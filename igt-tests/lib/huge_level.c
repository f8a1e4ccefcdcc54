// SPDX-License-Identifier: MIT

#include "../igt_shim.h"
#include "huge_level.h"

#define BITS_PER_LEVEL 9

uint64_t huge_level_size(enum huge_level level)
{
	return HUGE_PAGE_SIZE << (BITS_PER_LEVEL * level);
}

const char *huge_level_name(enum huge_level level)
{
	static const char * const names[] = { "pte", "pmd", "pud" };

	return names[level];
}

uint64_t huge_expected_alignment(uint64_t size)
{
	uint64_t alignment = huge_level_size(HUGE_PMD);

	if (size < alignment)
		return HUGE_PAGE_SIZE;
	while (alignment < size && alignment < huge_level_size(HUGE_PUD))
		alignment *= 2;
	return alignment;
}

static bool level_fits(const struct huge_mapping *mapping, uint64_t done, enum huge_level level)
{
	uint64_t size = huge_level_size(level);

	return size <= mapping->alignment &&
	       size <= mapping->length - done &&
	       (mapping->address + done) % size == 0 &&
	       (mapping->start + done) % size == 0;
}

static enum huge_level level_at(const struct huge_mapping *mapping, uint64_t done)
{
	enum huge_level level = mapping->max_level;

	while (level > HUGE_PTE && !level_fits(mapping, done, level))
		level--;
	return level;
}

struct huge_levels huge_expected_levels(const struct huge_mapping *mapping)
{
	struct huge_levels levels = {};
	uint64_t done = 0;

	while (done < mapping->length) {
		enum huge_level level = level_at(mapping, done);

		levels.entries[level]++;
		done += huge_level_size(level);
	}
	return levels;
}

/* The table whose entries a fault sets together: a PUD entry is set alone. */
static uint64_t table_of(const struct huge_mapping *mapping, uint64_t done, enum huge_level level)
{
	enum huge_level reach = level == HUGE_PUD ? HUGE_PUD : level + 1;

	return (mapping->address + done) / huge_level_size(reach);
}

/* The entries of one level in one table that a fault at @done sets; advances @done. */
static struct huge_levels next_fault(const struct huge_mapping *mapping, uint64_t *done)
{
	enum huge_level level = level_at(mapping, *done);
	uint64_t table = table_of(mapping, *done, level);
	struct huge_levels levels = {};

	do {
		levels.entries[level]++;
		*done += huge_level_size(level);
	} while (*done < mapping->length && level_at(mapping, *done) == level &&
		 table_of(mapping, *done, level) == table);
	return levels;
}

uint64_t huge_expected_faults(const struct huge_mapping *mapping)
{
	uint64_t faults = 0, done = 0;

	for (; done < mapping->length; faults++)
		next_fault(mapping, &done);
	return faults;
}

struct huge_levels huge_expected_levels_around(const struct huge_mapping *mapping,
					       uint64_t from, uint64_t to)
{
	struct huge_levels sum = {};
	uint64_t done = 0;

	while (done < mapping->length) {
		uint64_t start = done;
		struct huge_levels levels = next_fault(mapping, &done);

		if (start < to && done > from)
			huge_levels_add(&sum, &levels);
	}
	return sum;
}

void huge_levels_add(struct huge_levels *sum, const struct huge_levels *levels)
{
	for (enum huge_level level = HUGE_PTE; level < HUGE_LEVELS; level++)
		sum->entries[level] += levels->entries[level];
}

bool huge_levels_equal(const struct huge_levels *a, const struct huge_levels *b)
{
	return !memcmp(a, b, sizeof(*a));
}

void huge_assert_levels(const struct huge_levels *found, const struct huge_levels *expected,
			const char *what)
{
	const uint64_t *f = found->entries, *e = expected->entries;

	igt_assert_f(huge_levels_equal(found, expected),
		     "%s: %llu PUD, %llu PMD, %llu PTE; expected %llu PUD, %llu PMD, %llu PTE\n",
		     what, (unsigned long long)f[HUGE_PUD], (unsigned long long)f[HUGE_PMD],
		     (unsigned long long)f[HUGE_PTE], (unsigned long long)e[HUGE_PUD],
		     (unsigned long long)e[HUGE_PMD], (unsigned long long)e[HUGE_PTE]);
}

struct huge_levels huge_levels_at(enum huge_level level, uint64_t length)
{
	struct huge_levels levels = {};

	levels.entries[level] = length / huge_level_size(level);
	return levels;
}

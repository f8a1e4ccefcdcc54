// SPDX-License-Identifier: MIT
#include "internal.h"

#define BITS_PER_WORD 64

uint64_t libbigbar_level(uint64_t size, uint64_t page)
{
	const uint64_t entries = page / sizeof(uint64_t);
	const uint64_t pmd = page * entries, pud = pmd * entries;

	if (size >= pud)
		return pud;
	return size >= pmd ? pmd : page;
}

bool libbigbar_is_congruent(uint64_t address, uint64_t alignment, uint64_t place)
{
	return !((address - place) & (alignment - 1));
}

uint64_t libbigbar_congruent(uint64_t lowest, uint64_t alignment, uint64_t place)
{
	return lowest + ((place - lowest) & (alignment - 1));
}

bool libbigbar_is_range(uint64_t start, uint64_t length, uint64_t size, uint64_t page)
{
	return length && !((start | length) & (page - 1)) &&
	       start <= size && length <= size - start;
}

/* The first bit at or after @from that has the value @set, or @bits. */
static uint64_t next_bit(const uint64_t *bitmap, uint64_t bits, uint64_t from, bool set)
{
	while (from < bits) {
		uint64_t word = bitmap[from / BITS_PER_WORD];
		uint64_t rest = (set ? word : ~word) >> from % BITS_PER_WORD;

		if (rest) {
			from += __builtin_ctzll(rest);
			break;
		}
		from += BITS_PER_WORD - from % BITS_PER_WORD;
	}
	return from < bits ? from : bits;
}

bool libbigbar_next_run(const uint64_t *bitmap, uint64_t bits, uint64_t from,
			uint64_t *first, uint64_t *count)
{
	uint64_t begin = next_bit(bitmap, bits, from, true);

	if (begin == bits)
		return false;
	*first = begin;
	*count = next_bit(bitmap, bits, begin, false) - begin;
	return true;
}

// SPDX-License-Identifier: MIT
#include "internal.h"

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

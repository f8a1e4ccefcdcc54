// SPDX-License-Identifier: MIT

#include <inttypes.h>

#include "../igt_shim.h"
#include "access.h"
#include "huge_level.h"
#include "pattern.h"

/* Odd, so that different pages of one seed never have the same value. */
#define SPREAD UINT64_C(0x9e3779b97f4a7c15)

struct pattern pattern_of(void *address, uint64_t length, uint64_t seed)
{
	return (struct pattern){
		.address = address,
		.pages = length / HUGE_PAGE_SIZE,
		.seed = seed,
	};
}

static uint64_t stride_of(const struct pattern *pattern)
{
	return pattern->stride ? pattern->stride : 1;
}

uint64_t pattern_value(const struct pattern *pattern, uint64_t page)
{
	/* Never zero, which is what a page holds that was never written. */
	return ((pattern->seed << 32) + pattern->first_page + page + 1) * SPREAD;
}

static volatile uint64_t *word_of(const struct pattern *pattern, uint64_t page)
{
	return (volatile uint64_t *)((char *)pattern->address + page * HUGE_PAGE_SIZE);
}

void pattern_write(const struct pattern *pattern)
{
	for (uint64_t page = 0; page < pattern->pages; page += stride_of(pattern))
		*word_of(pattern, page) = pattern_value(pattern, page);
}

static uint64_t faults_of_writing(const struct pattern *pattern)
{
	uint64_t before = page_faults();

	pattern_write(pattern);
	return page_faults() - before;
}

uint64_t pattern_write_counting_faults(const struct pattern *pattern)
{
	static uint64_t warm_pages[3][HUGE_PAGE_SIZE / sizeof(uint64_t)]
		__attribute__((aligned(4096)));
	struct pattern warm = pattern_of(warm_pages, sizeof(warm_pages), 0);

	/*
	 * The first call brings code, stack and pages in; the second shows that none is
	 * missing.
	 */
	faults_of_writing(&warm);
	igt_assert_eq_u64(faults_of_writing(&warm), 0);
	return faults_of_writing(pattern);
}

static uint64_t first_mismatch(const struct pattern *pattern)
{
	uint64_t page = 0;

	while (page < pattern->pages && *word_of(pattern, page) == pattern_value(pattern, page))
		page += stride_of(pattern);
	return page;
}

bool pattern_matches(const struct pattern *pattern)
{
	return first_mismatch(pattern) >= pattern->pages;
}

bool pattern_renew(struct pattern *pattern)
{
	pattern->seed++;
	pattern_write(pattern);
	return pattern_matches(pattern);
}

void pattern_assert(const struct pattern *pattern)
{
	uint64_t page = first_mismatch(pattern);

	igt_assert_f(page >= pattern->pages,
		     "page %" PRIu64 " at %p holds %#" PRIx64 ", expected %#" PRIx64 "\n",
		     pattern->first_page + page, word_of(pattern, page),
		     *word_of(pattern, page), pattern_value(pattern, page));
}

bool is_zero(const void *address, uint64_t length)
{
	const uint64_t *words = address;

	for (uint64_t i = 0; i < length / sizeof(*words); i++) {
		if (words[i])
			return false;
	}
	return true;
}

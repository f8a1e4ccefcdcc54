/* SPDX-License-Identifier: MIT */
/*
 * Patterns: one word in each page, with a value that depends on the page's
 * number in the buffer object, and the page faults that touching pages takes.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct pattern - which pages have which values
 * @address: mapping of @first_page
 * @first_page: number in the buffer object of the page at @address
 * @pages: number of pages in the mapping
 * @stride: distance of the pages that have a value; 0 and 1 are every page
 * @seed: gives other values for another seed
 */
struct pattern {
	void *address;
	uint64_t first_page;
	uint64_t pages;
	uint64_t stride;
	uint64_t seed;
};

struct pattern pattern_of(void *address, uint64_t length, uint64_t seed);
/* The value of the first word of a page, which is counted from the pattern's first. */
uint64_t pattern_value(const struct pattern *pattern, uint64_t page);
void pattern_write(const struct pattern *pattern);
/* Writes, and returns the number of faults, by the kernel's own exact count. */
uint64_t pattern_write_counting_faults(const struct pattern *pattern);
bool pattern_matches(const struct pattern *pattern);
/* Writes new values, and returns whether they read back. */
bool pattern_renew(struct pattern *pattern);
/* Fails with the first wrong page in the message. */
void pattern_assert(const struct pattern *pattern);

/* Whether every byte of a range is zero. */
bool is_zero(const void *address, uint64_t length);

#endif

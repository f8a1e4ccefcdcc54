/* SPDX-License-Identifier: MIT */
/* Tables of subtests: each is run, and what it left behind is cleaned up. */
#ifndef SUBTEST_H
#define SUBTEST_H

#include "huge_level.h"

struct subtest {
	const char *name;
	const char *what;
	void (*run)(void);
};

/* One subtest for each page-table level, with the level's name at its end. */
struct level_subtest {
	const char *name;
	const char *what;
	void (*run)(enum huge_level level);
};

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

#define for_each_case(c, cases) \
	for (c = cases; c < cases + COUNT_OF(cases); c++)

void run_subtests(const struct subtest *subtests, unsigned int count, void (*clean_up)(void));
void run_level_subtests(const struct level_subtest *subtests, unsigned int count,
			void (*clean_up)(void));

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Random choices that can be repeated: those of a step are a function of the
 * seed, of who makes the step, and of its number. What other steps chose, or how
 * they ended, has no part in it.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct choices {
	uint64_t state;
};

struct choices choices_of(uint64_t seed, uint64_t who, uint64_t step);

uint64_t choose_word(struct choices *choices);
/* From 0 to count - 1; count is not 0. */
uint64_t choose(struct choices *choices, uint64_t count);
bool one_in(struct choices *choices, uint64_t count);

/* A number that the environment gives, or else. Fails if it gives something else. */
uint64_t number_of_environment(const char *name, uint64_t otherwise);
/* The seed that the environment gives, or one of the clock; printed either way. */
uint64_t seed_of_environment(const char *name);

#endif

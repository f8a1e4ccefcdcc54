/* SPDX-License-Identifier: MIT */
/*
 * Random choices that can be repeated: the choices of a step depend on the seed, on the
 * actor, and on the number of the step. What other steps chose, or how they ended, does not
 * change them.
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

/* A number from the environment, or @otherwise. Fails if the variable is not a number. */
uint64_t number_of_environment(const char *name, uint64_t otherwise);
/* A seed from the environment, or one from the clock; printed in either case. */
uint64_t seed_of_environment(const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Races, without chance: one thread is paused at an instruction of a kernel function, and
 * another does something meanwhile; at the next one the next time, until the function
 * has no more. Whatever window there is has then been open.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdint.h>

/**
 * struct race - two that meet
 * @renew: before each round; may be NULL
 * @paused: by a thread of its own, which executes the function and may pause there
 * @meanwhile: by the caller, when that is paused
 * @check: when both are done
 *
 * What the two do must not assert, as one of them is a thread and the other keeps it waiting.
 */
struct race {
	void (*renew)(void);
	void (*paused)(void);
	void (*meanwhile)(void);
	void (*check)(void);
};

/* Skips without the module, or if there is no second processor. */
void windows_require(void);

/*
 * One round for each instruction that @race executes of a function, which has this name, or
 * this name and what a compiler puts behind it. Says how many there were; a function that
 * this kernel does not have has none.
 */
unsigned int windows_go_through(const char *function, const struct race *race);

/* For clean-up after a failure. */
void windows_end(void);

#endif

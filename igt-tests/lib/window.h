/* SPDX-License-Identifier: MIT */
/*
 * Races that do not depend on chance: one thread is paused at an instruction of a kernel
 * function, and another thread does something meanwhile. The next round does the same at
 * the next instruction, until there are no more. By then each window of the function has
 * been open.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct race - two operations at the same time
 * @renew: called before each round; may be NULL
 * @paused: called by a thread of its own, which executes the function and is paused in it
 * @meanwhile: called by the main thread while the other is paused
 * @check: called when both are done
 *
 * @paused and @meanwhile must not assert: one runs in a thread of its own, and the other
 * keeps that thread waiting.
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
 * Plays one round for each instruction that @race executes of a function with this name, or
 * with this name and a suffix of the compiler. Returns the number of instructions, 0 for a
 * function that this kernel does not have.
 */
unsigned int windows_go_through(const char *function, const struct race *race);

/* Whether the pause is not over yet, for &race.meanwhile; does not assert. */
bool windows_is_paused(void);

/* For clean-up after a failure. */
void windows_end(void);

#endif

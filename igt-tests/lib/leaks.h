/* SPDX-License-Identifier: MIT */
/*
 * Whether more buffer objects and VRAM are in use than before. Buffer objects are counted
 * by TTM itself, for all its devices, so that those of an unplugged device are counted,
 * too. Needs root.
 */
#ifndef LEAKS_H
#define LEAKS_H

#include <stdbool.h>
#include <stdint.h>

struct in_use {
	uint64_t bos;
	uint64_t vram;
};

/* With fd -1 the buffer objects only. */
struct in_use in_use_now(int fd);
/* What is in use beyond that; waits a while for it to be freed. */
struct in_use in_use_beyond(const struct in_use *before, int fd);
/* Threads that go on with a queue of bigbar when there is no memory for another thread. */
int count_rescuers(void);
/* How many there are beyond that; waits a moment for them to end. */
int rescuers_beyond(int before);
/* Whether any device still uses TTM; waits a while for the last to be released. */
bool ttm_is_in_use(void);

#endif

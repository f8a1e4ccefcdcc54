/* SPDX-License-Identifier: MIT */
/*
 * Threads that work on a buffer object while it moves to and fro between VRAM and
 * system memory.
 */
#ifndef CONTENTION_H
#define CONTENTION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "huge_device.h"
#include "pattern.h"

/**
 * struct worker - a thread, and what it works on
 * @work: one round of its work, whether it found what it should; gets the worker
 * @bo: the buffer object
 * @pattern: its own part of the buffer object, as mapped
 * @thread: of contend()
 * @rounds: how many rounds it did; of contend()
 * @failed: that one of them failed; of contend()
 */
struct worker {
	bool (*work)(struct worker *worker);
	const struct huge_bo *bo;
	struct pattern pattern;
	pthread_t thread;
	uint64_t rounds;
	bool failed;
};

/* For @work: writes other values, and looks whether they are there. */
bool work_by_touching(struct worker *worker);

/*
 * Has the workers work for some seconds while their buffer object moves, longer until
 * there were enough moves and rounds of each. Asserts that there were, and that no
 * work failed.
 */
void contend(struct worker *workers, unsigned int count);

#endif

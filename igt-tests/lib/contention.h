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
 * @work: does one round of its work; returns whether it found what it should
 * @bo: the buffer object
 * @pattern: its own part of the buffer object, as mapped
 * @thread: private to contend()
 * @rounds: number of rounds that it did; set by contend()
 * @failed: whether one of them failed; set by contend()
 */
struct worker {
	bool (*work)(struct worker *worker);
	const struct huge_bo *bo;
	struct pattern pattern;
	pthread_t thread;
	uint64_t rounds;
	bool failed;
};

/* For @work: writes new values, and reads them back. */
bool work_by_touching(struct worker *worker);

/*
 * Lets the workers work for some seconds while their buffer object moves, and longer until
 * there were enough moves and rounds of each worker. Asserts that there were, and that no
 * work failed.
 */
void contend(struct worker *workers, unsigned int count);

#endif

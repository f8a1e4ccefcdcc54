/* SPDX-License-Identifier: MIT */
/*
 * Actors that use the same buffer objects at the same time, each in its own way, and check
 * every word that they read. A crew of actors is a process, and each actor is a thread of
 * it. What an actor does in a step depends on seed, round, actor and step only.
 */
#ifndef STRESS_H
#define STRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "huge_device.h"
#include "tagged.h"

#define STRESS_CREWS 2
#define STRESS_CREW_ACTORS 4
#define STRESS_ACTORS (STRESS_CREWS * STRESS_CREW_ACTORS)
#define STRESS_MAX_BOS 96

/**
 * struct stress_bo - a buffer object that all actors use
 * @bo: the buffer object
 * @is_movable: actors move it; a buffer object that is not leaves VRAM only by eviction
 * @tracker: the actor that tracks its writes, or -1
 * @is_large: rarely moved, and rarely mapped as a whole
 */
struct stress_bo {
	struct huge_bo bo;
	bool is_movable;
	int tracker;
	bool is_large;
};

/* Written by one actor. */
struct stress_tally {
	uint64_t steps;
	uint64_t moves;
	uint64_t evictions;
	uint64_t bytes_written;
	uint64_t bytes_verified;
	uint64_t forks;
	uint64_t mappings;
	uint64_t protections;
	uint64_t remaps;
	uint64_t prefaults;
	uint64_t records;
	uint64_t policies;
	uint64_t refused;	/* for lack of memory */
};

/**
 * struct stress_stage - what crews and their parent share
 * @seed: of all choices
 * @round: number of the round
 * @stop: set by the parent
 * @is_unplugged: set by the parent before it unplugs the device
 * @mismatches: words that were not what they had to be
 * @complaints: these, and anything else that went wrong
 * @complaint: the first of them
 */
struct stress_stage {
	uint64_t seed;
	uint64_t round;
	int stop;
	int is_unplugged;
	uint64_t mismatches;
	uint64_t complaints;
	char complaint[512];
	unsigned int bo_count;
	struct stress_bo bos[STRESS_MAX_BOS];
	struct tagged tagged[STRESS_MAX_BOS];
	struct stress_tally tallies[STRESS_ACTORS];
};

/* The body of a crew's process; does not return. */
void stress_crew(struct stress_stage *stage, int crew) __attribute__((noreturn));

#endif

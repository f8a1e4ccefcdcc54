/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which figures there are, and why others are not.
 */
#ifndef PLAN_H
#define PLAN_H

#include "work.h"

/* A picture of 3840 x 2160: what programs upload by. */
#define STAGING_SIZE ((uint64_t)3840 * 2160 * 4)

/*
 * In order; those of whole mappings by factors of four, but for 2 GiB and the above; 0 behind
 * the last.
 */
extern const uint64_t all_sizes[];
/* Whether it is a size of what this work is done with. */
bool is_size_of(const struct work *work, uint64_t size);

/* WORK.WAY.SIZE */
void metric_name(char name[NAME_LENGTH], const char *metric, const struct way *way,
		 uint64_t size);

/* Why there is no figure, or NULL if there is one. */
const char *why_not(const struct way *way, const struct work *work, uint64_t size);

#endif

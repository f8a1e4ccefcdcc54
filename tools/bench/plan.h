/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which figures are measured, and why others are not.
 */
#ifndef PLAN_H
#define PLAN_H

#include "work.h"

/* A picture of 3840 x 2160, for which programs use a staging buffer. */
#define STAGING_SIZE ((uint64_t)3840 * 2160 * 4)

/*
 * In ascending order, with 0 after the last. The sizes of whole mappings grow by a factor of
 * four, except for 1 GiB and STAGING_SIZE.
 */
extern const uint64_t all_sizes[];
/* Whether this work is done at this size. */
bool is_size_of(const struct work *work, uint64_t size);

/* WORK.WAY.SIZE */
void metric_name(char name[NAME_LENGTH], const char *metric, const struct way *way,
		 uint64_t size);

/* Why there is no figure, or NULL if there is one. */
const char *why_not(const struct way *way, const struct work *work, uint64_t size);

#endif

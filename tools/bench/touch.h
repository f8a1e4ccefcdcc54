/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways to write to pages of a mapping.
 */
#ifndef TOUCH_H
#define TOUCH_H

#include <stdint.h>

/* Writes to pages of a mapping that has so many, and may read them. */
typedef void (*touch_t)(uint64_t *map, uint64_t pages);

void touch_every(uint64_t *map, uint64_t pages);
/* Writes to every page, then reads every page. */
void touch_and_read_every(uint64_t *map, uint64_t pages);
void touch_middle(uint64_t *map, uint64_t pages);
/* Writes to 1 % of them, the same each time, and perhaps to some of them twice. */
void touch_random(uint64_t *map, uint64_t pages);

#endif

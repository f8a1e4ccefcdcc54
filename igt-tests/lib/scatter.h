/* SPDX-License-Identifier: MIT */
/* VRAM without a large free block, so that the next buffer object is in many pieces. */
#ifndef SCATTER_H
#define SCATTER_H

#include "huge_device.h"

/* Holes of 2 MiB, more of 64 KiB than a PMD would map, and some of single pages. */
#define SCATTER_HOLES_2M 4
#define SCATTER_HOLES_64K 40
#define SCATTER_HOLES_4K 104
#define SCATTERED_PIECES (SCATTER_HOLES_2M + SCATTER_HOLES_64K + SCATTER_HOLES_4K)
#define SCATTERED_SIZE (SCATTER_HOLES_2M * MIB(2) + SCATTER_HOLES_64K * KIB(64) + \
			SCATTER_HOLES_4K * KIB(4))

/* The entries that map a buffer object that fills all holes. */
extern const struct huge_levels scattered_levels;

struct scattered_vram {
	/*
	 * The buffer objects beside the holes, in the order of the sizes above. TTM would
	 * evict the first of them first.
	 */
	struct huge_bo kept[SCATTERED_PIECES];
	struct huge_bo rest;	/* all other VRAM */
};

/* VRAM must be empty. */
struct scattered_vram scatter_vram(int fd);

#endif

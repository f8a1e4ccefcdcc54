/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways to map memory that are compared: peers, yardsticks, and ours.
 */
#ifndef WAYS_H
#define WAYS_H

#include "subject.h"

enum role {
	PEER,		/* another way to VRAM */
	YARDSTICK,	/* a mapping by mm itself, without VRAM */
	OURS,
};

/* The memory that is mapped. Only ways to map the same memory are compared. */
enum memory {
	VRAM,		/* in one piece, as a BAR is */
	PIECES,		/* VRAM of a buffer object, in pieces */
	SYSTEM,		/* a buffer object in system memory */
	RADEON,		/* a buffer object in radeon's VRAM */
	SURFACE,	/* one in qxl's VRAM, if its TTM has ttm_huge inside */
	ANONYMOUS,
};

/**
 * struct way - one way to map memory
 * @name: part of the names of metrics
 * @what: description for a reader
 * @role: what it is compared as
 * @memory: what it maps
 * @level: level of the entries that map memory that is large enough
 * @smallest: smallest size that makes sense, in bytes
 * @too_small: why smaller ones do not
 * @largest: largest size that is possible
 * @too_large: why larger ones are not
 * @largest_moved: largest size that is evicted and moved back, or 0 for any
 * @missing: why it cannot be measured here, or NULL if it can; may be NULL
 * @works: bit mask of the works that make sense, by enum work_id
 * @begin: sets up what all sizes up to the given one need; may be NULL
 * @end: undoes @begin; may be NULL
 * @open: makes memory of subject->size
 * @close: frees that memory
 */
struct way {
	const char *name;
	const char *what;
	enum role role;
	enum memory memory;
	const char *level;
	uint64_t smallest;
	const char *too_small;
	uint64_t largest;
	const char *too_large;
	uint64_t largest_moved;
	const char *(*missing)(void);
	unsigned int works;
	void (*begin)(const struct way *way, uint64_t largest);
	void (*end)(void);
	void (*open)(const struct way *way, struct subject *subject);
	void (*close)(const struct subject *subject);
};

extern const struct way ways[];
extern const unsigned int nr_ways;

const char *role_name(enum role role);
const char *memory_name(enum memory memory);

#endif

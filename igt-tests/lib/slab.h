/* SPDX-License-Identifier: MIT */
/*
 * Objects of the kernel's allocator that are in use, by /proc/slabinfo: of the caches that
 * kmalloc() has, and of those of the buddy allocator, of tasks and of address spaces. Needs
 * root.
 */
#ifndef SLAB_H
#define SLAB_H

#include <stdint.h>

#define SLAB_CACHES 512

struct slab_cache {
	char name[32];
	uint64_t objects;
};

struct slab_caches {
	struct slab_cache caches[SLAB_CACHES];
	unsigned int count;
};

/* Skips where the kernel keeps freed objects in use, as KASAN does; kmemleak looks there. */
void slab_require_exact(void);
/* Waits until what is freed with a delay is free. */
struct slab_caches slab_caches_now(void);
/* Since then, no cache has got as many objects more as that. */
void slab_caches_assert_grown_less(const struct slab_caches *before, uint64_t count);

/* The objects of one cache that are in use: exact, also where KASAN keeps freed ones. */
uint64_t slab_objects(const char *cache);

#endif

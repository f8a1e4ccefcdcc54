/* SPDX-License-Identifier: MIT */
/*
 * What the source files of libbigbar share. Names that begin with bigbar_ are for programs, and
 * no others are in the shared library: see libbigbar.map.
 */
#ifndef INTERNAL_H
#define INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <xf86drm.h>

#include "libbigbar.h"

struct bigbar_device {
	int fd;
};

struct bigbar_bo {
	const struct bigbar_device *device;
	uint32_t handle;
	uint64_t size;
};

/* After a signal, drmIoctl() repeats the call with what the driver has left in @argument. */
static inline int libbigbar_call(int fd, unsigned long request, void *argument)
{
	return drmIoctl(fd, request, argument) ? -errno : 0;
}

/*
 * address.c: arithmetic without system calls. @page is the page size; an entry of each higher
 * level maps as much as a page full of entries of 8 bytes.
 */

/* What the largest entry maps that fits into @size bytes. */
uint64_t libbigbar_level(uint64_t size, uint64_t page);
/* Whether address and place are as far past a multiple of @alignment, a power of two. */
bool libbigbar_is_congruent(uint64_t address, uint64_t alignment, uint64_t place);
/* The lowest address of that kind that is not below @lowest. */
uint64_t libbigbar_congruent(uint64_t lowest, uint64_t alignment, uint64_t place);
/* Whether it is a range of pages inside an object of @size bytes, and not empty. */
bool libbigbar_is_range(uint64_t start, uint64_t length, uint64_t size, uint64_t page);
/* The first run of set bits at or after @from; false if there is none. */
bool libbigbar_next_run(const uint64_t *bitmap, uint64_t bits, uint64_t from,
			uint64_t *first, uint64_t *count);

#endif

/* SPDX-License-Identifier: MIT */
/* What the kernel tells in /proc of the memory that a client uses. */
#ifndef FDINFO_H
#define FDINFO_H

#include <stdint.h>

/* In bytes. */
struct fdinfo_memory {
	uint64_t total;
	uint64_t shared;
	uint64_t active;
	uint64_t resident;
};

/* Skips where DRM tells nothing of its clients. */
void fdinfo_require(int fd);
/* Of a client of this process, in "vram" or in "system". Asserts that it tells all of it. */
struct fdinfo_memory fdinfo_memory(int fd, const char *region);
/* That these, and what DRM itself tells of each client, are all that it tells. */
void fdinfo_assert_keys(int fd);
/* How long copies for its buffer objects took, in nanoseconds. */
uint64_t fdinfo_copy_ns(int fd);
/* Reads it, and forgets it. Does not assert. */
void fdinfo_read(int fd);

#endif

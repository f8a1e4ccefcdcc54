/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that is mapped and measured, of any kind, ready for mmap().
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/bigbar.h"

#define NO_ADVICE (-1)

/**
 * struct subject - memory that can be mapped
 * @size: bytes
 * @fd: file to map, or -1 for anonymous memory
 * @offset: offset in that file
 * @flags: flags of mmap()
 * @alignment: alignment of the user address; 0 if the kernel chooses the address
 * @shift: distance of the user address from the multiple of @alignment before it
 * @advice: advice for madvise() right after mmap(), or NO_ADVICE
 * @random: whether MADV_RANDOM follows
 * @bo: the buffer object, if it is one
 */
struct subject {
	uint64_t size;
	int fd;
	uint64_t offset;
	int flags;
	uint64_t alignment;
	uint64_t shift;
	int advice;
	bool random;
	struct bo bo;
};

/* Makes a buffer object what is mapped. The size is the subject's. */
void take_bo(struct subject *subject, struct bo bo);
/* The address of a hole that suits the subject, or NULL for the kernel's choice. */
void *choose_address(const struct subject *subject);
/* Calls mmap(), and madvise() if there is advice. */
uint64_t *map_subject(const struct subject *subject, void *address);
void unmap_subject(const struct subject *subject, uint64_t *map);

static inline uint64_t subject_pages(const struct subject *subject)
{
	return subject->size / 4096;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * For programs: lets a mapping of a buffer object grow again.
 *
 * A mapping that was once populated by PTEs keeps its page tables after they
 * have become empty, until it is unmapped. So it keeps small entries, even when
 * the buffer object is back in VRAM or its writes are no longer tracked. Mapped
 * again over itself, it starts without page tables.
 */
#ifndef TTM_HUGE_REMAP_H
#define TTM_HUGE_REMAP_H

#include <stddef.h>
#include <sys/mman.h>

/**
 * ttm_huge_remap - map a range over itself
 * @address: page aligned, in a shared mapping of a buffer object; there will be
 * huge entries only where the range covers all that one of them would map
 * @length: bytes, page aligned, all of one buffer object
 * @prot: PROT_* that the range has
 * @fd: DRM file that it was mapped from, or another that has a handle for the
 *	buffer object
 * @offset: of @address in that file: the buffer object's fake offset plus the
 * offset of the range in the buffer object
 *
 * At no time is there a hole: other threads may access the range meanwhile.
 * The contents stay, because they are the buffer object's. What was set by
 * madvise() or mlock() for the range is lost.
 *
 * Return: 0, or -1 with errno as set by mmap(). The range then may be unmapped:
 * the kernel has made room before the driver refuses, with ENODEV after unplug for
 * example.
 */
static inline int ttm_huge_remap(void *address, size_t length, int prot, int fd, off_t offset)
{
	return mmap(address, length, prot, MAP_SHARED | MAP_FIXED, fd, offset) == MAP_FAILED ?
	       -1 : 0;
}

#endif

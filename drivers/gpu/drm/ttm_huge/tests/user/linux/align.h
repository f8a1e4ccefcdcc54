/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _USER_LINUX_ALIGN_H_
#define _USER_LINUX_ALIGN_H_

#include <stdbool.h>

static inline unsigned long ALIGN_DOWN(unsigned long x, unsigned long size)
{
	return x & ~(size - 1);
}

static inline unsigned long ALIGN(unsigned long x, unsigned long size)
{
	return ALIGN_DOWN(x + (size - 1), size);
}

static inline bool is_aligned(unsigned long x, unsigned long size)
{
	return !(x & (size - 1));
}

/*
 * A difference may wrap when all that is asked is whether it is a multiple of a
 * power of two. That holds inside these parentheses and nowhere else, so the
 * proof looks for unsigned overflow everywhere but here.
 */
#ifdef __CPROVER
#define IS_ALIGNED(x, size) is_aligned(					\
	_Pragma("CPROVER check push")					\
	_Pragma("CPROVER check disable \"unsigned-overflow\"")		\
	x								\
	_Pragma("CPROVER check pop"), size)
#else
#define IS_ALIGNED(x, size) is_aligned(x, size)
#endif

#endif

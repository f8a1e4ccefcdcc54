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

static inline bool IS_ALIGNED(unsigned long x, unsigned long size)
{
	return !(x & (size - 1));
}

#endif

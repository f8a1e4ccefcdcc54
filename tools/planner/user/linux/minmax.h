/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _USER_LINUX_MINMAX_H_
#define _USER_LINUX_MINMAX_H_

static inline unsigned long max(unsigned long a, unsigned long b)
{
	return a > b ? a : b;
}

static inline unsigned long min(unsigned long a, unsigned long b)
{
	return a < b ? a : b;
}

#endif

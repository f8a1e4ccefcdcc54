/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replacements for kernel headers, with what the planner and its tests need
 * in user space.
 */
#ifndef _USER_LINUX_TYPES_H_
#define _USER_LINUX_TYPES_H_

#include <stdbool.h>
#include <stddef.h>
#include <sys/cdefs.h>	/* __always_inline */

typedef unsigned long long u64;

#define pgoff_t unsigned long

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sizes of x86-64.
 */
#ifndef _USER_LINUX_PGTABLE_H_
#define _USER_LINUX_PGTABLE_H_

#define PAGE_SHIFT	12

#define PAGE_SIZE	4096UL
#define PMD_SIZE	(512 * PAGE_SIZE)
#define PUD_SIZE	(512 * PMD_SIZE)

#endif

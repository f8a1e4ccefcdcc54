/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sizes of x86-64.
 */
#ifndef _USER_LINUX_PGTABLE_H_
#define _USER_LINUX_PGTABLE_H_

#define PAGE_SHIFT	12
#define PMD_SHIFT	21
#define PUD_SHIFT	30

#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PMD_SIZE	(1UL << PMD_SHIFT)
#define PUD_SIZE	(1UL << PUD_SHIFT)

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sizes on x86-64.
 */
#ifndef _USER_LINUX_PGTABLE_H_
#define _USER_LINUX_PGTABLE_H_

#define PAGE_SHIFT	12

#define PAGE_SIZE	4096UL
#define PMD_SIZE	(512 * PAGE_SIZE)
#define PUD_SIZE	(512 * PMD_SIZE)

#define pgprot_t	unsigned long

enum pgtable_level {
	PGTABLE_LEVEL_PTE,
	PGTABLE_LEVEL_PMD,
	PGTABLE_LEVEL_PUD
};

#endif

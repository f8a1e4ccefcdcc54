/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mm gets wrong with huge entries of page frames, as far as pfnmap works around it.
 */
#ifndef _PFNMAP_MM_BUGS_H_
#define _PFNMAP_MM_BUGS_H_

#include <linux/kconfig.h>
#include <linux/types.h>

/**
 * enum pfnmap_mm_bug - a bug of mm
 * @PFNMAP_MM_SPLIT_VMA: where a VMA is split, a PUD entry is taken for a table
 * @PFNMAP_MM_MREMAP: mremap() takes a PUD entry for a bad table, and clears it without a
 *	flush; and a zap that comes while mremap() moves a PMD entry misses the entry
 * @PFNMAP_MM_FORK: fork() copies a PMD entry as it was before the lock was taken
 * @PFNMAP_MM_ZAP: a zap takes an entry that comes meanwhile for a bad table, and clears it
 *	without a flush: a PUD entry, and on 6.1 a PMD entry, too
 *
 * Each is to be removed, with all code that asks for it, once the oldest supported kernel
 * has the fix.
 */
enum pfnmap_mm_bug {
	PFNMAP_MM_SPLIT_VMA,
	PFNMAP_MM_MREMAP,
	PFNMAP_MM_FORK,
	PFNMAP_MM_ZAP,
};

/**
 * pfnmap_mm_has - whether the kernel has a bug
 * @bug: which
 *
 * Return: true; false in tests of a kernel with all fixes, which define
 * PFNMAP_MM_IS_FIXED.
 */
static inline bool pfnmap_mm_has(enum pfnmap_mm_bug bug)
{
	return !__is_defined(PFNMAP_MM_IS_FIXED);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What pfnmap.h and ttm_huge.h need of an older kernel, for a driver that is written for
 * that kernel: it takes nothing else of compat.h, which has more for drivers that are
 * written for mainline.
 */
#ifndef _COMPAT_ADOPTED_H_
#define _COMPAT_ADOPTED_H_

/* DRM has the file take large offsets by itself there, when it is opened. */
#ifdef COMPAT_FOP_FLAGS_ABSENT
#define fop_flags check_flags
#define FOP_UNSIGNED_OFFSET NULL
#endif

#ifdef COMPAT_PGTABLE_LEVEL_ABSENT
enum pgtable_level {
	PGTABLE_LEVEL_PTE,
	PGTABLE_LEVEL_PMD,
	PGTABLE_LEVEL_PUD,
};

static inline const char *pgtable_level_to_str(enum pgtable_level level)
{
	switch (level) {
	case PGTABLE_LEVEL_PTE:
		return "pte";
	case PGTABLE_LEVEL_PMD:
		return "pmd";
	case PGTABLE_LEVEL_PUD:
		return "pud";
	}
	return "unknown";
}
#endif

#endif

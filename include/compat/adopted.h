/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ttm_huge.h needs of an older kernel, for a driver that is written for that
 * kernel: it takes nothing else of compat.h, which has more for drivers that are
 * written for mainline.
 */
#ifndef _COMPAT_ADOPTED_H_
#define _COMPAT_ADOPTED_H_

/* DRM has the file take large offsets by itself there, when it is opened. */
#ifdef COMPAT_FOP_FLAGS_ABSENT
#define fop_flags check_flags
#define FOP_UNSIGNED_OFFSET NULL
#endif

#endif

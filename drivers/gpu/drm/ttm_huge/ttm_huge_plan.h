/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a fault sets, as pure arithmetic.
 */
#ifndef _TTM_HUGE_PLAN_H_
#define _TTM_HUGE_PLAN_H_

#include <linux/types.h>

#include <drm/ttm_huge.h>

/**
 * enum ttm_huge_reason - why a fault did not set an entry one level larger
 * @TTM_HUGE_LARGEST: it set the largest there is.
 * @TTM_HUGE_KERNEL: the kernel cannot set a larger one, or did not ask for it.
 * @TTM_HUGE_DIRTY_TRACKED: writes are recorded at PAGE_SIZE.
 * @TTM_HUGE_POLICY: the module parameter max_level, the driver, or what the
 *	process asked of the kernel (MADV_NOHUGEPAGE, PR_SET_THP_DISABLE), forbids
 *	it.
 * @TTM_HUGE_VMA_EDGE: it would reach over an end of the mapping.
 * @TTM_HUGE_EXTENT_EDGE: it would reach over an end of contiguous memory.
 * @TTM_HUGE_MISALIGNED_VA: the user address is not aligned as the offset into
 *	the buffer object is.
 * @TTM_HUGE_MISALIGNED_PFN: the memory is not aligned as the user address is.
 * @TTM_HUGE_CACHING: a huge entry would not carry the caching that TTM wants.
 * @TTM_HUGE_POPULATED: a page table of smaller entries is already there.
 * @TTM_HUGE_REASONS: number of reasons.
 *
 * Where several hold, the first of them is named.
 */
enum ttm_huge_reason {
	TTM_HUGE_LARGEST,
	TTM_HUGE_KERNEL,
	TTM_HUGE_DIRTY_TRACKED,
	TTM_HUGE_POLICY,
	TTM_HUGE_VMA_EDGE,
	TTM_HUGE_EXTENT_EDGE,
	TTM_HUGE_MISALIGNED_VA,
	TTM_HUGE_MISALIGNED_PFN,
	TTM_HUGE_CACHING,
	TTM_HUGE_POPULATED,
	TTM_HUGE_REASONS
};

/**
 * struct ttm_huge_request - what is known of a fault
 * @address: user address that faulted, in bytes, page aligned.
 * @vma_start: first byte of the mapping.
 * @vma_end: first byte behind the mapping.
 * @page: page of the buffer object that belongs at @address.
 * @extent: contiguous memory around @page.
 * @kernel: largest level that the kernel can set in this fault.
 * @policy: largest level that is allowed.
 * @tracked_write: the fault is a write that has to be recorded.
 * @caching: largest level whose entries carry the right caching.
 * @free: largest level at which no smaller page table is in the way.
 * @narrow: set the entry that covers @address and no neighbours.
 */
struct ttm_huge_request {
	unsigned long address;
	unsigned long vma_start;
	unsigned long vma_end;
	unsigned long page;
	struct ttm_huge_extent extent;
	enum ttm_huge_level kernel;
	enum ttm_huge_level policy;
	bool tracked_write;
	enum ttm_huge_level caching;
	enum ttm_huge_level free;
	bool narrow;
};

/**
 * struct ttm_huge_plan - the entries to set
 * @level: level of all of them.
 * @reason: why they are not one level larger.
 * @address: user address of the first, in bytes.
 * @nr_entries: how many there are, one behind the other.
 * @pfn: page frame that the first maps; the others follow without a gap.
 */
struct ttm_huge_plan {
	enum ttm_huge_level level;
	enum ttm_huge_reason reason;
	unsigned long address;
	unsigned long nr_entries;
	unsigned long pfn;
};

unsigned long ttm_huge_level_size(enum ttm_huge_level level);
void ttm_huge_plan(const struct ttm_huge_request *req,
		   struct ttm_huge_plan *plan);

#endif

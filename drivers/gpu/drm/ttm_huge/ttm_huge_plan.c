// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which entries a fault sets, and why they are not larger.
 *
 * Arithmetic on its arguments and nothing else: no locks, no kernel state. It
 * also builds in user space, for tests.
 */

#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/pgtable.h>

#include <drm/drm_util.h>

#include "ttm_huge_plan.h"

/**
 * ttm_huge_level_size - what one entry maps
 * @level: level of the entry
 *
 * Return: the size in bytes, a power of two.
 */
unsigned long ttm_huge_level_size(enum ttm_huge_level level)
{
	switch (level) {
	case TTM_HUGE_PUD:
		return PUD_SIZE;
	case TTM_HUGE_PMD:
		return PMD_SIZE;
	default:
		return PAGE_SIZE;
	}
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_huge_level_size);

/* Where the contiguous memory begins and ends, as user addresses. */
static unsigned long extent_start(const struct ttm_huge_request *req)
{
	unsigned long before = (req->page - req->extent.first) << PAGE_SHIFT;

	/* Memory in front of the mapping is of no use, and may underflow. */
	if (before >= req->address - req->vma_start)
		return req->vma_start;
	return req->address - before;
}

static unsigned long extent_end(const struct ttm_huge_request *req)
{
	unsigned long after = req->extent.first + req->extent.nr_pages -
			      req->page;

	if (after >= (req->vma_end - req->address) >> PAGE_SHIFT)
		return req->vma_end;
	return req->address + (after << PAGE_SHIFT);
}

/* Why no entry of @level can cover the address; LARGEST if one can. */
static enum ttm_huge_reason refuse(const struct ttm_huge_request *req,
				   enum ttm_huge_level level)
{
	unsigned long size = ttm_huge_level_size(level);
	unsigned long pages = size >> PAGE_SHIFT;
	unsigned long start = ALIGN_DOWN(req->address, size);
	unsigned long vpn = req->address >> PAGE_SHIFT;
	unsigned long pfn = req->extent.pfn + (req->page - req->extent.first);

	if (level > req->kernel)
		return TTM_HUGE_KERNEL;
	if (req->tracked_write)
		return TTM_HUGE_DIRTY_TRACKED;
	if (level > req->policy)
		return TTM_HUGE_POLICY;
	if (start < req->vma_start || req->vma_end - start < size)
		return TTM_HUGE_VMA_EDGE;
	if (start < extent_start(req) || extent_end(req) - start < size)
		return TTM_HUGE_EXTENT_EDGE;
	/* Whether two numbers differ by a multiple of a power of two. */
	if (!IS_ALIGNED(pfn ^ vpn, pages))
		return IS_ALIGNED(vpn ^ req->page, pages) ?
		       TTM_HUGE_MISALIGNED_PFN : TTM_HUGE_MISALIGNED_VA;
	if (level > req->caching)
		return TTM_HUGE_CACHING;
	if (level > req->free)
		return TTM_HUGE_POPULATED;
	return TTM_HUGE_LARGEST;
}

/**
 * ttm_huge_plan - choose the entries that a fault sets
 * @req: what is known of the fault
 * @plan: filled in
 *
 * Chooses the largest entry that covers the faulting address, then as many
 * neighbours of the same level as the mapping and the contiguous memory allow
 * inside the same page table. A neighbour in the same table is cheap: no other
 * table has to be allocated or locked. A PUD entry has no neighbours: one is
 * enough for PUD_SIZE, and mapping more than a program touches costs an
 * unmapping later.
 *
 * Some of the neighbours may be populated already; it is up to who sets the
 * entries to leave those alone.
 */
void ttm_huge_plan(const struct ttm_huge_request *req,
		   struct ttm_huge_plan *plan)
{
	enum ttm_huge_level level = TTM_HUGE_PUD;
	unsigned long size, table, start, end;

	plan->reason = TTM_HUGE_LARGEST;
	for (; level > TTM_HUGE_PTE; level--) {
		enum ttm_huge_reason reason = refuse(req, level);

		if (reason == TTM_HUGE_LARGEST)
			break;
		plan->reason = reason;
	}

	size = ttm_huge_level_size(level);
	start = ALIGN_DOWN(req->address, size);
	end = start + size;
	if (level < TTM_HUGE_PUD && !req->narrow) {
		table = ttm_huge_level_size(level + 1);
		start = max(ALIGN_DOWN(req->address, table),
			    ALIGN(extent_start(req), size));
		end = ALIGN_DOWN(extent_end(req), size);
		/* Compared as lengths: the table may end at the last address. */
		if (end - start > table - (start & (table - 1)))
			end = start + table - (start & (table - 1));
	}

	plan->level = level;
	plan->address = start;
	plan->nr_entries = (end - start) / size;
	plan->pfn = req->extent.pfn + (req->page - req->extent.first) -
		    ((req->address - start) >> PAGE_SHIFT);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_huge_plan);

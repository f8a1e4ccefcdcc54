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

#include <kunit/visibility.h>

#include "pfnmap_plan.h"

/* Where the contiguous memory begins and ends, as user addresses. */
static unsigned long pfnmap_plan_start(const struct pfnmap_request *req)
{
	unsigned long before = (req->page - req->extent.first) << PAGE_SHIFT;

	/* Memory in front of the mapping is of no use, and may underflow. */
	if (before >= req->address - req->vma_start)
		return req->vma_start;
	return req->address - before;
}

static unsigned long pfnmap_plan_end(const struct pfnmap_request *req)
{
	unsigned long after = req->extent.first + req->extent.nr_pages -
			      req->page;

	if (after >= (req->vma_end - req->address) >> PAGE_SHIFT)
		return req->vma_end;
	return req->address + (after << PAGE_SHIFT);
}

/* Why no entry of @level can cover the address; LARGEST if one can. */
static enum pfnmap_reason pfnmap_plan_refuse(const struct pfnmap_request *req,
					     enum pgtable_level level)
{
	unsigned long size = pfnmap_level_size(level);
	unsigned long pages = size >> PAGE_SHIFT;
	unsigned long start = ALIGN_DOWN(req->address, size);
	unsigned long vpn = req->address >> PAGE_SHIFT;
	unsigned long pfn = req->extent.pfn + (req->page - req->extent.first);

	if (level > req->kernel)
		return PFNMAP_KERNEL;
	if (req->tracked_write)
		return PFNMAP_DIRTY_TRACKED;
	if (level > req->policy)
		return PFNMAP_POLICY;
	if (start < req->vma_start || req->vma_end - start < size)
		return PFNMAP_VMA_EDGE;
	if (start < pfnmap_plan_start(req) ||
	    pfnmap_plan_end(req) - start < size)
		return PFNMAP_EXTENT_EDGE;
	/* Whether two numbers differ by a multiple of a power of two. */
	if (!IS_ALIGNED(pfn ^ vpn, pages))
		return IS_ALIGNED(vpn ^ req->page, pages) ?
		       PFNMAP_MISALIGNED_PFN : PFNMAP_MISALIGNED_VA;
	if (level > req->caching)
		return PFNMAP_CACHING;
	if (level > req->free)
		return PFNMAP_POPULATED;
	return PFNMAP_LARGEST;
}

/**
 * pfnmap_plan - choose the entries that a fault sets
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
void pfnmap_plan(const struct pfnmap_request *req, struct pfnmap_plan *plan)
{
	enum pgtable_level level = PGTABLE_LEVEL_PUD;
	unsigned long size, table, start, end;

	plan->reason = PFNMAP_LARGEST;
	for (; level > PGTABLE_LEVEL_PTE; level--) {
		enum pfnmap_reason reason = pfnmap_plan_refuse(req, level);

		if (reason == PFNMAP_LARGEST)
			break;
		plan->reason = reason;
	}

	size = pfnmap_level_size(level);
	start = ALIGN_DOWN(req->address, size);
	end = start + size;
	if (level < PGTABLE_LEVEL_PUD && !req->narrow) {
		table = pfnmap_level_size(level + 1);
		start = max(ALIGN_DOWN(req->address, table),
			    ALIGN(pfnmap_plan_start(req), size));
		end = ALIGN_DOWN(pfnmap_plan_end(req), size);
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
EXPORT_SYMBOL_IF_KUNIT(pfnmap_plan);

/**
 * pfnmap_plan_window - which pages can be mapped by the page table of a fault
 * @req: what is known of the fault
 * @level: level of the entries, below PUD
 * @nr_pages: how many pages the object has
 * @nearby: as of &pfnmap_source.nearby
 * @window: filled in
 */
void pfnmap_plan_window(const struct pfnmap_request *req,
			enum pgtable_level level, unsigned long nr_pages,
			unsigned long nearby, struct pfnmap_window *window)
{
	unsigned long size = pfnmap_level_size(level + 1);
	unsigned long in_table = req->address & (size - 1);
	unsigned long before = min(in_table, req->address - req->vma_start);
	unsigned long after = min(size - in_table, req->vma_end - req->address);
	unsigned long in_nearby = req->page & (nearby - 1);

	before = min(before >> PAGE_SHIFT, in_nearby);
	after = min(after >> PAGE_SHIFT, nr_pages - req->page);
	if (nearby)
		after = min(after, nearby - in_nearby);

	window->first = req->page - before;
	window->end = req->page + after;
	window->to_vpn = (req->address >> PAGE_SHIFT) - req->page;
}

/**
 * pfnmap_plan_clip - cut pieces of memory to what a window has of them
 * @window: pages of the object
 * @extents: pieces that follow each other in the object; the first has the first page of
 *	@window
 * @nr: how many there are, at least one
 *
 * Return: how many of them are left.
 */
unsigned int pfnmap_plan_clip(const struct pfnmap_window *window,
			      struct pfnmap_extent *extents, unsigned int nr)
{
	unsigned long before = window->first - extents->first;
	struct pfnmap_extent *last;

	extents->first += before;
	extents->nr_pages -= before;
	extents->pfn += before;

	/* The first has a page of the window. */
	while (nr > 1 && extents[nr - 1].first >= window->end)
		nr--;
	last = &extents[nr - 1];
	last->nr_pages = min(last->nr_pages, window->end - last->first);
	return nr;
}

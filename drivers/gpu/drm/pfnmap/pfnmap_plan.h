/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which entries a fault sets, and why they are not larger.
 *
 * This is arithmetic on the arguments and nothing else: no locks, no kernel state. It
 * also builds in user space, for tests. The functions are inlined, with constant levels,
 * so that a request stays in registers: they are much of what a fault executes.
 */
#ifndef _PFNMAP_PLAN_H_
#define _PFNMAP_PLAN_H_

#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/pfnmap.h>
#include <linux/pgtable.h>
#include <linux/types.h>

/**
 * struct pfnmap_request - what is known of a fault
 * @address: user address that faulted, in bytes, page aligned.
 * @vma_start: first byte of the mapping.
 * @vma_end: first byte past the mapping.
 * @page: page of the object that belongs at @address.
 * @extent: contiguous memory around @page.
 * @kernel: largest level that the kernel can set in this fault.
 * @policy: largest level that is allowed.
 * @tracked_write: the fault is a write that has to be recorded.
 * @caching: largest level whose entries carry the right caching.
 * @free: largest level at which no table of smaller entries is in the way.
 * @narrow: set the entry that covers @address and no neighbours.
 */
struct pfnmap_request {
	unsigned long address;
	unsigned long vma_start;
	unsigned long vma_end;
	unsigned long page;
	struct pfnmap_extent extent;
	enum pgtable_level kernel;
	enum pgtable_level policy;
	bool tracked_write;
	enum pgtable_level caching;
	enum pgtable_level free;
	bool narrow;
};

/**
 * struct pfnmap_window - pages of the object that one page table can map
 * @first: the first of them.
 * @end: the first page past them.
 * @to_vpn: to be added to the number of a page of the object; the sum is the number of the
 *	user page that shows it.
 */
struct pfnmap_window {
	unsigned long first;
	unsigned long end;
	unsigned long to_vpn;
};

/**
 * struct pfnmap_run - consecutive entries of one level
 * @address: user address of the first entry, in bytes.
 * @nr_entries: number of entries, perhaps 0.
 * @pfn: page frame that the first entry maps; the next entries map the next frames.
 */
struct pfnmap_run {
	unsigned long address;
	unsigned long nr_entries;
	unsigned long pfn;
};

/* Where the contiguous memory begins and ends inside the mapping, as user addresses. */
static __always_inline unsigned long
pfnmap_plan_start(const struct pfnmap_request *req)
{
	unsigned long before = (req->page - req->extent.first) << PAGE_SHIFT;

	/* Memory before the mapping is of no use, and its address may underflow. */
	if (before >= req->address - req->vma_start)
		return req->vma_start;
	return req->address - before;
}

static __always_inline unsigned long
pfnmap_plan_end(const struct pfnmap_request *req)
{
	unsigned long after = req->extent.first + req->extent.nr_pages -
			      req->page;

	if (after >= (req->vma_end - req->address) >> PAGE_SHIFT)
		return req->vma_end;
	return req->address + (after << PAGE_SHIFT);
}

/* Why no entry of @level can cover the address; PFNMAP_LARGEST if one can. */
static __always_inline enum pfnmap_reason
pfnmap_plan_refuse(const struct pfnmap_request *req, enum pgtable_level level)
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
	/* Two numbers are congruent modulo a power of two if their XOR is a multiple of it. */
	if (!IS_ALIGNED(pfn ^ vpn, pages))
		return IS_ALIGNED(vpn ^ req->page, pages) ?
		       PFNMAP_MISALIGNED_PFN : PFNMAP_MISALIGNED_VA;
	if (level > req->caching)
		return PFNMAP_CACHING;
	if (level > req->free)
		return PFNMAP_POPULATED;
	return PFNMAP_LARGEST;
}

/* Plan all entries of @level around the address that are in the page table of the fault. */
static __always_inline void
pfnmap_plan_entries(const struct pfnmap_request *req, enum pgtable_level level,
		    struct pfnmap_plan *plan)
{
	const unsigned long size = pfnmap_level_size(level);
	unsigned long start = ALIGN_DOWN(req->address, size);
	unsigned long end = start + size;

	if (level < PGTABLE_LEVEL_PUD && !req->narrow) {
		const unsigned long table = pfnmap_level_size(level + 1);

		start = max(ALIGN_DOWN(req->address, table),
			    ALIGN(pfnmap_plan_start(req), size));
		end = ALIGN_DOWN(pfnmap_plan_end(req), size);
		/* Compare lengths: the table may end at the last address. */
		if (end - start > table - (start & (table - 1)))
			end = start + table - (start & (table - 1));
	}

	plan->level = level;
	plan->address = start;
	plan->nr_entries = (end - start) / size;
	plan->pfn = req->extent.pfn + (req->page - req->extent.first) -
		    ((req->address - start) >> PAGE_SHIFT);
}

/* If entries of @level, which is above PTE, are possible, plan them and return true. */
static __always_inline bool
pfnmap_plan_huge(const struct pfnmap_request *req, enum pgtable_level level,
		 struct pfnmap_plan *plan)
{
	enum pfnmap_reason reason = pfnmap_plan_refuse(req, level);

	if (reason != PFNMAP_LARGEST) {
		plan->reason = reason;
		return false;
	}
	pfnmap_plan_entries(req, level, plan);
	return true;
}

/**
 * pfnmap_plan - choose the entries that a fault sets
 * @req: what is known of the fault
 * @plan: filled in
 *
 * Chooses the largest entry that covers the faulting address, then as many
 * neighbours of the same level as the mapping and the contiguous memory allow
 * inside the same page table. A neighbour in the same table is cheap: no other
 * table has to be allocated or locked. A PUD entry has no neighbours: it maps
 * PUD_SIZE by itself, and mapping more than a program touches costs time at
 * unmap.
 *
 * Some of the slots may be populated already; the code that sets the entries
 * must leave those alone.
 */
static __always_inline void
pfnmap_plan(const struct pfnmap_request *req, struct pfnmap_plan *plan)
{
	plan->reason = PFNMAP_LARGEST;
	if (pfnmap_plan_huge(req, PGTABLE_LEVEL_PUD, plan) ||
	    pfnmap_plan_huge(req, PGTABLE_LEVEL_PMD, plan))
		return;
	pfnmap_plan_entries(req, PGTABLE_LEVEL_PTE, plan);
}

/**
 * pfnmap_plan_window - which pages can be mapped by the page table of a fault
 * @req: what is known of the fault
 * @level: level of the entries, below PUD
 * @nr_pages: number of pages of the object
 * @nearby: as for &pfnmap_source.nearby
 *
 * Return: the pages.
 */
static __always_inline struct pfnmap_window
pfnmap_plan_window(const struct pfnmap_request *req, enum pgtable_level level,
		   unsigned long nr_pages, unsigned long nearby)
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

	return (struct pfnmap_window){
		.first = req->page - before,
		.end = req->page + after,
		.to_vpn = (req->address >> PAGE_SHIFT) - req->page,
	};
}

/**
 * pfnmap_plan_clip - cut pieces of memory to the pages of a window
 * @window: pages of the object
 * @extents: pieces that follow each other in the object; the first contains the first page
 *	of @window
 * @nr: number of pieces, at least one
 *
 * Return: the number of pieces that are left.
 */
static inline unsigned int
pfnmap_plan_clip(const struct pfnmap_window *window,
		 struct pfnmap_extent *extents, unsigned int nr)
{
	unsigned long before = window->first - extents->first;
	struct pfnmap_extent *last;

	extents->first += before;
	extents->nr_pages -= before;
	extents->pfn += before;

	/* The first piece stays: it contains a page of the window. */
	while (nr > 1 && extents[nr - 1].first >= window->end)
		nr--;
	last = &extents[nr - 1];
	last->nr_pages = min(last->nr_pages, window->end - last->first);
	return nr;
}

/**
 * pfnmap_plan_run - choose entries for a piece of memory other than that of the fault
 * @level: level of the entries, that of the fault's plan
 * @to_vpn: &pfnmap_window.to_vpn of the window that the piece lies in
 * @extent: the piece of memory
 *
 * Inlined, with @level a constant, because a fault has up to 512 pieces.
 *
 * Return: all entries of @level that fit.
 */
static inline struct pfnmap_run
pfnmap_plan_run(enum pgtable_level level, unsigned long to_vpn,
		const struct pfnmap_extent *extent)
{
	const unsigned long pages = pfnmap_level_size(level) >> PAGE_SHIFT;
	unsigned long vpn = extent->first + to_vpn;
	unsigned long first = ALIGN(vpn, pages);
	unsigned long end = ALIGN_DOWN(vpn + extent->nr_pages, pages);

	if (!IS_ALIGNED(extent->pfn ^ vpn, pages) || end < first)
		end = first;

	return (struct pfnmap_run){
		.address = first << PAGE_SHIFT,
		.nr_entries = (end - first) / pages,
		.pfn = extent->pfn + (first - vpn),
	};
}

#endif

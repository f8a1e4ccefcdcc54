/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a fault sets, as pure arithmetic.
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
 * @vma_end: first byte behind the mapping.
 * @page: page of the object that belongs at @address.
 * @extent: contiguous memory around @page.
 * @kernel: largest level that the kernel can set in this fault.
 * @policy: largest level that is allowed.
 * @tracked_write: the fault is a write that has to be recorded.
 * @caching: largest level whose entries carry the right caching.
 * @free: largest level at which no smaller page table is in the way.
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
 * struct pfnmap_window - pages of the object, of which entries can be had in one table
 * @first: the first of them.
 * @end: the first page behind them.
 * @to_vpn: what makes a page of the object the user page that shows it, added to it.
 */
struct pfnmap_window {
	unsigned long first;
	unsigned long end;
	unsigned long to_vpn;
};

/**
 * struct pfnmap_run - entries of one level, one behind the other
 * @address: user address of the first, in bytes.
 * @nr_entries: how many there are, perhaps none.
 * @pfn: page frame that the first maps; the others follow without a gap.
 */
struct pfnmap_run {
	unsigned long address;
	unsigned long nr_entries;
	unsigned long pfn;
};

/**
 * pfnmap_level_size - what one entry maps
 * @level: level of the entry
 *
 * Return: the size in bytes, a power of two.
 */
static inline unsigned long pfnmap_level_size(enum pgtable_level level)
{
	switch (level) {
	case PGTABLE_LEVEL_PUD:
		return PUD_SIZE;
	case PGTABLE_LEVEL_PMD:
		return PMD_SIZE;
	default:
		return PAGE_SIZE;
	}
}

void pfnmap_plan(const struct pfnmap_request *req, struct pfnmap_plan *plan);
void pfnmap_plan_window(const struct pfnmap_request *req,
			enum pgtable_level level, unsigned long nr_pages,
			unsigned long nearby, struct pfnmap_window *window);
unsigned int pfnmap_plan_clip(const struct pfnmap_window *window,
			      struct pfnmap_extent *extents, unsigned int nr);

/**
 * pfnmap_plan_run - choose entries for a piece of memory beside that of a fault
 * @level: level of the entries, that of the fault's plan
 * @to_vpn: as of the window that the piece lies in
 * @extent: the piece of memory
 *
 * Inlined, with @level a constant, as there are up to 512 in a fault.
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

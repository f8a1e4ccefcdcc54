/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a fault sets, as pure arithmetic.
 */
#ifndef _PFNMAP_PLAN_H_
#define _PFNMAP_PLAN_H_

#include <linux/pfnmap.h>
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

unsigned long pfnmap_level_size(enum pgtable_level level);
void pfnmap_plan(const struct pfnmap_request *req, struct pfnmap_plan *plan);

#endif

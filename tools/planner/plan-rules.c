// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a plan is, said once more and in another way than the planner does.
 *
 * The planner clips ranges of byte addresses to each other. Here everything is
 * a distance from the fault, in pages and signed, so that nothing can wrap, and
 * each slot of a page table is asked for itself: is it inside?
 */

#include "plan-rules.h"

#define PAGE_BITS	12
#define TABLE_BITS	9

/* Page numbers, in memory and in address spaces, are below this. */
#define PAGE_LIMIT	(1UL << (64 - PAGE_BITS))

static unsigned int level_bits(unsigned int level)
{
	return level * TABLE_BITS;
}

static long level_pages(unsigned int level)
{
	return 1L << level_bits(level);
}

static bool is_multiple(long pages, unsigned int level)
{
	return (pages & (level_pages(level) - 1)) == 0;
}

static long to_pages(unsigned long bytes)
{
	return (long)(bytes >> PAGE_BITS);
}

/* How far from the fault its slot, in a table of @level, begins. */
static long slot_of_fault(const struct pfnmap_request *req,
			  unsigned int level)
{
	return -(to_pages(req->address) & (level_pages(level) - 1));
}

/* What belongs that far from the fault: a user page, ... */
static long vpn_at(const struct pfnmap_request *req, long distance)
{
	return to_pages(req->address) + distance;
}

/* ... a page of the buffer object, ... */
static long bo_page_at(const struct pfnmap_request *req, long distance)
{
	return (long)req->page + distance;
}

/* ... and a page of memory. */
static long pfn_at(const struct pfnmap_request *req, long distance)
{
	return (long)(req->extent.pfn + (req->page - req->extent.first)) +
	       distance;
}

/*
 * Mappings and extents have no holes: a slot whose first and last page are in
 * one is in it with all of its pages.
 */
static bool slot_is_in_vma(const struct pfnmap_request *req, long slot,
			   unsigned int level)
{
	long first = -to_pages(req->address - req->vma_start);
	long end = to_pages(req->vma_end - req->address);

	return slot >= first && slot + level_pages(level) - 1 < end;
}

static bool slot_is_in_extent(const struct pfnmap_request *req, long slot,
			      unsigned int level)
{
	long first = -(long)(req->page - req->extent.first);
	long end = (long)(req->extent.first + req->extent.nr_pages - req->page);

	return slot >= first && slot + level_pages(level) - 1 < end;
}

/* The reasons one by one, as pfnmap_plan.h words them. */
static bool reason_holds(const struct pfnmap_request *req,
			 enum pfnmap_reason reason, unsigned int level)
{
	long slot = slot_of_fault(req, level);

	switch (reason) {
	case PFNMAP_KERNEL:
		return level > req->kernel;
	case PFNMAP_DIRTY_TRACKED:
		return req->tracked_write && level > PGTABLE_LEVEL_PTE;
	case PFNMAP_POLICY:
		return level > req->policy;
	case PFNMAP_VMA_EDGE:
		return !slot_is_in_vma(req, slot, level);
	case PFNMAP_EXTENT_EDGE:
		return !slot_is_in_extent(req, slot, level);
	case PFNMAP_MISALIGNED_VA:
		/* Harmless where the memory happens to be misaligned alike. */
		return !is_multiple(bo_page_at(req, slot), level) &&
		       !is_multiple(pfn_at(req, slot), level);
	case PFNMAP_MISALIGNED_PFN:
		return !is_multiple(pfn_at(req, slot), level);
	case PFNMAP_CACHING:
		return level > req->caching;
	case PFNMAP_POPULATED:
		return level > req->free;
	default:
		return false;
	}
}

/* The first reason that holds against an entry of @level at the fault. */
static enum pfnmap_reason first_reason(const struct pfnmap_request *req,
				       unsigned int level)
{
	unsigned int reason;

	for (reason = PFNMAP_LARGEST + 1; reason < PFNMAP_REASONS; reason++)
		if (reason_holds(req, reason, level))
			return reason;
	return PFNMAP_LARGEST;
}

/* How far from the fault an entry is, or the place behind the last one. */
static long entry_at(const struct pfnmap_request *req,
		     const struct pfnmap_plan *plan, unsigned long index)
{
	return to_pages(plan->address) - to_pages(req->address) +
	       ((long)index << level_bits(plan->level));
}

static bool is_in_table_of_fault(const struct pfnmap_request *req,
				 long slot, unsigned int level)
{
	long table = slot_of_fault(req, level + 1);

	return slot >= table && slot < table + level_pages(level + 1);
}

/* Entries lie behind each other by definition; a run may not be any longer. */
static bool fits_one_table(const struct pfnmap_request *req,
			   const struct pfnmap_plan *plan,
			   unsigned long index)
{
	if (plan->level == PGTABLE_LEVEL_PUD)
		return plan->nr_entries == 1;

	return plan->nr_entries >= 1 && plan->nr_entries <= TABLE_ENTRIES &&
	       is_in_table_of_fault(req, entry_at(req, plan, index),
				    plan->level);
}

static bool covers_fault(const struct pfnmap_request *req,
			 const struct pfnmap_plan *plan, unsigned long index)
{
	return entry_at(req, plan, 0) <= 0 &&
	       entry_at(req, plan, plan->nr_entries) > 0;
}

static bool stays_below_caps(const struct pfnmap_request *req,
			     const struct pfnmap_plan *plan,
			     unsigned long index)
{
	return plan->level <= req->kernel && plan->level <= req->policy &&
	       plan->level <= req->caching && plan->level <= req->free &&
	       (!req->tracked_write || plan->level == PGTABLE_LEVEL_PTE);
}

static bool is_aligned_in_va(const struct pfnmap_request *req,
			     const struct pfnmap_plan *plan,
			     unsigned long index)
{
	return plan->address % (1UL << PAGE_BITS) == 0 &&
	       is_multiple(vpn_at(req, entry_at(req, plan, index)),
			   plan->level);
}

static bool maps_right_pfn(const struct pfnmap_request *req,
			   const struct pfnmap_plan *plan,
			   unsigned long index)
{
	long pfn = (long)plan->pfn + ((long)index << level_bits(plan->level));

	return pfn == pfn_at(req, entry_at(req, plan, index));
}

static bool is_aligned_in_pfn(const struct pfnmap_request *req,
			      const struct pfnmap_plan *plan,
			      unsigned long index)
{
	return is_multiple(pfn_at(req, entry_at(req, plan, index)),
			   plan->level);
}

static bool stays_inside_vma(const struct pfnmap_request *req,
			     const struct pfnmap_plan *plan,
			     unsigned long index)
{
	return slot_is_in_vma(req, entry_at(req, plan, index), plan->level);
}

static bool stays_inside_extent(const struct pfnmap_request *req,
				const struct pfnmap_plan *plan,
				unsigned long index)
{
	return slot_is_in_extent(req, entry_at(req, plan, index), plan->level);
}

static bool is_largest_level(const struct pfnmap_request *req,
			     const struct pfnmap_plan *plan,
			     unsigned long index)
{
	unsigned int level;

	for (level = PGTABLE_LEVEL_PUD; level > plan->level; level--)
		if (first_reason(req, level) == PFNMAP_LARGEST)
			return false;
	return true;
}

/* Could the slot be set along with the fault? Then it must be. */
static bool is_cheap(const struct pfnmap_request *req, long slot,
		     unsigned int level)
{
	return is_in_table_of_fault(req, slot, level) &&
	       slot_is_in_vma(req, slot, level) &&
	       slot_is_in_extent(req, slot, level);
}

static bool is_whole_run(const struct pfnmap_request *req,
			 const struct pfnmap_plan *plan, unsigned long index)
{
	long before = entry_at(req, plan, 0) - level_pages(plan->level);
	long behind = entry_at(req, plan, plan->nr_entries);

	return req->narrow || plan->level == PGTABLE_LEVEL_PUD ||
	       (!is_cheap(req, before, plan->level) &&
		!is_cheap(req, behind, plan->level));
}

static bool is_narrow_if_asked(const struct pfnmap_request *req,
			       const struct pfnmap_plan *plan,
			       unsigned long index)
{
	return !req->narrow || plan->nr_entries == 1;
}

static bool names_true_reason(const struct pfnmap_request *req,
			      const struct pfnmap_plan *plan,
			      unsigned long index)
{
	if (plan->level == PGTABLE_LEVEL_PUD)
		return plan->reason == PFNMAP_LARGEST;

	return plan->reason != PFNMAP_LARGEST &&
	       plan->reason == first_reason(req, plan->level + 1);
}

#define RULE(name) { #name, false, name }
#define ENTRY_RULE(name) { #name, true, name }

const struct plan_rule plan_rules[PLAN_RULES] = {
	ENTRY_RULE(fits_one_table),
	RULE(covers_fault),
	RULE(stays_below_caps),
	ENTRY_RULE(is_aligned_in_va),
	ENTRY_RULE(maps_right_pfn),
	ENTRY_RULE(is_aligned_in_pfn),
	ENTRY_RULE(stays_inside_vma),
	ENTRY_RULE(stays_inside_extent),
	RULE(is_largest_level),
	RULE(is_whole_run),
	RULE(is_narrow_if_asked),
	RULE(names_true_reason),
};

static bool is_page_address(unsigned long address)
{
	return address % (1UL << PAGE_BITS) == 0;
}

static bool is_level(enum pgtable_level level)
{
	return level == PGTABLE_LEVEL_PTE || level == PGTABLE_LEVEL_PMD ||
	       level == PGTABLE_LEVEL_PUD;
}

/**
 * request_is_valid - what the planner may take for granted
 * @req: the request
 *
 * Return: whether the fault handler can make such a request.
 */
bool request_is_valid(const struct pfnmap_request *req)
{
	/* Mappings begin and end with a page; the fault handler rounds. */
	if (!is_page_address(req->address) ||
	    !is_page_address(req->vma_start) || !is_page_address(req->vma_end))
		return false;

	/* Faults are delivered to the mapping that they are in. */
	if (req->address < req->vma_start || req->address >= req->vma_end)
		return false;

	/* The extent was asked for by this page. */
	if (req->page < req->extent.first ||
	    req->page - req->extent.first >= req->extent.nr_pages)
		return false;

	/* The size in bytes of a buffer object is an unsigned long. */
	if (req->extent.first >= PAGE_LIMIT ||
	    req->extent.nr_pages > PAGE_LIMIT - req->extent.first)
		return false;

	/* So is a physical address. */
	if (req->extent.pfn >= PAGE_LIMIT ||
	    req->extent.nr_pages > PAGE_LIMIT - req->extent.pfn)
		return false;

	return is_level(req->kernel) && is_level(req->policy) &&
	       is_level(req->caching) && is_level(req->free);
}

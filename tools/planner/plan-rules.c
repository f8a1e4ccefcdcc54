// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of a plan, written in another way than the planner.
 *
 * The planner clips ranges of byte addresses to each other. Here everything is
 * a distance from the fault, in pages and signed, so that nothing can wrap, and
 * each slot of a page table is checked separately: is it inside?
 */

#include "plan-rules.h"

#define PAGE_BITS	12
#define TABLE_BITS	9

/* Page numbers in memory and in address spaces are less than this. */
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

/* The distance from the fault to the start of its slot in a table of @level. */
static long slot_of_fault(const struct pfnmap_request *req,
			  unsigned int level)
{
	return -(to_pages(req->address) & (level_pages(level) - 1));
}

/* What is at a distance from the fault: the number of a user page, ... */
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
 * Mappings and extents have no holes: if the first and the last page of a slot are
 * inside, all of its pages are.
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

/* The reasons one by one, with the meaning that pfnmap_plan.h gives them. */
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
		/* Does not matter if the memory happens to be misaligned in the same way. */
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

/* The distance from the fault to an entry, or to the place after the last one. */
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

/* Entries follow each other by definition, but the run may be too long. */
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

/* Whether the slot can be set together with that of the fault: then it must be. */
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
	long after = entry_at(req, plan, plan->nr_entries);

	return req->narrow || plan->level == PGTABLE_LEVEL_PUD ||
	       (!is_cheap(req, before, plan->level) &&
		!is_cheap(req, after, plan->level));
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

/*
 * entry_at() for a run beside a plan. The run has the plan's level and table, and is like a
 * plan for other memory, which does not need to cover the fault.
 */
static long run_entry_at(const struct rest_request *rest,
			 const struct pfnmap_run *run, unsigned long index)
{
	return to_pages(run->address) - to_pages(rest->req.address) +
	       ((long)index << level_bits(rest->level));
}

/* Whether a page is in the object, and in the same aligned block of @nearby pages. */
static bool page_is_nearby(const struct rest_request *rest, long page)
{
	long nearby = (long)rest->nearby;

	return bo_page_at(&rest->req, page) >= 0 &&
	       bo_page_at(&rest->req, page) < (long)rest->nr_pages &&
	       (!nearby || ((bo_page_at(&rest->req, page) ^
			     bo_page_at(&rest->req, 0)) & -nearby) == 0);
}

static bool slot_is_nearby(const struct rest_request *rest, long slot)
{
	long first = (long)(rest->from - rest->req.page);
	long last = slot + level_pages(rest->level) - 1;

	return slot >= first && page_is_nearby(rest, slot) &&
	       page_is_nearby(rest, last);
}

static bool run_fits_one_table(const struct rest_request *rest,
			       const struct pfnmap_run *run,
			       unsigned long index)
{
	return run->nr_entries <= TABLE_ENTRIES &&
	       is_in_table_of_fault(&rest->req, run_entry_at(rest, run, index),
				    rest->level);
}

static bool run_stays_inside_vma(const struct rest_request *rest,
				 const struct pfnmap_run *run,
				 unsigned long index)
{
	return slot_is_in_vma(&rest->req, run_entry_at(rest, run, index),
			      rest->level);
}

static bool run_stays_inside_extent(const struct rest_request *rest,
				    const struct pfnmap_run *run,
				    unsigned long index)
{
	return slot_is_in_extent(&rest->req, run_entry_at(rest, run, index),
				 rest->level);
}

static bool run_stays_nearby(const struct rest_request *rest,
			     const struct pfnmap_run *run, unsigned long index)
{
	return slot_is_nearby(rest, run_entry_at(rest, run, index));
}

static bool run_maps_right_pfn(const struct rest_request *rest,
			       const struct pfnmap_run *run,
			       unsigned long index)
{
	long pfn = (long)run->pfn + ((long)index << level_bits(rest->level));

	return pfn == pfn_at(&rest->req, run_entry_at(rest, run, index));
}

static bool run_is_aligned(const struct rest_request *rest,
			   const struct pfnmap_run *run, unsigned long index)
{
	long at = run_entry_at(rest, run, index);

	return run->address % (1UL << PAGE_BITS) == 0 &&
	       is_multiple(vpn_at(&rest->req, at), rest->level) &&
	       is_multiple(pfn_at(&rest->req, at), rest->level);
}

/* A slot that can be set must be set. */
static bool run_is_whole(const struct rest_request *rest,
			 const struct pfnmap_run *run, unsigned long index)
{
	long slot = slot_of_fault(&rest->req, rest->level + 1) +
		    ((long)index << level_bits(rest->level));

	return !is_cheap(&rest->req, slot, rest->level) ||
	       !slot_is_nearby(rest, slot) ||
	       !is_multiple(pfn_at(&rest->req, slot), rest->level) ||
	       (slot >= run_entry_at(rest, run, 0) &&
		slot < run_entry_at(rest, run, run->nr_entries));
}

#define REST_RULE(name) { #name, false, name }
#define SLOT_RULE(name) { #name, true, name }

const struct rest_rule rest_rules[REST_RULES] = {
	REST_RULE(run_fits_one_table),
	REST_RULE(run_stays_inside_vma),
	REST_RULE(run_stays_inside_extent),
	REST_RULE(run_stays_nearby),
	REST_RULE(run_maps_right_pfn),
	REST_RULE(run_is_aligned),
	SLOT_RULE(run_is_whole),
};

/**
 * rest_run - have the planner choose a run
 * @rest: the request
 *
 * Return: the run.
 */
struct pfnmap_run rest_run(const struct rest_request *rest)
{
	struct pfnmap_extent extent = rest->req.extent;
	struct pfnmap_window window =
		pfnmap_plan_window(&rest->req, rest->level, rest->nr_pages,
				   rest->nearby);

	if (!rest->is_first)
		window.first = rest->from;
	pfnmap_plan_clip(&window, &extent, 1);
	return pfnmap_plan_run(rest->level, window.to_vpn, &extent);
}

static bool is_page_address(unsigned long address)
{
	return address % (1UL << PAGE_BITS) == 0;
}

static bool is_level(enum pgtable_level level)
{
	return level == PGTABLE_LEVEL_PTE || level == PGTABLE_LEVEL_PMD ||
	       level == PGTABLE_LEVEL_PUD;
}

/* The size in bytes of a buffer object is an unsigned long. */
static bool are_pages(unsigned long first, unsigned long nr_pages)
{
	return first < PAGE_LIMIT && nr_pages <= PAGE_LIMIT - first;
}

static bool has_page(unsigned long first, unsigned long nr_pages,
		     unsigned long page)
{
	return page >= first && page - first < nr_pages;
}

/* A physical address is an unsigned long, too. */
static bool extent_is_valid(const struct pfnmap_extent *extent)
{
	return are_pages(extent->first, extent->nr_pages) &&
	       are_pages(extent->pfn, extent->nr_pages);
}

static bool mapping_is_valid(const struct pfnmap_request *req)
{
	/* Mappings begin and end with a page; the fault handler rounds. */
	if (!is_page_address(req->address) ||
	    !is_page_address(req->vma_start) || !is_page_address(req->vma_end))
		return false;

	/* The fault is in the mapping. */
	return req->address >= req->vma_start && req->address < req->vma_end;
}

/**
 * request_is_valid - check what the planner may assume of a request
 * @req: the request
 *
 * Return: whether the fault handler can make such a request.
 */
bool request_is_valid(const struct pfnmap_request *req)
{
	/* The driver was asked for the extent that has this page. */
	return mapping_is_valid(req) && extent_is_valid(&req->extent) &&
	       has_page(req->extent.first, req->extent.nr_pages, req->page) &&
	       is_level(req->kernel) && is_level(req->policy) &&
	       is_level(req->caching) && is_level(req->free);
}

/* Whether a page is in the table of the plan, in the mapping, and nearby. */
static bool can_be_mapped(const struct rest_request *rest, long page)
{
	return is_in_table_of_fault(&rest->req, page, rest->level) &&
	       slot_is_in_vma(&rest->req, page, PGTABLE_LEVEL_PTE) &&
	       page_is_nearby(rest, page);
}

/**
 * rest_is_valid - check what the planner may assume of a request for a run
 * @rest: the request
 *
 * Return: whether there can be such a request.
 */
bool rest_is_valid(const struct rest_request *rest)
{
	const struct pfnmap_request *req = &rest->req;
	long from = (long)(rest->from - req->page);

	/* The driver was asked for the piece that has the first page without an entry. */
	return mapping_is_valid(req) && extent_is_valid(&req->extent) &&
	       are_pages(0, rest->nr_pages) &&
	       has_page(0, rest->nr_pages, req->page) &&
	       (rest->nearby & (rest->nearby - 1)) == 0 &&
	       has_page(req->extent.first, req->extent.nr_pages, rest->from) &&
	       (rest->level == PGTABLE_LEVEL_PTE ||
		rest->level == PGTABLE_LEVEL_PMD) &&
	       can_be_mapped(rest, from) &&
	       (!rest->is_first || !can_be_mapped(rest, from - 1));
}

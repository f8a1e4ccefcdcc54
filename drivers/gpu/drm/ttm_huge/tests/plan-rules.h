/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every plan must be, whatever the request: one list of rules, for the
 * random cases of plan-test.c and for the proof of plan-prove.c.
 */
#ifndef _PLAN_RULES_H_
#define _PLAN_RULES_H_

#include "ttm_huge_plan.h"

/* The largest page table, in entries. */
#define TABLE_ENTRIES 512

/*
 * A rule looks at a plan as a whole, or at the entry number @index of it. It
 * must hold for every index below plan->nr_entries.
 */
#define PLAN_RULE(name)							\
	bool name(const struct ttm_huge_request *req,			\
		  const struct ttm_huge_plan *plan, unsigned long index)

PLAN_RULE(fits_one_table);
PLAN_RULE(stays_below_caps);
PLAN_RULE(is_aligned_in_va);
PLAN_RULE(is_aligned_in_pfn);
PLAN_RULE(covers_fault);
PLAN_RULE(stays_inside_vma);
PLAN_RULE(stays_inside_extent);
PLAN_RULE(maps_right_pfn);
PLAN_RULE(is_largest_level);
PLAN_RULE(is_whole_run);
PLAN_RULE(is_narrow_if_asked);
PLAN_RULE(names_true_reason);

#define FOR_EACH_PLAN_RULE(do_rule)	\
	do_rule(fits_one_table)		\
	do_rule(stays_below_caps)	\
	do_rule(is_aligned_in_va)	\
	do_rule(is_aligned_in_pfn)	\
	do_rule(covers_fault)		\
	do_rule(stays_inside_vma)	\
	do_rule(stays_inside_extent)	\
	do_rule(maps_right_pfn)		\
	do_rule(is_largest_level)	\
	do_rule(is_whole_run)		\
	do_rule(is_narrow_if_asked)	\
	do_rule(names_true_reason)

bool request_is_valid(const struct ttm_huge_request *req);

#endif

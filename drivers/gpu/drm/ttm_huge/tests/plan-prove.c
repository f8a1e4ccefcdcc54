// SPDX-License-Identifier: GPL-2.0-only
/*
 * Harness for CBMC, which takes the arguments of these functions to be anything
 * that their types can hold; ./prove runs it.
 *
 * One entry of the plan, whichever, stands for all of them. That saves a loop
 * over up to 512 entries: the only loops left are those over the levels and
 * over the reasons.
 */

#include "plan-rules.h"

/* The rule number RULE holds for every valid request and every entry. */
#ifdef RULE
void prove_rule(struct ttm_huge_request req, unsigned long index)
{
	struct ttm_huge_plan plan;

	__CPROVER_assume(request_is_valid(&req));
	ttm_huge_plan(&req, &plan);

	__CPROVER_assume(index == 0 || index < plan.nr_entries);
	__CPROVER_assert(plan_rules[RULE].holds(&req, &plan, index), "rule");
}
#endif

/* Asserts nothing: for what CBMC itself checks of the planner's arithmetic. */
void prove_arithmetic(struct ttm_huge_request req)
{
	struct ttm_huge_plan plan;

	__CPROVER_assume(request_is_valid(&req));
	ttm_huge_plan(&req, &plan);
}

/*
 * The proofs are not about nothing: what is assumed leaves every kind of plan
 * possible.
 */
void reach_every_plan(struct ttm_huge_request req)
{
	struct ttm_huge_plan plan;

	__CPROVER_assume(request_is_valid(&req));
	ttm_huge_plan(&req, &plan);

	__CPROVER_cover(plan.level == TTM_HUGE_PTE);
	__CPROVER_cover(plan.level == TTM_HUGE_PMD);
	__CPROVER_cover(plan.level == TTM_HUGE_PUD);

	__CPROVER_cover(plan.reason == TTM_HUGE_LARGEST);
	__CPROVER_cover(plan.reason == TTM_HUGE_KERNEL);
	__CPROVER_cover(plan.reason == TTM_HUGE_POLICY);
	__CPROVER_cover(plan.reason == TTM_HUGE_VMA_EDGE);
	__CPROVER_cover(plan.reason == TTM_HUGE_EXTENT_EDGE);
	__CPROVER_cover(plan.reason == TTM_HUGE_MISALIGNED_VA);
	__CPROVER_cover(plan.reason == TTM_HUGE_MISALIGNED_PFN);
	__CPROVER_cover(plan.reason == TTM_HUGE_CACHING);
	__CPROVER_cover(plan.reason == TTM_HUGE_POPULATED);

	__CPROVER_cover(plan.level == TTM_HUGE_PTE &&
			plan.nr_entries == TABLE_ENTRIES);
	__CPROVER_cover(plan.level == TTM_HUGE_PMD &&
			plan.nr_entries == TABLE_ENTRIES);
	__CPROVER_cover(plan.nr_entries > 1 && plan.address < req.address &&
			plan.nr_entries < TABLE_ENTRIES);
}

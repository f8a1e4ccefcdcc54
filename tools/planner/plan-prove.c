// SPDX-License-Identifier: GPL-2.0-only
/*
 * Harness for CBMC, which assumes any values that the types can hold for the
 * arguments of these functions. ./prove runs it.
 *
 * One entry of the plan, any one, stands for all of them. This saves a loop over
 * up to 512 entries; only the loops over the reasons and over GROUNDS are left.
 */

#include "plan-rules.h"

static void plan_anything(const struct pfnmap_request *req,
			  struct pfnmap_plan *plan)
{
	__CPROVER_assume(request_is_valid(req));
	pfnmap_plan(req, plan);
}

#ifdef RULE_NUMBER
/*
 * The first rules limit the plan to a table around the fault. The proof of a rule
 * may assume those of them that come before it, because these are proved without
 * it. Solving takes seconds with this, and hours without.
 */
#define GROUNDS	2

/* Rule RULE_NUMBER holds for every valid request and every entry. */
void prove_rule(struct pfnmap_request req, unsigned long index)
{
	struct pfnmap_plan plan;
	unsigned int i;

	plan_anything(&req, &plan);

	/* There is always an entry 0; if not, a rule has to notice. */
	__CPROVER_assume(index == 0 || index < plan.nr_entries);
	for (i = 0; i < GROUNDS && i < RULE_NUMBER; i++)
		__CPROVER_assume(plan_rules[i].holds(&req, &plan, index));
	__CPROVER_assert(plan_rules[RULE_NUMBER].holds(&req, &plan, index), "rule");
}
#endif

/* Asserts nothing: CBMC itself checks the planner's arithmetic. */
void prove_arithmetic(struct pfnmap_request req)
{
	struct pfnmap_plan plan;

	plan_anything(&req, &plan);
}

/*
 * The proofs are not empty: the assumptions leave every kind of plan
 * possible.
 */
void reach_every_plan(struct pfnmap_request req)
{
	struct pfnmap_plan plan;

	plan_anything(&req, &plan);

	__CPROVER_cover(plan.level == PGTABLE_LEVEL_PTE);
	__CPROVER_cover(plan.level == PGTABLE_LEVEL_PMD);
	__CPROVER_cover(plan.level == PGTABLE_LEVEL_PUD);

	__CPROVER_cover(plan.reason == PFNMAP_LARGEST);
	__CPROVER_cover(plan.reason == PFNMAP_KERNEL);
	__CPROVER_cover(plan.reason == PFNMAP_DIRTY_TRACKED);
	__CPROVER_cover(plan.reason == PFNMAP_POLICY);
	__CPROVER_cover(plan.reason == PFNMAP_VMA_EDGE);
	__CPROVER_cover(plan.reason == PFNMAP_EXTENT_EDGE);
	__CPROVER_cover(plan.reason == PFNMAP_MISALIGNED_VA);
	__CPROVER_cover(plan.reason == PFNMAP_MISALIGNED_PFN);
	__CPROVER_cover(plan.reason == PFNMAP_CACHING);
	__CPROVER_cover(plan.reason == PFNMAP_POPULATED);

	__CPROVER_cover(plan.nr_entries == TABLE_ENTRIES &&
			plan.level == PGTABLE_LEVEL_PTE);
	__CPROVER_cover(plan.nr_entries == TABLE_ENTRIES &&
			plan.level == PGTABLE_LEVEL_PMD);
	__CPROVER_cover(plan.nr_entries > 1 &&
			plan.nr_entries < TABLE_ENTRIES);
	__CPROVER_cover(plan.nr_entries == 1 && req.narrow);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The planner as the kernel has it, with the kernel's page tables.
 */

#include <linux/pgtable.h>
#include <linux/sizes.h>

#include <kunit/test.h>

#include "plan-cases.h"

static void corner_case(struct kunit *test)
{
	const struct corner_case *corner = test->param_value;
	struct ttm_huge_request req = corner_request(corner);
	struct ttm_huge_plan expected = corner_plan(corner);
	struct ttm_huge_plan plan;

	if (PAGE_SIZE != PAGE || PMD_SIZE != SZ_2M || PUD_SIZE != SZ_1G)
		kunit_skip(test, "the cases are for pages of 4 KiB");

	ttm_huge_plan(&req, &plan);
	KUNIT_EXPECT_EQ(test, plan.level, expected.level);
	KUNIT_EXPECT_EQ(test, plan.reason, expected.reason);
	KUNIT_EXPECT_EQ(test, plan.address, expected.address);
	KUNIT_EXPECT_EQ(test, plan.nr_entries, expected.nr_entries);
	KUNIT_EXPECT_EQ(test, plan.pfn, expected.pfn);
}

KUNIT_ARRAY_PARAM_DESC(corner, corner_cases, name);

static struct kunit_case plan_cases[] = {
	KUNIT_CASE_PARAM(corner_case, corner_gen_params),
	{}
};

static struct kunit_suite plan_suite = {
	.name = "ttm_huge_plan",
	.test_cases = plan_cases,
};

kunit_test_suite(plan_suite);

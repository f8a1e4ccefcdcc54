// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the planner as built for the kernel, with the kernel's sizes of page tables.
 */

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pgtable.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <kunit/test.h>

#include "plan-cases.h"

static void corner_case(struct kunit *test)
{
	const struct corner_case *corner = test->param_value;
	struct pfnmap_request req = corner_request(corner);
	struct pfnmap_plan expected = corner_plan(corner);
	struct pfnmap_plan plan = { .reason = PFNMAP_REASONS };

	if (PAGE_SIZE != PAGE || PMD_SIZE != SZ_2M || PUD_SIZE != SZ_1G)
		kunit_skip(test, "the cases are for pages of 4 KiB");

	pfnmap_plan(&req, &plan);
	KUNIT_EXPECT_EQ(test, plan.level, expected.level);
	KUNIT_EXPECT_EQ(test, plan.reason, expected.reason);
	KUNIT_EXPECT_EQ(test, plan.address, expected.address);
	KUNIT_EXPECT_EQ(test, plan.nr_entries, expected.nr_entries);
	KUNIT_EXPECT_EQ(test, plan.pfn, expected.pfn);
}

KUNIT_ARRAY_PARAM_DESC(corner, corner_cases, name);

/* User space reads the names, and programs tell the reasons apart by them. */
static void reasons_have_names(struct kunit *test)
{
	enum pfnmap_reason i, j;

	for (i = 0; i < PFNMAP_REASONS; i++) {
		const char *name = pfnmap_reason_name(i);

		KUNIT_ASSERT_NOT_NULL(test, name);
		KUNIT_EXPECT_GT(test, strlen(name), 0);
		KUNIT_EXPECT_EQ(test, strlen(name),
				strspn(name, "abcdefghijklmnopqrstuvwxyz_"));
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, name, pfnmap_reason_name(j));
	}
}

static void levels_are_the_kernels(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pfnmap_level_size(PGTABLE_LEVEL_PTE), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pfnmap_level_size(PGTABLE_LEVEL_PMD), PMD_SIZE);
	KUNIT_EXPECT_EQ(test, pfnmap_level_size(PGTABLE_LEVEL_PUD), PUD_SIZE);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE * PTRS_PER_PTE, PMD_SIZE);
	KUNIT_EXPECT_EQ(test, PMD_SIZE * PTRS_PER_PMD, PUD_SIZE);
}

/* The last PUD entry of the address space maps the last PUD_SIZE of physical memory. */
static void plan_holds_the_largest_numbers(struct kunit *test)
{
	const unsigned long pages = PUD_SIZE >> PAGE_SHIFT;
	const unsigned long vma_end = ALIGN_DOWN(TASK_SIZE_MAX, PUD_SIZE);
	const unsigned long pfn_end = BIT(MAX_PHYSMEM_BITS - PAGE_SHIFT);
	const struct pfnmap_request req = {
		.address = vma_end - PAGE_SIZE,
		.vma_start = vma_end - PUD_SIZE,
		.vma_end = vma_end,
		.page = pages - 1,
		.extent = { .nr_pages = pages, .pfn = pfn_end - pages },
		.kernel = PGTABLE_LEVEL_PUD,
		.policy = PGTABLE_LEVEL_PUD,
		.caching = PGTABLE_LEVEL_PUD,
		.free = PGTABLE_LEVEL_PUD,
	};
	struct pfnmap_plan plan;

	pfnmap_plan(&req, &plan);
	KUNIT_EXPECT_EQ(test, plan.level, PGTABLE_LEVEL_PUD);
	KUNIT_EXPECT_EQ(test, plan.address, vma_end - PUD_SIZE);
	KUNIT_EXPECT_EQ(test, plan.nr_entries, 1);
	KUNIT_EXPECT_EQ(test, plan.pfn, pfn_end - pages);
	KUNIT_EXPECT_EQ(test, pte_pfn(pfn_pte(plan.pfn, PAGE_SHARED)), plan.pfn);
}

static struct kunit_case plan_cases[] = {
	KUNIT_CASE_PARAM(corner_case, corner_gen_params),
	KUNIT_CASE(levels_are_the_kernels),
	KUNIT_CASE(plan_holds_the_largest_numbers),
	KUNIT_CASE(reasons_have_names),
	{}
};

static struct kunit_suite plan_suite = {
	.name = "pfnmap_plan",
	.test_cases = plan_cases,
};

kunit_test_suite(plan_suite);

MODULE_DESCRIPTION("KUnit tests of pfnmap");
MODULE_LICENSE("GPL");

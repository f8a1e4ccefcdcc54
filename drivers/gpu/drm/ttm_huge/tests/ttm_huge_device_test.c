// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters, names, and the planner's idea of the kernel's page tables.
 */

#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/pgtable.h>
#include <linux/string.h>

#include "../ttm_huge_internal.h"
#include "ttm_huge_kunit_helpers.h"

static void counters_begin_at_zero(struct kunit *test)
{
	static const struct ttm_huge_stats zero;
	struct ttm_huge_mock *mock = test->priv;
	int cpu;

	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_MEMEQ(test, per_cpu_ptr(mock->hdev.priv->stats, cpu),
				   &zero, sizeof(zero));
}

/* They are what user space reads, and a program tells them apart by name. */
static void expect_names(struct kunit *test, const char * const *names, int nr)
{
	int i, j;

	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_NOT_NULL(test, names[i]);
		KUNIT_EXPECT_GT(test, strlen(names[i]), 0);
		KUNIT_EXPECT_EQ(test, strlen(names[i]),
				strspn(names[i], "abcdefghijklmnopqrstuvwxyz_"));
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, names[i], names[j]);
	}
}

static void all_have_names(struct kunit *test)
{
	expect_names(test, ttm_huge_level_names, TTM_HUGE_LEVELS);
	expect_names(test, ttm_huge_reason_names, TTM_HUGE_REASONS);
}

static void levels_are_the_kernels(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ttm_huge_level_size(TTM_HUGE_PTE), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ttm_huge_level_size(TTM_HUGE_PMD), PMD_SIZE);
	KUNIT_EXPECT_EQ(test, ttm_huge_level_size(TTM_HUGE_PUD), PUD_SIZE);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE * PTRS_PER_PTE, PMD_SIZE);
	KUNIT_EXPECT_EQ(test, PMD_SIZE * PTRS_PER_PMD, PUD_SIZE);
}

/* The last PUD of the address space, and the last of physical memory. */
static void plan_holds_the_largest_numbers(struct kunit *test)
{
	const unsigned long pages = PUD_SIZE >> PAGE_SHIFT;
	const unsigned long vma_end = ALIGN_DOWN(TASK_SIZE_MAX, PUD_SIZE);
	const unsigned long pfn_end = BIT(MAX_PHYSMEM_BITS - PAGE_SHIFT);
	const struct ttm_huge_request req = {
		.address = vma_end - PAGE_SIZE,
		.vma_start = vma_end - PUD_SIZE,
		.vma_end = vma_end,
		.page = pages - 1,
		.extent = { .nr_pages = pages, .pfn = pfn_end - pages },
		.kernel = TTM_HUGE_PUD,
		.policy = TTM_HUGE_PUD,
		.caching = TTM_HUGE_PUD,
		.free = TTM_HUGE_PUD,
	};
	struct ttm_huge_plan plan;

	ttm_huge_plan(&req, &plan);
	KUNIT_EXPECT_EQ(test, plan.level, TTM_HUGE_PUD);
	KUNIT_EXPECT_EQ(test, plan.address, vma_end - PUD_SIZE);
	KUNIT_EXPECT_EQ(test, plan.nr_entries, 1);
	KUNIT_EXPECT_EQ(test, plan.pfn, pfn_end - pages);
	KUNIT_EXPECT_EQ(test, pte_pfn(pfn_pte(plan.pfn, PAGE_SHARED)), plan.pfn);
}

static struct kunit_case device_cases[] = {
	KUNIT_CASE(counters_begin_at_zero),
	KUNIT_CASE(all_have_names),
	KUNIT_CASE(levels_are_the_kernels),
	KUNIT_CASE(plan_holds_the_largest_numbers),
	{}
};

static struct kunit_suite device_suite = {
	.name = "ttm_huge_device",
	.init = ttm_huge_mock_init,
	.test_cases = device_cases,
};

kunit_test_suite(device_suite);

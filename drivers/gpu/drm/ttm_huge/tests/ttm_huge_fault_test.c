// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that end before there is a page table to look at.
 */

#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pgtable.h>

#include <drm/drm_device.h>
#include <drm/ttm/ttm_resource.h>

#include "ttm_huge_kunit_helpers.h"

#define NR_PAGES 8

static vm_fault_t fault(struct ttm_huge_mock_bo *bo, struct vm_fault *vmf,
			unsigned int order)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	vm_fault_t ret;

	/* None of these faults waits, so none drops a lock. */
	mmap_read_lock(mm);
	dma_resv_lock(bo->tbo.base.resv, NULL);
	ret = ttm_huge_vm_fault_reserved(vmf, order);
	dma_resv_unlock(bo->tbo.base.resv);
	mmap_read_unlock(mm);
	return ret;
}

/* A program's access to a page, or to where it would be if there were more pages. */
static vm_fault_t fault_at(struct kunit *test, struct ttm_huge_mock_bo *bo,
			   unsigned long page)
{
	struct vm_area_struct *vma = ttm_huge_mock_vma(test, bo);
	struct vm_fault vmf = {
		.vma = vma,
		.address = vma->vm_start + page * PAGE_SIZE,
		.flags = FAULT_FLAG_USER,
	};

	return fault(bo, &vmf, 0);
}

static unsigned int nr_refused;
static int refuse_with;

static int refuse_io_mem(struct ttm_device *bdev, struct ttm_resource *res)
{
	nr_refused++;
	return refuse_with;
}

/* A buffer object whose memory the driver refuses with an error. */
static struct ttm_huge_mock_bo *make_refused(struct kunit *test, int error)
{
	struct ttm_huge_mock *mock = test->priv;

	nr_refused = 0;
	refuse_with = error;
	mock->funcs.io_mem_reserve = refuse_io_mem;
	return ttm_huge_mock_bo(test, NR_PAGES);
}

static const struct error_case {
	const char *name;
	int error;
	vm_fault_t ret;
} error_cases[] = {
	{ "EINTR", -EINTR, VM_FAULT_NOPAGE },
	{ "ERESTARTSYS", -ERESTARTSYS, VM_FAULT_NOPAGE },
	{ "EAGAIN", -EAGAIN, VM_FAULT_NOPAGE },
	{ "ENOMEM", -ENOMEM, VM_FAULT_SIGBUS },
	{ "ENOSPC", -ENOSPC, VM_FAULT_SIGBUS },
	{ "EINVAL", -EINVAL, VM_FAULT_SIGBUS },
};

KUNIT_ARRAY_PARAM_DESC(error, error_cases, name);

/* After a signal or a passing shortage the access is repeated; any other error ends it. */
static void error_repeats_access_or_ends_it(struct kunit *test)
{
	const struct error_case *c = test->param_value;
	struct ttm_huge_mock_bo *bo = make_refused(test, c->error);

	KUNIT_EXPECT_EQ(test, fault_at(test, bo, 3), c->ret);
	KUNIT_EXPECT_EQ(test, nr_refused, 1);
}

/* The driver must not even be asked for a page past the end. */
static void page_past_the_end(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = make_refused(test, -EINVAL);

	KUNIT_EXPECT_EQ(test, fault_at(test, bo, NR_PAGES), VM_FAULT_SIGBUS);
	KUNIT_EXPECT_EQ(test, fault_at(test, bo, NR_PAGES + 1), VM_FAULT_SIGBUS);
	KUNIT_EXPECT_EQ(test, nr_refused, 0);

	KUNIT_EXPECT_EQ(test, fault_at(test, bo, NR_PAGES - 1), VM_FAULT_SIGBUS);
	KUNIT_EXPECT_EQ(test, nr_refused, 1);
}

/*
 * The core may come to ask for orders between those of PMD and PUD entries. If they were
 * taken for the order of a page, the empty slot would have the access repeated.
 */
static void other_order_falls_back(struct kunit *test)
{
	static const unsigned int orders[] = { 1, PMD_ORDER - 1, PMD_ORDER + 1, PUD_ORDER + 1 };
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, NR_PAGES);
	struct vm_area_struct *vma = ttm_huge_mock_vma(test, bo);
	pud_t pud = __pud(0);
	struct vm_fault vmf = {
		.vma = vma,
		.address = vma->vm_start,
		.pud = &pud,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++)
		KUNIT_EXPECT_EQ(test, fault(bo, &vmf, orders[i]), VM_FAULT_FALLBACK);
}

static const struct unplugged_case {
	const char *name;
	unsigned int order;
	vm_fault_t ret;
} unplugged_cases[] = {
	{ "a page", 0, VM_FAULT_NOPAGE },
	{ "a PMD", PMD_ORDER, VM_FAULT_FALLBACK },
	{ "a PUD", PUD_ORDER, VM_FAULT_FALLBACK },
};

KUNIT_ARRAY_PARAM_DESC(unplugged, unplugged_cases, name);

/*
 * A fault for a page that finds a huge entry in its slot has nothing to do. A fault of a
 * larger order must not look at the slot: for a PUD there is none.
 */
static void unplugged_only_page_is_looked_at(struct kunit *test)
{
	const struct unplugged_case *c = test->param_value;
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, NR_PAGES);
	struct vm_area_struct *vma = ttm_huge_mock_vma(test, bo);
	pmd_t pmd = pmd_mkhuge(pfn_pmd(1, PAGE_KERNEL));
	struct vm_fault vmf = {
		.vma = vma,
		.address = vma->vm_start,
		.pmd = &pmd,
	};
	struct ttm_huge_mock *mock = test->priv;

	/* drm_dev_unplug() is only for a device that was registered. */
	mock->drm->unplugged = true;
	KUNIT_EXPECT_EQ(test, fault(bo, &vmf, c->order), c->ret);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE_PARAM(error_repeats_access_or_ends_it, error_gen_params),
	KUNIT_CASE(page_past_the_end),
	KUNIT_CASE(other_order_falls_back),
	KUNIT_CASE_PARAM(unplugged_only_page_is_looked_at, unplugged_gen_params),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "ttm_huge_fault",
	.init = ttm_huge_mock_init,
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);

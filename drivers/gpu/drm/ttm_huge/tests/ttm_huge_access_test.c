// SPDX-License-Identifier: GPL-2.0-only
/*
 * A debugger's access to a mapping.
 */

#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>

#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_resource.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_huge_kunit_helpers.h"

/* Across the border of two pages, because memory is accessed page by page. */
#define OFFSET	(PAGE_SIZE - 4)
#define BYTES	8

static int access(struct kunit *test, struct ttm_huge_mock_bo *bo, void *buf,
		  int write)
{
	struct vm_area_struct *vma = ttm_huge_mock_vma(test, bo);
	int ret;

	mmap_read_lock(vma->vm_mm);
	ret = ttm_huge_vm_access(vma, vma->vm_start + OFFSET, buf, BYTES, write);
	mmap_read_unlock(vma->vm_mm);
	return ret;
}

static int read(struct kunit *test, struct ttm_huge_mock_bo *bo)
{
	u8 buf[BYTES];

	return access(test, bo, buf, 0);
}

/* No access may end with the reservation held. */
static void expect_not_reserved(struct kunit *test, struct ttm_huge_mock_bo *bo)
{
	bool got = dma_resv_trylock(bo->tbo.base.resv);

	KUNIT_EXPECT_TRUE(test, got);
	if (got)
		dma_resv_unlock(bo->tbo.base.resv);
}

static void reads_what_it_has_written(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 2);
	u8 written[BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	u8 found[BYTES] = {};

	KUNIT_EXPECT_EQ(test, access(test, bo, written, 1), BYTES);
	expect_not_reserved(test, bo);
	KUNIT_EXPECT_EQ(test, access(test, bo, found, 0), BYTES);
	KUNIT_EXPECT_MEMEQ(test, found, written, BYTES);
}

/* Memory that is not the system's is the driver's to access, and this driver cannot. */
static void driver_without_access_memory(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 2);
	struct ttm_resource_manager *man = ttm_manager_type(bo->tbo.bdev,
							    TTM_PL_SYSTEM);

	man->use_tt = false;
	KUNIT_EXPECT_EQ(test, read(test, bo), -EIO);
	man->use_tt = true;
	expect_not_reserved(test, bo);
}

/* As after ttm_bo_validate() without a placement. */
static void memory_is_lost(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 2);
	struct ttm_resource *res = bo->tbo.resource;

	bo->tbo.resource = NULL;
	KUNIT_EXPECT_EQ(test, read(test, bo), -ENODATA);
	bo->tbo.resource = res;
	expect_not_reserved(test, bo);
}

static int fail_to_populate(struct ttm_device *bdev, struct ttm_tt *tt,
			    struct ttm_operation_ctx *ctx)
{
	return -ENOMEM;
}

static void memory_error_is_passed_on(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 2);
	struct ttm_huge_mock *mock = test->priv;

	mock->funcs.ttm_tt_populate = fail_to_populate;
	KUNIT_EXPECT_EQ(test, read(test, bo), -ENOMEM);
	expect_not_reserved(test, bo);
}

static struct kunit_case access_cases[] = {
	KUNIT_CASE(reads_what_it_has_written),
	KUNIT_CASE(driver_without_access_memory),
	KUNIT_CASE(memory_is_lost),
	KUNIT_CASE(memory_error_is_passed_on),
	{}
};

static struct kunit_suite access_suite = {
	.name = "ttm_huge_access",
	.init = ttm_huge_mock_init,
	.test_cases = access_cases,
};

kunit_test_suite(access_suite);

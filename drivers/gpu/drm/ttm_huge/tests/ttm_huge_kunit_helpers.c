// SPDX-License-Identifier: GPL-2.0-only

#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_kunit_helpers.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_huge_kunit_helpers.h"

KUNIT_DEFINE_ACTION_WRAPPER(fini_bdev, ttm_device_fini, struct ttm_device *);

static struct ttm_tt *create_tt(struct ttm_buffer_object *bo, u32 page_flags)
{
	struct ttm_tt *tt = kzalloc_obj(*tt);

	if (tt && ttm_tt_init(tt, bo, page_flags, ttm_cached, 0)) {
		kfree(tt);
		return NULL;
	}
	return tt;
}

static void destroy_tt(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_tt_fini(tt);
	kfree(tt);
}

static int move(struct ttm_buffer_object *bo, bool evict,
		struct ttm_operation_ctx *ctx, struct ttm_resource *new_mem,
		struct ttm_place *hop)
{
	ttm_bo_move_null(bo, new_mem);
	return 0;
}

/**
 * ttm_huge_mock_init - give a test a mock device, as its priv
 * @test: the test
 *
 * For &kunit_suite.init. The device is freed after the test.
 *
 * Return: 0; the test fails if the device cannot be made.
 */
int ttm_huge_mock_init(struct kunit *test)
{
	struct ttm_huge_mock *mock;
	struct device *dev;

	mock = kunit_kzalloc(test, sizeof(*mock), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mock);
	dev = drm_kunit_helper_alloc_device(test);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	mock->drm = __drm_kunit_helper_alloc_drm_device(test, dev,
							sizeof(*mock->drm), 0,
							DRIVER_GEM);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mock->drm);

	mock->funcs = (struct ttm_device_funcs){
		.ttm_tt_create = create_tt,
		.ttm_tt_destroy = destroy_tt,
		.move = move,
		.eviction_valuable = ttm_bo_eviction_valuable,
	};
	KUNIT_ASSERT_EQ(test, 0,
			ttm_device_init(&mock->hdev.base, &mock->funcs, dev,
					mock->drm->anon_inode->i_mapping,
					mock->drm->vma_offset_manager, 0));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fini_bdev,
						  &mock->hdev.base));
	KUNIT_ASSERT_EQ(test, 0,
			drmm_ttm_huge_device_init(mock->drm, &mock->hdev,
						  &mock->huge_funcs));
	test->priv = mock;
	return 0;
}

/**
 * ttm_huge_mock_foreign - make a TTM device that was not set up for ttm_huge
 * @test: the test
 *
 * Return: the device, of which nothing else was set up either. It is freed after the test.
 */
struct ttm_device *ttm_huge_mock_foreign(struct kunit *test)
{
	struct ttm_huge_device *hdev = kunit_kzalloc(test, sizeof(*hdev),
						     GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, hdev);
	return &hdev->base;
}

static void destroy_bo(struct ttm_buffer_object *bo)
{
	drm_gem_object_release(&bo->base);
}

static void fini_bo(void *data)
{
	struct ttm_buffer_object *bo = data;

	ttm_huge_bo_fini(bo);
	ttm_bo_fini(bo);
}

/**
 * ttm_huge_mock_bo - make a buffer object
 * @test: a test that has a mock device
 * @nr_pages: its size
 *
 * Return: the buffer object, not reserved. It is freed after the test, which must
 * not end with the reservation held.
 */
struct ttm_huge_mock_bo *ttm_huge_mock_bo(struct kunit *test, u64 nr_pages)
{
	static const struct ttm_place place = { .mem_type = TTM_PL_SYSTEM };
	struct ttm_placement placement = {
		.num_placement = 1,
		.placement = &place,
	};
	struct ttm_huge_mock *mock = test->priv;
	struct ttm_operation_ctx ctx = {};
	struct ttm_huge_mock_bo *bo;

	bo = kunit_kzalloc(test, sizeof(*bo), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bo);
	drm_gem_private_object_init(mock->drm, &bo->tbo.base,
				    nr_pages << PAGE_SHIFT);
	KUNIT_ASSERT_EQ(test, 0,
			ttm_huge_bo_init_reserved(&mock->hdev.base, &bo->tbo,
						  ttm_bo_type_device,
						  &placement, 1, &ctx, NULL,
						  NULL, destroy_bo));
	dma_resv_unlock(bo->tbo.base.resv);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fini_bo, &bo->tbo));
	return bo;
}

MODULE_DESCRIPTION("KUnit tests of ttm_huge");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_kunit_helpers.h>
#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_huge_kunit_helpers.h"

KUNIT_DEFINE_ACTION_WRAPPER(fini_bdev, ttm_device_fini, struct ttm_device *);
KUNIT_DEFINE_ACTION_WRAPPER(put_mm, mmput, struct mm_struct *);

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
 * Return: the device, with nothing else set up. It is freed after the test.
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

	/* For other types TTM may need a worker, which could run after the test. */
	bo->type = ttm_bo_type_device;
	ttm_huge_bo_fini(bo);
	ttm_bo_fini(bo);
}

static const struct ttm_place system_place = { .mem_type = TTM_PL_SYSTEM };

static struct ttm_placement system_placement = {
	.num_placement = 1,
	.placement = &system_place,
};

/* A buffer object for one of TTM's two functions to finish. */
static struct ttm_huge_mock_bo *begin_bo(struct kunit *test, u64 nr_pages)
{
	struct ttm_huge_mock_bo *bo = kunit_kzalloc(test, sizeof(*bo), GFP_KERNEL);
	struct ttm_huge_mock *mock = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, bo);
	drm_gem_private_object_init(mock->drm, &bo->tbo.base,
				    nr_pages << PAGE_SHIFT);
	return bo;
}

static void free_bo_after_test(struct kunit *test, struct ttm_huge_mock_bo *bo)
{
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fini_bo, &bo->tbo));
}

/**
 * ttm_huge_mock_bo_reserved - make a buffer object by ttm_huge_bo_init_reserved()
 * @test: a test that has a mock device
 * @nr_pages: its size
 * @type: what it is for
 *
 * Return: the buffer object, not reserved any more. It is freed after the test, which must
 * not end with the reservation held.
 */
struct ttm_huge_mock_bo *ttm_huge_mock_bo_reserved(struct kunit *test, u64 nr_pages,
						   enum ttm_bo_type type)
{
	struct ttm_huge_mock_bo *bo = begin_bo(test, nr_pages);
	struct ttm_huge_mock *mock = test->priv;
	struct ttm_operation_ctx ctx = {};

	KUNIT_ASSERT_EQ(test, 0,
			ttm_huge_bo_init_reserved(&mock->hdev.base, &bo->tbo, type,
						  &system_placement,
						  TTM_HUGE_MOCK_ALIGNMENT, &ctx, NULL,
						  NULL, destroy_bo));
	dma_resv_unlock(bo->tbo.base.resv);
	free_bo_after_test(test, bo);
	return bo;
}

/**
 * ttm_huge_mock_bo_validated - make a buffer object by ttm_huge_bo_init_validate()
 * @test: as for ttm_huge_mock_bo_reserved()
 * @nr_pages: its size
 * @type: what it is for
 *
 * Return: as for ttm_huge_mock_bo_reserved().
 */
struct ttm_huge_mock_bo *ttm_huge_mock_bo_validated(struct kunit *test, u64 nr_pages,
						    enum ttm_bo_type type)
{
	struct ttm_huge_mock_bo *bo = begin_bo(test, nr_pages);
	struct ttm_huge_mock *mock = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			ttm_huge_bo_init_validate(&mock->hdev.base, &bo->tbo, type,
						  &system_placement,
						  TTM_HUGE_MOCK_ALIGNMENT, false, NULL,
						  NULL, destroy_bo));
	free_bo_after_test(test, bo);
	return bo;
}

/**
 * ttm_huge_mock_bo - make a buffer object that can be mapped
 * @test: as for ttm_huge_mock_bo_reserved()
 * @nr_pages: its size
 *
 * Return: as for ttm_huge_mock_bo_reserved().
 */
struct ttm_huge_mock_bo *ttm_huge_mock_bo(struct kunit *test, u64 nr_pages)
{
	return ttm_huge_mock_bo_reserved(test, nr_pages, ttm_bo_type_device);
}

/* An address space that no task runs in; kunit_attach_mm() would leave a reference behind. */
static struct mm_struct *make_mm(struct kunit *test)
{
	struct mm_struct *mm = mm_alloc();

	KUNIT_ASSERT_NOT_NULL(test, mm);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_mm, mm));
	return mm;
}

/**
 * ttm_huge_mock_vma - make a mapping of a whole buffer object
 * @test: a test that has a mock device
 * @bo: the buffer object
 *
 * Return: the mapping, shared and writable. It has an address space whose lock can be taken,
 * but no file and no page tables, and it holds no reference. It is freed after the test.
 */
struct vm_area_struct *ttm_huge_mock_vma(struct kunit *test,
					 struct ttm_huge_mock_bo *bo)
{
	static const struct vm_operations_struct no_ops = {};
	struct vm_area_struct *vma = kunit_kzalloc(test, sizeof(*vma), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vma);
	vma->vm_mm = make_mm(test);
	vm_flags_init(vma, VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_SHARED);
	vma->vm_start = PUD_SIZE;
	vma->vm_end = PUD_SIZE + bo->tbo.base.size;
	vma->vm_pgoff = drm_vma_node_start(&bo->tbo.base.vma_node);
	vma->vm_ops = &no_ops;
	vma->vm_private_data = &bo->tbo;
	return vma;
}

MODULE_DESCRIPTION("KUnit tests of ttm_huge");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters, and which mappings are refused, or taken for those of a buffer object.
 */

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/percpu.h>

#include <drm/drm_gem.h>
#include <drm/drm_prime.h>

#include "../ttm_huge_internal.h"
#include "ttm_huge_kunit_helpers.h"

static void counters_begin_at_zero(struct kunit *test)
{
	static const struct ttm_huge_stats zero;
	struct ttm_huge_mock *mock = test->priv;
	struct ttm_huge *huge = to_ttm_huge(&mock->hdev.base);
	int cpu;

	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_MEMEQ(test, per_cpu_ptr(huge->priv->stats, cpu),
				   &zero, sizeof(zero));
}

/* As in a driver that forgets what its vm_ops need in addition to fault handlers. */
static const struct vm_operations_struct unsplit_vm_ops = {
	.open = ttm_huge_vm_open,
	.close = ttm_bo_vm_close,
};

/* As in a driver that keeps TTM's open. */
static const struct vm_operations_struct ttm_open_vm_ops = {
	.may_split = pfnmap_may_split,
	.open = ttm_bo_vm_open,
	.close = ttm_bo_vm_close,
};

static int map_by_file(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	return drm_gem_mmap_obj(obj, obj->size, vma);
}

static const struct mapping_case {
	const char *name;
	int (*map)(struct drm_gem_object *obj, struct vm_area_struct *vma);
	const struct vm_operations_struct *vm_ops;
} mapping_cases[] = {
	{ "a DRM file, without may_split", map_by_file, &unsplit_vm_ops },
	{ "a DRM file, with the open of TTM", map_by_file, &ttm_open_vm_ops },
	{ "a dma-buf, without may_split", drm_gem_prime_mmap, &unsplit_vm_ops },
	{ "a dma-buf, with the open of TTM", drm_gem_prime_mmap, &ttm_open_vm_ops },
};

KUNIT_ARRAY_PARAM_DESC(mapping, mapping_cases, name);

static void mapping_without_hooks_is_refused(struct kunit *test)
{
	const struct mapping_case *c = test->param_value;
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 1);
	struct drm_gem_object *obj = &bo->tbo.base;
	const struct drm_gem_object_funcs *funcs = obj->funcs;
	const struct drm_gem_object_funcs bare_funcs = {
		.mmap = ttm_huge_gem_mmap,
		.vm_ops = c->vm_ops,
	};
	struct vm_area_struct *vma = ttm_huge_mock_vma(test, bo);

	obj->funcs = &bare_funcs;
	mmap_write_lock(vma->vm_mm);
	KUNIT_EXPECT_EQ(test, c->map(obj, vma), -EINVAL);
	mmap_write_unlock(vma->vm_mm);
	KUNIT_EXPECT_EQ(test, kref_read(&obj->refcount), 1);
	obj->funcs = funcs;
}

/* If TTM were called, it would refuse the mapping with -EINVAL, because it is private. */
static void foreign_device_is_refused(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 1);
	struct vm_area_struct vma = { .vm_flags = VM_MAYWRITE };
	struct ttm_device *bdev = bo->tbo.bdev;

	bo->tbo.bdev = ttm_huge_mock_foreign(test);
	KUNIT_EXPECT_EQ(test, ttm_huge_gem_mmap(&bo->tbo.base, &vma), -ENODEV);
	ttm_huge_bo_fini(&bo->tbo);
	bo->tbo.bdev = bdev;
	KUNIT_EXPECT_EQ(test, ttm_huge_gem_mmap(&bo->tbo.base, &vma), -EINVAL);
}

/* The buffer object that a mapping is taken for, looked up under the mmap lock. */
static struct ttm_buffer_object *bo_of(struct ttm_huge_mock *mock,
				       struct vm_area_struct *vma)
{
	struct ttm_buffer_object *bo;

	mmap_read_lock(vma->vm_mm);
	bo = ttm_huge_vma_bo(&mock->hdev.base, vma);
	mmap_read_unlock(vma->vm_mm);
	return bo;
}

/* Each of these mappings differs from that of the buffer object in one thing only. */
static void bo_of_mapping(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 2);
	struct ttm_huge_mock_bo *other = ttm_huge_mock_bo(test, 2);
	struct vm_area_struct *vma = ttm_huge_mock_vma(test, bo);
	struct ttm_huge_mock *mock = test->priv;
	struct address_space *mapping = mock->hdev.base.dev_mapping;
	struct file file = { .f_mapping = mapping };

	vma->vm_file = &file;
	KUNIT_EXPECT_PTR_EQ(test, bo_of(mock, vma), &bo->tbo);

	/* Like a mapping of registers, for which a driver's file has offsets, too. */
	vma->vm_private_data = &other->tbo;
	KUNIT_EXPECT_NULL(test, bo_of(mock, vma));
	vma->vm_private_data = &bo->tbo;

	vma->vm_end += PAGE_SIZE;
	KUNIT_EXPECT_NULL(test, bo_of(mock, vma));
	vma->vm_end -= PAGE_SIZE;

	/* Like a mapping of another device, which may have the same offsets. */
	file.f_mapping = NULL;
	KUNIT_EXPECT_NULL(test, bo_of(mock, vma));
	file.f_mapping = mapping;

	vma->vm_file = NULL;
	KUNIT_EXPECT_NULL(test, bo_of(mock, vma));
}

static struct kunit_case device_cases[] = {
	KUNIT_CASE(counters_begin_at_zero),
	KUNIT_CASE_PARAM(mapping_without_hooks_is_refused, mapping_gen_params),
	KUNIT_CASE(foreign_device_is_refused),
	KUNIT_CASE(bo_of_mapping),
	{}
};

static struct kunit_suite device_suite = {
	.name = "ttm_huge_device",
	.init = ttm_huge_mock_init,
	.test_cases = device_cases,
};

kunit_test_suite(device_suite);

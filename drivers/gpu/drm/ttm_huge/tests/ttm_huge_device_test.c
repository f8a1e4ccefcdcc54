// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters, and which mappings are refused.
 */

#include <linux/mm.h>
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
static const struct vm_operations_struct bare_vm_ops = {
	.open = ttm_huge_vm_open,
	.close = ttm_bo_vm_close,
};

static const struct drm_gem_object_funcs bare_funcs = {
	.mmap = ttm_huge_gem_mmap,
	.vm_ops = &bare_vm_ops,
};

static int map_by_file(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	return drm_gem_mmap_obj(obj, obj->size, vma);
}

static const struct mapping_case {
	const char *name;
	int (*map)(struct drm_gem_object *obj, struct vm_area_struct *vma);
} mapping_cases[] = {
	{ "a DRM file", map_by_file },
	{ "a dma-buf", drm_gem_prime_mmap },
};

KUNIT_ARRAY_PARAM_DESC(mapping, mapping_cases, name);

static void mapping_without_hooks_is_refused(struct kunit *test)
{
	const struct mapping_case *c = test->param_value;
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 1);
	struct drm_gem_object *obj = &bo->tbo.base;
	const struct drm_gem_object_funcs *funcs = obj->funcs;
	struct vm_area_struct vma = { .vm_flags = VM_MAYWRITE | VM_SHARED };

	obj->funcs = &bare_funcs;
	KUNIT_EXPECT_EQ(test, c->map(obj, &vma), -EINVAL);
	KUNIT_EXPECT_EQ(test, kref_read(&obj->refcount), 1);
	obj->funcs = funcs;
}

/* If TTM were called, it would refuse the mapping with -EINVAL, as it is private. */
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

static struct kunit_case device_cases[] = {
	KUNIT_CASE(counters_begin_at_zero),
	KUNIT_CASE_PARAM(mapping_without_hooks_is_refused, mapping_gen_params),
	KUNIT_CASE(foreign_device_is_refused),
	{}
};

static struct kunit_suite device_suite = {
	.name = "ttm_huge_device",
	.init = ttm_huge_mock_init,
	.test_cases = device_cases,
};

kunit_test_suite(device_suite);

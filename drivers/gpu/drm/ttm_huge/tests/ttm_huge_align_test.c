// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alignment of buffer objects and their fake offsets.
 */

#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sizes.h>

#include <kunit/test.h>

#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm_huge.h>

#include "../ttm_huge_internal.h"
#include "ttm_huge_kunit_helpers.h"

struct alignment_case {
	const char *name;
	u64 size;
	u64 alignment;
};

static const struct alignment_case alignment_cases[] = {
	{ "a byte", 1, PAGE_SIZE },
	{ "a page", PAGE_SIZE, PAGE_SIZE },
	{ "a page and a byte", PAGE_SIZE + 1, PAGE_SIZE },
	{ "three pages", 3 * PAGE_SIZE, PAGE_SIZE },
	{ "a PMD less a page", PMD_SIZE - PAGE_SIZE, PAGE_SIZE },
	{ "a PMD", PMD_SIZE, PMD_SIZE },
	{ "a PMD and a page", PMD_SIZE + PAGE_SIZE, 2 * PMD_SIZE },
	{ "a PUD less a page", PUD_SIZE - PAGE_SIZE, PUD_SIZE },
	{ "a PUD", PUD_SIZE, PUD_SIZE },
	{ "a PUD and a page", PUD_SIZE + PAGE_SIZE, PUD_SIZE },
	{ "five PUDs", 5 * (u64)PUD_SIZE, PUD_SIZE },
	{ "the largest number", U64_MAX, PUD_SIZE },
};

KUNIT_ARRAY_PARAM_DESC(alignment, alignment_cases, name);

static void alignment_test(struct kunit *test)
{
	const struct alignment_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, pfnmap_alignment(c->size), c->alignment);
}

/* A manager of fake offsets, and nodes to give places to. */
struct offsets {
	struct drm_vma_offset_manager mgr;
	struct drm_vma_offset_node nodes[16];
};

static void destroy_offsets(void *data)
{
	struct offsets *offsets = data;
	int i;

	for (i = 0; i < ARRAY_SIZE(offsets->nodes); i++)
		drm_vma_offset_remove(&offsets->mgr, &offsets->nodes[i]);
	drm_vma_offset_manager_destroy(&offsets->mgr);
}

static struct offsets *make_offsets(struct kunit *test, unsigned long start,
				    unsigned long nr_pages)
{
	struct offsets *offsets = kunit_kzalloc(test, sizeof(*offsets),
						GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, offsets);
	drm_vma_offset_manager_init(&offsets->mgr, start, nr_pages);
	for (i = 0; i < ARRAY_SIZE(offsets->nodes); i++)
		drm_vma_node_reset(&offsets->nodes[i]);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, destroy_offsets,
						  offsets));
	return offsets;
}

static struct drm_vma_offset_node *find_page(struct offsets *offsets,
					     unsigned long page)
{
	struct drm_vma_offset_node *node;

	drm_vma_offset_lock_lookup(&offsets->mgr);
	node = drm_vma_offset_lookup_locked(&offsets->mgr, page, 1);
	drm_vma_offset_unlock_lookup(&offsets->mgr);
	return node;
}

/* As in a driver: small and large ones in any order, from an odd first page. */
static void offset_is_aligned(struct kunit *test)
{
	static const u64 sizes[] = {
		SZ_4K, SZ_2M, SZ_8K + SZ_4K, SZ_1G, SZ_2M + SZ_4K, SZ_64K,
		SZ_4G, SZ_1G - SZ_4K, SZ_4K, 3 * (u64)SZ_1G, SZ_32M,
	};
	struct offsets *offsets = make_offsets(test, DRM_FILE_PAGE_OFFSET_START + 1,
					       DRM_FILE_PAGE_OFFSET_SIZE - 1);
	struct drm_vma_offset_node *node;
	unsigned long last;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		node = &offsets->nodes[i];
		KUNIT_ASSERT_EQ(test, 0, ttm_huge_vma_offset_add(&offsets->mgr,
								 node, sizes[i]));
		KUNIT_EXPECT_TRUE(test,
				  IS_ALIGNED(drm_vma_node_offset_addr(node),
					     pfnmap_alignment(sizes[i])));
		KUNIT_EXPECT_EQ(test, drm_vma_node_size(node),
				sizes[i] >> PAGE_SHIFT);
	}

	/* A lookup of the first or the last page finds this node and no other. */
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		node = &offsets->nodes[i];
		last = drm_vma_node_start(node) + drm_vma_node_size(node) - 1;
		KUNIT_EXPECT_PTR_EQ(test, node,
				    find_page(offsets, drm_vma_node_start(node)));
		KUNIT_EXPECT_PTR_EQ(test, node, find_page(offsets, last));
	}
}

static void offset_stays(struct kunit *test)
{
	struct offsets *offsets = make_offsets(test, 0, SZ_1G >> PAGE_SHIFT);
	struct drm_vma_offset_node *node = &offsets->nodes[0];
	unsigned long start;

	KUNIT_ASSERT_EQ(test, 0, ttm_huge_vma_offset_add(&offsets->mgr, node,
							 SZ_2M));
	start = drm_vma_node_start(node);

	/* What TTM does later, and what a driver might do twice. */
	KUNIT_EXPECT_EQ(test, 0, drm_vma_offset_add(&offsets->mgr, node,
						    SZ_2M >> PAGE_SHIFT));
	KUNIT_EXPECT_EQ(test, 0, ttm_huge_vma_offset_add(&offsets->mgr, node,
							 SZ_4M));
	KUNIT_EXPECT_EQ(test, drm_vma_node_start(node), start);
	KUNIT_EXPECT_EQ(test, drm_vma_node_size(node), SZ_2M >> PAGE_SHIFT);
}

/* A node that has its place, though it is not aligned, is left alone. */
static void unaligned_offset_stays(struct kunit *test)
{
	struct offsets *offsets = make_offsets(test, 1, SZ_1G >> PAGE_SHIFT);
	struct drm_vma_offset_node *node = &offsets->nodes[0];

	KUNIT_ASSERT_EQ(test, 0, drm_vma_offset_add(&offsets->mgr, node,
						    SZ_2M >> PAGE_SHIFT));
	KUNIT_ASSERT_EQ(test, drm_vma_node_start(node), 1);
	KUNIT_EXPECT_EQ(test, 0, ttm_huge_vma_offset_add(&offsets->mgr, node,
							 SZ_2M));
	KUNIT_EXPECT_EQ(test, drm_vma_node_start(node), 1);
}

/* There is room for the pages, but not where they would be aligned. */
static void no_aligned_offset_left(struct kunit *test)
{
	struct offsets *offsets = make_offsets(test, 1,
					       (SZ_4M >> PAGE_SHIFT) - 2);
	struct drm_vma_offset_node *node = &offsets->nodes[0];

	KUNIT_EXPECT_EQ(test, -ENOSPC,
			ttm_huge_vma_offset_add(&offsets->mgr, node,
						SZ_2M + SZ_4K));
	KUNIT_EXPECT_FALSE(test, drm_mm_node_allocated(&node->vm_node));
	KUNIT_EXPECT_EQ(test, 0, drm_vma_offset_add(&offsets->mgr, node,
						    (SZ_2M + SZ_4K) >> PAGE_SHIFT));
}

/* TTM removes the node when it releases the buffer object. */
static void offset_is_free_again(struct kunit *test)
{
	struct offsets *offsets = make_offsets(test, 0, SZ_2M >> PAGE_SHIFT);
	struct drm_vma_offset_node *first = &offsets->nodes[0];
	struct drm_vma_offset_node *second = &offsets->nodes[1];

	KUNIT_ASSERT_EQ(test, 0, ttm_huge_vma_offset_add(&offsets->mgr, first,
							 SZ_2M));
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			ttm_huge_vma_offset_add(&offsets->mgr, second, SZ_4K));
	drm_vma_offset_remove(&offsets->mgr, first);
	KUNIT_EXPECT_EQ(test, 0, ttm_huge_vma_offset_add(&offsets->mgr, second,
							 SZ_2M));
}

/* Between two other offsets: no other hole fits as well. */
static void offset_takes_hole_of_its_size(struct kunit *test)
{
	struct offsets *offsets = make_offsets(test, 0, SZ_1G >> PAGE_SHIFT);
	struct drm_vma_offset_node *nodes = offsets->nodes;
	unsigned long start;
	int i;

	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, 0, ttm_huge_vma_offset_add(&offsets->mgr,
								 &nodes[i], SZ_4M));
	start = drm_vma_node_start(&nodes[1]);
	drm_vma_offset_remove(&offsets->mgr, &nodes[1]);
	KUNIT_EXPECT_EQ(test, 0, ttm_huge_vma_offset_add(&offsets->mgr, &nodes[3],
							 SZ_4M));
	KUNIT_EXPECT_EQ(test, drm_vma_node_start(&nodes[3]), start);
}

/* The room is just large enough to have an aligned place wherever it begins. */
static void offset_fits_exactly(struct kunit *test)
{
	struct offsets *offsets = make_offsets(test, 1, (SZ_4M >> PAGE_SHIFT) - 1);
	struct drm_vma_offset_node *node = &offsets->nodes[0];

	KUNIT_EXPECT_EQ(test, 0, ttm_huge_vma_offset_add(&offsets->mgr, node, SZ_2M));
	KUNIT_EXPECT_EQ(test, drm_vma_node_start(node), SZ_2M >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, drm_vma_node_size(node), SZ_2M >> PAGE_SHIFT);
}

#define PUD_PAGES	(PUD_SIZE >> PAGE_SHIFT)
#define PMD_PAGES	(PMD_SIZE >> PAGE_SHIFT)

/* What a driver makes buffer objects by, and what for. */
static const struct bo_case {
	const char *name;
	struct ttm_huge_mock_bo *(*make)(struct kunit *test, u64 nr_pages,
					 enum ttm_bo_type type);
	enum ttm_bo_type type;
	bool has_offset;
} bo_cases[] = {
	{ "reserved, for programs", ttm_huge_mock_bo_reserved, ttm_bo_type_device, true },
	{ "reserved, for the kernel", ttm_huge_mock_bo_reserved, ttm_bo_type_kernel, false },
	{ "reserved, imported", ttm_huge_mock_bo_reserved, ttm_bo_type_sg, true },
	{ "validated, for programs", ttm_huge_mock_bo_validated, ttm_bo_type_device, true },
	{ "validated, for the kernel", ttm_huge_mock_bo_validated, ttm_bo_type_kernel, false },
	{ "validated, imported", ttm_huge_mock_bo_validated, ttm_bo_type_sg, true },
};

KUNIT_ARRAY_PARAM_DESC(bo, bo_cases, name);

static void bo_has_aligned_offset_or_none(struct kunit *test)
{
	const struct bo_case *c = test->param_value;
	struct drm_vma_offset_node *node;
	struct ttm_huge_mock_bo *bo;

	/* What comes after a single page is not aligned by chance. */
	ttm_huge_mock_bo(test, 1);
	bo = c->make(test, PMD_PAGES, c->type);
	node = &bo->tbo.base.vma_node;
	KUNIT_EXPECT_EQ(test, drm_mm_node_allocated(&node->vm_node), c->has_offset);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(drm_vma_node_start(node), PMD_PAGES));
	/* What the driver asks for its memory is its own. */
	KUNIT_EXPECT_EQ(test, bo->tbo.page_alignment, TTM_HUGE_MOCK_ALIGNMENT);
}

/* A manager that notes what it is asked for, and fails as it is told to. */
struct noting_manager {
	struct ttm_resource_manager man;
	int errors[4];
	u32 asked_for[4];
	struct ttm_place places[4];
	unsigned int nr_calls;
};

static int note_and_fail(struct ttm_resource_manager *man,
			 struct ttm_buffer_object *bo,
			 const struct ttm_place *place,
			 struct ttm_resource **res)
{
	struct noting_manager *noting =
		container_of(man, struct noting_manager, man);

	noting->asked_for[noting->nr_calls] = bo->page_alignment;
	noting->places[noting->nr_calls] = *place;
	return noting->errors[noting->nr_calls++];
}

static const struct ttm_resource_manager_func noting_funcs = {
	.alloc = note_and_fail,
};

/* What a driver's manager returns, call by call, and what it is asked for then. */
struct manager_case {
	const char *name;
	u64 nr_pages;
	u32 alignment;
	enum ttm_bo_type type;
	int errors[4];
	u32 asked_for[4];
	unsigned int nr_calls;
	int ret;
};

static const struct manager_case manager_cases[] = {
	{ "space for a PUD", PUD_PAGES, 1, ttm_bo_type_device,
	  { 0 }, { PUD_PAGES }, 1, 0 },
	{ "space for a PMD", PUD_PAGES, 1, ttm_bo_type_device,
	  { -ENOSPC, 0 }, { PUD_PAGES, PMD_PAGES }, 2, 0 },
	{ "space, but not aligned", PUD_PAGES + 1, 1, ttm_bo_type_device,
	  { -ENOSPC, -EINVAL, 0 }, { PUD_PAGES, PMD_PAGES, 1 }, 3, 0 },
	{ "no space", PUD_PAGES, 1, ttm_bo_type_device,
	  { -ENOSPC, -ENOSPC, -ENOSPC }, { PUD_PAGES, PMD_PAGES, 1 }, 3, -ENOSPC },
	{ "no memory", PUD_PAGES, 1, ttm_bo_type_device,
	  { -ENOMEM }, { PUD_PAGES }, 1, -ENOMEM },
	{ "less than a PUD", PUD_PAGES - 1, 0, ttm_bo_type_device,
	  { -ENOSPC, 0 }, { PMD_PAGES, 0 }, 2, 0 },
	{ "less than a PMD", PMD_PAGES - 1, 16, ttm_bo_type_device,
	  { -ENOSPC }, { 16 }, 1, -ENOSPC },
	{ "the driver asks for as much", PMD_PAGES, PMD_PAGES, ttm_bo_type_device,
	  { -ENOSPC }, { PMD_PAGES }, 1, -ENOSPC },
	{ "the driver asks for more than a PMD", PUD_PAGES, 2 * PMD_PAGES,
	  ttm_bo_type_device,
	  { -ENOSPC, 0 }, { PUD_PAGES, 2 * PMD_PAGES }, 2, 0 },
	{ "not to be mapped", PUD_PAGES, 1, ttm_bo_type_kernel,
	  { 0 }, { 1 }, 1, 0 },
};

KUNIT_ARRAY_PARAM_DESC(manager, manager_cases, name);

static struct noting_manager *make_noting_manager(struct kunit *test,
						  const int errors[4])
{
	struct noting_manager *noting = kunit_kzalloc(test, sizeof(*noting),
						      GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, noting);
	noting->man.func = &noting_funcs;
	memcpy(noting->errors, errors, sizeof(noting->errors));
	return noting;
}

static void manager_test(struct kunit *test)
{
	const struct manager_case *c = test->param_value;
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, c->nr_pages);
	struct noting_manager *noting = make_noting_manager(test, c->errors);
	const struct ttm_place place = { .mem_type = TTM_PL_VRAM };
	struct ttm_huge_mock *mock = test->priv;
	struct ttm_resource *res;
	int i;

	bo->tbo.page_alignment = c->alignment;
	bo->tbo.type = c->type;

	ttm_huge_set_driver_manager(&mock->hdev.base, TTM_PL_VRAM, &noting->man);
	KUNIT_EXPECT_EQ(test, c->ret,
			noting->man.func->alloc(&noting->man, &bo->tbo, &place, &res));
	ttm_huge_set_driver_manager(&mock->hdev.base, TTM_PL_VRAM, NULL);

	KUNIT_EXPECT_EQ(test, c->nr_calls, noting->nr_calls);
	for (i = 0; i < c->nr_calls; i++)
		KUNIT_EXPECT_EQ(test, c->asked_for[i], noting->asked_for[i]);
	KUNIT_EXPECT_EQ(test, c->alignment, bo->tbo.page_alignment);
}

/*
 * Some drivers set their manager again when they reset the device. One that was made to
 * align twice would call itself for ever: look at it, and do not allocate.
 */
static void manager_aligns_once(struct kunit *test)
{
	const int errors[4] = {};
	struct noting_manager *noting = make_noting_manager(test, errors);
	struct ttm_huge_mock *mock = test->priv;
	const struct ttm_huge_manager *hman =
		&to_ttm_huge(&mock->hdev.base)->managers[TTM_PL_VRAM];

	ttm_huge_set_driver_manager(&mock->hdev.base, TTM_PL_VRAM, &noting->man);
	ttm_huge_set_driver_manager(&mock->hdev.base, TTM_PL_VRAM, NULL);
	ttm_huge_set_driver_manager(&mock->hdev.base, TTM_PL_VRAM, &noting->man);
	ttm_huge_set_driver_manager(&mock->hdev.base, TTM_PL_VRAM, NULL);

	KUNIT_EXPECT_PTR_EQ(test, noting->man.func, &hman->func);
	KUNIT_EXPECT_PTR_EQ(test, hman->inner, &noting_funcs);
}

static void range_manager_of_vram_aligns(struct kunit *test)
{
	struct ttm_huge_mock *mock = test->priv;
	struct ttm_device *bdev = &mock->hdev.base;
	const struct ttm_huge_manager *managers = to_ttm_huge(bdev)->managers;

	KUNIT_EXPECT_EQ(test, 0, ttm_huge_range_man_init(bdev, TTM_PL_VRAM, false, 16));
	KUNIT_EXPECT_EQ(test, 0, ttm_huge_range_man_init(bdev, TTM_PL_TT, true, 16));
	KUNIT_EXPECT_NOT_NULL(test, managers[TTM_PL_VRAM].inner);
	KUNIT_EXPECT_NULL(test, managers[TTM_PL_TT].inner);
	ttm_range_man_fini(bdev, TTM_PL_TT);
	ttm_range_man_fini(bdev, TTM_PL_VRAM);
}

static void foreign_manager_is_left_alone(struct kunit *test)
{
	const int errors[4] = {};
	struct noting_manager *noting = make_noting_manager(test, errors);
	struct ttm_device *bdev = ttm_huge_mock_foreign(test);

	ttm_huge_set_driver_manager(bdev, TTM_PL_VRAM, &noting->man);
	KUNIT_EXPECT_PTR_EQ(test, ttm_manager_type(bdev, TTM_PL_VRAM), &noting->man);
	KUNIT_EXPECT_PTR_EQ(test, noting->man.func, &noting_funcs);
}

/*
 * The memory begins a quarter into what one PUD entry maps, and ends with the third one,
 * unless a case says that it begins a page into it.
 */
#define QUARTER		(PUD_PAGES / 4)

struct aperture_case {
	const char *name;
	u64 nr_pages;
	struct ttm_place place;
	int errors[4];
	struct ttm_place places[4];
	unsigned int nr_calls;
	u32 last_asked_for;
	bool begins_odd;
};

static const struct aperture_case aperture_cases[] = {
	{ "the first place", PUD_PAGES, {}, { 0 },
	  { { 3 * QUARTER, 7 * QUARTER } }, 1, 1 },
	{ "the second place", PUD_PAGES, {}, { -ENOSPC, 0 },
	  { { 3 * QUARTER, 7 * QUARTER }, { 7 * QUARTER, 11 * QUARTER } }, 2, 1 },
	{ "no place but any", PUD_PAGES, {}, { -ENOSPC, -EINVAL, 0 },
	  { { 3 * QUARTER, 7 * QUARTER }, { 7 * QUARTER, 11 * QUARTER }, {} },
	  3, PMD_PAGES },
	{ "an error", PUD_PAGES, {}, { -ENOMEM },
	  { { 3 * QUARTER, 7 * QUARTER } }, 1, 1 },
	{ "with flags", PUD_PAGES, { .mem_type = TTM_PL_VRAM, .flags = TTM_PL_FLAG_TOPDOWN },
	  { -ENOSPC, 0 }, { { 3 * QUARTER, 7 * QUARTER }, { 7 * QUARTER, 11 * QUARTER } }, 2, 1 },
	{ "from the first page on", PUD_PAGES, { 3 * QUARTER, 0 }, { 0 },
	  { { 3 * QUARTER, 7 * QUARTER } }, 1, 1 },
	{ "up to the last page", PUD_PAGES, { 0, 7 * QUARTER }, { 0 },
	  { { 3 * QUARTER, 7 * QUARTER } }, 1, 1 },
	{ "not before the first page", PUD_PAGES, { 3 * QUARTER + 1, 0 }, { 0 },
	  { { 7 * QUARTER, 11 * QUARTER } }, 1, 1 },
	{ "not past the last page", PUD_PAGES, { 0, 11 * QUARTER - 1 }, { -ENOSPC, 0 },
	  { { 3 * QUARTER, 7 * QUARTER }, { 0, 11 * QUARTER - 1 } },
	  2, PMD_PAGES },
	{ "larger than a PUD", 2 * PUD_PAGES, {}, { 0 },
	  { { 3 * QUARTER, 11 * QUARTER } }, 1, 1 },
	{ "larger than what is past the first place", 2 * PUD_PAGES + 1, {}, { 0 },
	  { {} }, 1, PMD_PAGES },
	{ "less than a PUD", PUD_PAGES - 1, {}, { 0 }, { {} }, 1, PMD_PAGES },
	{ "a PUD, from an odd page on", PUD_PAGES, {}, { -ENOSPC, 0 },
	  { { PUD_PAGES - 1, 2 * PUD_PAGES - 1 }, {} }, 2, 1, true },
	{ "a PMD, from an odd page on", PMD_PAGES, {}, { 0 }, { {} }, 1, 1, true },
};

KUNIT_ARRAY_PARAM_DESC(aperture, aperture_cases, name);

static void aperture_test(struct kunit *test)
{
	const struct aperture_case *c = test->param_value;
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, c->nr_pages);
	struct noting_manager *noting = make_noting_manager(test, c->errors);
	struct ttm_huge_mock *mock = test->priv;
	struct ttm_resource *res;
	int i, ret;

	ttm_huge_set_driver_manager(&mock->hdev.base, TTM_PL_VRAM, &noting->man);
	ttm_huge_set_aperture(&mock->hdev, TTM_PL_VRAM,
			      8 * (u64)PUD_SIZE + (c->begins_odd ? PAGE_SIZE : PUD_SIZE / 4),
			      11 * (u64)(PUD_SIZE / 4));
	ret = noting->man.func->alloc(&noting->man, &bo->tbo, &c->place, &res);
	ttm_huge_set_driver_manager(&mock->hdev.base, TTM_PL_VRAM, NULL);

	KUNIT_EXPECT_EQ(test, c->nr_calls, noting->nr_calls);
	KUNIT_EXPECT_EQ(test, c->errors[c->nr_calls - 1], ret);
	KUNIT_EXPECT_EQ(test, c->last_asked_for, noting->asked_for[c->nr_calls - 1]);
	for (i = 0; i < c->nr_calls; i++) {
		KUNIT_EXPECT_EQ(test, c->places[i].fpfn, noting->places[i].fpfn);
		KUNIT_EXPECT_EQ(test, c->places[i].lpfn, noting->places[i].lpfn);
		KUNIT_EXPECT_EQ(test, c->place.mem_type, noting->places[i].mem_type);
		KUNIT_EXPECT_EQ(test, c->place.flags, noting->places[i].flags);
	}
}

static struct kunit_case align_cases[] = {
	KUNIT_CASE_PARAM(alignment_test, alignment_gen_params),
	KUNIT_CASE(offset_is_aligned),
	KUNIT_CASE(offset_stays),
	KUNIT_CASE(unaligned_offset_stays),
	KUNIT_CASE(no_aligned_offset_left),
	KUNIT_CASE(offset_is_free_again),
	KUNIT_CASE(offset_takes_hole_of_its_size),
	KUNIT_CASE(offset_fits_exactly),
	KUNIT_CASE_PARAM(bo_has_aligned_offset_or_none, bo_gen_params),
	{}
};

static struct kunit_suite align_suite = {
	.name = "ttm_huge_align",
	.init = ttm_huge_mock_init,
	.test_cases = align_cases,
};

static struct kunit_case manager_kunit_cases[] = {
	KUNIT_CASE_PARAM(manager_test, manager_gen_params),
	KUNIT_CASE(manager_aligns_once),
	KUNIT_CASE(range_manager_of_vram_aligns),
	KUNIT_CASE(foreign_manager_is_left_alone),
	KUNIT_CASE_PARAM(aperture_test, aperture_gen_params),
	{}
};

static struct kunit_suite manager_suite = {
	.name = "ttm_huge_manager",
	.init = ttm_huge_mock_init,
	.test_cases = manager_kunit_cases,
};

kunit_test_suites(&align_suite, &manager_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record of writes, without page tables.
 */

#include <linux/bitmap.h>
#include <linux/dma-resv.h>
#include <linux/mm.h>

#include "../ttm_huge_internal.h"
#include "ttm_huge_kunit_helpers.h"

#define NR_PAGES (2 * PTRS_PER_PTE + 70)

static int start(struct ttm_huge_mock_bo *bo)
{
	int ret;

	dma_resv_lock(bo->tbo.base.resv, NULL);
	ret = ttm_huge_dirty_start(&bo->tbo, true);
	dma_resv_unlock(bo->tbo.base.resv);
	return ret;
}

static void stop(struct ttm_huge_mock_bo *bo)
{
	dma_resv_lock(bo->tbo.base.resv, NULL);
	ttm_huge_dirty_stop(&bo->tbo);
	dma_resv_unlock(bo->tbo.base.resv);
}

static void mark(struct ttm_huge_mock_bo *bo,
		 unsigned long page, unsigned long nr_pages)
{
	dma_resv_lock(bo->tbo.base.resv, NULL);
	ttm_huge_dirty_mark(&bo->tbo, page, nr_pages);
	dma_resv_unlock(bo->tbo.base.resv);
}

static int take(struct ttm_huge_mock_bo *bo,
		unsigned long page, unsigned long nr_pages, unsigned long *out)
{
	int ret;

	dma_resv_lock(bo->tbo.base.resv, NULL);
	ret = ttm_huge_dirty_take(&bo->tbo, page, nr_pages, out);
	dma_resv_unlock(bo->tbo.base.resv);
	return ret;
}

static struct ttm_huge_mock_bo *make_tracked(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, NR_PAGES);

	KUNIT_ASSERT_EQ(test, 0, start(bo));
	return bo;
}

/* Takes a part of the record, which holds one run of pages, or none. */
static void expect_taken(struct kunit *test, struct ttm_huge_mock_bo *bo,
			 unsigned long page, unsigned long nr_pages,
			 unsigned long first, unsigned long nr_dirty)
{
	DECLARE_BITMAP(expected, NR_PAGES) = {};
	DECLARE_BITMAP(found, NR_PAGES);

	/* Makes bits visible that the function does not write. */
	bitmap_fill(found, NR_PAGES);
	bitmap_set(expected, first - page, nr_dirty);
	KUNIT_ASSERT_EQ(test, 0, take(bo, page, nr_pages, found));
	KUNIT_EXPECT_MEMEQ(test, found, expected,
			   BITS_TO_LONGS(nr_pages) * sizeof(long));
}

static void expect_all_taken(struct kunit *test, struct ttm_huge_mock_bo *bo,
			     unsigned long first, unsigned long nr_dirty)
{
	expect_taken(test, bo, 0, NR_PAGES, first, nr_dirty);
}

static void not_tracked(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, NR_PAGES);
	unsigned long out;

	mark(bo, 0, 1);
	KUNIT_EXPECT_NULL(test, ttm_huge_dirty_bitmap(&bo->tbo));
	KUNIT_EXPECT_EQ(test, -ENODATA, take(bo, 0, 1, &out));
	stop(bo);
}

static void begins_empty(struct kunit *test)
{
	expect_all_taken(test, make_tracked(test), 0, 0);
}

static void takes_what_was_marked(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = make_tracked(test);

	mark(bo, 63, 66);
	expect_all_taken(test, bo, 63, 66);
	expect_all_taken(test, bo, 0, 0);

	mark(bo, 0, 1);
	expect_all_taken(test, bo, 0, 1);

	mark(bo, NR_PAGES - 1, 1);
	expect_all_taken(test, bo, NR_PAGES - 1, 1);

	mark(bo, 0, NR_PAGES);
	expect_all_taken(test, bo, 0, NR_PAGES);
}

/* Bits past the part are clear in the result, and stay in the record for the next call. */
static void takes_a_part(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = make_tracked(test);

	mark(bo, 0, NR_PAGES);
	expect_taken(test, bo, 128, 3, 128, 3);
	expect_taken(test, bo, 128, 64, 131, 61);
	expect_taken(test, bo, 0, 128, 0, 128);
	expect_all_taken(test, bo, 192, NR_PAGES - 192);
}

static void starts_anew(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = make_tracked(test);

	mark(bo, 5, 5);
	KUNIT_ASSERT_EQ(test, 0, start(bo));
	expect_all_taken(test, bo, 0, 0);
}

static void stops(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = make_tracked(test);
	unsigned long out;

	stop(bo);
	KUNIT_EXPECT_EQ(test, -ENODATA, take(bo, 0, 1, &out));
	stop(bo);
}

/* The first page of one is where another could seem to be. */
static void keeps_buffer_objects_apart(struct kunit *test)
{
	struct ttm_huge_mock_bo *one = make_tracked(test);
	struct ttm_huge_mock_bo *other = make_tracked(test);

	mark(one, 7, 2);
	mark(other, 9, 1);
	expect_all_taken(test, one, 7, 2);
	stop(one);
	expect_all_taken(test, other, 9, 1);
}

/* More pages than the bitmap functions can count; no memory is allocated. */
static void too_large(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 1);
	const size_t size = bo->tbo.base.size;

	bo->tbo.base.size = ((u64)UINT_MAX + 1) << PAGE_SHIFT;
	KUNIT_EXPECT_EQ(test, -EINVAL, start(bo));
	bo->tbo.base.size = size;
}

static void foreign_device_is_refused(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 1);
	struct ttm_device *bdev = bo->tbo.bdev;
	unsigned long out;

	bo->tbo.bdev = ttm_huge_mock_foreign(test);
	KUNIT_EXPECT_EQ(test, -ENODEV, start(bo));
	KUNIT_EXPECT_EQ(test, -ENODATA, take(bo, 0, 1, &out));
	stop(bo);
	bo->tbo.bdev = bdev;
}

static struct kunit_case dirty_cases[] = {
	KUNIT_CASE(not_tracked),
	KUNIT_CASE(begins_empty),
	KUNIT_CASE(takes_what_was_marked),
	KUNIT_CASE(takes_a_part),
	KUNIT_CASE(starts_anew),
	KUNIT_CASE(stops),
	KUNIT_CASE(keeps_buffer_objects_apart),
	KUNIT_CASE(too_large),
	KUNIT_CASE(foreign_device_is_refused),
	{}
};

static struct kunit_suite dirty_suite = {
	.name = "ttm_huge_dirty",
	.init = ttm_huge_mock_init,
	.test_cases = dirty_cases,
};

kunit_test_suite(dirty_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the memory of a buffer object is.
 */

#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include <drm/ttm/ttm_resource.h>
#include <drm/ttm/ttm_tt.h>

#include "../ttm_huge_internal.h"
#include "ttm_huge_kunit_helpers.h"

static int find_source(struct ttm_huge_mock_bo *bo, unsigned long page,
		       struct ttm_huge_source *source)
{
	int ret;

	*source = (struct ttm_huge_source){
		.base.page = page,
		.base.nr_pages = PFN_UP(bo->tbo.base.size),
		.bo = &bo->tbo,
	};
	dma_resv_lock(bo->tbo.base.resv, NULL);
	ret = ttm_huge_find_extent(source);
	dma_resv_unlock(bo->tbo.base.resv);
	return ret;
}

static int find_extent(struct ttm_huge_mock_bo *bo,
		       unsigned long page, struct pfnmap_extent *extent)
{
	struct ttm_huge_source source;
	int ret = find_source(bo, page, &source);

	*extent = source.base.extent;
	return ret;
}

static void expect_extent(struct kunit *test, struct ttm_huge_mock_bo *bo,
			  unsigned long page, struct pfnmap_extent expected)
{
	struct pfnmap_extent found = {};

	KUNIT_ASSERT_EQ(test, 0, find_extent(bo, page, &found));
	KUNIT_EXPECT_EQ_MSG(test, found.first, expected.first, "page %lu", page);
	KUNIT_EXPECT_EQ_MSG(test, found.nr_pages, expected.nr_pages, "page %lu",
			    page);
	KUNIT_EXPECT_EQ_MSG(test, found.pfn, expected.pfn, "page %lu", page);
}

static unsigned long io_mem_pfn(struct ttm_buffer_object *tbo,
				unsigned long page)
{
	return container_of(tbo, struct ttm_huge_mock_bo, tbo)->pfns[page];
}

/* Iomem that begins at a page frame. */
static struct ttm_huge_mock_bo *make_iomem(struct kunit *test, u64 nr_pages,
					   unsigned long pfn)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, nr_pages);

	bo->tbo.resource->bus.is_iomem = true;
	bo->tbo.resource->bus.offset = PFN_PHYS(pfn);
	return bo;
}

/* Iomem of which the driver tells, page by page, where it is. */
static struct ttm_huge_mock_bo *make_scattered(struct kunit *test,
					       const unsigned long *pfns,
					       u64 nr_pages)
{
	struct ttm_huge_mock *mock = test->priv;
	struct ttm_huge_mock_bo *bo = make_iomem(test, nr_pages, pfns[0]);

	mock->funcs.io_mem_pfn = io_mem_pfn;
	bo->pfns = pfns;
	return bo;
}

/* The extent around a page, looked for in another way than ttm_huge does. */
static struct pfnmap_extent extent_around(const unsigned long *pfns,
					  unsigned long nr_pages,
					  unsigned long page)
{
	unsigned long first, i;

	for (first = i = ALIGN_DOWN(page, PTRS_PER_PTE);
	     i < min(ALIGN_DOWN(page, PTRS_PER_PTE) + PTRS_PER_PTE, nr_pages);
	     i++) {
		if (pfns[i] - pfns[first] == i - first)
			continue;
		if (i > page)
			break;
		first = i;
	}
	return (struct pfnmap_extent){
		.first = first,
		.nr_pages = i - first,
		.pfn = pfns[first],
	};
}

static void expect_all_extents(struct kunit *test, struct ttm_huge_mock_bo *bo,
			       const unsigned long *pfns,
			       unsigned long nr_pages)
{
	unsigned long page;

	for (page = 0; page < nr_pages; page++)
		expect_extent(test, bo, page,
			      extent_around(pfns, nr_pages, page));
}

static void contiguous_iomem(struct kunit *test)
{
	const unsigned long nr_pages = 3 * PTRS_PER_PTE + 5, pfn = 0x123456;
	struct ttm_huge_mock_bo *bo = make_iomem(test, nr_pages, pfn);
	const struct pfnmap_extent all = {
		.nr_pages = nr_pages,
		.pfn = pfn,
	};

	expect_extent(test, bo, 0, all);
	expect_extent(test, bo, PTRS_PER_PTE, all);
	expect_extent(test, bo, nr_pages - 1, all);
}

/* Runs of several lengths, page frame 0, and runs that only seem to go on. */
static void scattered_iomem(struct kunit *test)
{
	static const unsigned long pfns[] = {
		70, 71, 72, 73,		/* begins where the table begins */
		0, 1,			/* nothing lies before 0 */
		2 + 0x100000000,	/* the same 32 bits as what would follow */
		40, 39, 38,		/* downwards */
		50, 52, 51, 53,
		54, 55, 56,
		56,			/* the same again */
		80, 81, 82,		/* ends where the buffer object ends */
	};
	struct ttm_huge_mock_bo *bo = make_scattered(test, pfns,
						     ARRAY_SIZE(pfns));

	expect_extent(test, bo, 1, (struct pfnmap_extent){ 0, 4, 70 });
	expect_extent(test, bo, 5, (struct pfnmap_extent){ 4, 2, 0 });
	expect_extent(test, bo, 20, (struct pfnmap_extent){ 18, 3, 80 });
	expect_all_extents(test, bo, pfns, ARRAY_SIZE(pfns));
}

/* The memory is contiguous for longer, but a scan stays in what one page table maps. */
static void scan_stays_in_a_page_table(struct kunit *test)
{
	const unsigned long nr_pages = 2 * PTRS_PER_PTE + 7, pfn = 0x1234;
	unsigned long *pfns = kunit_kmalloc_array(test, nr_pages, sizeof(*pfns),
						  GFP_KERNEL);
	struct ttm_huge_mock_bo *bo;
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, pfns);
	for (i = 0; i < nr_pages; i++)
		pfns[i] = pfn + i;
	bo = make_scattered(test, pfns, nr_pages);

	for (i = 0; i < nr_pages; i++) {
		unsigned long first = ALIGN_DOWN(i, PTRS_PER_PTE);

		expect_extent(test, bo, i, (struct pfnmap_extent){
			.first = first,
			.nr_pages = min_t(unsigned long, PTRS_PER_PTE,
					  nr_pages - first),
			.pfn = pfn + first,
		});
	}
}

static unsigned int tell_extents(struct ttm_buffer_object *bo, unsigned long page,
				 struct pfnmap_extent *extents, unsigned int nr)
{
	extents[0] = (struct pfnmap_extent){ page - 1, 3, 0x777 };
	if (nr == 1)
		return 1;
	extents[1] = (struct pfnmap_extent){ page + 2, 1, 0x888 };
	return 2;
}

/* What io_mem_extents() tells is taken, whatever io_mem_pfn() would tell. */
static void driver_knows_extent(struct kunit *test)
{
	static const unsigned long pfns[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ttm_huge_mock_bo *bo = make_scattered(test, pfns,
						     ARRAY_SIZE(pfns));
	struct ttm_huge_mock *mock = test->priv;

	mock->huge_funcs.io_mem_extents = tell_extents;
	expect_extent(test, bo, 4, (struct pfnmap_extent){ 3, 3, 0x777 });
}

/*
 * Ask the source for pieces from @page up to @end, with room for @room of them: it must
 * tell those that the page frames amount to.
 */
static void expect_extents(struct kunit *test, struct ttm_huge_mock_bo *bo,
			   const unsigned long *pfns, unsigned long page,
			   unsigned long end, unsigned int room)
{
	struct pfnmap_extent extents[4];
	struct ttm_huge_source source;
	unsigned int i, nr;

	KUNIT_ASSERT_EQ(test, 0, find_source(bo, page, &source));
	KUNIT_ASSERT_NOT_NULL(test, source.base.extents);

	nr = source.base.extents(&source.base, page, end, extents, room);
	KUNIT_ASSERT_GE(test, nr, 1);
	KUNIT_ASSERT_LE(test, nr, room);
	for (i = 0; i < nr; i++) {
		struct pfnmap_extent expected = extent_around(pfns, end, page);

		KUNIT_EXPECT_EQ(test, extents[i].first, page);
		KUNIT_EXPECT_EQ(test, extents[i].first + extents[i].nr_pages,
				expected.first + expected.nr_pages);
		KUNIT_EXPECT_EQ(test, extents[i].pfn, pfns[page]);
		page += extents[i].nr_pages;
	}
	KUNIT_EXPECT_TRUE(test, nr == room || page == end);
}

/* A driver that has to be asked page by page may sleep, so it is not asked for other pieces. */
static void scattered_iomem_has_no_others(struct kunit *test)
{
	static const unsigned long pfns[] = { 70, 71, 40, 41 };
	struct ttm_huge_mock_bo *bo = make_scattered(test, pfns,
						     ARRAY_SIZE(pfns));
	struct ttm_huge_source source;

	KUNIT_ASSERT_EQ(test, 0, find_source(bo, 1, &source));
	KUNIT_EXPECT_NULL(test, source.base.extents);
}

/* The driver is asked for other pieces, too. */
static void driver_knows_other_extents(struct kunit *test)
{
	static const unsigned long pfns[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ttm_huge_mock_bo *bo = make_scattered(test, pfns,
						     ARRAY_SIZE(pfns));
	struct ttm_huge_mock *mock = test->priv;
	struct pfnmap_extent extents[2] = {};
	struct ttm_huge_source source;

	mock->huge_funcs.io_mem_extents = tell_extents;
	KUNIT_ASSERT_EQ(test, 0, find_source(bo, 4, &source));
	KUNIT_ASSERT_NOT_NULL(test, source.base.extents);
	KUNIT_EXPECT_EQ(test, source.base.nearby, 0);
	KUNIT_ASSERT_EQ(test, 2, source.base.extents(&source.base, 2, 8, extents, 2));
	KUNIT_EXPECT_EQ(test, extents[0].first, 1);
	KUNIT_EXPECT_EQ(test, extents[1].first, 4);
	KUNIT_EXPECT_EQ(test, extents[1].pfn, 0x888);
}

/* Iomem that is contiguous as a whole has no other pieces. */
static void contiguous_iomem_is_all(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = make_iomem(test, 8, 0x123);
	struct ttm_huge_source source;

	KUNIT_ASSERT_EQ(test, 0, find_source(bo, 4, &source));
	KUNIT_EXPECT_NULL(test, source.base.extents);
}

static unsigned int nr_reserved;

static int reserve_offset(struct ttm_device *bdev, struct ttm_resource *res)
{
	nr_reserved++;
	res->bus.offset = PFN_PHYS(0x4321);
	res->bus.is_iomem = true;
	return 0;
}

/* Physical address 0, which the driver has mapped into the kernel somewhere. */
static int reserve_address(struct ttm_device *bdev, struct ttm_resource *res)
{
	nr_reserved++;
	res->bus.addr = res;
	res->bus.is_iomem = true;
	return 0;
}

static const struct reserve_case {
	const char *name;
	int (*io_mem_reserve)(struct ttm_device *bdev, struct ttm_resource *res);
	unsigned long pfn;
} reserve_cases[] = {
	{ "an offset", reserve_offset, 0x4321 },
	{ "an address alone", reserve_address, 0 },
};

KUNIT_ARRAY_PARAM_DESC(reserve, reserve_cases, name);

static void iomem_is_reserved_once(struct kunit *test)
{
	const struct reserve_case *c = test->param_value;
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 8);
	struct ttm_huge_mock *mock = test->priv;
	const struct pfnmap_extent all = { .nr_pages = 8, .pfn = c->pfn };

	nr_reserved = 0;
	mock->funcs.io_mem_reserve = c->io_mem_reserve;
	expect_extent(test, bo, 3, all);
	expect_extent(test, bo, 4, all);
	KUNIT_EXPECT_EQ(test, nr_reserved, 1);
}

static int refuse_io_mem(struct ttm_device *bdev, struct ttm_resource *res)
{
	return -EINVAL;
}

static void iomem_error_is_passed_on(struct kunit *test)
{
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, 8);
	struct ttm_huge_mock *mock = test->priv;
	struct pfnmap_extent extent;

	mock->funcs.io_mem_reserve = refuse_io_mem;
	KUNIT_EXPECT_EQ(test, -EINVAL, find_extent(bo, 3, &extent));
	KUNIT_EXPECT_FALSE(test, ttm_tt_is_populated(bo->tbo.ttm));
}

static void system_memory_is_populated(struct kunit *test)
{
	const unsigned long nr_pages = PTRS_PER_PTE + 3;
	struct ttm_huge_mock_bo *bo = ttm_huge_mock_bo(test, nr_pages);
	unsigned long *pfns = kunit_kmalloc_array(test, nr_pages, sizeof(*pfns),
						  GFP_KERNEL);
	struct pfnmap_extent extent;
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, pfns);
	KUNIT_ASSERT_FALSE(test, ttm_tt_is_populated(bo->tbo.ttm));
	KUNIT_ASSERT_EQ(test, 0, find_extent(bo, 3, &extent));
	KUNIT_ASSERT_TRUE(test, ttm_tt_is_populated(bo->tbo.ttm));

	for (i = 0; i < nr_pages; i++)
		pfns[i] = page_to_pfn(bo->tbo.ttm->pages[i]);
	expect_all_extents(test, bo, pfns, nr_pages);
	for (i = 0; i < nr_pages; i++) {
		expect_extents(test, bo, pfns, i, nr_pages, 1);
		expect_extents(test, bo, pfns, i, nr_pages, 4);
		expect_extents(test, bo, pfns, i, min(i + 3, nr_pages), 4);
	}
}

static struct kunit_case extent_cases[] = {
	KUNIT_CASE(contiguous_iomem),
	KUNIT_CASE(scattered_iomem),
	KUNIT_CASE(scan_stays_in_a_page_table),
	KUNIT_CASE(driver_knows_extent),
	KUNIT_CASE(driver_knows_other_extents),
	KUNIT_CASE(scattered_iomem_has_no_others),
	KUNIT_CASE(contiguous_iomem_is_all),
	KUNIT_CASE_PARAM(iomem_is_reserved_once, reserve_gen_params),
	KUNIT_CASE(iomem_error_is_passed_on),
	KUNIT_CASE(system_memory_is_populated),
	{}
};

static struct kunit_suite extent_suite = {
	.name = "ttm_huge_extent",
	.init = ttm_huge_mock_init,
	.test_cases = extent_cases,
};

kunit_test_suite(extent_suite);

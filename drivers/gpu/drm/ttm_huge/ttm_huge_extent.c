// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the memory of a buffer object is.
 */

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>

#include <drm/drm_util.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_resource.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_huge_internal.h"

/*
 * How many pages of system memory a fault may look at. It looks at them one by one, which
 * takes some 30 us for 4096 pages. At least as many as a page table of PTEs maps.
 */
#define TTM_HUGE_PAGES_NEARBY	(PTRS_PER_PTE > 4096 ? PTRS_PER_PTE : 4096)

static const struct ttm_huge_source *
to_ttm_huge_source(const struct pfnmap_source *source)
{
	return container_of(source, struct ttm_huge_source, base);
}

/* Like ttm_mem_io_reserve(), which TTM does not export. */
static int ttm_huge_extent_reserve(struct ttm_device *bdev,
				   struct ttm_resource *res)
{
	if (res->bus.offset || res->bus.addr)
		return 0;

	res->bus.is_iomem = false;
	if (!bdev->funcs->io_mem_reserve)
		return 0;
	return bdev->funcs->io_mem_reserve(bdev, res);
}

static noinline_for_stack int
ttm_huge_extent_populate(struct ttm_buffer_object *bo)
{
	struct ttm_operation_ctx ctx = {
		.interruptible = true,
		.gfp_retry_mayfail = true,
	};

	return ttm_bo_populate(bo, &ctx);
}

static unsigned long ttm_huge_extent_io_pfn(struct ttm_buffer_object *bo,
					    unsigned long page)
{
	if (bo->bdev->funcs->io_mem_pfn)
		return bo->bdev->funcs->io_mem_pfn(bo, page);
	return (bo->resource->bus.offset >> PAGE_SHIFT) + page;
}

static unsigned long ttm_huge_extent_tt_pfn(struct ttm_buffer_object *bo,
					    unsigned long page)
{
	return page_to_pfn(bo->ttm->pages[page]);
}

/*
 * Look page by page, but not beyond the PMD around the page: that bounds the time of
 * a fault, and memory that is looked at this way is seldom contiguous for longer.
 * Inlined together with @pfn_of, because 512 indirect calls would take most of the
 * time of a fault.
 */
static __always_inline void
ttm_huge_extent_scan(struct ttm_huge_source *source,
		     unsigned long (*pfn_of)(struct ttm_buffer_object *bo,
					     unsigned long page))
{
	struct ttm_buffer_object *bo = source->bo;
	unsigned long page = source->base.page;
	unsigned long low = ALIGN_DOWN(page, PTRS_PER_PTE);
	unsigned long high = min(low + PTRS_PER_PTE, source->base.nr_pages);
	unsigned long pfn = pfn_of(bo, page);
	unsigned long first = page, last = page;

	while (first > low && pfn_of(bo, first - 1) + 1 == pfn - (page - first))
		first--;
	while (last + 1 < high && pfn_of(bo, last + 1) == pfn + last + 1 - page)
		last++;

	source->base.extent = (struct pfnmap_extent){
		.first = first,
		.nr_pages = last - first + 1,
		.pfn = pfn - (page - first),
	};
}

/* The contiguous pieces from @page on, each of them inside one PMD. */
static unsigned int ttm_huge_extents_tt(const struct pfnmap_source *source,
					unsigned long page, unsigned long end,
					struct pfnmap_extent *extents,
					unsigned int nr)
{
	struct page **pages = to_ttm_huge_source(source)->bo->ttm->pages;
	unsigned int i;

	for (i = 0; i < nr && page < end; i++) {
		unsigned long high = min(ALIGN(page + 1, PTRS_PER_PTE), end);

		extents[i] = (struct pfnmap_extent){
			.first = page,
			.nr_pages = num_pages_contiguous(&pages[page], high - page),
			.pfn = page_to_pfn(pages[page]),
		};
		page += extents[i].nr_pages;
	}
	return i;
}

static unsigned int ttm_huge_extents_driver(const struct pfnmap_source *source,
					    unsigned long page,
					    unsigned long end,
					    struct pfnmap_extent *extents,
					    unsigned int nr)
{
	struct ttm_buffer_object *bo = to_ttm_huge_source(source)->bo;

	return to_ttm_huge(bo->bdev)->funcs->io_mem_extents(bo, page, extents, nr);
}

/* A driver's io_mem_pfn may sleep, so it is not asked for other extents. */
static void ttm_huge_extent_find_iomem(struct ttm_huge_source *source)
{
	struct ttm_buffer_object *bo = source->bo;
	const struct ttm_huge_funcs *funcs = to_ttm_huge(bo->bdev)->funcs;

	if (funcs && funcs->io_mem_extents) {
		funcs->io_mem_extents(bo, source->base.page, &source->base.extent, 1);
		source->base.extents = ttm_huge_extents_driver;
	} else if (bo->bdev->funcs->io_mem_pfn) {
		ttm_huge_extent_scan(source, ttm_huge_extent_io_pfn);
	} else {
		source->base.extent.nr_pages = source->base.nr_pages;
		source->base.extent.pfn = ttm_huge_extent_io_pfn(bo, 0);
	}
}

static noinline_for_stack int
ttm_huge_extent_find_tt(struct ttm_huge_source *source)
{
	int ret = ttm_huge_extent_populate(source->bo);

	if (ret)
		return ret;
	ttm_huge_extent_scan(source, ttm_huge_extent_tt_pfn);
	source->base.extents = ttm_huge_extents_tt;
	source->base.nearby = TTM_HUGE_PAGES_NEARBY;
	return 0;
}

/**
 * ttm_huge_find_extent - find the memory around the page of a fault
 * @source: in: the buffer object, which is idle, its number of pages, and a page inside
 *	it; out, zero before: the extent around the page, and how to find other extents
 *
 * System memory is populated first if it has not been used before or has been
 * swapped out.
 *
 * Context: process context with the reservation of the buffer object held, inside
 * drm_dev_enter(). May sleep on memory allocation.
 *
 * Return: 0; -ENOMEM if system memory could not be populated; -EINTR,
 * -ERESTARTSYS or -EAGAIN if the fault is to be repeated; another error from
 * &ttm_device_funcs.io_mem_reserve.
 */
int ttm_huge_find_extent(struct ttm_huge_source *source)
{
	struct ttm_buffer_object *bo = source->bo;
	int ret = ttm_huge_extent_reserve(bo->bdev, bo->resource);

	if (ret)
		return ret;

	if (!bo->resource->bus.is_iomem)
		return ttm_huge_extent_find_tt(source);
	ttm_huge_extent_find_iomem(source);
	return 0;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_huge_find_extent);

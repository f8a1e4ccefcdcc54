// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the memory of a buffer object is.
 */

#include <linux/export.h>
#include <linux/mm.h>

#include <drm/drm_util.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_resource.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_huge_internal.h"

/* As ttm_mem_io_reserve() does, which TTM keeps to itself. */
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
 * Look page by page, but no further than the PMD around @page: that bounds the
 * time of a fault, and memory that is looked at this way is seldom contiguous
 * for longer. Inlined with @pfn_of, as 512 indirect calls are most of a fault.
 */
static __always_inline void
ttm_huge_extent_scan(struct ttm_buffer_object *bo, unsigned long page,
		     unsigned long (*pfn_of)(struct ttm_buffer_object *bo,
					     unsigned long page),
		     struct pfnmap_extent *extent)
{
	unsigned long low = ALIGN_DOWN(page, PTRS_PER_PTE);
	unsigned long high = min(low + PTRS_PER_PTE, PFN_UP(bo->base.size));
	unsigned long pfn = pfn_of(bo, page);
	unsigned long first = page, last = page;

	while (first > low && pfn_of(bo, first - 1) + 1 == pfn - (page - first))
		first--;
	while (last + 1 < high && pfn_of(bo, last + 1) == pfn + last + 1 - page)
		last++;

	extent->first = first;
	extent->nr_pages = last - first + 1;
	extent->pfn = pfn - (page - first);
}

static void ttm_huge_extent_find_iomem(struct ttm_buffer_object *bo,
				       unsigned long page,
				       struct pfnmap_extent *extent)
{
	const struct ttm_huge_funcs *funcs = to_ttm_huge(bo->bdev)->funcs;

	if (funcs && funcs->io_mem_extent) {
		funcs->io_mem_extent(bo, page, extent);
	} else if (bo->bdev->funcs->io_mem_pfn) {
		ttm_huge_extent_scan(bo, page, ttm_huge_extent_io_pfn, extent);
	} else {
		extent->first = 0;
		extent->nr_pages = PFN_UP(bo->base.size);
		extent->pfn = ttm_huge_extent_io_pfn(bo, 0);
	}
}

/**
 * ttm_huge_find_extent - find contiguous memory around a page
 * @bo: the buffer object, idle
 * @page: page offset into @bo, inside it
 * @extent: filled in with a piece that contains @page
 *
 * System memory is populated first if it has not been used before or has been
 * swapped out.
 *
 * Context: process context with the reservation of @bo held, inside
 * drm_dev_enter(). May sleep on memory allocation.
 *
 * Return: 0; -ENOMEM if system memory could not be populated; -EINTR,
 * -ERESTARTSYS or -EAGAIN if the caller shall try again; another error from
 * &ttm_device_funcs.io_mem_reserve.
 */
int ttm_huge_find_extent(struct ttm_buffer_object *bo, unsigned long page,
			 struct pfnmap_extent *extent)
{
	int ret = ttm_huge_extent_reserve(bo->bdev, bo->resource);

	if (ret)
		return ret;

	if (bo->resource->bus.is_iomem) {
		ttm_huge_extent_find_iomem(bo, page, extent);
		return 0;
	}

	ret = ttm_huge_extent_populate(bo);
	if (ret)
		return ret;
	ttm_huge_extent_scan(bo, page, ttm_huge_extent_tt_pfn, extent);
	return 0;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_huge_find_extent);

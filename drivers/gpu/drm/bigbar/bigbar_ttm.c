// SPDX-License-Identifier: GPL-2.0-only
/*
 * What TTM asks of the driver.
 */

#include <linux/slab.h>

#include <drm/drm_managed.h>
#include <drm/drm_prime.h>
#include <drm/ttm/ttm_caching.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_tt.h>

#include <drm/bigbar_drm.h>

#include "bigbar_drv.h"

static struct ttm_tt *bigbar_tt_create(struct ttm_buffer_object *bo,
				       u32 page_flags)
{
	enum ttm_caching caching = ttm_cached;
	struct ttm_tt *tt;
	int ret;

	if (bigbar_is_bo(bo) &&
	    to_bigbar_bo(bo)->flags & DRM_BIGBAR_GEM_CREATE_SYSTEM_WC)
		caching = ttm_write_combined;

	tt = kzalloc_obj(*tt);
	if (!tt)
		return NULL;
	/* Imported memory has addresses for DMA, and no pages that TTM could use. */
	if (bo->type == ttm_bo_type_sg)
		ret = ttm_sg_tt_init(tt, bo, page_flags, caching);
	else
		ret = ttm_tt_init(tt, bo, page_flags | bigbar_move_page_flags(),
				  caching, 0);
	if (ret) {
		kfree(tt);
		return NULL;
	}
	return tt;
}

static int bigbar_tt_populate(struct ttm_device *ttm, struct ttm_tt *tt,
			      struct ttm_operation_ctx *ctx)
{
	if (tt->page_flags & TTM_TT_FLAG_EXTERNAL)
		return drm_prime_sg_to_dma_addr_array(tt->sg, tt->dma_address,
						      tt->num_pages);
	return ttm_pool_alloc(&ttm->pool, tt, ctx);
}

static void bigbar_tt_unpopulate(struct ttm_device *ttm, struct ttm_tt *tt)
{
	if (!(tt->page_flags & TTM_TT_FLAG_EXTERNAL))
		ttm_pool_free(&ttm->pool, tt);
}

static void bigbar_tt_destroy(struct ttm_device *ttm, struct ttm_tt *tt)
{
	ttm_tt_fini(tt);
	kfree(tt);
}

/* TTM has waited until the buffer object is idle, and frees its pages after this. */
static void bigbar_swap_notify(struct ttm_buffer_object *bo)
{
	if (bigbar_is_bo(bo))
		bigbar_prime_stop(to_bigbar_bo(bo));
}

/**
 * bigbar_placement - fill in a placement for TTM
 * @placement: one of enum drm_bigbar_placement, checked by the caller
 * @flags: DRM_BIGBAR_GEM_CREATE_*
 * @place: filled in; @out points to it
 * @out: filled in
 */
void bigbar_placement(u32 placement, u32 flags, struct ttm_place *place,
		      struct ttm_placement *out)
{
	*place = (struct ttm_place){
		.mem_type = placement == DRM_BIGBAR_PLACEMENT_VRAM ?
			    TTM_PL_VRAM : TTM_PL_SYSTEM,
		.flags = flags & DRM_BIGBAR_GEM_CREATE_CONTIGUOUS ?
			 TTM_PL_FLAG_CONTIGUOUS : 0,
	};
	*out = (struct ttm_placement){
		.num_placement = 1,
		.placement = place,
	};
}

static void bigbar_evict_flags(struct ttm_buffer_object *bo,
			       struct ttm_placement *placement)
{
	static const struct ttm_place system = { .mem_type = TTM_PL_SYSTEM };

	placement->num_placement = 1;
	placement->placement = &system;
}

static const struct bigbar_piece *bigbar_ttm_piece(struct ttm_resource *res,
						   unsigned long page)
{
	return bigbar_piece(to_bigbar_vram_resource(res)->pieces, page);
}

static int bigbar_io_mem_reserve(struct ttm_device *ttm,
				 struct ttm_resource *res)
{
	struct bigbar_device *bigbar = ttm_to_bigbar(ttm);
	const struct bigbar_piece *piece;

	if (res->mem_type != TTM_PL_VRAM)
		return 0;

	piece = bigbar_ttm_piece(res, 0);
	res->bus.offset = bigbar->vram.phys + ((u64)piece->vram_page << PAGE_SHIFT);
	res->bus.is_iomem = true;
	res->bus.caching = ttm_write_combined;
	return 0;
}

static unsigned long bigbar_vram_pfn(struct bigbar_device *bigbar,
				     const struct bigbar_piece *piece)
{
	return (bigbar->vram.phys >> PAGE_SHIFT) + piece->vram_page;
}

static unsigned long bigbar_io_mem_pfn(struct ttm_buffer_object *bo,
				       unsigned long page)
{
	const struct bigbar_piece *piece = bigbar_ttm_piece(bo->resource, page);

	return bigbar_vram_pfn(ttm_to_bigbar(bo->bdev), piece) + page -
	       piece->first;
}

static unsigned int bigbar_io_mem_extents(struct ttm_buffer_object *bo,
					  unsigned long page,
					  struct pfnmap_extent *extents,
					  unsigned int nr)
{
	const struct bigbar_pieces *pieces =
		to_bigbar_vram_resource(bo->resource)->pieces;
	const struct bigbar_piece *piece = bigbar_piece(pieces, page);
	const struct bigbar_piece *end = pieces->piece + pieces->count;
	unsigned long start = ttm_to_bigbar(bo->bdev)->vram.phys >> PAGE_SHIFT;
	unsigned int i;

	for (i = 0; i < nr && piece < end; i++, piece++) {
		extents[i].first = piece->first;
		extents[i].nr_pages = piece->nr_pages;
		extents[i].pfn = start + piece->vram_page;
	}
	return i;
}

static const struct ttm_device_funcs bigbar_ttm_funcs = {
	.ttm_tt_create = bigbar_tt_create,
	.ttm_tt_populate = bigbar_tt_populate,
	.ttm_tt_unpopulate = bigbar_tt_unpopulate,
	.ttm_tt_destroy = bigbar_tt_destroy,
	.eviction_valuable = ttm_bo_eviction_valuable,
	.evict_flags = bigbar_evict_flags,
	.move = bigbar_move,
	.swap_notify = bigbar_swap_notify,
	.io_mem_reserve = bigbar_io_mem_reserve,
	.io_mem_pfn = bigbar_io_mem_pfn,
	.access_memory = bigbar_access_memory,
};

static enum pgtable_level bigbar_max_level(struct ttm_buffer_object *bo)
{
	return to_bigbar_bo(bo)->flags & DRM_BIGBAR_GEM_CREATE_NO_HUGE ?
	       PGTABLE_LEVEL_PTE : PGTABLE_LEVEL_PUD;
}

static const struct ttm_huge_funcs bigbar_huge_funcs = {
	.io_mem_extents = bigbar_io_mem_extents,
	.max_level = bigbar_max_level,
};

static void bigbar_ttm_release(struct drm_device *drm, void *unused)
{
	struct bigbar_device *bigbar = to_bigbar(drm);

	/*
	 * In this order: a buffer object that TTM frees late, after its copy,
	 * holds VRAM, and may hold other buffer objects that hold VRAM.
	 */
	bigbar_queue_fini(&bigbar->queue);
	ttm_device_fini(&bigbar->ttm.base);
	bigbar_vram_fini(bigbar);
}

/**
 * bigbar_ttm_init - set up TTM, VRAM manager and huge mappings
 * @bigbar: the device, with its VRAM mapped
 *
 * Context: probe.
 *
 * Return: 0, and all is undone when the last reference to the DRM device goes;
 * or a negative error code, with nothing left set up but what DRM releases.
 */
int bigbar_ttm_init(struct bigbar_device *bigbar)
{
	struct drm_device *drm = &bigbar->drm;
	int ret;

	ret = drmm_ttm_huge_device_init(drm, &bigbar->ttm, &bigbar_huge_funcs);
	if (ret)
		return ret;

	ret = bigbar_bos_init(bigbar);
	if (ret)
		return ret;

	ret = bigbar_prime_init(bigbar);
	if (ret)
		return ret;

	ret = bigbar_queue_init(&bigbar->queue);
	if (ret)
		return ret;

	ret = ttm_device_init(&bigbar->ttm.base, &bigbar_ttm_funcs, drm->dev,
			      drm->anon_inode->i_mapping,
			      drm->vma_offset_manager, 0);
	if (ret)
		goto err_queue;

	ret = bigbar_vram_init(bigbar);
	if (ret)
		goto err_ttm;
	return drmm_add_action_or_reset(drm, bigbar_ttm_release, NULL);

err_ttm:
	ttm_device_fini(&bigbar->ttm.base);
err_queue:
	bigbar_queue_fini(&bigbar->queue);
	return ret;
}

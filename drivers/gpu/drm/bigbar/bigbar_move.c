// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moves and clears buffer objects, by the CPU.
 */

#include <linux/io.h>
#include <linux/iosys-map.h>

#include <drm/drm_drv.h>
#include <drm/ttm/ttm_kmap_iter.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_tt.h>

#include "bigbar_drv.h"

/* Walks VRAM, piece by piece. */
struct vram_iter {
	struct ttm_kmap_iter base;
	struct bigbar_vram *vram;
	struct ttm_resource *res;
};

union any_iter {
	struct vram_iter vram;
	struct ttm_kmap_iter_tt tt;
};

static void __iomem *vram_address(struct bigbar_vram *vram,
				  struct ttm_resource *res, unsigned long page)
{
	const struct bigbar_piece *piece = bigbar_vram_piece(res, page);

	return vram->io +
	       ((u64)(piece->vram_page + page - piece->first) << PAGE_SHIFT);
}

static void vram_iter_map_local(struct ttm_kmap_iter *base,
				struct iosys_map *map, pgoff_t page)
{
	struct vram_iter *iter = container_of(base, struct vram_iter, base);

	/* One side of each copied page: ttm_move_memcpy() gives no one a turn. */
	cond_resched();
	iosys_map_set_vaddr_iomem(map, vram_address(iter->vram, iter->res,
						    page));
}

static const struct ttm_kmap_iter_ops vram_iter_ops = {
	.map_local = vram_iter_map_local,
};

static struct ttm_kmap_iter *iter_init(union any_iter *iter,
				       struct ttm_buffer_object *bo,
				       struct ttm_resource *res)
{
	if (res->mem_type != TTM_PL_VRAM)
		return ttm_kmap_iter_tt_init(&iter->tt, bo->ttm);

	iter->vram = (struct vram_iter){
		.base.ops = &vram_iter_ops,
		.vram = &ttm_to_bigbar(bo->bdev)->vram,
		.res = res,
	};
	return &iter->vram.base;
}

/* If not, nobody has seen the buffer object yet and there is nothing to copy. */
static bool has_contents(struct ttm_buffer_object *bo)
{
	if (bo->resource && bo->resource->mem_type == TTM_PL_VRAM)
		return true;
	return bo->ttm && ttm_tt_is_populated(bo->ttm);
}

/* In steps, so that a large buffer object does not keep the CPU from others. */
static void clear(struct ttm_buffer_object *bo, struct ttm_resource *res)
{
	struct bigbar_vram *vram = &ttm_to_bigbar(bo->bdev)->vram;
	unsigned long page, nr_pages;

	for (page = 0; page < PFN_UP(bo->base.size); page += nr_pages) {
		const struct bigbar_piece *piece = bigbar_vram_piece(res, page);

		nr_pages = min(piece->first + piece->nr_pages - page,
			       PMD_SIZE >> PAGE_SHIFT);
		memset_io(vram_address(vram, res, page), 0,
			  nr_pages << PAGE_SHIFT);
		cond_resched();
	}
}

static int copy_or_clear(struct ttm_buffer_object *bo,
			 struct ttm_operation_ctx *ctx,
			 struct ttm_resource *dst)
{
	union any_iter dst_iter, src_iter;
	int ret;

	/* Into system memory, or out of what has been swapped out. */
	if (dst->mem_type != TTM_PL_VRAM ||
	    (bo->ttm && ttm_tt_is_swapped(bo->ttm))) {
		ret = ttm_bo_populate(bo, ctx);
		if (ret)
			return ret;
	}

	if (has_contents(bo))
		ttm_move_memcpy(false, PFN_UP(bo->base.size),
				iter_init(&dst_iter, bo, dst),
				iter_init(&src_iter, bo, bo->resource));
	else
		clear(bo, dst);
	return 0;
}

/**
 * bigbar_move - move a buffer object
 * @bo: the buffer object
 * @evict: not used
 * @ctx: how to wait
 * @dst: where to
 * @hop: not used
 *
 * A buffer object without contents is cleared when it gets VRAM, as that may
 * hold what another client left; system memory comes cleared from TTM's pool.
 *
 * Context: process context with the reservation of @bo held; TTM has removed
 * all mappings.
 *
 * Return: 0, with @dst in use and the old memory free; or a negative error code
 * with @bo where it was, and @dst is the caller's to free. -ENODEV if VRAM is
 * gone.
 */
int bigbar_move(struct ttm_buffer_object *bo, bool evict,
		struct ttm_operation_ctx *ctx, struct ttm_resource *dst,
		struct ttm_place *hop)
{
	int ret, idx;

	/* From nothing, or nothing yet, to system memory. */
	if (dst->mem_type != TTM_PL_VRAM &&
	    (!bo->resource || bo->resource->mem_type != TTM_PL_VRAM)) {
		ttm_bo_move_null(bo, dst);
		return 0;
	}

	ret = ttm_bo_wait_ctx(bo, ctx);
	if (ret)
		return ret;

	if (!drm_dev_enter(bo->base.dev, &idx))
		return -ENODEV;
	ret = copy_or_clear(bo, ctx, dst);
	drm_dev_exit(idx);
	if (ret)
		return ret;

	if (bo->resource)
		ttm_bo_move_sync_cleanup(bo, dst);
	else
		ttm_bo_assign_mem(bo, dst);
	return 0;
}

/**
 * bigbar_access_memory - read or write VRAM for ptrace() and the like
 * @bo: the buffer object, in VRAM
 * @offset: where in it, in bytes
 * @buf: where to or from
 * @len: how many bytes
 * @write: nonzero to write
 *
 * Context: process context with the reservation of @bo held.
 *
 * Return: @len, or -EIO after unplug, or if @bo ends before that.
 */
int bigbar_access_memory(struct ttm_buffer_object *bo, unsigned long offset,
			 void *buf, int len, int write)
{
	struct bigbar_vram *vram = &ttm_to_bigbar(bo->bdev)->vram;
	int left, idx;

	/* Not all versions of ttm_bo_vm_access() look at more than the page. */
	if (offset > bo->base.size || len > bo->base.size - offset)
		return -EIO;
	if (!drm_dev_enter(bo->base.dev, &idx))
		return -EIO;

	for (left = len; left > 0;) {
		unsigned long in_page = offset_in_page(offset);
		int bytes = min_t(int, left, PAGE_SIZE - in_page);
		void __iomem *io = vram_address(vram, bo->resource,
						offset >> PAGE_SHIFT) + in_page;

		if (write)
			memcpy_toio(io, buf, bytes);
		else
			memcpy_fromio(buf, io, bytes);
		buf += bytes;
		offset += bytes;
		left -= bytes;
	}

	drm_dev_exit(idx);
	return len;
}

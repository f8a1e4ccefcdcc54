// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moves buffer objects, and lets debuggers look at them.
 */

#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/io.h>
#include <linux/module.h>

#include <drm/drm_drv.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_tt.h>

#include "bigbar_drv.h"

static bool async_moves;
module_param(async_moves, bool, 0644);
MODULE_PARM_DESC(async_moves,
		 "Move buffer objects in the background, as a GPU's engine does: an access to one waits for its move (default: no).");

/**
 * bigbar_move_page_flags - what moves require of system memory
 *
 * The pages that a buffer object is moved to can be seen before the copy has been made,
 * or if it is never made: TTM does not make a debugger wait for it.
 *
 * Context: any.
 *
 * Return: TTM_TT_FLAG_*, in addition to those that TTM asks for.
 */
u32 bigbar_move_page_flags(void)
{
	return READ_ONCE(async_moves) ? TTM_TT_FLAG_ZERO_ALLOC : 0;
}

/* The parameter may have changed since @bo got its pages. */
static bool bigbar_move_is_in_background(struct ttm_buffer_object *bo,
					 struct ttm_resource *dst)
{
	return READ_ONCE(async_moves) &&
	       (dst->mem_type == TTM_PL_VRAM ||
		bo->ttm->page_flags & TTM_TT_FLAG_ZERO_ALLOC);
}

/* A buffer object without contents has not been accessed yet: there is nothing to copy. */
static bool bigbar_move_has_contents(struct ttm_buffer_object *bo)
{
	if (bo->resource && bo->resource->mem_type == TTM_PL_VRAM)
		return true;
	return bo->ttm && ttm_tt_is_populated(bo->ttm);
}

static struct bigbar_memory bigbar_move_memory_of(struct ttm_buffer_object *bo,
						  struct ttm_resource *res)
{
	if (res->mem_type != TTM_PL_VRAM)
		return (struct bigbar_memory){ .tt = bo->ttm };
	return (struct bigbar_memory){
		.pieces = to_bigbar_vram_resource(res)->pieces,
	};
}

static int bigbar_move_at_once(struct ttm_buffer_object *bo,
			       const struct bigbar_copy *copy,
			       struct ttm_resource *dst)
{
	int ret = bigbar_copy(copy);

	if (ret)
		return ret;
	if (bo->resource)
		ttm_bo_move_sync_cleanup(bo, dst);
	else
		ttm_bo_assign_mem(bo, dst);
	return 0;
}

static int bigbar_move_in_background(struct ttm_buffer_object *bo, bool evict,
				     const struct bigbar_copy *copy,
				     struct ttm_resource *dst)
{
	struct dma_fence *fence;
	int ret;

	/* An importer may have used the slot that TTM has reserved. */
	ret = dma_resv_reserve_fences(bo->base.resv, 1);
	if (ret)
		return ret;
	fence = bigbar_copy_queue(copy);
	if (IS_ERR(fence))
		return PTR_ERR(fence);

	/*
	 * Without contents no memory is left that is still read, so no ghost is
	 * needed: a ghost keeps @bo from being freed until TTM's worker has freed it.
	 */
	if (bigbar_move_has_contents(bo)) {
		ret = ttm_bo_move_accel_cleanup(bo, fence, evict, true, dst);
	} else {
		dma_resv_add_fence(bo->base.resv, fence, DMA_RESV_USAGE_KERNEL);
		ttm_bo_move_null(bo, dst);
	}
	/* On an error the caller frees @dst, which is still being written to. */
	if (ret)
		dma_fence_wait(fence, false);
	dma_fence_put(fence);
	return ret;
}

/* Like ttm_bo_wait_ctx(), but without its timeout, which a long queue would exceed. */
static int bigbar_move_wait(struct ttm_buffer_object *bo,
			    struct ttm_operation_ctx *ctx)
{
	long ret;

	if (ctx->no_wait_gpu)
		return dma_resv_test_signaled(bo->base.resv,
					      DMA_RESV_USAGE_BOOKKEEP) ?
		       0 : -EBUSY;
	ret = dma_resv_wait_timeout(bo->base.resv, DMA_RESV_USAGE_BOOKKEEP,
				    ctx->interruptible, MAX_SCHEDULE_TIMEOUT);
	return min(ret, 0L);
}

static int bigbar_move_contents(struct ttm_buffer_object *bo, bool evict,
				struct ttm_operation_ctx *ctx,
				struct ttm_resource *dst)
{
	struct bigbar_copy copy = {
		.bigbar = ttm_to_bigbar(bo->bdev),
		.client = bigbar_is_bo(bo) ? to_bigbar_bo(bo)->client : NULL,
		.nr_pages = PFN_UP(bo->base.size),
	};
	int ret;

	/* To system memory, from system memory or from none: there is nothing to copy. */
	if (dst->mem_type != TTM_PL_VRAM &&
	    (!bo->resource || bo->resource->mem_type != TTM_PL_VRAM)) {
		ttm_bo_move_null(bo, dst);
		return 0;
	}

	ret = bigbar_move_wait(bo, ctx);
	if (ret)
		return ret;
	if (drm_dev_is_unplugged(&copy.bigbar->drm))
		return -ENODEV;

	/* The copy is to system memory, or from system memory that is swapped out. */
	if (dst->mem_type != TTM_PL_VRAM ||
	    (bo->ttm && ttm_tt_is_swapped(bo->ttm))) {
		ret = ttm_bo_populate(bo, ctx);
		if (ret)
			return ret;
	}

	copy.dst = bigbar_move_memory_of(bo, dst);
	if (bigbar_move_has_contents(bo))
		copy.src = bigbar_move_memory_of(bo, bo->resource);
	return bigbar_move_is_in_background(bo, dst) ?
	       bigbar_move_in_background(bo, evict, &copy, dst) :
	       bigbar_move_at_once(bo, &copy, dst);
}

/**
 * bigbar_move - move a buffer object
 * @bo: the buffer object
 * @evict: whether it has to make room for another one
 * @ctx: how to wait
 * @dst: where to
 * @hop: not used
 *
 * A buffer object without contents is cleared when it gets VRAM, because VRAM may hold
 * what another client left; system memory comes cleared from TTM's pool.
 *
 * With the module parameter async_moves, @bo has a fence on return that signals when
 * the move is over. Until then TTM keeps the memory that @bo has left, or makes the
 * next users of that memory wait.
 *
 * Context: process context with the reservation of @bo held; TTM has zapped all
 * mappings, and reserved a slot for a fence. Waits for earlier moves.
 *
 * Return: 0, with @dst in use and the old memory free, or about to be; or a negative
 * error code, with @bo where it was, and the caller has to free @dst. -ENODEV if VRAM
 * is gone, -EBUSY if @ctx does not allow waiting.
 */
int bigbar_move(struct ttm_buffer_object *bo, bool evict,
		struct ttm_operation_ctx *ctx, struct ttm_resource *dst,
		struct ttm_place *hop)
{
	int ret;

	/* Before the wait: an importer may add a fence for what it has begun. */
	if (bigbar_is_bo(bo))
		bigbar_prime_notify(to_bigbar_bo(bo));
	ret = bigbar_move_contents(bo, evict, ctx, dst);
	if (!ret && bigbar_is_bo(bo))
		WRITE_ONCE(to_bigbar_bo(bo)->mem_type, dst->mem_type);
	return ret;
}

/* Some versions of ttm_bo_vm_access() check whole pages only, or do not wait. */
static int bigbar_move_check_access(struct ttm_buffer_object *bo,
				    unsigned long offset, int len)
{
	if (offset > bo->base.size || len > bo->base.size - offset)
		return -EIO;
	if (dma_resv_wait_timeout(bo->base.resv, DMA_RESV_USAGE_KERNEL, true,
				  MAX_SCHEDULE_TIMEOUT) < 0)
		return -EINTR;
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
 * Context: process context with the reservation of @bo held. Waits for moves.
 *
 * Return: @len; -EIO after unplug, or if the range reaches past the end of @bo; -EINTR.
 */
int bigbar_access_memory(struct ttm_buffer_object *bo, unsigned long offset,
			 void *buf, int len, int write)
{
	const struct bigbar_pieces *pieces =
		to_bigbar_vram_resource(bo->resource)->pieces;
	struct bigbar_vram *vram = &ttm_to_bigbar(bo->bdev)->vram;
	int ret = bigbar_move_check_access(bo, offset, len);
	int left, idx;

	if (ret)
		return ret;
	if (!drm_dev_enter(bo->base.dev, &idx))
		return -EIO;

	for (left = len; left > 0;) {
		unsigned long in_page = offset_in_page(offset);
		int bytes = min_t(int, left, PAGE_SIZE - in_page);
		void __iomem *io = bigbar_vram_address(vram, pieces,
						       offset >> PAGE_SHIFT) +
				   in_page;

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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes, maps, moves and frees buffer objects.
 */

#include <linux/cleanup.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <drm/drm_gem_ttm_helper.h>
#include <drm/drm_managed.h>
#include <drm/ttm/ttm_placement.h>

#include <drm/bigbar_drm.h>

#include "bigbar_drv.h"

/**
 * bigbar_bos_init - set up the list of buffer objects
 * @bigbar: the device
 *
 * Return: 0, or -ENOMEM. It is undone when the DRM device is released.
 */
int bigbar_bos_init(struct bigbar_device *bigbar)
{
	INIT_LIST_HEAD(&bigbar->bos.list);
	return drmm_mutex_init(&bigbar->drm, &bigbar->bos.lock);
}

/**
 * bigbar_bo_next - go on to the next buffer object of a device
 * @bigbar: the device
 * @bo: a buffer object, whose reference is dropped; NULL to begin
 *
 * In the order in which they were made. Those that are made meanwhile come last; those that
 * are about to be freed are left out.
 *
 * Context: process context; with no reservation held.
 *
 * Return: a buffer object with a reference taken, or NULL after the last.
 */
struct bigbar_bo *bigbar_bo_next(struct bigbar_device *bigbar, struct bigbar_bo *bo)
{
	struct bigbar_bo *next, *found = NULL;

	scoped_guard(mutex, &bigbar->bos.lock) {
		next = list_prepare_entry(bo, &bigbar->bos.list, in_all);
		list_for_each_entry_continue(next, &bigbar->bos.list, in_all) {
			if (kref_get_unless_zero(&next->ttm.base.refcount)) {
				found = next;
				break;
			}
		}
	}
	if (bo)
		drm_gem_object_put(&bo->ttm.base);
	return found;
}

static int bigbar_gem_mmap(struct drm_gem_object *obj,
			   struct vm_area_struct *vma)
{
	struct bigbar_bo *bo = gem_to_bigbar_bo(obj);

	if (bo->imported)
		return bigbar_prime_mmap(bo, vma);
	if (bo->flags & DRM_BIGBAR_GEM_CREATE_TRACKABLE)
		vma->vm_ops = &ttm_huge_trackable_vm_ops;
	return ttm_huge_gem_mmap(obj, vma);
}

static void bigbar_gem_free(struct drm_gem_object *obj)
{
	struct ttm_buffer_object *bo = &gem_to_bigbar_bo(obj)->ttm;

	scoped_guard(mutex, &to_bigbar(obj->dev)->bos.lock)
		list_del(&gem_to_bigbar_bo(obj)->in_all);
	ttm_huge_bo_fini(bo);
	ttm_bo_fini(bo);
}

static const struct drm_gem_object_funcs bigbar_gem_funcs = {
	.free = bigbar_gem_free,
	.print_info = drm_gem_ttm_print_info,
	.export = bigbar_prime_export,
	.get_sg_table = bigbar_prime_get_sg_table,
	.mmap = bigbar_gem_mmap,
};

static void bigbar_bo_destroy(struct ttm_buffer_object *ttm)
{
	struct bigbar_bo *bo = to_bigbar_bo(ttm);

	if (drm_gem_is_imported(&ttm->base))
		bigbar_prime_destroy_imported(bo);
	drm_gem_object_release(&ttm->base);
	if (bo->imported)
		dma_buf_put(bo->imported);
	if (bo->client)
		bigbar_client_put(bo->client);
	kfree(bo);
}

/**
 * bigbar_is_bo - whether a buffer object is one of the driver's
 * @bo: one that TTM hands to the driver
 *
 * TTM also makes ghosts. A ghost holds the memory that a buffer object has left, until
 * it has been copied. TTM may evict a ghost in the moment before it is freed.
 *
 * Context: any.
 *
 * Return: false for a ghost.
 */
bool bigbar_is_bo(struct ttm_buffer_object *bo)
{
	return bo->destroy == bigbar_bo_destroy;
}

/**
 * bigbar_bo_init - have TTM set up a buffer object
 * @bigbar: the device
 * @bo: the buffer object, with client and flags set; with its dma-buf set, whose
 *	reservation is held, if it is imported
 * @size: bytes, page aligned, not zero
 * @placement: one of enum drm_bigbar_placement
 * @sgt: where its memory is, if it is imported
 *
 * Context: process context; sleeps on reservations of buffer objects that have
 * to be evicted.
 *
 * Return: 0 with the reservation held, and the caller owns a GEM reference; or a
 * negative error code, and @bo has been freed, or will be once its reservation is free.
 */
int bigbar_bo_init(struct bigbar_device *bigbar, struct bigbar_bo *bo, u64 size,
		   u32 placement, struct sg_table *sgt)
{
	struct ttm_operation_ctx ctx = {
		.interruptible = true,
		.gfp_retry_mayfail = true,
	};
	struct dma_buf *imported = bo->imported;
	struct ttm_placement ttm_placement;
	struct ttm_place place;
	int ret;

	bo->ttm.base.funcs = &bigbar_gem_funcs;
	drm_gem_private_object_init(&bigbar->drm, &bo->ttm.base, size);

	bigbar_placement(placement, bo->flags, &place, &ttm_placement);
	ret = ttm_huge_bo_init_reserved(&bigbar->ttm.base, &bo->ttm,
					imported ? ttm_bo_type_sg : ttm_bo_type_device,
					&ttm_placement,
					pfnmap_alignment(size) >> PAGE_SHIFT, &ctx, sgt,
					imported ? imported->resv : NULL,
					bigbar_bo_destroy);
	if (ret)
		return ret;
	/* Not before: TTM frees a buffer object that fails, however many references it has. */
	scoped_guard(mutex, &bigbar->bos.lock)
		list_add_tail(&bo->in_all, &bigbar->bos.list);
	return 0;
}

/**
 * bigbar_bo_create - make a buffer object
 * @bigbar: the device
 * @client: who makes it
 * @size: bytes, page aligned, not zero
 * @placement: one of enum drm_bigbar_placement
 * @flags: DRM_BIGBAR_GEM_CREATE_*
 *
 * Context: process context; sleeps on reservations of buffer objects that have
 * to be evicted.
 *
 * Return: the buffer object, to which the caller owns a GEM reference, or an
 * error pointer.
 */
struct bigbar_bo *bigbar_bo_create(struct bigbar_device *bigbar,
				   struct bigbar_client *client, u64 size,
				   u32 placement, u32 flags)
{
	struct bigbar_bo *bo;
	int ret;

	bo = kzalloc_obj(*bo);
	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->client = bigbar_client_get(client);
	bo->flags = flags;
	ret = bigbar_bo_init(bigbar, bo, size, placement, NULL);
	if (ret)
		return ERR_PTR(ret);

	ttm_bo_unreserve(&bo->ttm);
	return bo;
}

/**
 * bigbar_bo_place - move a reserved buffer object to a placement
 * @bo: the buffer object
 * @placement: one of enum drm_bigbar_placement
 * @ctx: how to wait
 *
 * Context: process context with the reservation of @bo held; sleeps on those of buffer
 * objects that have to be evicted.
 *
 * Return: 0, or a negative error code with @bo where it was: -EBUSY if another device has
 * it pinned, or the display shows it.
 */
int bigbar_bo_place(struct bigbar_bo *bo, u32 placement,
		    struct ttm_operation_ctx *ctx)
{
	struct ttm_placement ttm_placement;
	struct ttm_place place;

	dma_resv_assert_held(bo->ttm.base.resv);
	bigbar_placement(placement, bo->flags, &place, &ttm_placement);
	if (bo->ttm.pin_count && bo->ttm.resource->mem_type != place.mem_type)
		return -EBUSY;
	return ttm_bo_validate(&bo->ttm, &ttm_placement, ctx);
}

/**
 * bigbar_bo_move_to - move a buffer object to a placement
 * @bo: the buffer object
 * @placement: one of enum drm_bigbar_placement
 *
 * Context: process context; takes the reservation of @bo, and sleeps on those
 * of buffer objects that have to be evicted.
 *
 * Return: 0, or a negative error code with @bo where it was: -EINVAL if it is imported,
 * -EBUSY if another device has it pinned, or the display shows it.
 */
int bigbar_bo_move_to(struct bigbar_bo *bo, u32 placement)
{
	struct ttm_operation_ctx ctx = {
		.interruptible = true,
		.gfp_retry_mayfail = true,
	};
	int ret;

	if (bo->imported)
		return -EINVAL;
	ret = ttm_bo_reserve(&bo->ttm, true, false, NULL);
	if (ret)
		return ret;
	ret = bigbar_bo_place(bo, placement, &ctx);
	/* From here on it is where it was put, whatever it did before the device slept. */
	if (!ret)
		bo->away = false;
	ttm_bo_unreserve(&bo->ttm);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ioctls: check what user space passes, and call the functions that do the work.
 */

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <drm/drm_dumb_buffers.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_placement.h>

#include <drm/bigbar_drm.h>
#include <drm/drm_mode.h>

#include "bigbar_drv.h"

/* The buffer object of a handle, with a reference taken, or an error pointer. */
static struct bigbar_bo *bigbar_ioctl_lookup(struct drm_file *file, u32 handle)
{
	struct drm_gem_object *obj = drm_gem_object_lookup(file, handle);

	return obj ? gem_to_bigbar_bo(obj) : ERR_PTR(-ENOENT);
}

static bool bigbar_ioctl_is_placement(u32 placement)
{
	return placement == DRM_BIGBAR_PLACEMENT_SYSTEM ||
	       placement == DRM_BIGBAR_PLACEMENT_VRAM;
}

/* 0 if a buffer object of @size can be in @placement at all. */
static int bigbar_ioctl_check_size(struct bigbar_device *bigbar, u64 size,
				   u32 placement)
{
	u64 ram = (u64)totalram_pages() << PAGE_SHIFT;
	u64 vram = bigbar->vram.size;

	if (!size)
		return -EINVAL;
	if (size > vram + ram)
		return -E2BIG;
	if (size > (placement == DRM_BIGBAR_PLACEMENT_VRAM ? vram : ram))
		return -ENOMEM;
	return 0;
}

int bigbar_device_info_ioctl(struct drm_device *drm, void *data,
			     struct drm_file *file)
{
	struct drm_bigbar_device_info *args = data;
	struct bigbar_device *bigbar = to_bigbar(drm);

	args->vram_size = bigbar->vram.size;
	args->vram_used = bigbar_vram_used(&bigbar->vram);
	return 0;
}

int bigbar_gem_create_ioctl(struct drm_device *drm, void *data,
			    struct drm_file *file)
{
	struct drm_bigbar_gem_create *args = data;
	struct bigbar_device *bigbar = to_bigbar(drm);
	u64 size = PAGE_ALIGN(args->size);
	struct bigbar_bo *bo;
	int ret;

	if (args->handle || args->pad ||
	    !bigbar_ioctl_is_placement(args->placement) ||
	    args->flags & ~DRM_BIGBAR_GEM_CREATE_FLAGS_MASK)
		return -EINVAL;

	/* A size that overflows becomes 0. */
	ret = bigbar_ioctl_check_size(bigbar, size, args->placement);
	if (ret)
		return ret;

	bo = bigbar_bo_create(bigbar, file->driver_priv, size, args->placement,
			      args->flags);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	ret = drm_gem_handle_create(file, &bo->ttm.base, &args->handle);
	if (!ret)
		args->size = size;
	/* The handle holds the buffer object from here on. */
	drm_gem_object_put(&bo->ttm.base);
	return ret;
}

int bigbar_gem_mmap_offset_ioctl(struct drm_device *drm, void *data,
				 struct drm_file *file)
{
	struct drm_bigbar_gem_mmap_offset *args = data;
	struct bigbar_bo *bo;

	if (args->pad || args->offset)
		return -EINVAL;

	bo = bigbar_ioctl_lookup(file, args->handle);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	args->offset = drm_vma_node_offset_addr(&bo->ttm.base.vma_node);
	drm_gem_object_put(&bo->ttm.base);
	return 0;
}

int bigbar_gem_move_ioctl(struct drm_device *drm, void *data,
			  struct drm_file *file)
{
	struct drm_bigbar_gem_move *args = data;
	struct bigbar_bo *bo;
	int ret;

	if (args->flags || args->pad ||
	    !bigbar_ioctl_is_placement(args->placement))
		return -EINVAL;

	bo = bigbar_ioctl_lookup(file, args->handle);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	ret = bigbar_ioctl_check_size(to_bigbar(drm), bo->ttm.base.size,
				      args->placement);
	if (!ret)
		ret = bigbar_bo_move_to(bo, args->placement);
	drm_gem_object_put(&bo->ttm.base);
	return ret;
}

static int bigbar_ioctl_get_placement(struct bigbar_bo *bo, u32 *placement)
{
	int ret;

	ret = ttm_bo_reserve(&bo->ttm, true, false, NULL);
	if (ret)
		return ret;
	*placement = bo->ttm.resource->mem_type == TTM_PL_VRAM ?
		     DRM_BIGBAR_PLACEMENT_VRAM : DRM_BIGBAR_PLACEMENT_SYSTEM;
	ttm_bo_unreserve(&bo->ttm);
	return 0;
}

int bigbar_gem_info_ioctl(struct drm_device *drm, void *data,
			  struct drm_file *file)
{
	struct drm_bigbar_gem_info *args = data;
	struct bigbar_bo *bo;
	int ret;

	if (args->placement || args->flags || args->pad || args->size ||
	    args->alignment)
		return -EINVAL;

	bo = bigbar_ioctl_lookup(file, args->handle);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	/* Write to @args on success only: after EINTR, user space passes it in again. */
	ret = bigbar_ioctl_get_placement(bo, &args->placement);
	if (!ret) {
		args->flags = bo->flags;
		args->size = bo->ttm.base.size;
		args->alignment = pfnmap_alignment(args->size);
	}

	drm_gem_object_put(&bo->ttm.base);
	return ret;
}

/* Copy to user space without the reservation: the copy may fault on this very object. */
static int bigbar_ioctl_take_dirty(struct bigbar_bo *bo,
				   const struct drm_bigbar_gem_dirty *args)
{
	size_t bytes = BITS_TO_U64(args->nr_pages) * sizeof(u64);
	unsigned long *bitmap;
	int ret;

	bitmap = kvzalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!bitmap)
		return -ENOMEM;

	ret = ttm_bo_reserve(&bo->ttm, true, false, NULL);
	if (!ret) {
		ret = ttm_huge_dirty_take(&bo->ttm, args->first_page,
					  args->nr_pages, bitmap);
		ttm_bo_unreserve(&bo->ttm);
	}
	if (!ret && copy_to_user(u64_to_user_ptr(args->bitmap), bitmap, bytes))
		ret = -EFAULT;

	kvfree(bitmap);
	return ret;
}

static int bigbar_ioctl_track_dirty(struct bigbar_bo *bo, u32 op)
{
	int ret;

	ret = ttm_bo_reserve(&bo->ttm, true, false, NULL);
	if (ret)
		return ret;
	if (op == DRM_BIGBAR_DIRTY_STOP)
		ttm_huge_dirty_stop(&bo->ttm);
	else
		ret = ttm_huge_dirty_start(&bo->ttm, op == DRM_BIGBAR_DIRTY_START_BY_BITS);
	ttm_bo_unreserve(&bo->ttm);
	return ret;
}

static int bigbar_ioctl_check_dirty(struct bigbar_bo *bo,
				    const struct drm_bigbar_gem_dirty *args)
{
	u64 pages = bo->ttm.base.size >> PAGE_SHIFT;

	if (!(bo->flags & DRM_BIGBAR_GEM_CREATE_TRACKABLE))
		return -EINVAL;
	if (args->op != DRM_BIGBAR_DIRTY_TAKE)
		return args->first_page || args->nr_pages || args->bitmap ?
		       -EINVAL : 0;
	if (args->first_page % BITS_PER_LONG_LONG || args->first_page > pages ||
	    !args->nr_pages || args->nr_pages > pages - args->first_page)
		return -EINVAL;
	return 0;
}

int bigbar_gem_dirty_ioctl(struct drm_device *drm, void *data,
			   struct drm_file *file)
{
	struct drm_bigbar_gem_dirty *args = data;
	struct bigbar_bo *bo;
	int ret;

	if (args->op > DRM_BIGBAR_DIRTY_START_BY_BITS)
		return -EINVAL;

	bo = bigbar_ioctl_lookup(file, args->handle);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	ret = bigbar_ioctl_check_dirty(bo, args);
	if (!ret && args->op == DRM_BIGBAR_DIRTY_TAKE)
		ret = bigbar_ioctl_take_dirty(bo, args);
	else if (!ret)
		ret = bigbar_ioctl_track_dirty(bo, args->op);

	drm_gem_object_put(&bo->ttm.base);
	return ret;
}

int bigbar_prefault_ioctl(struct drm_device *drm, void *data,
			  struct drm_file *file)
{
	struct drm_bigbar_prefault *args = data;
	unsigned long done = args->done;
	int ret;

	ret = ttm_huge_prefault(&to_bigbar(drm)->ttm.base, args->address,
				args->length, &done);
	args->done = done;
	return ret;
}

/* Of a line, in bytes. A program that draws line by line touches no cache line of two lines. */
#define BIGBAR_DUMB_PITCH_ALIGN	64

/**
 * bigbar_dumb_create - make a buffer object for a program that draws by itself
 * @file: the client
 * @drm: the device
 * @args: width, height and bits of a pixel are given, and checked for overflow; handle,
 *	pitch and size are filled in
 *
 * It is contiguous VRAM, because a display can show no other.
 *
 * Context: process context; sleeps on reservations of buffer objects that have to be evicted.
 *
 * Return: 0; -EINVAL if no display has such pixels; or an error of the create ioctl.
 */
int bigbar_dumb_create(struct drm_file *file, struct drm_device *drm,
		       struct drm_mode_create_dumb *args)
{
	struct drm_bigbar_gem_create create = {
		.placement = DRM_BIGBAR_PLACEMENT_VRAM,
		.flags = DRM_BIGBAR_GEM_CREATE_CONTIGUOUS,
	};
	int ret;

	/* DRM takes any number of bits, and warns of some. */
	if (args->bpp % 8 || args->bpp > 32)
		return -EINVAL;
	ret = drm_mode_size_dumb(drm, args, BIGBAR_DUMB_PITCH_ALIGN, 0);
	if (ret)
		return ret;
	create.size = args->size;
	ret = bigbar_gem_create_ioctl(drm, &create, file);
	if (ret)
		return ret;
	args->handle = create.handle;
	return 0;
}

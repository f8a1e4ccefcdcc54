// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alignment of memory, fake offset and user address.
 *
 * A huge entry needs a user address and a page frame that are both aligned to
 * what it maps. Each buffer object is therefore aligned to its size rounded up
 * to a power of two in the fake-offset space, and in VRAM to that or to what its
 * largest entries map; a user address that is congruent to the fake offset is then
 * congruent to the memory as well, as far as an entry goes, also for a mapping of a
 * part. Sizes are not rounded.
 */

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>

#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_range_manager.h>
#include <drm/ttm/ttm_resource.h>

#include "ttm_huge_internal.h"

/**
 * ttm_huge_alignment - alignment of a buffer object of a size
 * @size: size in bytes, not zero
 *
 * To be used for the buffer object's VRAM and its fake offset.
 *
 * Context: any.
 *
 * Return: @size rounded up to a power of two, at least PAGE_SIZE and at most
 * PUD_SIZE; in bytes.
 */
u64 ttm_huge_alignment(u64 size)
{
	if (size >= PUD_SIZE)
		return PUD_SIZE;
	return max_t(u64, roundup_pow_of_two(size), PAGE_SIZE);
}
EXPORT_SYMBOL_GPL(ttm_huge_alignment);

/**
 * ttm_huge_vma_offset_add - give a buffer object an aligned fake offset
 * @mgr: the device's offset manager
 * @node: the buffer object's node
 * @size: size of the buffer object in bytes, page aligned
 *
 * What ttm_huge_bo_init_reserved() does first, for a driver that cannot use that.
 * TTM leaves a node alone that has its place already, and drm_vma_offset_add() by
 * itself does not align. TTM removes the node when the buffer object is released,
 * and on the error paths of its init functions.
 *
 * Context: process context. Takes the manager's lock, does not sleep on
 * anything else.
 *
 * Return: 0, or -ENOSPC if no aligned range is left.
 */
int ttm_huge_vma_offset_add(struct drm_vma_offset_manager *mgr,
			    struct drm_vma_offset_node *node, u64 size)
{
	int ret = 0;

	write_lock(&mgr->vm_lock);
	if (!drm_mm_node_allocated(&node->vm_node))
		ret = drm_mm_insert_node_generic(&mgr->vm_addr_space_mm,
						 &node->vm_node,
						 size >> PAGE_SHIFT,
						 ttm_huge_alignment(size) >>
						 PAGE_SHIFT, 0,
						 DRM_MM_INSERT_BEST);
	write_unlock(&mgr->vm_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_vma_offset_add);

/*
 * TTM gives a node that has no place one that is not aligned, or fails, so there is
 * nothing to do if there is none.
 */
static void align_offset(struct ttm_device *bdev, struct ttm_buffer_object *bo,
			 enum ttm_bo_type type)
{
	if (type != ttm_bo_type_kernel)
		ttm_huge_vma_offset_add(bdev->vma_manager, &bo->base.vma_node,
					bo->base.size);
}

/**
 * ttm_huge_bo_init_reserved - ttm_bo_init_reserved() with an aligned fake offset
 * @bdev: the device
 * @bo: the buffer object, its GEM object initialized
 * @type: what it is for; those for the kernel alone have no fake offset
 * @placement: where it may be
 * @alignment: of its memory, in pages, or 0; see ttm_huge_range_man_init()
 * @ctx: how to wait
 * @sg: as TTM takes it
 * @resv: a locked reservation to share, or NULL
 * @destroy: frees it, also on failure
 *
 * The fake offset is as ttm_huge_vma_offset_add() has it. If no range is left that
 * is aligned, it is any.
 *
 * Context: process context. Sleeps on reservations of buffer objects that have to
 * be evicted.
 *
 * Return: 0 with the reservation of @bo held; or a negative error code, and
 * @destroy has been called.
 */
int ttm_huge_bo_init_reserved(struct ttm_device *bdev,
			      struct ttm_buffer_object *bo,
			      enum ttm_bo_type type,
			      struct ttm_placement *placement, u32 alignment,
			      struct ttm_operation_ctx *ctx,
			      struct sg_table *sg, struct dma_resv *resv,
			      void (*destroy)(struct ttm_buffer_object *bo))
{
	align_offset(bdev, bo, type);
	return ttm_bo_init_reserved(bdev, bo, type, placement, alignment, ctx,
				    sg, resv, destroy);
}
EXPORT_SYMBOL_GPL(ttm_huge_bo_init_reserved);

/**
 * ttm_huge_bo_init_validate - ttm_bo_init_validate() with an aligned fake offset
 * @bdev: the device
 * @bo: the buffer object, its GEM object initialized
 * @type: what it is for; those for the kernel alone have no fake offset
 * @placement: where it may be
 * @alignment: of its memory, in pages, or 0
 * @interruptible: whether a signal ends a wait
 * @sg: as TTM takes it
 * @resv: a locked reservation to share, or NULL
 * @destroy: frees it, also on failure
 *
 * For drivers that use this one of TTM's two functions; see
 * ttm_huge_bo_init_reserved().
 *
 * Context: as there.
 *
 * Return: 0, with no reservation held but that of @resv; or a negative error code,
 * and @destroy has been called.
 */
int ttm_huge_bo_init_validate(struct ttm_device *bdev,
			      struct ttm_buffer_object *bo,
			      enum ttm_bo_type type,
			      struct ttm_placement *placement, u32 alignment,
			      bool interruptible, struct sg_table *sg,
			      struct dma_resv *resv,
			      void (*destroy)(struct ttm_buffer_object *bo))
{
	align_offset(bdev, bo, type);
	return ttm_bo_init_validate(bdev, bo, type, placement, alignment,
				    interruptible, sg, resv, destroy);
}
EXPORT_SYMBOL_GPL(ttm_huge_bo_init_validate);

/*
 * What entries of the largest level need that fit, in pages, if that is less than
 * @less_than. More would only leave holes that others do not fit into.
 */
static u32 memory_alignment(u64 size, u32 less_than)
{
	if (size >= PUD_SIZE && less_than > PUD_SIZE >> PAGE_SHIFT)
		return PUD_SIZE >> PAGE_SHIFT;
	if (size >= PMD_SIZE && less_than > PMD_SIZE >> PAGE_SHIFT)
		return PMD_SIZE >> PAGE_SHIFT;
	return 0;
}

/*
 * Whoever allocates for a buffer object holds its reservation, and the manager
 * looks at its alignment only now. What is free goes before what would have to be
 * evicted, so ask for less until there is space.
 */
static int alloc_aligned(struct ttm_resource_manager *man,
			 struct ttm_buffer_object *bo,
			 const struct ttm_place *place,
			 struct ttm_resource **res)
{
	const struct ttm_huge_manager *hman =
		container_of(man->func, struct ttm_huge_manager, func);
	u64 size = bo->type == ttm_bo_type_device ? bo->base.size : 0;
	u32 asked_for = bo->page_alignment;
	u32 alignment = memory_alignment(size, U32_MAX);
	int ret;

	while (alignment > asked_for) {
		bo->page_alignment = alignment;
		ret = hman->inner->alloc(man, bo, place, res);
		bo->page_alignment = asked_for;
		if (ret != -ENOSPC && ret != -EINVAL)
			return ret;
		alignment = memory_alignment(size, alignment);
	}
	return hman->inner->alloc(man, bo, place, res);
}

/**
 * ttm_huge_set_driver_manager - ttm_set_driver_manager(), aligned for huge entries
 * @bdev: the device
 * @type: memory type, one that is iomem
 * @man: its manager, with its functions set, or NULL
 *
 * Has @man align what it gives to buffer objects that can be mapped: to PUD_SIZE if they
 * are that large and there is space for that, else to PMD_SIZE in the same way, else as
 * the driver asks for. Its functions see that alignment in
 * &ttm_buffer_object.page_alignment while they allocate, and return -ENOSPC, or
 * -EINVAL as the buddy allocator may, if they cannot have it. A manager that warns of
 * a size that is no multiple of the alignment must align by itself.
 *
 * Context: process context, when the device is set up or taken down.
 */
void ttm_huge_set_driver_manager(struct ttm_device *bdev, int type,
				 struct ttm_resource_manager *man)
{
	struct ttm_huge_manager *hman = &to_ttm_huge(bdev)->managers[type];

	/* One that is set again aligns already. */
	if (man && man->func != &hman->func) {
		hman->inner = man->func;
		hman->func = *man->func;
		hman->func.alloc = alloc_aligned;
		man->func = &hman->func;
	}
	ttm_set_driver_manager(bdev, type, man);
}
EXPORT_SYMBOL_GPL(ttm_huge_set_driver_manager);

/**
 * ttm_huge_range_man_init - ttm_range_man_init(), aligned for huge entries
 * @bdev: the device
 * @type: memory type
 * @use_tt: whether it is system memory seen through an aperture: that is not aligned
 * @p_size: pages
 *
 * Has the range manager align as ttm_huge_set_driver_manager() says.
 *
 * Context: process context, when the device is set up.
 *
 * Return: 0, or -ENOMEM. ttm_range_man_fini() undoes it.
 */
int ttm_huge_range_man_init(struct ttm_device *bdev, unsigned int type,
			    bool use_tt, unsigned long p_size)
{
	int ret = ttm_range_man_init_nocheck(bdev, type, use_tt, p_size);

	if (!ret && !use_tt)
		ttm_huge_set_driver_manager(bdev, type,
					    ttm_manager_type(bdev, type));
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_range_man_init);

/**
 * ttm_huge_get_unmapped_area - a user address that allows huge entries
 * @file: DRM file
 * @addr: the address that the caller would like, or 0
 * @len: length in bytes
 * @pgoff: fake offset in pages
 * @flags: as for mmap()
 *
 * For &file_operations.get_unmapped_area. A MAP_FIXED address and a hint that
 * is free are taken as they are. Any other address is congruent to the fake
 * offset, modulo @len rounded up to a power of two and capped at PUD_SIZE; if
 * the address space has no such gap, it is one that just fits.
 *
 * Context: process context, mmap lock of the current process held for writing.
 *
 * Return: an address, or a negative error code as mm_get_unmapped_area() gives.
 */
unsigned long ttm_huge_get_unmapped_area(struct file *file, unsigned long addr,
					 unsigned long len, unsigned long pgoff,
					 unsigned long flags)
{
	unsigned long align = ttm_huge_alignment(len);
	unsigned long offset = pgoff << PAGE_SHIFT;
	unsigned long padded = len + align - PAGE_SIZE;
	unsigned long found;

	found = mm_get_unmapped_area(file, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(found) || (flags & MAP_FIXED) || found == addr ||
	    IS_ALIGNED(found - offset, align) || padded < len)
		return found;

	addr = mm_get_unmapped_area(file, addr, padded, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return found;
	return addr + ((offset - addr) & (align - 1));
}
EXPORT_SYMBOL_GPL(ttm_huge_get_unmapped_area);

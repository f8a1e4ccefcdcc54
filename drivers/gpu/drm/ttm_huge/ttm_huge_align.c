// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alignment of memory, fake offset and user address.
 *
 * A huge entry needs a user address and a page frame that are both aligned to
 * what it maps. Each buffer object that is large enough for one is therefore aligned
 * to its size rounded up to a power of two in the fake-offset space, and in VRAM to
 * that or to what its largest entries map; a user address that is congruent to the fake
 * offset is then congruent to the memory as well, as far as an entry goes, also for a
 * mapping of a part. Sizes are not rounded.
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
#include <drm/ttm/ttm_placement.h>
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
 * Return: @size rounded up to a power of two, at most PUD_SIZE; PAGE_SIZE if @size is
 * too small for a huge entry; in bytes.
 */
u64 ttm_huge_alignment(u64 size)
{
	if (size < PMD_SIZE)
		return PAGE_SIZE;
	return size < PUD_SIZE ? roundup_pow_of_two(size) : PUD_SIZE;
}
EXPORT_SYMBOL_GPL(ttm_huge_alignment);

/*
 * An aligned search looks at hole after hole, with a lock held that all of the device
 * need. So take the smallest hole that is large enough if its start is aligned, or else
 * one in which there is an aligned place wherever it begins. Each of the three steps
 * takes logarithmic time.
 */
static int insert_aligned(struct drm_mm *mm, struct drm_mm_node *node,
			  u64 pages, u64 alignment)
{
	u64 start;
	int ret;

	ret = drm_mm_insert_node(mm, node, pages);
	if (ret || IS_ALIGNED(node->start, alignment))
		return ret;
	drm_mm_remove_node(node);

	ret = drm_mm_insert_node(mm, node, pages + alignment - 1);
	if (ret)
		return ret;
	start = ALIGN(node->start, alignment);
	drm_mm_remove_node(node);

	node->start = start;
	node->size = pages;
	return drm_mm_reserve_node(mm, node);
}

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
 * Return: 0, or -ENOSPC if no hole is left in which there is an aligned range for
 * certain.
 */
int ttm_huge_vma_offset_add(struct drm_vma_offset_manager *mgr,
			    struct drm_vma_offset_node *node, u64 size)
{
	int ret = 0;

	write_lock(&mgr->vm_lock);
	if (!drm_mm_node_allocated(&node->vm_node))
		ret = insert_aligned(&mgr->vm_addr_space_mm, &node->vm_node,
				     size >> PAGE_SHIFT,
				     ttm_huge_alignment(size) >> PAGE_SHIFT);
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
 * The fake offset is as ttm_huge_vma_offset_add() has it. If that finds no range, it
 * is any.
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

static const struct ttm_huge_manager *
to_ttm_huge_manager(const struct ttm_resource_manager *man)
{
	return container_of(man->func, struct ttm_huge_manager, func);
}

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
 * For memory that does not begin at a multiple of what a PUD entry maps, alignment
 * inside it is of no use: try each place where such an entry fits. There are as many as
 * the memory has GiB.
 */
static int alloc_at_puds(struct ttm_resource_manager *man,
			 struct ttm_buffer_object *bo,
			 const struct ttm_place *place,
			 struct ttm_resource **res)
{
	const struct ttm_huge_manager *hman = to_ttm_huge_manager(man);
	u64 pages = PFN_UP(bo->base.size);
	struct ttm_place at = *place;
	u64 address, first;
	int ret = -ENOSPC;

	for (address = ALIGN(hman->base, PUD_SIZE);
	     address + bo->base.size <= hman->base + hman->size;
	     address += PUD_SIZE) {
		first = PHYS_PFN(address - hman->base);
		if (first < place->fpfn ||
		    (place->lpfn && first + pages > place->lpfn))
			continue;
		at.fpfn = first;
		at.lpfn = first + pages;
		ret = hman->inner->alloc(man, bo, &at, res);
		if (ret != -ENOSPC && ret != -EINVAL)
			break;
	}
	return ret;
}

/* With the alignment of @bo as large as @alignment. */
static int alloc_with(struct ttm_resource_manager *man,
		      struct ttm_buffer_object *bo,
		      const struct ttm_place *place, struct ttm_resource **res,
		      u32 alignment)
{
	const struct ttm_huge_manager *hman = to_ttm_huge_manager(man);
	u32 asked_for = bo->page_alignment;
	int ret;

	if (!IS_ALIGNED(hman->base, (u64)alignment << PAGE_SHIFT))
		return alignment == PUD_SIZE >> PAGE_SHIFT ?
		       alloc_at_puds(man, bo, place, res) : -ENOSPC;

	bo->page_alignment = alignment;
	ret = hman->inner->alloc(man, bo, place, res);
	bo->page_alignment = asked_for;
	return ret;
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
	u64 size = bo->type == ttm_bo_type_device ? bo->base.size : 0;
	u32 alignment = memory_alignment(size, U32_MAX);
	int ret;

	while (alignment > bo->page_alignment) {
		ret = alloc_with(man, bo, place, res, alignment);
		if (ret != -ENOSPC && ret != -EINVAL)
			return ret;
		alignment = memory_alignment(size, alignment);
	}
	return to_ttm_huge_manager(man)->inner->alloc(man, bo, place, res);
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
 * ttm_huge_set_aperture - tell where the CPU sees memory
 * @bdev: the device
 * @type: memory type, whose manager is that of ttm_huge_set_driver_manager() or
 *	ttm_huge_range_man_init()
 * @base: physical address of its first byte
 * @size: how much of it the CPU sees, in bytes
 *
 * An entry needs a page frame that is aligned, and managers align inside the memory. It
 * is the same if that begins at a multiple of PUD_SIZE, as the large BARs of PCI devices
 * do: without this, it is assumed to. With this, what is large enough for a PUD entry
 * goes where one fits.
 *
 * Context: process context, when the device is set up, before the first buffer object.
 */
void ttm_huge_set_aperture(struct ttm_device *bdev, int type, u64 base, u64 size)
{
	struct ttm_huge_manager *hman = &to_ttm_huge(bdev)->managers[type];

	hman->base = base;
	hman->size = size;
}
EXPORT_SYMBOL_GPL(ttm_huge_set_aperture);

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
 * offset, modulo ttm_huge_alignment() of @len; or if @len is too small for a huge entry,
 * aligned to @len rounded up to a power of two, which is under one page table. If the
 * address space has no such gap, it is one that just fits.
 *
 * Context: process context, mmap lock of the current process held for writing.
 *
 * Return: an address, or a negative error code as mm_get_unmapped_area() gives.
 */
unsigned long ttm_huge_get_unmapped_area(struct file *file, unsigned long addr,
					 unsigned long len, unsigned long pgoff,
					 unsigned long flags)
{
	bool small = len < PMD_SIZE;
	unsigned long align = small ? roundup_pow_of_two(PAGE_ALIGN(len)) :
				      ttm_huge_alignment(len);
	unsigned long offset = small ? 0 : pgoff << PAGE_SHIFT;
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

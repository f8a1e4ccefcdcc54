// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alignment of memory and fake offset.
 *
 * A huge entry needs a user address and a page frame that are both aligned to
 * what the entry maps. Each buffer object that is large enough for a huge entry is
 * therefore aligned: in the fake-offset space to its size rounded up to a power of two,
 * at most PUD_SIZE, and in VRAM to that or to what its largest entries map. A user
 * address that is congruent to the fake offset is then also congruent to the memory,
 * modulo what these entries map, even in a mapping of a part. Sizes are not rounded.
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
#include <drm/ttm/ttm_resource.h>

#include "ttm_huge_internal.h"

/*
 * An aligned search would look at one hole after the other, with a lock that all users
 * of the device need. So take the smallest hole that is large enough if its start
 * is aligned; otherwise take one so large that it has an aligned place wherever it
 * begins. Each of the three steps takes logarithmic time.
 */
static int ttm_huge_align_insert(struct drm_mm *mm, struct drm_mm_node *node,
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
 * For a driver that cannot use ttm_huge_bo_init_reserved(), which does this first.
 * drm_vma_offset_add() does not align, but TTM leaves alone a node that already has
 * its place. TTM removes the node when the buffer object is released, and on the
 * error paths of its init functions.
 *
 * Context: process context. Takes the manager's lock, vm_lock; does not sleep.
 *
 * Return: 0, or -ENOSPC if no hole is left that is certain to contain an aligned range.
 */
int ttm_huge_vma_offset_add(struct drm_vma_offset_manager *mgr,
			    struct drm_vma_offset_node *node, u64 size)
{
	int ret = 0;

	write_lock(&mgr->vm_lock);
	if (!drm_mm_node_allocated(&node->vm_node))
		ret = ttm_huge_align_insert(&mgr->vm_addr_space_mm,
					    &node->vm_node, PHYS_PFN(size),
					    PHYS_PFN(pfnmap_alignment(size)));
	write_unlock(&mgr->vm_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_vma_offset_add);

static const struct ttm_huge_manager *
to_ttm_huge_manager(const struct ttm_resource_manager *man)
{
	return container_of(man->func, struct ttm_huge_manager, func);
}

/*
 * The largest alignment less than @less_than, in pages, that huge entries for @size bytes
 * make use of; 0 if there is none. A larger one would only leave holes that other buffer
 * objects do not fit into.
 */
static u32 ttm_huge_align_memory(u64 size, u32 less_than)
{
	if (size >= PUD_SIZE && less_than > PUD_SIZE >> PAGE_SHIFT)
		return PUD_SIZE >> PAGE_SHIFT;
	if (size >= PMD_SIZE && less_than > PMD_SIZE >> PAGE_SHIFT)
		return PMD_SIZE >> PAGE_SHIFT;
	return 0;
}

/*
 * If the memory does not begin at a multiple of PUD_SIZE, alignment inside it is of no
 * use to a PUD entry: try each place where one fits. There are as many places as
 * the memory has GiB.
 */
static int ttm_huge_align_at_puds(struct ttm_resource_manager *man,
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

/* Allocate with @alignment in place of what is asked for @bo. */
static int ttm_huge_align_alloc_with(struct ttm_resource_manager *man,
				     struct ttm_buffer_object *bo,
				     const struct ttm_place *place,
				     struct ttm_resource **res, u32 alignment)
{
	const struct ttm_huge_manager *hman = to_ttm_huge_manager(man);
	u32 asked_for = bo->page_alignment;
	int ret;

	if (!IS_ALIGNED(hman->base, (u64)alignment << PAGE_SHIFT))
		return alignment == PUD_SIZE >> PAGE_SHIFT ?
		       ttm_huge_align_at_puds(man, bo, place, res) : -ENOSPC;

	bo->page_alignment = alignment;
	ret = hman->inner->alloc(man, bo, place, res);
	bo->page_alignment = asked_for;
	return ret;
}

/*
 * The caller holds the reservation of the buffer object, and the manager looks at its
 * alignment only now, so the alignment can be changed for the call. Free space is better
 * than space that other buffer objects have to be evicted from, so ask for less
 * alignment until there is space.
 */
static int ttm_huge_align_alloc(struct ttm_resource_manager *man,
				struct ttm_buffer_object *bo,
				const struct ttm_place *place,
				struct ttm_resource **res)
{
	u64 size = bo->type == ttm_bo_type_device ? bo->base.size : 0;
	u32 alignment = ttm_huge_align_memory(size, U32_MAX);
	int ret;

	while (alignment > bo->page_alignment) {
		ret = ttm_huge_align_alloc_with(man, bo, place, res, alignment);
		if (ret != -ENOSPC && ret != -EINVAL)
			return ret;
		alignment = ttm_huge_align_memory(size, alignment);
	}
	return to_ttm_huge_manager(man)->inner->alloc(man, bo, place, res);
}

static void ttm_huge_align_manager(struct ttm_huge_manager *hman,
				   struct ttm_resource_manager *man)
{
	/* A manager that is set again already aligns. */
	if (man->func == &hman->func)
		return;
	hman->inner = man->func;
	hman->func = *man->func;
	hman->func.alloc = ttm_huge_align_alloc;
	man->func = &hman->func;
}

/**
 * ttm_huge_set_driver_manager - ttm_set_driver_manager(), aligned for huge entries
 * @bdev: the device
 * @type: memory type, one that is iomem
 * @man: the manager of that type, with its functions set, or NULL
 *
 * Has @man align the memory of buffer objects that can be mapped: to PUD_SIZE if they
 * are that large and there is space for that, else to PMD_SIZE on the same conditions,
 * else as the driver asks. The functions of @man see that alignment in
 * &ttm_buffer_object.page_alignment while they allocate. They must return -ENOSPC, or
 * -EINVAL as the buddy allocator may, if there is no space with it. A manager that warns
 * about a size that is not a multiple of the alignment must align by itself. Without
 * drmm_ttm_huge_device_init() nothing is aligned.
 *
 * Context: process context, when the device is set up or taken down.
 */
void ttm_huge_set_driver_manager(struct ttm_device *bdev, int type,
				 struct ttm_resource_manager *man)
{
	struct ttm_huge *huge = ttm_huge_find(bdev);

	if (huge && man)
		ttm_huge_align_manager(&huge->managers[type], man);
	ttm_set_driver_manager(bdev, type, man);
}
EXPORT_SYMBOL_GPL(ttm_huge_set_driver_manager);

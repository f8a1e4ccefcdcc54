// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alignment of memory, fake offset and user address.
 *
 * A huge entry needs a user address and a page frame that are both aligned to
 * what it maps. Each buffer object is therefore aligned to its size rounded up
 * to a power of two, in VRAM as in the fake-offset space; a user address that
 * is congruent to the fake offset is then congruent to the memory as well,
 * also for a mapping of a part. Sizes are not rounded.
 */

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>

#include <drm/drm_vma_manager.h>
#include <drm/ttm_huge.h>

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
 * To be called before ttm_bo_init_reserved() or ttm_bo_init_validate(): those
 * leave a node alone that has its place already, and drm_vma_offset_add() by
 * itself does not align. TTM removes the node when the buffer object is
 * released, and on the error paths of its init functions.
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

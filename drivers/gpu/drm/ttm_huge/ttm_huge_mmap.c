// SPDX-License-Identifier: GPL-2.0-only
/*
 * From mmap() on a DRM file to a mapping of a buffer object.
 */

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>

#include "ttm_huge_internal.h"

/* The buffer object whose fake offsets hold a range, referenced, or NULL. */
static struct drm_gem_object *lookup(struct drm_vma_offset_manager *mgr,
				     unsigned long pgoff, unsigned long pages)
{
	struct drm_gem_object *obj = NULL;
	struct drm_vma_offset_node *node;

	drm_vma_offset_lock_lookup(mgr);
	node = drm_vma_offset_lookup_locked(mgr, pgoff, pages);
	if (node) {
		obj = container_of(node, struct drm_gem_object, vma_node);
		/* On its way out: it will remove the node once we unlock. */
		if (!kref_get_unless_zero(&obj->refcount))
			obj = NULL;
	}
	drm_vma_offset_unlock_lookup(mgr);
	return obj;
}

/*
 * Entries take vm_page_prot, which says 'accessed' on some architectures. But
 * most entries that a fault sets are for neighbours that no one has accessed.
 */
static void make_entries_old(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pte_pgprot(pte_mkold(pfn_pte(0, vma->vm_page_prot)));
}

/**
 * ttm_huge_mmap - map a buffer object, or a part of one
 * @file: DRM file
 * @vma: the mapping to set up; its offset is the buffer object's fake offset,
 *	plus where in the buffer object the mapping begins
 *
 * For &file_operations.mmap. Unlike drm_gem_mmap(), which takes the offset of
 * the first byte only, it maps any page-aligned part. &drm_gem_object_funcs.mmap
 * must end in ttm_bo_mmap_obj(), as drm_gem_ttm_mmap() does: that refuses
 * private writable mappings, which the huge insert functions must never see.
 *
 * Context: process context, mmap lock of the current process held for writing.
 *
 * Return: 0, and the mapping holds a reference to the buffer object; -EINVAL
 * if no buffer object has the range, or the mapping is private and may be
 * written; -EACCES if @file has no handle for the buffer object; -ENODEV after
 * unplug.
 */
int ttm_huge_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct drm_file *priv = file->private_data;
	struct drm_device *dev = priv->minor->dev;
	struct drm_gem_object *obj;
	int ret;

	if (drm_dev_is_unplugged(dev))
		return -ENODEV;

	obj = lookup(dev->vma_offset_manager, vma->vm_pgoff, vma_pages(vma));
	if (!obj)
		return -EINVAL;

	if (drm_vma_node_is_allowed(&obj->vma_node, priv))
		ret = drm_gem_mmap_obj(obj, obj->size, vma);
	else
		ret = -EACCES;
	if (!ret && ttm_huge_max_level() != TTM_HUGE_OFF)
		make_entries_old(vma);

	drm_gem_object_put(obj);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_mmap);

/*
 * The core calls ->open() for a copy of a mapping: in a child process, next to
 * the original when that is split, or at a free address by mremap().
 */
static bool is_mremap(struct vm_area_struct *vma)
{
	return vma->vm_mm == current->mm &&
	       !vma_lookup(vma->vm_mm, vma->vm_start);
}

/**
 * ttm_huge_vm_open - take a mapping's reference to its buffer object
 * @vma: a copy of another mapping
 *
 * For &vm_operations_struct.open; ttm_bo_vm_close() is the counterpart. When
 * mremap() moves a mapping, the core takes a PUD entry for a broken page table,
 * says so in the kernel log and clears it. So no such entry may be left by the
 * time it looks: faults bring them back at the new address.
 *
 * Context: process context with the mmap lock of @vma's process held for
 * writing, and the original's VMA lock, so that no fault comes in between.
 */
void ttm_huge_vm_open(struct vm_area_struct *vma)
{
	struct ttm_buffer_object *bo = vma->vm_private_data;

	ttm_bo_vm_open(vma);
	if (bo->base.size >= PUD_SIZE && is_mremap(vma))
		unmap_mapping_range(vma->vm_file->f_mapping,
				    (loff_t)vma->vm_pgoff << PAGE_SHIFT,
				    vma->vm_end - vma->vm_start, 1);
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_open);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets up mappings of buffer objects, from mmap() on a DRM file.
 */

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_gem_ttm_helper.h>
#include <drm/drm_print.h>
#include <drm/drm_util.h>
#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>

#include "ttm_huge_internal.h"

/* Called with the lookup lock of @mgr held. */
static struct drm_gem_object *
ttm_huge_mmap_find(struct drm_vma_offset_manager *mgr, unsigned long pgoff,
		   unsigned long pages)
{
	struct drm_vma_offset_node *node =
		drm_vma_offset_lookup_locked(mgr, pgoff, pages);

	return node ? container_of(node, struct drm_gem_object, vma_node) : NULL;
}

/*
 * The buffer object whose fake offsets contain a range, with a reference taken,
 * or an error pointer. If making a buffer object fails, it is freed even if
 * there are references. But no file has a handle for it by then. That is checked
 * before a reference is taken, under a lock that freeing it needs, too.
 */
static struct drm_gem_object *
ttm_huge_mmap_lookup(struct drm_vma_offset_manager *mgr, struct drm_file *file,
		     unsigned long pgoff, unsigned long pages)
{
	struct drm_gem_object *obj;

	drm_vma_offset_lock_lookup(mgr);
	obj = ttm_huge_mmap_find(mgr, pgoff, pages);
	if (!obj)
		obj = ERR_PTR(-EINVAL);
	else if (!drm_vma_node_is_allowed(&obj->vma_node, file))
		obj = ERR_PTR(-EACCES);
	else if (!kref_get_unless_zero(&obj->refcount))
		obj = ERR_PTR(-EINVAL);
	drm_vma_offset_unlock_lookup(mgr);
	return obj;
}

/**
 * ttm_huge_vma_bo - the buffer object that a mapping shows
 * @bdev: the device
 * @vma: any mapping
 *
 * Context: process context with the mmap lock of the mapping's process held.
 *
 * Return: the buffer object, to which @vma holds a reference; NULL if @vma is
 * not a mapping of a buffer object of @bdev.
 */
struct ttm_buffer_object *ttm_huge_vma_bo(struct ttm_device *bdev,
					  struct vm_area_struct *vma)
{
	struct drm_gem_object *obj;

	if (!vma->vm_file || vma->vm_file->f_mapping != bdev->dev_mapping)
		return NULL;

	drm_vma_offset_lock_lookup(bdev->vma_manager);
	obj = ttm_huge_mmap_find(bdev->vma_manager, vma->vm_pgoff,
				 vma_pages(vma));
	drm_vma_offset_unlock_lookup(bdev->vma_manager);

	/* A driver may let its file map other things, registers for example. */
	if (!obj || vma->vm_private_data !=
		    container_of(obj, struct ttm_buffer_object, base))
		return NULL;
	return vma->vm_private_data;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_huge_vma_bo);

/*
 * A driver may leave it to the exporter to map an imported buffer object, and the exporter
 * would map its first byte where @vma begins.
 */
static bool ttm_huge_mmap_can_begin_there(struct drm_gem_object *obj,
					  struct vm_area_struct *vma)
{
	return !drm_gem_is_imported(obj) ||
	       vma->vm_pgoff == drm_vma_node_start(&obj->vma_node);
}

/**
 * ttm_huge_mmap - map a buffer object, or a part of one
 * @file: DRM file
 * @vma: the mapping to set up; its offset is the buffer object's fake offset,
 *	plus where in the buffer object the mapping begins
 *
 * For &file_operations.mmap. Unlike drm_gem_mmap(), which accepts the offset of
 * the first byte only, it maps any page-aligned part, unless the buffer object is
 * imported.
 * &drm_gem_object_funcs.mmap must be ttm_huge_gem_mmap(), or end by calling it.
 *
 * Context: process context, mmap lock of the current process held for writing.
 *
 * Return: 0, and the mapping holds a reference to the buffer object; -EINVAL
 * if no buffer object contains the range, or the mapping is private, or the buffer
 * object is imported and the mapping does not begin at its first byte; -EACCES if
 * @file has no handle for the buffer object; -ENODEV after unplug.
 */
int ttm_huge_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct drm_file *priv = file->private_data;
	struct drm_device *dev = priv->minor->dev;
	struct drm_gem_object *obj;
	int ret;

	if (drm_dev_is_unplugged(dev))
		return -ENODEV;

	obj = ttm_huge_mmap_lookup(dev->vma_offset_manager, priv, vma->vm_pgoff,
				   vma_pages(vma));
	if (IS_ERR(obj))
		return PTR_ERR(obj);

	ret = -EINVAL;
	if (ttm_huge_mmap_can_begin_there(obj, vma))
		ret = drm_gem_mmap_obj(obj, obj->size, vma);

	drm_gem_object_put(obj);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_mmap);

static const struct vm_operations_struct ttm_huge_vm_ops = {
	.fault = ttm_huge_pte_fault,
	.huge_fault = ttm_huge_fault,
	.access = ttm_huge_vm_access,
	TTM_HUGE_VM_OPS,
};

/* In a mapping that lacks one of these, huge entries can crash the kernel. */
static bool ttm_huge_mmap_has_hooks(const struct vm_operations_struct *ops)
{
	return ops->open == ttm_huge_vm_open &&
	       ops->may_split == pfnmap_may_split;
}

/**
 * ttm_huge_mmap_begin - prepare a mapping for huge entries
 * @vma: a new mapping; its vm_ops are NULL, or the driver's
 *
 * A mapping without vm_ops gets those of ttm_huge; if the module parameter max_level is
 * off, TTM gives it TTM's own. A mapping that has vm_ops keeps them in any case, because
 * TTM's neither record writes nor do what a driver's do. The entries of every mapping
 * with TTM_HUGE_VM_OPS begin old.
 *
 * Context: process context with the mmap lock of the current process held for
 * writing.
 */
void ttm_huge_mmap_begin(struct vm_area_struct *vma)
{
	if (!vma->vm_ops && ttm_huge_max_level() != TTM_HUGE_OFF)
		vma->vm_ops = &ttm_huge_vm_ops;
	if (vma->vm_ops && ttm_huge_mmap_has_hooks(vma->vm_ops))
		pfnmap_make_old(vma);
}

/**
 * ttm_huge_gem_mmap - set up a mapping of a buffer object
 * @obj: the buffer object
 * @vma: the mapping; its vm_ops are NULL, &ttm_huge_trackable_vm_ops, or the
 *	driver's, if &drm_gem_object_funcs.vm_ops says so
 *
 * For &drm_gem_object_funcs.mmap. Calls ttm_huge_mmap_begin(), then drm_gem_ttm_mmap().
 *
 * Private mappings are refused, because the insert functions of the core must never
 * see one that may be written. A driver's vm_ops are refused if they lack what is in
 * TTM_HUGE_VM_OPS. Mappings of a dma-buf come here, too.
 *
 * Context: process context with the mmap lock of the current process held for
 * writing.
 *
 * Return: 0, and the mapping has taken over the caller's reference to @obj;
 * -EINVAL if the mapping is private, or the driver's vm_ops cannot have huge entries;
 * -ENODEV without drmm_ttm_huge_device_init().
 */
int ttm_huge_gem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	int ret;

	if (!ttm_huge_find(drm_gem_ttm_of_gem(obj)->bdev))
		return -ENODEV;
	ttm_huge_mmap_begin(vma);
	if (vma->vm_ops && !ttm_huge_mmap_has_hooks(vma->vm_ops)) {
		drm_err_once(obj->dev, "no TTM_HUGE_VM_OPS in the driver's vm_ops: it cannot be mapped\n");
		return -EINVAL;
	}
	ret = drm_gem_ttm_mmap(obj, vma);
	if (!ret && vma->vm_ops->pfn_mkwrite)
		ttm_huge_watch_add(vma);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_gem_mmap);

/**
 * ttm_huge_vm_open - take a mapping's reference to its buffer object
 * @vma: a copy of another mapping
 *
 * For &vm_operations_struct.open; ttm_huge_vm_close() is the counterpart.
 *
 * Context: as for pfnmap_open(). Does not wait for the reservation. Sleeps on memory
 * allocation.
 */
void ttm_huge_vm_open(struct vm_area_struct *vma)
{
	ttm_bo_vm_open(vma);
	if (vma->vm_ops->pfn_mkwrite)
		ttm_huge_watch_open(vma);
	pfnmap_open(vma);
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_open);

/**
 * ttm_huge_vm_close - drop a mapping's reference to its buffer object
 * @vma: a mapping that goes, without entries
 *
 * For &vm_operations_struct.close.
 *
 * Context: process context with the mmap lock of @vma's process held for writing, or after
 * the last reference to its users has gone. May sleep to free the buffer object.
 */
void ttm_huge_vm_close(struct vm_area_struct *vma)
{
	if (vma->vm_ops->pfn_mkwrite)
		ttm_huge_watch_close(vma);
	ttm_bo_vm_close(vma);
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_close);

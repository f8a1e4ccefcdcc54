// SPDX-License-Identifier: GPL-2.0-only
/*
 * From mmap() on a DRM file to a mapping of a buffer object.
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
#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>

#include "ttm_huge_internal.h"

/* Called with the lookup locked. */
static struct drm_gem_object *find(struct drm_vma_offset_manager *mgr,
				   unsigned long pgoff, unsigned long pages)
{
	struct drm_vma_offset_node *node =
		drm_vma_offset_lookup_locked(mgr, pgoff, pages);

	return node ? container_of(node, struct drm_gem_object, vma_node) : NULL;
}

/*
 * The buffer object whose fake offsets hold a range, referenced, or an error
 * pointer. One that is still being made may be freed by that no matter who
 * refers to it; but no one has a handle for it yet, and that is looked at
 * before a reference is taken, with the lock held that freeing it needs.
 */
static struct drm_gem_object *lookup(struct drm_vma_offset_manager *mgr,
				     struct drm_file *file,
				     unsigned long pgoff, unsigned long pages)
{
	struct drm_gem_object *obj;

	drm_vma_offset_lock_lookup(mgr);
	obj = find(mgr, pgoff, pages);
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
 * Return: the buffer object, which @vma holds a reference to; NULL if @vma is
 * no mapping of a buffer object of @bdev.
 */
struct ttm_buffer_object *ttm_huge_vma_bo(struct ttm_device *bdev,
					  struct vm_area_struct *vma)
{
	struct drm_gem_object *obj;

	if (!vma->vm_file || vma->vm_file->f_mapping != bdev->dev_mapping)
		return NULL;

	drm_vma_offset_lock_lookup(bdev->vma_manager);
	obj = find(bdev->vma_manager, vma->vm_pgoff, vma_pages(vma));
	drm_vma_offset_unlock_lookup(bdev->vma_manager);

	/* A driver may map other things on its file, registers for example. */
	if (!obj || vma->vm_private_data !=
		    container_of(obj, struct ttm_buffer_object, base))
		return NULL;
	return vma->vm_private_data;
}

/*
 * Huge entries take vm_page_prot, which says 'accessed'. But most entries that a
 * fault sets are for neighbours that no one has accessed. On x86 this lasts for
 * the life of the mapping; an architecture whose pgprot_modify() brings the bit
 * back sets them young.
 */
static void make_entries_old(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pte_pgprot(pte_mkold(pfn_pte(0, vma->vm_page_prot)));
}

/*
 * A driver may leave an imported one to whoever exported it, and that would map its first
 * byte where @vma begins.
 */
static bool can_begin_there(struct drm_gem_object *obj,
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
 * For &file_operations.mmap. Unlike drm_gem_mmap(), which takes the offset of
 * the first byte only, it maps any page-aligned part, unless the buffer object is
 * imported.
 * &drm_gem_object_funcs.mmap must be ttm_huge_gem_mmap(), or end in it.
 *
 * Context: process context, mmap lock of the current process held for writing.
 *
 * Return: 0, and the mapping holds a reference to the buffer object; -EINVAL
 * if no buffer object has the range, or the mapping is private, or does not begin
 * with the first byte of one that is imported; -EACCES if @file has no handle for
 * the buffer object; -ENODEV after unplug.
 */
int ttm_huge_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct drm_file *priv = file->private_data;
	struct drm_device *dev = priv->minor->dev;
	struct drm_gem_object *obj;
	int ret;

	if (drm_dev_is_unplugged(dev))
		return -ENODEV;

	obj = lookup(dev->vma_offset_manager, priv, vma->vm_pgoff,
		     vma_pages(vma));
	if (IS_ERR(obj))
		return PTR_ERR(obj);

	ret = -EINVAL;
	if (can_begin_there(obj, vma))
		ret = drm_gem_mmap_obj(obj, obj->size, vma);

	drm_gem_object_put(obj);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_mmap);

static const struct vm_operations_struct vm_ops = {
	.fault = ttm_huge_pte_fault,
	.huge_fault = ttm_huge_fault,
	.access = ttm_huge_vm_access,
	TTM_HUGE_VM_OPS,
};

/* For mappings whose writes can be tracked: set before ttm_huge_gem_mmap(). */
const struct vm_operations_struct ttm_huge_trackable_vm_ops = {
	.fault = ttm_huge_pte_fault,
	.huge_fault = ttm_huge_fault,
	.pfn_mkwrite = ttm_huge_pfn_mkwrite,
	.access = ttm_huge_vm_access,
	TTM_HUGE_VM_OPS,
};
EXPORT_SYMBOL_GPL(ttm_huge_trackable_vm_ops);

/**
 * ttm_huge_gem_mmap - set up a mapping of a buffer object
 * @obj: the buffer object
 * @vma: the mapping; its vm_ops are NULL, &ttm_huge_trackable_vm_ops, or the
 *	driver's, if &drm_gem_object_funcs.vm_ops says so
 *
 * For &drm_gem_object_funcs.mmap: drm_gem_ttm_mmap(), with three differences. A
 * mapping that has no vm_ops gets those of ttm_huge in place of TTM's; if the module
 * parameter max_level is off, it gets TTM's, for as long as it exists. With other
 * vm_ops than TTM's, its entries begin old.
 *
 * Private mappings are refused, as the insert functions of the core must never
 * see one that may be written.
 *
 * Context: process context with the mmap lock of the current process held for
 * writing.
 *
 * Return: 0, and the reference to @obj that the caller took is the mapping's;
 * -EINVAL if the mapping is private.
 */
int ttm_huge_gem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	/* TTM's vm_ops record no writes, and know nothing of what a driver does. */
	bool off = ttm_huge_max_level() == TTM_HUGE_OFF && !vma->vm_ops;
	int ret;

	if (!off && !vma->vm_ops)
		vma->vm_ops = &vm_ops;
	ret = drm_gem_ttm_mmap(obj, vma);
	if (!ret && !off)
		make_entries_old(vma);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_gem_mmap);

/* Where a mapping shows all that another one shows, or 0. */
static unsigned long address_in(struct vm_area_struct *vma,
				struct vm_area_struct *other)
{
	unsigned long page = other->vm_pgoff - vma->vm_pgoff;

	if (vma->vm_private_data != other->vm_private_data ||
	    page >= vma_pages(vma) || vma_pages(vma) - page < vma_pages(other))
		return 0;
	return vma->vm_start + (page << PAGE_SHIFT);
}

/*
 * mremap() takes a PUD entry for a broken page table: it says so in the kernel
 * log and clears it, but not the TLB. So none may be left in the original when it
 * looks. No one says which that is: one of the process's mappings that show what the
 * copy does, which is not among them yet. The lock of each keeps faults from setting
 * a PUD entry while it is zapped: the core would take that for broken, too. The
 * reservation would as well, but whoever waits for that here cannot be killed, and
 * with the mmap lock held, nor can others who wait for that.
 */
static void before_mremap(struct vm_area_struct *copy)
{
	unsigned long size = copy->vm_end - copy->vm_start;
	struct vm_area_struct *vma;
	unsigned long address = 0;

	if (size < PUD_SIZE)
		return;

	while ((vma = find_vma(copy->vm_mm, address))) {
		address = address_in(vma, copy);
		if (address) {
			vma_start_write(vma);
			zap_special_vma_range(vma, address, size);
		}
		address = vma->vm_end;
	}
}

/*
 * fork() looks at a PMD entry, and copies what it has seen after it has taken
 * the lock. An eviction in between would not reach the copy. So none may be
 * left when it looks.
 */
static void before_fork(struct vm_area_struct *child,
			struct ttm_buffer_object *bo)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, child->vm_start);

	if (bo->base.size >= PMD_SIZE && vma && vma->vm_private_data == bo)
		zap_special_vma_range(vma, vma->vm_start,
				      vma->vm_end - vma->vm_start);
}

/**
 * ttm_huge_vm_open - take a mapping's reference to its buffer object
 * @vma: a copy of another mapping: in a child process, next to the original
 *	when that is split, or at a free address by mremap()
 *
 * For &vm_operations_struct.open; ttm_bo_vm_close() is the counterpart. Before
 * fork() and mremap() copy or move page tables, removes the huge entries that
 * they would get wrong. Faults bring them back.
 *
 * Context: process context with the mmap locks of @vma's process and of the
 * current one held for writing, and the VMA lock of the original, so that no
 * fault on that comes in between. Takes the lock of other mappings of the buffer object
 * in the same process for writing: that waits for faults of this process, all of which
 * end when it is killed. Not for the reservation, as it cannot fail.
 */
void ttm_huge_vm_open(struct vm_area_struct *vma)
{
	struct ttm_buffer_object *bo = vma->vm_private_data;

	ttm_bo_vm_open(vma);
	if (vma->vm_mm != current->mm)
		before_fork(vma, bo);
	else if (!vma_lookup(vma->vm_mm, vma->vm_start))
		before_mremap(vma);
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_open);

/**
 * ttm_huge_vm_may_split - prepare a mapping for being split
 * @vma: the mapping
 * @addr: user address of the split, inside @vma
 *
 * For &vm_operations_struct.may_split. The core looks for a PMD entry to split
 * at @addr without asking whether a PUD entry covers it, and would take the
 * memory that this maps for a page table. Nor may a PUD entry reach from one
 * mapping into the next. So remove it: faults bring back what fits.
 *
 * Context: process context with the mmap lock of @vma's process held for
 * writing. Takes the VMA's lock for writing, so that no fault brings the entry
 * back before the split. Waits for no one but faults, as ttm_huge_vm_open().
 *
 * Return: 0.
 */
int ttm_huge_vm_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long start = ALIGN_DOWN(addr, PUD_SIZE);

	if (start == addr || start < vma->vm_start ||
	    vma->vm_end - start < PUD_SIZE)
		return 0;

	vma_start_write(vma);
	zap_special_vma_range(vma, start, PUD_SIZE);
	return 0;
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_may_split);

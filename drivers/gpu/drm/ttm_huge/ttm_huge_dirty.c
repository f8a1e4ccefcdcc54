// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write tracking of buffer objects, at PAGE_SIZE.
 *
 * A write is recorded when its fault makes a page-table entry writable. While
 * a buffer object is tracked, every other entry of it is read-only: those that
 * reads make may be huge, the one that a write makes is a PTE. All of this
 * happens under the reservation. Reading the record takes it, removes the
 * entries of the pages in it and clears it, under one reservation: what is
 * written through such an entry before it goes is in this record, and what is
 * written after it faults, and is in the next. It is cleared last: who is killed
 * meanwhile leaves it as it was, with some entries less, which come back.
 */

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <drm/drm_util.h>
#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>

#include "ttm_huge_internal.h"

/* Remove the entries: whoever touches these pages next shall fault. */
static void ttm_huge_dirty_unmap(struct ttm_buffer_object *bo,
				 unsigned long page, unsigned long nr_pages)
{
	unmap_mapping_range(bo->bdev->dev_mapping,
			    drm_vma_node_offset_addr(&bo->base.vma_node) +
			    ((loff_t)page << PAGE_SHIFT),
			    (loff_t)nr_pages << PAGE_SHIFT, 1);
}

/* Of all buffer objects of a device; NULL if that is not ours. */
static struct xarray *ttm_huge_dirty_records(struct ttm_buffer_object *bo)
{
	struct ttm_huge *huge = ttm_huge_find(bo->bdev);

	return huge ? &huge->priv->dirty : NULL;
}

/**
 * ttm_huge_dirty_bitmap - the record of a buffer object
 * @bo: the buffer object
 *
 * Context: any; the reservation of @bo keeps what is returned.
 *
 * Return: a bit for each page, or NULL if @bo is not tracked.
 */
unsigned long *ttm_huge_dirty_bitmap(struct ttm_buffer_object *bo)
{
	return xa_load(&to_ttm_huge(bo->bdev)->priv->dirty, ttm_huge_bo_index(bo));
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_huge_dirty_bitmap);

/**
 * ttm_huge_dirty_start - track the writes to a buffer object
 * @bo: the buffer object; all its mappings have ttm_huge_trackable_vm_ops
 *
 * The record begins empty, also if @bo is tracked already. All entries that map
 * @bo are removed, in all processes.
 *
 * Context: process context with the reservation of @bo held. May sleep to
 * allocate memory.
 *
 * Return: 0; -ENOMEM; -EINVAL if @bo has too many pages; -ENODEV without
 * drmm_ttm_huge_device_init().
 * ttm_huge_dirty_stop() frees the record, or ttm_huge_bo_fini().
 */
int ttm_huge_dirty_start(struct ttm_buffer_object *bo)
{
	struct xarray *records = ttm_huge_dirty_records(bo);
	unsigned long nr_pages = PFN_UP(bo->base.size);
	unsigned long *bitmap, *old;

	dma_resv_assert_held(bo->base.resv);
	if (!records)
		return -ENODEV;

	/* What the bitmap functions can count. */
	if (nr_pages > UINT_MAX)
		return -EINVAL;

	bitmap = kvcalloc(BITS_TO_LONGS(nr_pages), sizeof(*bitmap),
			  GFP_KERNEL_ACCOUNT);
	if (!bitmap)
		return -ENOMEM;

	old = xa_store(records, ttm_huge_bo_index(bo), bitmap, GFP_KERNEL);
	if (xa_is_err(old)) {
		kvfree(bitmap);
		return xa_err(old);
	}
	ttm_huge_dirty_unmap(bo, 0, nr_pages);
	kvfree(old);
	return 0;
}
EXPORT_SYMBOL_GPL(ttm_huge_dirty_start);

/**
 * ttm_huge_dirty_stop - end the tracking of a buffer object
 * @bo: the buffer object
 *
 * Frees the record and removes the entries, so that larger ones can come where
 * no page table of smaller ones is left: where there is, not before the range is
 * mapped anew. Nothing happens if @bo is not tracked.
 *
 * Context: process context with the reservation of @bo held.
 */
void ttm_huge_dirty_stop(struct ttm_buffer_object *bo)
{
	struct xarray *records = ttm_huge_dirty_records(bo);
	unsigned long *bitmap;

	dma_resv_assert_held(bo->base.resv);
	bitmap = records ? xa_erase(records, ttm_huge_bo_index(bo)) : NULL;
	if (!bitmap)
		return;
	ttm_huge_dirty_unmap(bo, 0, PFN_UP(bo->base.size));
	kvfree(bitmap);
}
EXPORT_SYMBOL_GPL(ttm_huge_dirty_stop);

/**
 * ttm_huge_dirty_mark - record a write that no fault sees
 * @bo: the buffer object
 * @page: first page that is written
 * @nr_pages: number of pages, inside @bo
 *
 * Context: process context with the reservation of @bo held.
 */
void ttm_huge_dirty_mark(struct ttm_buffer_object *bo, unsigned long page,
			 unsigned long nr_pages)
{
	unsigned long *bitmap = ttm_huge_dirty_bitmap(bo);

	dma_resv_assert_held(bo->base.resv);
	if (bitmap)
		bitmap_set(bitmap, page, nr_pages);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_huge_dirty_mark);

/**
 * ttm_huge_dirty_free - free the record of a buffer object that is freed
 * @bo: the buffer object, without a mapping
 *
 * Context: as ttm_huge_bo_fini().
 */
void ttm_huge_dirty_free(struct ttm_buffer_object *bo)
{
	kvfree(xa_erase(&to_ttm_huge(bo->bdev)->priv->dirty, ttm_huge_bo_index(bo)));
}

/*
 * By page tables: scattered writes would take a walk for each page. For each table the core
 * looks at all mappings, in all processes, of which there can be tens of thousands: that
 * is as long as no one can be killed.
 */
static int ttm_huge_dirty_unmap_recorded(struct ttm_buffer_object *bo,
					 unsigned long page,
					 unsigned long nr_pages,
					 const unsigned long *record)
{
	unsigned long i;

	for (i = find_first_bit(record, nr_pages); i < nr_pages;
	     i = find_next_bit(record, nr_pages, i + PTRS_PER_PTE)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		i = ALIGN_DOWN(i, PTRS_PER_PTE);
		ttm_huge_dirty_unmap(bo, page + i,
				     min(nr_pages - i, (unsigned long)PTRS_PER_PTE));
		cond_resched();
	}
	return 0;
}

/**
 * ttm_huge_dirty_take - read the record and clear it
 * @bo: the buffer object
 * @page: first page to look at, a multiple of BITS_PER_LONG
 * @nr_pages: number of pages, inside @bo
 * @out: a bit for each page, the first for @page
 *
 * A write that happens at the same time is in this record or in the next.
 *
 * A signal that does not kill is left pending: it would begin anew each time. Nor is
 * the reservation dropped on the way: who could not get it back would have a part of the
 * record that no one else sees.
 *
 * Context: process context with the reservation of @bo held; for long if @bo has many
 * mappings. Faults and ioctls that wait for that can be killed, and mremap() does not.
 *
 * Return: 0; -ENODATA if @bo is not tracked; -EINTR if the task has been killed, and the
 * record is as it was.
 */
int ttm_huge_dirty_take(struct ttm_buffer_object *bo, unsigned long page,
			unsigned long nr_pages, unsigned long *out)
{
	struct xarray *records = ttm_huge_dirty_records(bo);
	unsigned long *bitmap;
	int ret;

	dma_resv_assert_held(bo->base.resv);
	bitmap = records ? xa_load(records, ttm_huge_bo_index(bo)) : NULL;
	if (!bitmap)
		return -ENODATA;

	bitmap_copy_clear_tail(out, bitmap + page / BITS_PER_LONG, nr_pages);
	ret = ttm_huge_dirty_unmap_recorded(bo, page, nr_pages, out);
	if (!ret)
		bitmap_clear(bitmap, page, nr_pages);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_dirty_take);

/* Under one reservation: a record that is taken meanwhile has it, or the next one. */
static vm_fault_t ttm_huge_dirty_write(struct vm_fault *vmf)
{
	struct ttm_buffer_object *bo = vmf->vma->vm_private_data;

	dma_resv_assert_held(bo->base.resv);
	ttm_huge_dirty_mark(bo, ttm_huge_bo_page(vmf->vma, vmf->address), 1);
	return pfnmap_make_writable(vmf);
}

/*
 * On a present, read-only PTE. Waits for the reservation with the fault's lock held, as the
 * core does not take VM_FAULT_RETRY from here.
 *
 * The entry is made writable here, under the reservation, and not left to the
 * core, which would do so after it: between the two the record could be taken,
 * and a read bring back an entry that looks just like the one that faulted.
 */
static vm_fault_t ttm_huge_dirty_pfn_mkwrite(struct vm_fault *vmf)
{
	struct ttm_buffer_object *bo = vmf->vma->vm_private_data;
	vm_fault_t ret;

	ret = ttm_huge_wait_locked(bo, vmf);
	if (ret)
		return ret;

	ret = ttm_huge_dirty_write(vmf);
	dma_resv_unlock(bo->base.resv);
	return ret;
}

/*
 * For mappings whose writes can be tracked: set before ttm_huge_gem_mmap(). Others are better
 * off without pfn_mkwrite, as it makes the core set every entry read-only first.
 */
const struct vm_operations_struct ttm_huge_trackable_vm_ops = {
	.fault = ttm_huge_pte_fault,
	.huge_fault = ttm_huge_fault,
	.pfn_mkwrite = ttm_huge_dirty_pfn_mkwrite,
	.access = ttm_huge_vm_access,
	TTM_HUGE_VM_OPS,
};
EXPORT_SYMBOL_GPL(ttm_huge_trackable_vm_ops);

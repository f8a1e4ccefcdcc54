// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write tracking of buffer objects, at PAGE_SIZE.
 *
 * A write is recorded when its fault makes a page-table entry writable. While
 * a buffer object is tracked, every other entry of it is read-only: an entry
 * that a read sets may be huge, the one that a write sets is a PTE. All of this
 * happens under the reservation. Where writes are dense, a fault makes a whole table of
 * PTEs writable, and the CPU's dirty bits tell of the writes that follow: see
 * ttm_huge_watch.c.
 *
 * Taking the record copies and clears it, and removes the entries of the pages in it, without
 * dropping the reservation. A write through an entry before its
 * removal is in this record. A later write faults, and is in the
 * next record. A task that is killed meanwhile puts back what it has copied. Only some
 * entries are gone, and faults set them again.
 */

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <drm/drm_util.h>
#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>

#include "ttm_huge_internal.h"

/* Blocks with fewer pages written since the last record was taken are by faults again. */
#define TTM_HUGE_DIRTY_DENSE	8

#define CREATE_TRACE_POINTS
#include "ttm_huge_trace.h"

/* The time, for the tracepoint; 0 if nobody wants it. */
static u64 ttm_huge_dirty_now(void)
{
	return trace_ttm_huge_dirty_enabled() ? ktime_get_ns() : 0;
}

/* Remove the entries, so that the next access to these pages faults. */
static void ttm_huge_dirty_unmap(struct ttm_buffer_object *bo,
				 unsigned long page, unsigned long nr_pages)
{
	unmap_mapping_range(bo->bdev->dev_mapping,
			    drm_vma_node_offset_addr(&bo->base.vma_node) +
			    ((loff_t)page << PAGE_SHIFT),
			    (loff_t)nr_pages << PAGE_SHIFT, 1);
}

/* The records of all buffer objects of a device; NULL if it was not set up. */
static struct xarray *ttm_huge_dirty_records(struct ttm_buffer_object *bo)
{
	struct ttm_huge *huge = ttm_huge_find(bo->bdev);

	return huge ? &huge->priv->dirty : NULL;
}

/**
 * ttm_huge_dirty_bitmap - the record of a buffer object
 * @bo: the buffer object
 *
 * Context: any; what is returned stays while the reservation of @bo is held.
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
 * @by_bits: record dense writes by the CPU's dirty bits, where the kernel can collect them.
 *	If a mapping is given to a virtual machine as memory, the machine's writes may then be
 *	missing, because KVM lets it write where the page table does, and sets no dirty bit
 *
 * The record begins empty, also if @bo is tracked already. All entries that map
 * @bo are removed, in all processes.
 *
 * Context: process context with the reservation of @bo held. May sleep to
 * allocate memory.
 *
 * Return: 0; -ENOMEM; -EINVAL if @bo has too many pages; -ENODEV without
 * drmm_ttm_huge_device_init().
 * ttm_huge_dirty_stop() or ttm_huge_bo_fini() frees the record.
 */
int ttm_huge_dirty_start(struct ttm_buffer_object *bo, bool by_bits)
{
	struct xarray *records = ttm_huge_dirty_records(bo);
	unsigned long nr_pages = PFN_UP(bo->base.size);
	const u64 begun = ttm_huge_dirty_now();
	unsigned long *bitmap, *old;

	dma_resv_assert_held(bo->base.resv);
	if (!records)
		return -ENODEV;

	/* The bitmap functions count in unsigned int. */
	if (nr_pages > UINT_MAX)
		return -EINVAL;

	bitmap = kvcalloc(BITS_TO_LONGS(nr_pages) +
			  BITS_TO_LONGS(ttm_huge_dirty_blocks(bo) + 1),
			  sizeof(*bitmap), GFP_KERNEL_ACCOUNT);
	if (!bitmap)
		return -ENOMEM;
	if (by_bits)
		set_bit(ttm_huge_dirty_blocks(bo), ttm_huge_dirty_by_bits(bo, bitmap));

	old = xa_store(records, ttm_huge_bo_index(bo), bitmap, GFP_KERNEL);
	if (xa_is_err(old)) {
		kvfree(bitmap);
		return xa_err(old);
	}
	ttm_huge_watch_sync(bo);
	ttm_huge_dirty_unmap(bo, 0, nr_pages);
	kvfree(old);
	trace_ttm_huge_dirty(bo, "start", 0, nr_pages, NULL, 0, begun);
	return 0;
}
EXPORT_SYMBOL_GPL(ttm_huge_dirty_start);

/**
 * ttm_huge_dirty_stop - end the tracking of a buffer object
 * @bo: the buffer object
 *
 * Frees the record and removes the entries, so that larger ones can be set.
 * Where a page table of smaller entries is left, they are set only after the
 * range has been mapped again. Does nothing if @bo is not tracked.
 *
 * Context: process context with the reservation of @bo held.
 */
void ttm_huge_dirty_stop(struct ttm_buffer_object *bo)
{
	struct xarray *records = ttm_huge_dirty_records(bo);
	unsigned long nr_pages = PFN_UP(bo->base.size);
	const u64 begun = ttm_huge_dirty_now();
	unsigned long *bitmap;

	dma_resv_assert_held(bo->base.resv);
	bitmap = records ? xa_erase(records, ttm_huge_bo_index(bo)) : NULL;
	if (!bitmap)
		return;
	ttm_huge_watch_sync(bo);
	ttm_huge_dirty_unmap(bo, 0, nr_pages);
	trace_ttm_huge_dirty(bo, "stop", 0, nr_pages, bitmap, 0, begun);
	kvfree(bitmap);
}
EXPORT_SYMBOL_GPL(ttm_huge_dirty_stop);

/**
 * ttm_huge_dirty_mark - record a write
 * @bo: the buffer object
 * @page: first page that is written
 * @nr_pages: number of pages, inside @bo
 *
 * Does nothing if @bo is not tracked.
 *
 * Context: process context with the reservation of @bo held.
 */
void ttm_huge_dirty_mark(struct ttm_buffer_object *bo, unsigned long page,
			 unsigned long nr_pages)
{
	unsigned long *bitmap = ttm_huge_dirty_bitmap(bo);
	unsigned long i;

	dma_resv_assert_held(bo->base.resv);
	if (!bitmap)
		return;
	/* Watches set bits at the same time. */
	for (i = 0; i < nr_pages; i++)
		set_bit(page + i, bitmap);
	trace_ttm_huge_write(bo, page, nr_pages);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_huge_dirty_mark);

/**
 * ttm_huge_dirty_free - free the record of a buffer object that is freed
 * @bo: the buffer object, without a mapping
 *
 * Context: as for ttm_huge_bo_fini().
 */
void ttm_huge_dirty_free(struct ttm_buffer_object *bo)
{
	kvfree(xa_erase(&to_ttm_huge(bo->bdev)->priv->dirty, ttm_huge_bo_index(bo)));
}

/*
 * Copies a part of the record and clears it, while watches set bits. The last word is copied
 * whole: ttm_huge_dirty_look_again() clears what is not of the part.
 */
static void ttm_huge_dirty_fetch(unsigned long *record, unsigned long nr_pages,
				 unsigned long *out)
{
	for (; nr_pages >= BITS_PER_LONG; nr_pages -= BITS_PER_LONG, record++)
		*out++ = READ_ONCE(*record) ? xchg(record, 0) : 0;
	if (nr_pages)
		*out = atomic_long_fetch_andnot(BITMAP_LAST_WORD_MASK(nr_pages),
						(atomic_long_t *)record);
}

static void ttm_huge_dirty_put_back(unsigned long *record, unsigned long nr_pages,
				    const unsigned long *out)
{
	unsigned long page;

	for_each_set_bit(page, out, nr_pages)
		set_bit(page, record);
}

/* Adds what watches have recorded meanwhile, which stays in the record. */
static void ttm_huge_dirty_look_again(const unsigned long *record,
				      unsigned long nr_pages, unsigned long *out)
{
	bitmap_or(out, out, record, nr_pages);
	if (nr_pages % BITS_PER_LONG)
		out[nr_pages / BITS_PER_LONG] &= BITMAP_LAST_WORD_MASK(nr_pages);
}

/*
 * For pages of one block: removes the entries of those in @out, so that the next writes to
 * them fault, unless dirty bits tell of these writes.
 */
static void ttm_huge_dirty_unmap_block(struct ttm_buffer_object *bo,
				       unsigned long *by_bits, unsigned long page,
				       unsigned long nr_pages,
				       const unsigned long *out, bool clean)
{
	unsigned long block = page / PTRS_PER_PTE;
	unsigned long in_block = min(PFN_UP(bo->base.size) - block * PTRS_PER_PTE,
				     (unsigned long)PTRS_PER_PTE);

	if (test_bit(block, by_bits)) {
		if (clean && (nr_pages < in_block ||
			      bitmap_weight(out, nr_pages) >= TTM_HUGE_DIRTY_DENSE))
			return;
	} else if (bitmap_empty(out, nr_pages)) {
		return;
	}

	ttm_huge_dirty_unmap(bo, page, nr_pages);
	if (nr_pages == in_block)
		clear_bit(block, by_bits);
}

/* The first page past @at that belongs to another block, or past all. */
static unsigned long ttm_huge_dirty_next(unsigned long page, unsigned long nr_pages,
					 unsigned long at)
{
	return min(ALIGN(page + at + 1, PTRS_PER_PTE) - page, nr_pages);
}

/*
 * Looks at as many pages at a time as a page table maps: scattered writes
 * would otherwise take a walk for each page. In each step the core looks at all mappings
 * in all processes, of which there can be tens of thousands; the task can be killed only
 * between two steps.
 *
 * All is cleaned before the first entry is removed. A watch that is called for more than that
 * entry would record as written meanwhile what is still dirty.
 */
static int ttm_huge_dirty_take_blocks(struct ttm_buffer_object *bo,
				      unsigned long *by_bits, unsigned long page,
				      unsigned long nr_pages, unsigned long *out)
{
	unsigned long at, next;
	bool clean = true;

	for (at = 0; at < nr_pages; at = next) {
		next = ttm_huge_dirty_next(page, nr_pages, at);
		if (!test_bit((page + at) / PTRS_PER_PTE, by_bits))
			continue;
		if (fatal_signal_pending(current))
			return -EINTR;
		clean &= ttm_huge_watch_clean(bo, page + at, next - at,
					      out + at / BITS_PER_LONG);
		cond_resched();
	}
	for (at = 0; at < nr_pages; at = next) {
		if (fatal_signal_pending(current))
			return -EINTR;
		next = ttm_huge_dirty_next(page, nr_pages, at);
		ttm_huge_dirty_unmap_block(bo, by_bits, page + at, next - at,
					   out + at / BITS_PER_LONG, clean);
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
 * A write that happens at the same time is in this record or in the next, or in both if its
 * entry is removed at that time.
 *
 * A signal that does not kill is left pending: if it ended this, a repeated call would
 * begin from the start each time. Nor is the reservation dropped on the way: if a caller
 * could not get it back, the part of the record that it has read would be lost.
 *
 * Context: process context with the reservation of @bo held, for a long time if @bo has
 * many mappings. Faults and ioctls that wait for the reservation can be killed; mremap()
 * does not wait for it.
 *
 * Return: 0; -ENODATA if @bo is not tracked; -EINTR if the task has been killed, with
 * what it has found in the record again.
 */
int ttm_huge_dirty_take(struct ttm_buffer_object *bo, unsigned long page,
			unsigned long nr_pages, unsigned long *out)
{
	struct xarray *records = ttm_huge_dirty_records(bo);
	const u64 begun = ttm_huge_dirty_now();
	unsigned long *bitmap, *record;
	int ret;

	dma_resv_assert_held(bo->base.resv);
	bitmap = records ? xa_load(records, ttm_huge_bo_index(bo)) : NULL;
	if (!bitmap)
		return -ENODATA;

	record = bitmap + page / BITS_PER_LONG;
	ttm_huge_dirty_fetch(record, nr_pages, out);
	ret = ttm_huge_dirty_take_blocks(bo, ttm_huge_dirty_by_bits(bo, bitmap), page,
					 nr_pages, out);
	if (ret)
		ttm_huge_dirty_put_back(record, nr_pages, out);
	else
		ttm_huge_dirty_look_again(record, nr_pages, out);
	trace_ttm_huge_dirty(bo, "take", page, nr_pages, out, ret, begun);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_dirty_take);

/**
 * ttm_huge_dirty_begin - record the write of a fault, before there is an entry to write through
 * @vmf: the fault
 * @writing: filled in, for ttm_huge_watch_end()
 *
 * Context: as for ttm_huge_watch_begin().
 *
 * Return: as for ttm_huge_watch_begin(); false if the buffer object is not tracked.
 */
bool ttm_huge_dirty_begin(struct vm_fault *vmf, struct ttm_huge_writing *writing)
{
	struct ttm_buffer_object *bo = vmf->vma->vm_private_data;
	unsigned long *record = ttm_huge_dirty_bitmap(bo);
	bool by_bits;

	dma_resv_assert_held(bo->base.resv);
	if (!record)
		return false;
	by_bits = ttm_huge_watch_begin(vmf, record, writing);
	ttm_huge_dirty_mark(bo, ttm_huge_bo_page(vmf->vma, vmf->address), 1);
	return by_bits;
}

/* With the reservation held throughout: the write is in this record or in the next. */
static vm_fault_t ttm_huge_dirty_write(struct vm_fault *vmf)
{
	struct ttm_huge_writing writing = {};
	vm_fault_t ret;

	ret = pfnmap_make_writable(vmf, ttm_huge_dirty_begin(vmf, &writing));
	ttm_huge_watch_end(&writing);
	return ret;
}

/*
 * Called for a present, read-only PTE. Waits for the reservation with the fault's lock
 * held, because the core does not accept VM_FAULT_RETRY from here.
 *
 * The entry is made writable here, under the reservation. The core would do so
 * after the reservation has been dropped: meanwhile the record could be taken, and
 * a read could set again an entry just like the one that faulted.
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
 * For mappings whose writes can be tracked, to be set before ttm_huge_gem_mmap() is called.
 * Other mappings are better off without pfn_mkwrite, which makes the core set every entry
 * read-only first.
 */
const struct vm_operations_struct ttm_huge_trackable_vm_ops = {
	.fault = ttm_huge_pte_fault,
	.huge_fault = ttm_huge_fault,
	.pfn_mkwrite = ttm_huge_dirty_pfn_mkwrite,
	.access = ttm_huge_vm_access,
	TTM_HUGE_VM_OPS,
};
EXPORT_SYMBOL_GPL(ttm_huge_trackable_vm_ops);

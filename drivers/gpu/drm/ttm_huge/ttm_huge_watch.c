// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records writes by the CPU's dirty bits.
 */

/**
 * DOC: Writes and dirty bits
 *
 * A write fault can make its whole page table writable. The writes through the other PTEs of
 * the table take no fault: the CPU sets their dirty bits. A table whose PTEs may be like that
 * is *by bits*. The record has a bit for each, which stands for a block of PTRS_PER_PTE
 * pages of the buffer object. In other blocks a PTE is writable only if its page is in the
 * record. Huge entries are read-only while writes are tracked, and clean.
 *
 * Dense writes are cheaper by bits, and sparse ones by faults: the table need not be
 * searched for the one page. Writes count as dense if the page before is known to have been
 * written, or may have been. That is so from the second page on of what is written in
 * order, and soon for dense writes in any order. A block in which hardly a page was written
 * since the last record was taken is by faults again.
 *
 * No write is lost:
 *
 * * A dirty bit that is in a page table is found by clean_record_shared_mapping_range(),
 *   which looks at the file's mappings in the order of the reverse map, flushes what it
 *   has cleaned, and flushes the whole range if somebody else has a flush pending.
 * * All code that removes entries says so before, by an MMU notifier: munmap(), exit,
 *   fork(), mremap() and splits, where pfnmap zaps; moves, evictions and swap-out, where
 *   TTM zaps; and a driver that zaps a device. Each mapping has a notifier, the watch. It makes
 *   the PTEs read-only, and adds to the record what is dirty: see pfnmap_collect_dirty(). So
 *   a write is in the page table, or in the record, or faults.
 * * Taking the record first reads and clears it, then collects dirty bits, then looks
 *   at the record again, without clearing it. A dirty bit that a watch takes out of the page
 *   table while this goes on is either collected, or found by the second look. What that look
 *   finds stays for the next time, because the page may still be written through a TLB that
 *   has not been flushed. Such a page is in both records, though perhaps written once.
 *   What was in the record at the first look has been flushed by the second: either by
 *   who removed the entry, or because that flush was pending. munmap() flushes mappings
 *   of page frames before they leave the reverse map.
 * * Faults set entries under the reservation, which the code that takes the record holds,
 *   too. A zap that does not hold it can begin while a fault sets entries, after its
 *   notifier was called. The fault finds that the watch was called meanwhile, records all
 *   pages whose entries it may have set, and lets the reservation go only after the zap.
 * * mprotect(), and mremap() where it moves page tables, keep dirty bits.
 *
 * A mapping is *deaf* if it has no watch, or stops clean_record_shared_mapping_range(), which
 * ends at a mapping that can never be written. There is no watch in a child
 * process, for which fork() could not have failed any more, or if memory was short. While
 * a mapping of the device is deaf, nothing is by bits: faults record each page, and what
 * was by bits is unmapped when the record is taken. fork() unmaps the original before it
 * copies it, so a child has no entries that are writable by bits.
 *
 * What bypasses the page table cannot be seen. KVM gives a machine write access where the page
 * table of the process has it: hva_to_pfn_remapped() takes a writable entry as it is, clean
 * or not, and takes no fault. The machine's writes set dirty bits in KVM's own tables, which
 * KVM forwards only for memory that has struct pages. So the caller that starts the
 * tracking says whether to use dirty bits: see ttm_huge_dirty_start().
 *
 * Locks: the reservation, i_mmap_rwsem, the core's section of MMU notifiers,
 * &ttm_huge_private.collecting, locks of page tables.
 */

#include <linux/bitops.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mmu_notifier.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>

#include "ttm_huge_internal.h"

/**
 * struct ttm_huge_watch - collects the writes through a mapping before entries are removed
 * @notifier: for the addresses that @vma had when it was made. They become fewer if it is
 *	split: the other part has a watch of its own.
 * @vma: the mapping.
 */
struct ttm_huge_watch {
	struct mmu_interval_notifier notifier;
	struct vm_area_struct *vma;
};

static struct ttm_huge_private *ttm_huge_watch_priv(struct vm_area_struct *vma)
{
	struct ttm_buffer_object *bo = vma->vm_private_data;

	return to_ttm_huge(bo->bdev)->priv;
}

/* Adds to the record what is dirty in the blocks of a range that are by bits. */
static void ttm_huge_watch_collect_range(struct vm_area_struct *vma, unsigned long *record,
					 unsigned long start, unsigned long end)
{
	struct ttm_buffer_object *bo = vma->vm_private_data;
	const unsigned long *by_bits = ttm_huge_dirty_by_bits(bo, record);
	unsigned long page = ttm_huge_bo_page(vma, start), next;

	for (; start < end; start += (next - page) << PAGE_SHIFT, page = next) {
		next = min(ALIGN(page + 1, PTRS_PER_PTE), page + ((end - start) >> PAGE_SHIFT));
		if (test_bit(page / PTRS_PER_PTE, by_bits))
			pfnmap_collect_dirty(vma, start,
					     start + ((next - page) << PAGE_SHIFT),
					     record, page);
	}
}

/*
 * The notifier may be called for addresses that @vma does not have any more, and for those
 * nothing keeps its page tables or its offset as they are. For addresses that it has, the caller
 * holds the mmap lock for writing, or i_mmap_rwsem.
 */
static void ttm_huge_watch_collect(struct vm_area_struct *vma, unsigned long start,
				   unsigned long end)
{
	struct ttm_huge_private *priv = ttm_huge_watch_priv(vma);
	unsigned long *record;

	start = max(start, READ_ONCE(vma->vm_start));
	end = min(end, READ_ONCE(vma->vm_end));
	if (start >= end)
		return;

	down_read(&priv->collecting);
	record = ttm_huge_dirty_bitmap(vma->vm_private_data);
	if (record)
		ttm_huge_watch_collect_range(vma, record, start, end);
	up_read(&priv->collecting);
}

/* Called before entries of the mapping are removed or changed. */
static bool ttm_huge_watch_invalidate(struct mmu_interval_notifier *notifier,
				      const struct mmu_notifier_range *range,
				      unsigned long seq)
{
	struct ttm_huge_watch *watch = container_of(notifier, struct ttm_huge_watch, notifier);

	/* The core asks this only of memory that the OOM killer can take; page frames are not. */
	if (!mmu_notifier_range_blockable(range))
		return false;

	mmu_interval_set_seq(notifier, seq);
	switch (range->event) {
	case MMU_NOTIFY_PROTECTION_VMA:
	case MMU_NOTIFY_PROTECTION_PAGE:
	case MMU_NOTIFY_SOFT_DIRTY:
		/* The entries stay, and so do their dirty bits. */
		return true;
	default:
		break;
	}

	/* Pairs with the barrier in ttm_huge_watch_begin(): one of both sees the other. */
	smp_mb();
	ttm_huge_watch_collect(watch->vma, range->start, range->end);
	return true;
}

static const struct mmu_interval_notifier_ops ttm_huge_watch_ops = {
	.invalidate = ttm_huge_watch_invalidate,
};

static int ttm_huge_watch_insert(struct ttm_huge_watch *watch, struct vm_area_struct *vma)
{
	struct xarray *watches = &ttm_huge_watch_priv(vma)->watches;
	int ret;

	watch->vma = vma;
	ret = mmu_interval_notifier_insert_locked(&watch->notifier, vma->vm_mm, vma->vm_start,
						  vma->vm_end - vma->vm_start,
						  &ttm_huge_watch_ops);
	if (ret)
		return ret;
	ret = xa_err(xa_store(watches, (unsigned long)vma, watch, GFP_KERNEL_ACCOUNT));
	if (ret)
		mmu_interval_notifier_remove(&watch->notifier);
	return ret;
}

static void ttm_huge_watch_is_deaf(struct ttm_huge_private *priv)
{
	atomic_inc(&priv->nr_deaf);
	atomic_inc(&priv->nr_ever_deaf);
	/* Pairs with the barrier in ttm_huge_watch_begin(). */
	smp_mb__after_atomic();
}

/* Whether clean_record_shared_mapping_range() looks at a mapping. */
static bool ttm_huge_watch_can_clean(const struct vm_area_struct *vma)
{
	const vm_flags_t shared = VM_SHARED | VM_MAYWRITE;

	return (vma->vm_flags & shared) == shared;
}

/**
 * ttm_huge_watch_add - watch a mapping
 * @vma: a new mapping of a buffer object whose writes can be tracked, of the current
 *	process, with its final addresses
 *
 * If that fails, the mapping is deaf.
 *
 * Context: process context with the mmap lock held for writing, without i_mmap_rwsem of any
 * file. Sleeps on memory allocation.
 */
void ttm_huge_watch_add(struct vm_area_struct *vma)
{
	struct ttm_huge_watch *watch = NULL;

	mmap_assert_write_locked(vma->vm_mm);
	if (ttm_huge_watch_can_clean(vma))
		watch = kzalloc(sizeof(*watch), GFP_KERNEL_ACCOUNT);
	if (watch && !ttm_huge_watch_insert(watch, vma))
		return;
	kfree(watch);
	ttm_huge_watch_is_deaf(ttm_huge_watch_priv(vma));
}

/**
 * ttm_huge_watch_open - watch a mapping that is a copy
 * @vma: the copy, by fork(), by a split or by mremap()
 *
 * Context: as for pfnmap_open(), before it is called.
 */
void ttm_huge_watch_open(struct vm_area_struct *vma)
{
	struct vm_area_struct *original;

	if (vma->vm_mm == current->mm) {
		ttm_huge_watch_add(vma);
		return;
	}

	mmap_assert_write_locked(current->mm);
	ttm_huge_watch_is_deaf(ttm_huge_watch_priv(vma));
	original = vma_lookup(current->mm, vma->vm_start);
	if (original && original->vm_private_data == vma->vm_private_data &&
	    ttm_huge_dirty_bitmap(vma->vm_private_data))
		zap_special_vma_range(original, original->vm_start,
				      original->vm_end - original->vm_start);
}

/**
 * ttm_huge_watch_close - do not watch a mapping any more
 * @vma: the mapping, without entries
 *
 * Context: process context, not inside a section of MMU notifiers. Waits for those
 * that are under way for the same addresses.
 */
void ttm_huge_watch_close(struct vm_area_struct *vma)
{
	struct ttm_huge_private *priv = ttm_huge_watch_priv(vma);
	struct ttm_huge_watch *watch = xa_erase(&priv->watches, (unsigned long)vma);

	if (!watch) {
		atomic_dec(&priv->nr_deaf);
		return;
	}
	mmu_interval_notifier_remove(&watch->notifier);
	kfree(watch);
}

/* The pages whose entries can be in the page table of a fault. */
static void ttm_huge_watch_find_pages(struct vm_fault *vmf, struct ttm_huge_writing *writing)
{
	struct vm_area_struct *vma = vmf->vma;
	struct ttm_buffer_object *bo = vma->vm_private_data;
	unsigned long start = max(ALIGN_DOWN(vmf->address, PMD_SIZE), vma->vm_start);
	unsigned long end = pmd_addr_end(vmf->address, vma->vm_end);

	writing->first = ttm_huge_bo_page(vma, start);
	writing->end = min(writing->first + ((end - start) >> PAGE_SHIFT),
			   PFN_UP(bo->base.size));
}

static bool ttm_huge_watch_is_dense(const unsigned long *record,
				    const unsigned long *by_bits, unsigned long page)
{
	return !page || test_bit(page - 1, record) ||
	       test_bit(page / PTRS_PER_PTE, by_bits) ||
	       test_bit((page - 1) / PTRS_PER_PTE, by_bits);
}

/**
 * ttm_huge_watch_begin - begin a write fault that may make its whole page table writable
 * @vmf: the fault, on a tracked buffer object
 * @record: its record
 * @writing: filled in, for ttm_huge_watch_end()
 *
 * Context: as for ttm_huge_vm_fault_reserved(). Waits for zaps that have begun without the
 * reservation.
 *
 * Return: true if the writes to the table are recorded by bits; false if only the page of the
 * fault, which the caller records, may become writable.
 */
bool ttm_huge_watch_begin(struct vm_fault *vmf, unsigned long *record,
			  struct ttm_huge_writing *writing)
{
	struct vm_area_struct *vma = vmf->vma;
	struct ttm_huge_private *priv = ttm_huge_watch_priv(vma);
	struct ttm_buffer_object *bo = vma->vm_private_data;
	unsigned long *by_bits = ttm_huge_dirty_by_bits(bo, record);
	unsigned long block;

	dma_resv_assert_held(bo->base.resv);
	writing->watch = NULL;
	if (!test_bit(ttm_huge_dirty_blocks(bo), by_bits) || atomic_read(&priv->nr_deaf) ||
	    !ttm_huge_watch_is_dense(record, by_bits, ttm_huge_bo_page(vma, vmf->address)))
		return false;
	writing->watch = xa_load(&priv->watches, (unsigned long)vma);
	if (!writing->watch)
		return false;

	writing->record = record;
	ttm_huge_watch_find_pages(vmf, writing);
	writing->seq = mmu_interval_read_begin(&writing->watch->notifier);
	for (block = writing->first / PTRS_PER_PTE;
	     block <= (writing->end - 1) / PTRS_PER_PTE; block++)
		set_bit(block, by_bits);
	/* Pairs with ttm_huge_watch_invalidate() and ttm_huge_watch_is_deaf(). */
	smp_mb__after_atomic();
	return !atomic_read(&priv->nr_deaf);
}

/**
 * ttm_huge_watch_end - end a write fault whose entries have been set
 * @writing: as ttm_huge_watch_begin() has left it
 *
 * If a zap has begun meanwhile, records all pages of the table, and waits for its end.
 *
 * Context: as for ttm_huge_watch_begin(), without the reservation dropped in between.
 */
void ttm_huge_watch_end(struct ttm_huge_writing *writing)
{
	struct mmu_interval_notifier *notifier;
	unsigned long page;

	if (!writing->watch)
		return;
	notifier = &writing->watch->notifier;
	if (!mmu_interval_check_retry(notifier, writing->seq))
		return;
	for (page = writing->first; page < writing->end; page++)
		set_bit(page, writing->record);
	mmu_interval_read_begin(notifier);
}

/**
 * ttm_huge_watch_clean - collect the writes to pages, and clean their entries
 * @bo: the buffer object
 * @page: first page
 * @nr_pages: number of pages
 * @out: a bit for each page is set if an entry of it was dirty; none is cleared
 *
 * Context: process context with the reservation of @bo held. Sleeps on i_mmap_rwsem.
 *
 * Return: true if all entries are clean, and writes to them will be found again; false if
 * the caller has to remove the entries, since a mapping is deaf.
 */
bool ttm_huge_watch_clean(struct ttm_buffer_object *bo, unsigned long page,
			  unsigned long nr_pages, unsigned long *out)
{
	struct ttm_huge_private *priv = to_ttm_huge(bo->bdev)->priv;
	unsigned long index = ttm_huge_bo_index(bo) + page;
	int ever_deaf = atomic_read(&priv->nr_ever_deaf);
	pgoff_t first = 0, end = 0;

	dma_resv_assert_held(bo->base.resv);
	smp_rmb();	/* A mapping that is not counted as deaf is not in the reverse map yet. */
	if (atomic_read(&priv->nr_deaf))
		return false;
	clean_record_shared_mapping_range(bo->bdev->dev_mapping, index, nr_pages, index, out,
					  &first, &end);
	return atomic_read(&priv->nr_ever_deaf) == ever_deaf;
}

/**
 * ttm_huge_watch_sync - wait until no watch uses a record that was replaced or erased
 * @bo: the buffer object
 *
 * Context: process context.
 */
void ttm_huge_watch_sync(struct ttm_buffer_object *bo)
{
	struct ttm_huge_private *priv = to_ttm_huge(bo->bdev)->priv;

	down_write(&priv->collecting);
	up_write(&priv->collecting);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the page-table entries that map a buffer object.
 */

#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "bigbar_drv.h"

/* The file of a buffer object's dma-buf has the same f_mapping as the device's files. */
static bool bigbar_count_maps(struct vm_area_struct *vma, const struct bigbar_bo *bo)
{
	return vma->vm_file && vma->vm_file->f_mapping == bo->ttm.bdev->dev_mapping &&
	       vma->vm_private_data == &bo->ttm;
}

static void bigbar_count_entry(const struct pfnmap_entry *entry, void *data)
{
	u64 *entries = data;

	if (entry->present)
		entries[entry->level]++;
}

/**
 * bigbar_count_entries - count the entries that map a buffer object in this process
 * @bo: the buffer object
 * @entries: by level, how many entries of the current process's page tables map @bo
 *
 * Context: process context; takes the mmap lock of the current process for reading, then
 * the reservation of @bo.
 *
 * Return: 0; -EINTR if a signal came first; -ENOMEM.
 */
int bigbar_count_entries(struct bigbar_bo *bo, u64 entries[PFNMAP_LEVELS])
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long address = 0;
	int ret;

	memset(entries, 0, sizeof(*entries) * PFNMAP_LEVELS);

	ret = mmap_read_lock_killable(mm);
	if (ret)
		return ret;
	ret = dma_resv_lock_interruptible(bo->ttm.base.resv, NULL);
	if (ret)
		goto out_unlock;

	while (!ret && (vma = find_vma(mm, address))) {
		address = vma->vm_end;
		if (bigbar_count_maps(vma, bo))
			ret = pfnmap_walk_vma(vma, bigbar_count_entry, entries);
	}

	dma_resv_unlock(bo->ttm.base.resv);
out_unlock:
	mmap_read_unlock(mm);
	return ret;
}

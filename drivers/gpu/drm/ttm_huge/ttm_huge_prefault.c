// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps a range ahead of its use.
 */

#include <linux/delay.h>
#include <linux/dma-resv.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>

#include <drm/ttm/ttm_bo.h>

#include "ttm_huge_internal.h"

/* Skip what is mapped already. */
static int ttm_huge_prefault_skip(struct vm_area_struct *vma,
				  unsigned long *address)
{
	struct ttm_buffer_object *bo = vma->vm_private_data;
	int ret;

	ret = dma_resv_lock_interruptible(bo->base.resv, NULL);
	if (ret)
		return ret;
	ret = pfnmap_mapped_end(vma, address);
	dma_resv_unlock(bo->base.resv);
	return ret;
}

/*
 * Advance @address past what is mapped there already. If nothing is, have a fault map
 * it; the next step then advances past that.
 */
static int ttm_huge_prefault_step(struct mm_struct *mm, struct ttm_device *bdev,
				  unsigned long *address)
{
	struct vm_area_struct *vma = vma_lookup(mm, *address);
	unsigned long start = *address;
	bool unlocked = false;
	int ret;

	if (!vma)
		return -ENOMEM;
	if (!ttm_huge_vma_bo(bdev, vma))
		return -EINVAL;
	if (!(vma->vm_flags & VM_READ))
		return -EFAULT;

	ret = ttm_huge_prefault_skip(vma, address);
	if (ret || *address != start)
		return ret;
	/* The lock may be dropped meanwhile: @vma must not be used after this. */
	return fixup_user_fault(mm, *address, 0, &unlocked);
}

/*
 * A thread that waits for the mmap lock for writing has been woken by now, but would find
 * it taken again before it runs: readers may overtake it for 4 ms.
 */
static void ttm_huge_prefault_give_way(struct mm_struct *mm)
{
	if (mmap_lock_is_contended(mm))
		usleep_range(50, 100);
	else
		cond_resched();
}

/**
 * ttm_huge_prefault - map a range of the current process ahead of use
 * @bdev: the device; the range must be mapped from its file
 * @start: user address, page aligned
 * @len: length in bytes, page aligned
 * @done: bytes from @start on to skip, page aligned: 0, or what an earlier call has
 *	left here; filled in, also on error, with how many are mapped, skipped ones included
 *
 * Sets the entries that reading each page of the range would set, in the same
 * steps, but without an exception for each. They may be gone again on return, if
 * the buffer object has been moved.
 *
 * A signal does not end it before it has made progress, unless it has to wait: a
 * caller that repeats it with @done, as drmIoctl() does, makes progress however many
 * signals come.
 *
 * Context: process context, no locks held. Takes the mmap lock of the current
 * process for reading, and reservations; drops them to wait.
 *
 * Return: 0; -EINVAL if the range or @done is not page aligned, or the range wraps or
 * ends before @done, with @done set to 0; -EINVAL, too, if a part of the range is not a
 * mapping of this device; -ENOMEM if a part is not mapped at all, or there is no memory
 * for a page table; -EFAULT if a part cannot be read, or its memory cannot be allocated;
 * -EINTR if a signal is pending.
 */
int ttm_huge_prefault(struct ttm_device *bdev, unsigned long start,
		      unsigned long len, unsigned long *done)
{
	struct mm_struct *mm = current->mm;
	unsigned long address = start + *done;
	unsigned int steps = 0;
	int ret;

	if (!PAGE_ALIGNED(start | len | *done) || start + len < start ||
	    *done > len) {
		*done = 0;
		return -EINVAL;
	}

	ret = mmap_read_lock_killable(mm);
	if (ret)
		return ret;
	while (!ret && address - start < len) {
		ret = ttm_huge_prefault_step(mm, bdev, &address);
		/* If the first step maps something, it is the second that gets past it. */
		if (!ret && ++steps > 1 && address - start < len &&
		    signal_pending(current))
			ret = -EINTR;
		if (!ret && (need_resched() || mmap_lock_is_contended(mm))) {
			mmap_read_unlock(mm);
			ttm_huge_prefault_give_way(mm);
			ret = mmap_read_lock_killable(mm);
			if (ret)
				goto out;
		}
	}
	mmap_read_unlock(mm);
out:
	*done = min(address - start, len);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_prefault);

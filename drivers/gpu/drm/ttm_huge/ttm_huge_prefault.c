// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps a range ahead of its use.
 */

#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/dma-resv.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

#include <drm/ttm/ttm_bo.h>

#include "ttm_huge_internal.h"

/**
 * struct ttm_huge_prefault_note - what a fault has mapped for a prefault
 * @link: entry in the device's list of prefaults under way.
 * @task: the task that prefaults.
 * @start: first user address that the last fault has mapped.
 * @end: first user address past it.
 */
struct ttm_huge_prefault_note {
	struct list_head link;
	const struct task_struct *task;
	unsigned long start;
	unsigned long end;
};

/**
 * ttm_huge_prefault_has_mapped - tell a prefault of the current task what its fault has set
 * @priv: of the device
 * @plan: the entries
 *
 * Otherwise it would have to look at each of them.
 *
 * Context: in a fault. Takes a spinlock.
 */
void ttm_huge_prefault_has_mapped(struct ttm_huge_private *priv,
				  const struct pfnmap_plan *plan)
{
	struct ttm_huge_prefault_note *note;

	guard(spinlock)(&priv->prefault_lock);
	list_for_each_entry(note, &priv->prefaults, link) {
		if (note->task != current)
			continue;
		note->start = plan->address;
		note->end = plan->address +
			    plan->nr_entries * pfnmap_level_size(plan->level);
	}
}

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

/* Find the mapping at an address that can be prefaulted. */
static int ttm_huge_prefault_find(struct mm_struct *mm, struct ttm_device *bdev,
				  unsigned long address,
				  struct vm_area_struct **vma)
{
	*vma = vma_lookup(mm, address);
	if (!*vma)
		return -ENOMEM;
	if (!ttm_huge_vma_bo(bdev, *vma))
		return -EINVAL;
	return (*vma)->vm_flags & VM_READ ? 0 : -EFAULT;
}

/*
 * Advance @address past what is mapped there already. If nothing is, have a fault map
 * it, and advance past what that says it has set. What follows is not looked at then: if others
 * have mapped it, the next fault sets nothing and says nothing, and the step after that looks.
 *
 * @vma is the mapping of the last step, or NULL if the mmap lock was dropped since.
 */
static int ttm_huge_prefault_step(struct mm_struct *mm, struct ttm_device *bdev,
				  struct ttm_huge_prefault_note *note,
				  struct vm_area_struct **vma,
				  unsigned long *address)
{
	unsigned long start = *address;
	bool unlocked = false;
	int ret = 0;

	if (!*vma || start >= (*vma)->vm_end)
		ret = ttm_huge_prefault_find(mm, bdev, start, vma);
	if (!ret && !note->end)
		ret = ttm_huge_prefault_skip(*vma, address);
	if (ret || *address != start)
		return ret;

	note->end = 0;
	ret = fixup_user_fault(mm, start, 0, &unlocked);
	if (unlocked)
		*vma = NULL;
	if (!ret && note->start <= start && start < note->end)
		*address = note->end;
	return ret;
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

static void ttm_huge_prefault_begin(struct ttm_huge_private *priv,
				    struct ttm_huge_prefault_note *note)
{
	note->task = current;
	note->end = 0;
	guard(spinlock)(&priv->prefault_lock);
	list_add(&note->link, &priv->prefaults);
}

static void ttm_huge_prefault_end(struct ttm_huge_private *priv,
				  struct ttm_huge_prefault_note *note)
{
	guard(spinlock)(&priv->prefault_lock);
	list_del(&note->link);
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
	struct ttm_huge_private *priv = to_ttm_huge(bdev)->priv;
	struct ttm_huge_prefault_note note;
	struct vm_area_struct *vma = NULL;
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
	ttm_huge_prefault_begin(priv, &note);
	while (!ret && address - start < len) {
		ret = ttm_huge_prefault_step(mm, bdev, &note, &vma, &address);
		/* If the first step maps something, it is the second that gets past it. */
		if (!ret && ++steps > 1 && address - start < len &&
		    signal_pending(current))
			ret = -EINTR;
		if (!ret && (need_resched() || mmap_lock_is_contended(mm))) {
			mmap_read_unlock(mm);
			ttm_huge_prefault_give_way(mm);
			vma = NULL;
			ret = mmap_read_lock_killable(mm);
			if (ret)
				goto out;
		}
	}
	mmap_read_unlock(mm);
out:
	ttm_huge_prefault_end(priv, &note);
	*done = min(address - start, len);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_prefault);

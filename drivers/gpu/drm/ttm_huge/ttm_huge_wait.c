// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waits for the buffer object of a fault.
 */

#include <linux/dma-resv.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include <drm/drm_gem.h>
#include <drm/ttm/ttm_bo.h>

#include "ttm_huge_internal.h"

/*
 * Wait with no lock of the mm held: the thread that holds the reservation may need one.
 * The mapping may be gone as soon as the lock is dropped: @vmf must not be used after that.
 * The reservation is not held either while waiting for a move: eviction passes over buffer
 * objects that are reserved.
 *
 * After the wait all else may be gone, too. The reference to the file keeps the device and
 * the driver's module. If it is the last one, the file is released on the way back to user
 * space or, for a kernel thread, by a worker a tick later.
 */
static void ttm_huge_wait_unlocked(struct ttm_buffer_object *bo,
				   struct vm_fault *vmf)
{
	struct file *file = get_file(vmf->vma->vm_file);
	struct dma_resv *resv = bo->base.resv;

	drm_gem_object_get(&bo->base);
	release_fault_lock(vmf);
	if (!dma_resv_lock_interruptible(resv, NULL)) {
		dma_resv_unlock(resv);
		dma_resv_wait_timeout(resv, DMA_RESV_USAGE_KERNEL, true,
				      MAX_SCHEDULE_TIMEOUT);
	}
	drm_gem_object_put(&bo->base);
	fput(file);
}

/*
 * A signal has ended a wait. User space handles it before the access is repeated. An
 * access by the kernel is repeated at once. So pause here: the thread that it waits for
 * must run, however urgent this task is. And let the access fail if the
 * signal kills: not all code that repeats an access looks for a fatal signal.
 */
static vm_fault_t ttm_huge_wait_interrupted(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_USER)
		return VM_FAULT_NOPAGE;
	schedule_timeout_killable(1);
	return fatal_signal_pending(current) ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}

/**
 * ttm_huge_fault_of_error - what a fault returns for an error
 * @vmf: the fault
 * @err: a negative error code
 *
 * As in TTM, a lack of memory for the buffer object is no reason to have the OOM
 * killer end another process, or to have the fault repeated for ever.
 *
 * Context: as for ttm_huge_vm_reserve(). May sleep for a tick.
 *
 * Return: VM_FAULT_NOPAGE or VM_FAULT_SIGBUS.
 */
vm_fault_t ttm_huge_fault_of_error(struct vm_fault *vmf, int err)
{
	switch (err) {
	case -EINTR:
	case -ERESTARTSYS:
	case -EAGAIN:
		return ttm_huge_wait_interrupted(vmf);
	default:
		return VM_FAULT_SIGBUS;
	}
}

/* Wait with the reservation and the fault's lock held. */
static vm_fault_t ttm_huge_wait_reserved(struct ttm_buffer_object *bo,
					 struct vm_fault *vmf)
{
	long ret = dma_resv_wait_timeout(bo->base.resv, DMA_RESV_USAGE_KERNEL,
					 true, MAX_SCHEDULE_TIMEOUT);

	if (ret >= 0)
		return 0;
	return ret == -ERESTARTSYS ? ttm_huge_wait_interrupted(vmf) :
	       VM_FAULT_SIGBUS;
}

/**
 * ttm_huge_wait_locked - reserve a buffer object with the fault's lock held
 * @bo: the buffer object
 * @vmf: the fault, which may not be retried
 *
 * Also waits until it is idle.
 *
 * Context: as for ttm_huge_vm_reserve(). Drops no lock.
 *
 * Return: 0 with the reservation held; otherwise, without it, what the fault has to return:
 * VM_FAULT_NOPAGE or VM_FAULT_SIGBUS.
 */
vm_fault_t ttm_huge_wait_locked(struct ttm_buffer_object *bo,
				struct vm_fault *vmf)
{
	struct dma_resv *resv = bo->base.resv;
	vm_fault_t ret;

	if (dma_resv_lock_interruptible(resv, NULL))
		return ttm_huge_wait_interrupted(vmf);

	ret = ttm_huge_wait_reserved(bo, vmf);
	if (ret)
		dma_resv_unlock(resv);
	return ret;
}

/*
 * Whether moves in flight have ended. The reservation is held, so no fence can be
 * added or replaced while we look, and no reference to one is needed; a fence that
 * has signaled stays so.
 */
static bool ttm_huge_wait_is_idle(struct dma_resv *resv)
{
	struct dma_resv_iter cursor;
	struct dma_fence *fence;

	dma_resv_for_each_fence(&cursor, resv, DMA_RESV_USAGE_KERNEL, fence) {
		if (!dma_fence_is_signaled(fence))
			return false;
	}
	return true;
}

/**
 * ttm_huge_wait_for_move - wait for a move that a driver's fault handler has begun
 * @bo: the buffer object
 * @vmf: the fault
 *
 * Context: as for ttm_huge_vm_fault_reserved().
 *
 * Return: 0 if @bo is idle, VM_FAULT_NOPAGE or VM_FAULT_SIGBUS, each with the reservation
 * held; or VM_FAULT_RETRY, with the reservation and the fault's lock dropped, unless the
 * fault has FAULT_FLAG_RETRY_NOWAIT: then both are held.
 */
vm_fault_t ttm_huge_wait_for_move(struct ttm_buffer_object *bo,
				  struct vm_fault *vmf)
{
	dma_resv_assert_held(bo->base.resv);
	if (ttm_huge_wait_is_idle(bo->base.resv))
		return 0;
	if (!fault_flag_allow_retry_first(vmf->flags))
		return ttm_huge_wait_reserved(bo, vmf);
	if (!(vmf->flags & FAULT_FLAG_RETRY_NOWAIT)) {
		dma_resv_unlock(bo->base.resv);
		ttm_huge_wait_unlocked(bo, vmf);
	}
	return VM_FAULT_RETRY;
}

/* Drops the reservation if there is nothing for the fault to map. */
static vm_fault_t ttm_huge_wait_check(struct ttm_buffer_object *bo)
{
	if (ttm_huge_is_mappable(bo))
		return 0;
	dma_resv_unlock(bo->base.resv);
	return VM_FAULT_SIGBUS;
}

/**
 * ttm_huge_vm_reserve - reserve the buffer object of a fault
 * @bo: the buffer object
 * @vmf: the fault
 *
 * Also waits until it is idle, and refuses it if its pages are imported and not marked as
 * mappable. For fault handlers of drivers, in place of ttm_bo_vm_reserve(), which drops
 * the wrong lock if the fault holds the VMA's.
 *
 * Waits for a buffer object that another thread has reserved, or that is being moved. If
 * the fault allows a retry, the wait comes after dropping the lock that the fault holds,
 * which is the VMA's lock or the mmap lock, and no other.
 *
 * Context: process context with the VMA's lock (FAULT_FLAG_VMA_LOCK) or the mmap lock
 * held for reading. Sleeps on the reservation and on moves.
 *
 * Return: 0 with the reservation held. Otherwise it is not held: VM_FAULT_NOPAGE or
 * VM_FAULT_SIGBUS, or VM_FAULT_RETRY with the fault's lock dropped unless the fault
 * has FAULT_FLAG_RETRY_NOWAIT.
 */
vm_fault_t ttm_huge_vm_reserve(struct ttm_buffer_object *bo,
			       struct vm_fault *vmf)
{
	struct dma_resv *resv = bo->base.resv;

	assert_fault_locked(vmf);
	if (dma_resv_trylock(resv)) {
		if (ttm_huge_wait_is_idle(resv))
			return ttm_huge_wait_check(bo);
		dma_resv_unlock(resv);
	}

	if (!fault_flag_allow_retry_first(vmf->flags))
		return ttm_huge_wait_locked(bo, vmf) ?: ttm_huge_wait_check(bo);

	if (!(vmf->flags & FAULT_FLAG_RETRY_NOWAIT))
		ttm_huge_wait_unlocked(bo, vmf);
	return VM_FAULT_RETRY;
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_reserve);

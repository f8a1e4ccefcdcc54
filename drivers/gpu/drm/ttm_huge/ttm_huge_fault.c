// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a page fault to a reserved, idle buffer object and back.
 */

/**
 * DOC: Overview
 *
 * A driver that uses TTM maps its buffer objects with huge page-table entries
 * once it has &struct ttm_huge_device where it had &struct ttm_device, and calls in
 * a few places what follows in place of TTM's and GEM's functions:
 *
 * ====================================  =======================================
 * in place of                           ttm_huge has
 * ====================================  =======================================
 * drm_gem_mmap()                        ttm_huge_mmap(), and in the same
 *                                       &struct file_operations
 *                                       ttm_huge_get_unmapped_area()
 * DEFINE_DRM_GEM_FOPS()                 DEFINE_TTM_HUGE_GEM_FOPS(): both
 * drm_gem_ttm_mmap()                    ttm_huge_gem_mmap()
 * ttm_bo_init_reserved()                ttm_huge_bo_init_reserved()
 * ttm_bo_init_validate()                ttm_huge_bo_init_validate()
 * ttm_range_man_init()                  ttm_huge_range_man_init(), for VRAM
 * ttm_set_driver_manager()              ttm_huge_set_driver_manager(), for VRAM
 * ====================================  =======================================
 *
 * It also calls drmm_ttm_huge_device_init() beside ttm_device_init(),
 * ttm_huge_bo_fini() when a buffer object is freed, and for a person to look at,
 * ttm_huge_debugfs_init(). A semantic patch does all of this, see
 * Documentation/gpu/adopt.rst.
 *
 * A driver that has fault handlers of its own, to power the device up for example,
 * makes them of ttm_huge_vm_reserve(), ttm_huge_vm_fault_reserved() and
 * ttm_huge_vm_dummy_page(), or of ttm_huge_fault(), which is all three, and has
 * TTM_HUGE_VM_OPS behind them in its &struct vm_operations_struct.
 *
 * VRAM must be registered as write-combining, or with whatever caching its
 * resources have, by devm_arch_io_reserve_memtype_wc() or the like: on x86 entries
 * get their caching from there. If the CPU does not see it from a multiple of
 * PUD_SIZE on, ttm_huge_set_aperture() says so.
 *
 * To track writes, mappings must have ttm_huge_trackable_vm_ops.
 *
 * A fault goes through four steps, each in a file of its own: reserve the
 * buffer object (this file), find the contiguous memory around the address
 * (ttm_huge_extent.c), plan which entries to set (ttm_huge_plan.c, which is
 * also where to look for why a mapping is not huge), and set them
 * (ttm_huge_insert.c). Fast GUP refuses every entry that is set here, as all of
 * them are special.
 */

#include <linux/dma-resv.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched/signal.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/ttm/ttm_bo.h>

#include "ttm_huge_internal.h"

#define CREATE_TRACE_POINTS
#include "ttm_huge_trace.h"

/* Drop the lock that this fault holds, before VM_FAULT_RETRY. */
static void unlock_fault(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		vma_end_read(vmf->vma);
	else
		mmap_read_unlock(vmf->vma->vm_mm);
}

/*
 * Wait with no lock of the mm held: whoever has the buffer object may need one.
 * The mapping, and with it @vmf, may be gone as soon as the lock is dropped. Nor is the
 * reservation held while a move is waited for: who evicts passes over what is reserved.
 *
 * All else may be gone when it has been waited for. The file keeps the device, and the
 * driver's module; if this has the last reference to it, that is dropped on the way back
 * to user space, or, for a kernel thread, by a worker a tick later.
 */
static void wait_unlocked(struct ttm_buffer_object *bo, struct vm_fault *vmf)
{
	struct file *file = get_file(vmf->vma->vm_file);
	struct dma_resv *resv = bo->base.resv;

	drm_gem_object_get(&bo->base);
	unlock_fault(vmf);
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
 * access of the kernel is repeated at once: not without a pause, in which whoever is
 * waited for can run, however urgent the waiting task is; and not for ever if the signal
 * kills, which not all who repeat it look at.
 */
static vm_fault_t interrupted(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_USER)
		return VM_FAULT_NOPAGE;
	schedule_timeout_killable(1);
	return fatal_signal_pending(current) ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}

/* Wait with the reservation and the fault's lock held. */
static vm_fault_t wait_reserved(struct ttm_buffer_object *bo,
				struct vm_fault *vmf)
{
	long ret = dma_resv_wait_timeout(bo->base.resv, DMA_RESV_USAGE_KERNEL,
					 true, MAX_SCHEDULE_TIMEOUT);

	if (ret >= 0)
		return 0;
	return ret == -ERESTARTSYS ? interrupted(vmf) : VM_FAULT_SIGBUS;
}

/* Wait with the fault's lock held: the fault may not be retried. */
static vm_fault_t wait_locked(struct ttm_buffer_object *bo,
			      struct vm_fault *vmf)
{
	struct dma_resv *resv = bo->base.resv;
	vm_fault_t ret;

	if (dma_resv_lock_interruptible(resv, NULL))
		return interrupted(vmf);

	ret = wait_reserved(bo, vmf);
	if (ret)
		dma_resv_unlock(resv);
	return ret;
}

/*
 * Whether moves in flight have ended. The reservation is held, so no fence can be
 * added or replaced while we look, and no reference to one is needed; a fence that
 * has signaled stays so.
 */
static bool is_idle(struct dma_resv *resv)
{
	struct dma_resv_iter cursor;
	struct dma_fence *fence;

	dma_resv_for_each_fence(&cursor, resv, DMA_RESV_USAGE_KERNEL, fence) {
		if (!dma_fence_is_signaled(fence))
			return false;
	}
	return true;
}

/* Gives the reservation back if there is nothing for the fault to map. */
static vm_fault_t check_mappable(struct ttm_buffer_object *bo)
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
 * Waits until it is idle, too, and refuses one that is imported and whose exporter
 * does not have it mapped. For fault handlers of drivers, in place of
 * ttm_bo_vm_reserve(), which drops the wrong lock if the fault holds the VMA's.
 *
 * Context: as ttm_huge_fault().
 *
 * Return: 0 with the reservation held. Otherwise it is not held: VM_FAULT_NOPAGE or
 * VM_FAULT_SIGBUS, or VM_FAULT_RETRY with the fault's lock dropped unless the fault
 * has FAULT_FLAG_RETRY_NOWAIT.
 */
vm_fault_t ttm_huge_vm_reserve(struct ttm_buffer_object *bo,
			       struct vm_fault *vmf)
{
	struct dma_resv *resv = bo->base.resv;

	if (dma_resv_trylock(resv)) {
		if (is_idle(resv))
			return check_mappable(bo);
		dma_resv_unlock(resv);
	}

	if (!fault_flag_allow_retry_first(vmf->flags))
		return wait_locked(bo, vmf) ?: check_mappable(bo);

	if (!(vmf->flags & FAULT_FLAG_RETRY_NOWAIT))
		wait_unlocked(bo, vmf);
	return VM_FAULT_RETRY;
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_reserve);

/*
 * A huge entry is there already. It is the right one, as moves remove entries
 * under the reservation; at most it has to become writable. If writes are
 * tracked it must not, and the core splits it: then smaller ones are asked for.
 */
static vm_fault_t upgrade(struct vm_fault *vmf, enum ttm_huge_level level,
			  unsigned long pfn, bool writable, bool tracked)
{
	if (!(vmf->flags & FAULT_FLAG_WRITE) || writable)
		return VM_FAULT_NOPAGE;
	return tracked ? VM_FAULT_FALLBACK : ttm_huge_upgrade(vmf, level, pfn);
}

/*
 * Look at the slot of the fault again, now that we hold the reservation: the
 * core looked before. Returns 0 with @req->free filled in, and @req->kernel
 * lowered where that is the core's doing, or what the fault shall return.
 */
static vm_fault_t look_at_slot(struct vm_fault *vmf, enum ttm_huge_level level,
			       bool tracked, struct ttm_huge_request *req)
{
	pud_t pud = READ_ONCE(*vmf->pud);
	pmd_t pmd;

	if (level == TTM_HUGE_PUD) {
		if (pud_leaf(pud))
			return upgrade(vmf, TTM_HUGE_PUD, pud_pfn(pud),
				       pud_write(pud), tracked);
		/* The core will find the table and ask again, for a PMD. */
		if (!pud_none(pud))
			return VM_FAULT_FALLBACK;
		req->free = TTM_HUGE_PUD;
		return 0;
	}

	if (pud_none(pud) || pud_leaf(pud))
		return VM_FAULT_NOPAGE;

	pmd = pmdp_get_lockless(vmf->pmd);
	/* Asked for a PTE, a leaf has come in between: have it fault again. */
	if (pmd_leaf(pmd))
		return level == TTM_HUGE_PTE ? VM_FAULT_NOPAGE :
		       upgrade(vmf, TTM_HUGE_PMD, pmd_pfn(pmd), pmd_write(pmd),
			       tracked);
	req->free = pmd_none(pmd) ? TTM_HUGE_PMD : TTM_HUGE_PTE;

	/* The core has not asked for more, and no longer can for a PUD. */
	if (level == TTM_HUGE_PTE)
		req->kernel = min(req->kernel, TTM_HUGE_PMD);
	return 0;
}

static void count(struct ttm_huge_device *hdev,
		  const struct ttm_huge_plan *plan)
{
	this_cpu_inc(hdev->priv->stats->level[plan->level]);
	this_cpu_add(hdev->priv->stats->entries[plan->level], plan->nr_entries);
	this_cpu_inc(hdev->priv->stats->reason[plan->reason]);
}

/*
 * As TTM has it: memory for the buffer object that is short is no reason to have
 * the OOM killer end another process, or the fault repeated for ever.
 */
static vm_fault_t fault_of_error(struct vm_fault *vmf, int err)
{
	switch (err) {
	case -EINTR:
	case -ERESTARTSYS:
	case -EAGAIN:
		return interrupted(vmf);
	default:
		return VM_FAULT_SIGBUS;
	}
}

/* The core does not ask whether the CPU has PUD entries. */
static bool cpu_has_pud_entries(void)
{
#ifdef CONFIG_X86
	return boot_cpu_has(X86_FEATURE_GBPAGES);
#else
	return true;
#endif
}

/* What special entries kernel and CPU have. */
static enum ttm_huge_level largest_level(void)
{
	if (!IS_ENABLED(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) ||
	    !has_transparent_hugepage())
		return TTM_HUGE_PTE;
	if (!IS_ENABLED(CONFIG_ARCH_SUPPORTS_PUD_PFNMAP) ||
	    !cpu_has_pud_entries())
		return TTM_HUGE_PMD;
	return TTM_HUGE_PUD;
}

/*
 * What the module parameter, the driver and the process allow. Some cores do not
 * ask for huge entries if sysfs says that no one shall have huge pages unasked,
 * others go by what the process itself said. We do as the latter everywhere:
 * the setting is about memory that huge pages can waste, and none is here.
 */
static enum ttm_huge_level allowed_level(struct ttm_huge_device *hdev,
					 struct vm_area_struct *vma)
{
	enum ttm_huge_level level = max(ttm_huge_max_level(), TTM_HUGE_PTE);

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	if (vma_thp_disabled(vma, vma->vm_flags, false))
		return TTM_HUGE_PTE;
#endif
	if (hdev->funcs && hdev->funcs->max_level)
		level = min(level, hdev->funcs->max_level(vma->vm_private_data));
	return level;
}

/*
 * Find, plan, insert. @level is what the core asks for. A buffer object with a
 * mapping that lacks pfn_mkwrite is never tracked, see ttm_huge_dirty_start(): it need
 * not be looked up.
 */
static vm_fault_t fault_reserved(struct vm_fault *vmf,
				 enum ttm_huge_level level)
{
	struct vm_area_struct *vma = vmf->vma;
	struct ttm_buffer_object *bo = vma->vm_private_data;
	struct ttm_huge_device *hdev = to_ttm_huge(bo->bdev);
	bool tracked = vma->vm_ops->pfn_mkwrite &&
		       ttm_huge_dirty_bitmap(bo);
	struct ttm_huge_request req = {
		.address = ALIGN_DOWN(vmf->address, PAGE_SIZE),
		.vma_start = vma->vm_start,
		.vma_end = vma->vm_end,
		.page = ttm_huge_bo_page(vma, vmf->address),
		.kernel = largest_level(),
		.policy = allowed_level(hdev, vma),
		.tracked_write = tracked && vmf->flags & FAULT_FLAG_WRITE,
		.narrow = vma->vm_flags & VM_RAND_READ,
	};
	struct ttm_huge_plan plan;
	struct ttm_huge_prot prot;
	vm_fault_t ret;
	int err;

	if (req.page >= PFN_UP(bo->base.size))
		return VM_FAULT_SIGBUS;

	ret = look_at_slot(vmf, level, tracked, &req);
	if (ret)
		return ret;

	err = ttm_huge_find_extent(bo, req.page, &req.extent);
	if (err)
		return fault_of_error(vmf, err);

	ttm_huge_entry_prot(vmf, bo, tracked, &prot);
	req.caching = prot.largest;
	ttm_huge_plan(&req, &plan);

	/* A PMD needs a table that only the core can allocate. */
	if (level == TTM_HUGE_PUD && plan.level == TTM_HUGE_PMD)
		return VM_FAULT_FALLBACK;

	if (req.tracked_write)
		ttm_huge_dirty_mark(bo, req.page, 1);
	ret = ttm_huge_insert(vmf, &plan, &prot);
	trace_ttm_huge_fault(vmf, &plan, ret);
	if (ret == VM_FAULT_NOPAGE)
		count(hdev, &plan);
	return ret;
}

/* A page of zeros that stands in for all of the buffer object's memory. */
static struct page *dummy_page(struct ttm_buffer_object *bo)
{
	struct ttm_huge_private *priv = to_ttm_huge(bo->bdev)->priv;
	unsigned long index = ttm_huge_bo_index(bo);
	struct page *page = xa_load(&priv->dummy_pages, index);

	if (page)
		return page;

	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (page && xa_err(xa_store(&priv->dummy_pages, index, page,
				    GFP_KERNEL))) {
		__free_page(page);
		page = NULL;
	}
	return page;
}

/*
 * The device is gone. Programs that have it mapped shall not die of it, so they
 * see a page of their buffer object's own, one page-table entry to a fault.
 */
static vm_fault_t fault_unplugged(struct vm_fault *vmf,
				  enum ttm_huge_level level)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page;

	if (level != TTM_HUGE_PTE)
		return VM_FAULT_FALLBACK;
	/* Left from before; it is about to be removed. */
	if (pmd_leaf(pmdp_get_lockless(vmf->pmd)))
		return VM_FAULT_NOPAGE;

	page = dummy_page(vma->vm_private_data);
	if (!page)
		return VM_FAULT_OOM;
	return vmf_insert_pfn_prot(vma, vmf->address, page_to_pfn(page),
				   vma->vm_page_prot);
}

/* TTM_HUGE_LEVELS if none has it. */
static enum ttm_huge_level level_of_order(unsigned int order)
{
	if (order == PUD_ORDER)
		return TTM_HUGE_PUD;
	if (order == PMD_ORDER)
		return TTM_HUGE_PMD;
	return order ? TTM_HUGE_LEVELS : TTM_HUGE_PTE;
}

/* Unplugging the device waits for what is inside. */
static vm_fault_t fault_entered(struct vm_fault *vmf, enum ttm_huge_level level)
{
	struct ttm_buffer_object *bo = vmf->vma->vm_private_data;
	vm_fault_t ret;
	int idx;

	if (!drm_dev_enter(bo->base.dev, &idx))
		return fault_unplugged(vmf, level);
	ret = fault_reserved(vmf, level);
	drm_dev_exit(idx);
	return ret;
}

/**
 * ttm_huge_vm_fault_reserved - handle a fault on a reserved buffer object
 * @vmf: the fault
 * @order: as ttm_huge_fault() has it
 *
 * For fault handlers of drivers, in place of ttm_bo_vm_fault_reserved(): between
 * ttm_huge_vm_reserve() and this a driver may move the buffer object to where the
 * CPU can reach it. Once the device is unplugged it is ttm_huge_vm_dummy_page().
 *
 * Context: as ttm_huge_fault(), with the reservation held. A driver that calls it inside
 * drm_dev_enter() has unplugging wait for a move, too.
 *
 * Return: as ttm_huge_fault(). The reservation is still held, but after VM_FAULT_RETRY
 * it is not, unless the fault has FAULT_FLAG_RETRY_NOWAIT.
 */
vm_fault_t ttm_huge_vm_fault_reserved(struct vm_fault *vmf, unsigned int order)
{
	struct ttm_buffer_object *bo = vmf->vma->vm_private_data;
	enum ttm_huge_level level = level_of_order(order);

	if (level == TTM_HUGE_LEVELS)
		return VM_FAULT_FALLBACK;
	if (is_idle(bo->base.resv))
		return fault_entered(vmf, level);

	/* The driver has begun to move it. */
	if (!fault_flag_allow_retry_first(vmf->flags))
		return wait_reserved(bo, vmf) ?: fault_entered(vmf, level);
	if (!(vmf->flags & FAULT_FLAG_RETRY_NOWAIT)) {
		dma_resv_unlock(bo->base.resv);
		wait_unlocked(bo, vmf);
	}
	return VM_FAULT_RETRY;
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_fault_reserved);

/**
 * ttm_huge_vm_dummy_page - handle a fault once the device is unplugged
 * @vmf: the fault
 * @order: as ttm_huge_fault() has it
 *
 * For fault handlers of drivers, in place of ttm_bo_vm_dummy_page(). Maps the page
 * that faults, not all of the mapping.
 *
 * Context: as ttm_huge_fault(), with the reservation held.
 *
 * Return: as ttm_huge_fault(), and never VM_FAULT_RETRY.
 */
vm_fault_t ttm_huge_vm_dummy_page(struct vm_fault *vmf, unsigned int order)
{
	return fault_unplugged(vmf, level_of_order(order));
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_dummy_page);

/**
 * ttm_huge_fault - handle a fault on a mapping of a buffer object
 * @vmf: the fault; its mapping's vm_private_data is the &ttm_buffer_object
 * @order: 0 from &vm_operations_struct.fault, else as given to
 *	&vm_operations_struct.huge_fault
 *
 * Maps the largest region around the address that is cheap to map.
 *
 * A buffer object that is reserved by someone else, or being moved, is waited
 * for. Where the fault allows a retry, that is done after dropping the lock
 * that the fault holds, which is the VMA's lock or the mmap lock, and no other.
 *
 * Context: process context with the VMA's lock (FAULT_FLAG_VMA_LOCK) or the
 * mmap lock held for reading. Sleeps on the reservation, on moves, and on
 * memory allocation.
 *
 * Return:
 * VM_FAULT_NOPAGE if entries are set, were there already, or a signal is
 * pending;
 * VM_FAULT_RETRY to have the fault repeated, with the fault's lock dropped
 * unless it has FAULT_FLAG_RETRY_NOWAIT;
 * VM_FAULT_FALLBACK to have it repeated at a smaller order;
 * VM_FAULT_OOM if memory for a page table was short;
 * VM_FAULT_SIGBUS if there is nothing to map, or no memory for it, or a signal kills
 * while the kernel itself accesses it.
 */
vm_fault_t ttm_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct ttm_buffer_object *bo = vmf->vma->vm_private_data;
	enum ttm_huge_level level = level_of_order(order);
	vm_fault_t ret;

	if (level == TTM_HUGE_LEVELS)
		return VM_FAULT_FALLBACK;

	ret = ttm_huge_vm_reserve(bo, vmf);
	if (ret)
		return ret;

	ret = fault_entered(vmf, level);
	dma_resv_unlock(bo->base.resv);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_fault);

/**
 * ttm_huge_pte_fault - ttm_huge_fault() for &vm_operations_struct.fault
 * @vmf: the fault
 *
 * Context: as there.
 *
 * Return: as there.
 */
vm_fault_t ttm_huge_pte_fault(struct vm_fault *vmf)
{
	return ttm_huge_fault(vmf, 0);
}

/**
 * ttm_huge_map_pages - allow faults under the VMA's lock
 * @vmf: not looked at
 * @start: not used
 * @end: not used
 *
 * For &vm_operations_struct.map_pages. The core calls ->fault() and
 * ->pfn_mkwrite() with the VMA's lock only for mappings that have this, and
 * drops it for the mmap lock otherwise, on which all faults of a process meet.
 * There is nothing to map here: ttm_huge_fault() does so for neighbours, too.
 *
 * Context: RCU read side.
 *
 * Return: 0, which has the core call ->fault().
 */
vm_fault_t ttm_huge_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	return 0;
}
EXPORT_SYMBOL_GPL(ttm_huge_map_pages);

/**
 * ttm_huge_pfn_mkwrite - let a page-table entry become writable
 * @vmf: the fault, on a present, read-only PTE
 *
 * For &vm_operations_struct.pfn_mkwrite of mappings whose writes can be tracked.
 * Other mappings are better off without it, as it makes the core set every
 * entry read-only first.
 *
 * Context: process context with the mmap lock or the VMA's lock held for
 * reading. Waits for the reservation with that lock held, as the core does not
 * take VM_FAULT_RETRY from here.
 *
 * The entry is made writable here, under the reservation, and not left to the
 * core, which would do so after it: between the two the record could be taken,
 * and a read bring back an entry that looks just like the one that faulted.
 *
 * Return: VM_FAULT_NOPAGE if the write is recorded, or need not be, or a signal
 * is pending; VM_FAULT_OOM if memory for a page table was short;
 * VM_FAULT_SIGBUS if waiting for a move failed, or a signal kills while the kernel
 * itself writes.
 */
vm_fault_t ttm_huge_pfn_mkwrite(struct vm_fault *vmf)
{
	struct ttm_buffer_object *bo = vmf->vma->vm_private_data;
	vm_fault_t ret;

	ret = wait_locked(bo, vmf);
	if (ret)
		return ret;

	ttm_huge_dirty_mark(bo, ttm_huge_bo_page(vmf->vma, vmf->address), 1);
	ret = ttm_huge_make_writable(vmf);
	dma_resv_unlock(bo->base.resv);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_pfn_mkwrite);

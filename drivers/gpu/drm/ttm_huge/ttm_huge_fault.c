// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles faults on mappings of buffer objects.
 */

/**
 * DOC: Overview
 *
 * A driver that uses TTM maps its buffer objects with huge page-table entries
 * once it has &struct ttm_huge_device where it had &struct ttm_device, and uses
 * the following in place of what TTM and GEM have:
 *
 * ====================================  =======================================
 * in place of                           the driver uses
 * ====================================  =======================================
 * drm_gem_mmap()                        ttm_huge_mmap(), and in the same
 *                                       &struct file_operations
 *                                       pfnmap_get_unmapped_area()
 * DEFINE_DRM_GEM_FOPS()                 DEFINE_TTM_HUGE_GEM_FOPS(): both
 * drm_gem_ttm_mmap()                    ttm_huge_gem_mmap()
 * ttm_bo_init_reserved()                ttm_huge_bo_init_reserved()
 * ttm_bo_init_validate()                ttm_huge_bo_init_validate()
 * ttm_range_man_init()                  ttm_huge_range_man_init(), for VRAM
 * ttm_set_driver_manager()              ttm_huge_set_driver_manager(), for VRAM
 * ====================================  =======================================
 *
 * It also calls drmm_ttm_huge_device_init() in addition to ttm_device_init(),
 * ttm_huge_bo_fini() when a buffer object is freed, and ttm_huge_debugfs_init() to
 * show in debugfs how its buffer objects are mapped.
 *
 * A driver that has fault handlers of its own, to power up the device for example,
 * builds them from ttm_huge_vm_reserve() and ttm_huge_vm_fault_reserved(); the latter
 * also does what ttm_bo_vm_dummy_page() is for. Its &struct vm_operations_struct has
 * TTM_HUGE_VM_OPS in addition to these handlers.
 *
 * VRAM must be registered as write-combining, or with whatever caching its
 * resources have, by devm_arch_io_reserve_memtype_wc() or the like: on x86, huge
 * entries get their caching from there. If VRAM does not begin at a physical address
 * that is a multiple of PUD_SIZE, the driver must call ttm_huge_set_aperture().
 *
 * To track writes, a driver needs the Kconfig option DRM_TTM_HUGE_DIRTY, and mappings
 * that have ttm_huge_trackable_vm_ops. For ttm_huge_prefault() it needs
 * DRM_TTM_HUGE_PREFAULT.
 *
 * A fault reserves the buffer object and waits until it is idle (ttm_huge_wait.c), finds
 * the contiguous memory around the address (ttm_huge_extent.c), and calls
 * pfnmap_fault(), which sets the largest entries that fit. Fast GUP refuses every entry
 * that is set here, because all of them are special. Once the device is unplugged,
 * mappings show zeros (ttm_huge_dummy.c).
 */

/**
 * DOC: Locking
 *
 * pfnmap requires that the memory of a buffer object stays where it is. The
 * reservation ensures that. It is held
 *
 * * by faults, from before they look for the memory until they have set the entries;
 * * by moves and evictions, from before TTM removes the entries until the buffer object
 *   is in its new place;
 * * by code that reads page tables with the mmap lock held for reading, and by code that
 *   reads, starts, stops or takes the record of writes.
 *
 * Locks are taken in this order:
 *
 * 1. the VMA's lock or the mmap lock, for reading: the core takes one for a fault;
 * 2. the reservation;
 * 3. i_mmap_rwsem of the file, for writing while huge entries are set;
 * 4. locks of page tables, for which the watches of tracked writes first take
 *    &ttm_huge_private.collecting;
 * 5. the locks that &ttm_huge_funcs.io_mem_extents takes.
 *
 * A thread that evicts holds the reservation and may need the mmap lock of a process, to
 * copy from or to its memory. A fault that may be retried must therefore not wait, for
 * the reservation or for a move, with the first lock held. It only tries to take the
 * reservation. If that fails, or if a move is in flight, it drops the lock that it holds,
 * which is not always the mmap lock, waits, and returns VM_FAULT_RETRY. Once the lock is
 * dropped, the mapping and the buffer object may go away, so the fault holds references
 * to the file and the buffer object while it waits. A fault that may not be retried, and
 * &vm_operations_struct.pfn_mkwrite, wait with the lock held; a signal ends that.
 *
 * Faults find the memory and set entries inside drm_dev_enter(), so unplugging waits for
 * them. The core copies and splits mappings, and drivers may zap them, without the
 * reservation; see pfnmap for what makes that safe.
 */

/**
 * DOC: Examples
 *
 * What a driver has to do for its mappings, if it has no fault handlers of its own and has
 * registered its VRAM:
 *
 * .. code-block:: c
 *
 *	struct my_device {
 *		struct drm_device drm;
 *		struct ttm_huge_device ttm;
 *	};
 *
 *	DEFINE_TTM_HUGE_GEM_FOPS(my_fops);
 *
 *	static void my_gem_free(struct drm_gem_object *obj)
 *	{
 *		struct ttm_buffer_object *bo = drm_gem_ttm_of_gem(obj);
 *
 *		ttm_huge_bo_fini(bo);
 *		ttm_bo_fini(bo);
 *	}
 *
 *	static const struct drm_gem_object_funcs my_gem_funcs = {
 *		.free = my_gem_free,
 *		.mmap = ttm_huge_gem_mmap,
 *	};
 *
 *	int my_bo_init(struct my_device *my, struct my_bo *bo, size_t size,
 *		       struct ttm_placement *placement,
 *		       struct ttm_operation_ctx *ctx)
 *	{
 *		bo->ttm.base.funcs = &my_gem_funcs;
 *		drm_gem_private_object_init(&my->drm, &bo->ttm.base, size);
 *		// Returns with the reservation held, if it succeeds.
 *		return ttm_huge_bo_init_reserved(&my->ttm.base, &bo->ttm,
 *						 ttm_bo_type_device, placement,
 *						 0, ctx, NULL, NULL,
 *						 my_bo_destroy);
 *	}
 *
 *	int my_ttm_init(struct my_device *my, u64 vram_size)
 *	{
 *		int ret;
 *
 *		ret = drmm_ttm_huge_device_init(&my->drm, &my->ttm, NULL);
 *		if (ret)
 *			return ret;
 *		ret = ttm_device_init(&my->ttm.base, &my_ttm_funcs, my->drm.dev,
 *				      my->drm.anon_inode->i_mapping,
 *				      my->drm.vma_offset_manager, 0);
 *		if (ret)
 *			return ret;
 *		return ttm_huge_range_man_init(&my->ttm.base, TTM_PL_VRAM, false,
 *					       vram_size >> PAGE_SHIFT);
 *	}
 *
 * A driver whose fault handler has something to do first, here to power up the device,
 * uses the same function for faults of all sizes:
 *
 * .. code-block:: c
 *
 *	static vm_fault_t my_huge_fault(struct vm_fault *vmf, unsigned int order)
 *	{
 *		struct ttm_buffer_object *bo = vmf->vma->vm_private_data;
 *		vm_fault_t ret;
 *		int idx;
 *
 *		ret = ttm_huge_vm_reserve(bo, vmf);
 *		if (ret)
 *			return ret;
 *
 *		if (drm_dev_enter(bo->base.dev, &idx)) {
 *			ret = my_power_up(bo) ? VM_FAULT_SIGBUS :
 *			      ttm_huge_vm_fault_reserved(vmf, order);
 *			drm_dev_exit(idx);
 *		} else {
 *			// Unplugged: this maps zeros.
 *			ret = ttm_huge_vm_fault_reserved(vmf, order);
 *		}
 *		if (ret == VM_FAULT_RETRY &&
 *		    !(vmf->flags & FAULT_FLAG_RETRY_NOWAIT))
 *			return ret;
 *
 *		dma_resv_unlock(bo->base.resv);
 *		return ret;
 *	}
 *
 *	static vm_fault_t my_fault(struct vm_fault *vmf)
 *	{
 *		return my_huge_fault(vmf, 0);
 *	}
 *
 *	static const struct vm_operations_struct my_vm_ops = {
 *		.fault = my_fault,
 *		.huge_fault = my_huge_fault,
 *		.access = ttm_huge_vm_access,
 *		TTM_HUGE_VM_OPS,
 *	};
 *
 * Its &drm_gem_object_funcs.vm_ops points to my_vm_ops.
 */

#include <linux/dma-resv.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>

#include <drm/drm_drv.h>
#include <drm/ttm/ttm_bo.h>

#include "ttm_huge_internal.h"

/* The largest level that the module parameter and the driver allow. */
static enum pgtable_level ttm_huge_fault_allowed(struct ttm_buffer_object *bo)
{
	const struct ttm_huge_funcs *funcs = to_ttm_huge(bo->bdev)->funcs;
	enum pgtable_level level = max(ttm_huge_max_level(), PGTABLE_LEVEL_PTE);

	if (funcs && funcs->max_level)
		level = min(level, funcs->max_level(bo));
	return level;
}

/* The caching that TTM asks for depends on where the buffer object is. */
static pgprot_t ttm_huge_fault_prot(struct ttm_buffer_object *bo, pgprot_t prot)
{
	prot = ttm_io_prot(bo, bo->resource, prot);
	return bo->resource->bus.is_iomem ? pgprot_decrypted(prot) : prot;
}

static void ttm_huge_fault_report(struct ttm_buffer_object *bo,
				  const struct pfnmap_plan *plan)
{
	struct ttm_huge_private *priv = to_ttm_huge(bo->bdev)->priv;
	struct ttm_huge_stats __percpu *stats = priv->stats;

	this_cpu_inc(stats->level[plan->level]);
	this_cpu_add(stats->entries[plan->level], plan->nr_entries + plan->nr_more);
	this_cpu_inc(stats->reason[plan->reason]);
	if (!list_empty(&priv->prefaults))
		ttm_huge_prefault_has_mapped(priv, plan);
}

/* Out of line, because faults that set a huge entry should not pay for it. */
static noinline_for_stack vm_fault_t
ttm_huge_fault_tracked_write(struct vm_fault *vmf, unsigned int order,
			     struct pfnmap_source *source, struct pfnmap_plan *plan)
{
	struct ttm_huge_writing writing = {};
	vm_fault_t ret;

	source->by_bits = ttm_huge_dirty_begin(vmf, &writing);
	ret = pfnmap_fault(vmf, order, source, plan);
	ttm_huge_watch_end(&writing);
	return ret;
}

/*
 * A buffer object with a mapping that lacks pfn_mkwrite is never tracked, see
 * ttm_huge_dirty_start(), so its record need not be looked up. A write is recorded before
 * there is an entry to write through: a record may have a page that was not written, but
 * never lacks one that was.
 */
static vm_fault_t ttm_huge_fault_reserved(struct vm_fault *vmf,
					  unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	struct ttm_buffer_object *bo = vma->vm_private_data;
	struct ttm_huge_source source = {
		.bo = bo,
		.base = {
			.page = ttm_huge_bo_page(vma, vmf->address),
			.nr_pages = PFN_UP(bo->base.size),
			.max_level = ttm_huge_fault_allowed(bo),
			.tracked = vma->vm_ops->pfn_mkwrite && ttm_huge_dirty_bitmap(bo),
		},
	};
	struct pfnmap_plan plan;
	vm_fault_t ret;
	int err;

	dma_resv_assert_held(bo->base.resv);
	if (source.base.page >= source.base.nr_pages)
		return VM_FAULT_SIGBUS;
	err = ttm_huge_find_extent(&source);
	if (err)
		return ttm_huge_fault_of_error(vmf, err);
	source.base.prot = ttm_huge_fault_prot(bo, vma->vm_page_prot);
	if (source.base.tracked && vmf->flags & FAULT_FLAG_WRITE)
		ret = ttm_huge_fault_tracked_write(vmf, order, &source.base, &plan);
	else
		ret = pfnmap_fault(vmf, order, &source.base, &plan);
	if (ret == VM_FAULT_NOPAGE && plan.nr_entries)
		ttm_huge_fault_report(bo, &plan);
	return ret;
}

/* Unplugging the device waits for what runs between drm_dev_enter() and drm_dev_exit(). */
static vm_fault_t ttm_huge_fault_entered(struct vm_fault *vmf,
					 unsigned int order)
{
	struct ttm_buffer_object *bo = vmf->vma->vm_private_data;
	vm_fault_t ret;
	int idx;

	if (!drm_dev_enter(bo->base.dev, &idx))
		return ttm_huge_vm_dummy_page(vmf, order);
	ret = ttm_huge_fault_reserved(vmf, order);
	drm_dev_exit(idx);
	return ret;
}

/**
 * ttm_huge_vm_fault_reserved - handle a fault on a reserved buffer object
 * @vmf: the fault; its mapping was set up by ttm_huge_gem_mmap()
 * @order: 0 from &vm_operations_struct.fault, else as given to
 *	&vm_operations_struct.huge_fault
 *
 * For fault handlers of drivers, in place of ttm_bo_vm_fault_reserved(). Before it calls
 * this, but after ttm_huge_vm_reserve(), a driver may move the buffer object to where the
 * CPU can reach it. Maps the largest region around the address that is cheap to map.
 *
 * Once the device is unplugged it maps a page of zeros, in place of
 * ttm_bo_vm_dummy_page().
 *
 * Context: process context with the VMA's lock (FAULT_FLAG_VMA_LOCK) or the mmap lock
 * held for reading, and the reservation. Sleeps on moves and on memory allocation. If a
 * driver calls it inside drm_dev_enter(), unplugging waits for a move, too.
 *
 * Return:
 * VM_FAULT_NOPAGE if entries are set, or were there already, or a signal is
 * pending;
 * VM_FAULT_RETRY to have the fault repeated, with the fault's lock dropped
 * unless it has FAULT_FLAG_RETRY_NOWAIT;
 * VM_FAULT_FALLBACK to have it repeated at a smaller order;
 * VM_FAULT_OOM if there was no memory for a page table;
 * VM_FAULT_SIGBUS if there is nothing to map, or no memory for it, or if the access is by
 * the kernel itself and a signal kills the task.
 * The reservation is still held, except where VM_FAULT_RETRY drops the fault's lock.
 */
vm_fault_t ttm_huge_vm_fault_reserved(struct vm_fault *vmf, unsigned int order)
{
	return ttm_huge_wait_for_move(vmf->vma->vm_private_data, vmf) ?:
	       ttm_huge_fault_entered(vmf, order);
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_fault_reserved);

/**
 * ttm_huge_fault - handle a fault on a mapping of a buffer object
 * @vmf: the fault
 * @order: as for ttm_huge_vm_fault_reserved()
 *
 * For mappings without vm_ops of the driver.
 *
 * Context: as for ttm_huge_vm_reserve().
 *
 * Return: as for ttm_huge_vm_fault_reserved(), with no reservation held.
 */
vm_fault_t ttm_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct ttm_buffer_object *bo = vmf->vma->vm_private_data;
	vm_fault_t ret;

	ret = ttm_huge_vm_reserve(bo, vmf);
	if (ret)
		return ret;

	ret = ttm_huge_fault_entered(vmf, order);
	dma_resv_unlock(bo->base.resv);
	return ret;
}

/**
 * ttm_huge_pte_fault - ttm_huge_fault() for &vm_operations_struct.fault
 * @vmf: the fault
 *
 * Context: as for ttm_huge_fault().
 *
 * Return: as for ttm_huge_fault().
 */
vm_fault_t ttm_huge_pte_fault(struct vm_fault *vmf)
{
	return ttm_huge_fault(vmf, 0);
}

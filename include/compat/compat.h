/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mainline has and an older kernel lacks, in mainline's form.
 *
 * Included before every source file of the out-of-tree build. The header that
 * Kbuild includes before this one says what the kernel has; see probe and
 * probes/. On mainline this file defines nothing.
 */
#ifndef _COMPAT_H_
#define _COMPAT_H_

#include "adopted.h"

#ifdef COMPAT_KZALLOC_OBJ_BY_SIZE
#include <linux/slab.h>

#define kzalloc_obj(p) kzalloc(sizeof(p), GFP_KERNEL)
#endif

#ifdef COMPAT_IMPORT_NS_BARE
#include <linux/module.h>

#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns) MODULE_INFO(import_ns, ns)
#endif

#ifdef COMPAT_GEM_IS_IMPORTED_ABSENT
#include <drm/drm_gem.h>

static inline bool drm_gem_is_imported(const struct drm_gem_object *obj)
{
	return obj->import_attach;
}
#endif

#ifdef COMPAT_LIST_COUNT_NODES_ABSENT
#include <linux/list.h>

static inline size_t list_count_nodes(struct list_head *head)
{
	struct list_head *node;
	size_t count = 0;

	list_for_each(node, head)
		count++;
	return count;
}
#endif

/* After pcim_enable_device(), what is requested is managed. */
#ifdef COMPAT_PCIM_REQUEST_REGION_IMPLICIT
#include <linux/pci.h>

#define pcim_request_region pci_request_region
#endif

#ifdef COMPAT_PAGES_CONTIGUOUS_ABSENT
#include <linux/mm.h>

static inline size_t num_pages_contiguous(struct page **pages, size_t nr_pages)
{
	unsigned long pfn = page_to_pfn(pages[0]);
	size_t i;

	for (i = 1; i < nr_pages; i++)
		if (page_to_pfn(pages[i]) != pfn + i)
			break;
	return i;
}
#endif

/*
 * Page tables
 */

#ifdef COMPAT_PMDP_GET_LOCKLESS_PMD_READ
#include <linux/pgtable.h>

#define pmdp_get_lockless pmd_read_atomic
#endif

#ifdef COMPAT_PTE_MKWRITE_NOVMA_PLAIN
#define pte_mkwrite_novma pte_mkwrite
#endif

#ifdef COMPAT_ZAP_VMA_PTES
#include <linux/mm.h>

#define zap_special_vma_range zap_vma_ptes
#endif

/*
 * If huge entries have no special bit, the devmap bit keeps fast GUP off them:
 * fast GUP looks for the pagemap of a device, and takes no reference if there is
 * none. No page frame that is mapped here has one. PUD entries are impossible:
 * the core never asks for one.
 */
#ifdef COMPAT_HUGE_SPECIAL_ABSENT
#include <linux/mm.h>

#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && defined(CONFIG_ARCH_HAS_PTE_DEVMAP)
#define CONFIG_ARCH_SUPPORTS_PMD_PFNMAP 1
#endif

#define pmd_special pmd_devmap
#define pud_special pud_devmap
#endif

/*
 * Where the special bit exists, an entry that is devmap does not get it. An entry
 * becomes devmap only if its pfn_t has both flags, PFN_DEV and PFN_MAP.
 */
#ifdef COMPAT_INSERT_PFN_PFN_T
#include <linux/mm.h>
#include <linux/pfn_t.h>

#ifdef COMPAT_HUGE_SPECIAL_ABSENT
#define COMPAT_PFN_FLAGS (PFN_DEV | PFN_MAP)
#else
#define COMPAT_PFN_FLAGS PFN_DEV
#endif

#define vmf_insert_pfn_pmd(vmf, pfn, write) \
	vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, COMPAT_PFN_FLAGS), write)

/*
 * On these kernels a PUD entry has the caching of vm_page_prot, whatever the memory is
 * registered as. So vm_page_prot is changed for the call. No other code reads it meanwhile:
 * faults hold the lock that keeps the memory where it is when they read it, and all other
 * code holds a lock that it cannot take during a fault. The protection that is asked for is
 * in a variable of the caller, prot.
 */
static inline vm_fault_t compat_vmf_insert_pfn_pud(struct vm_fault *vmf,
						   unsigned long pfn, bool write,
						   pgprot_t caching)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = vma->vm_page_prot;
	vm_fault_t ret;

	vma->vm_page_prot = caching;
	ret = vmf_insert_pfn_pud(vmf, __pfn_to_pfn_t(pfn, COMPAT_PFN_FLAGS),
				 write);
	vma->vm_page_prot = prot;
	return ret;
}

#define vmf_insert_pfn_pud(vmf, pfn, write) \
	compat_vmf_insert_pfn_pud(vmf, pfn, write, prot)
#endif

/*
 * On these kernels, removing a part of a PUD entry warns if the mmap lock of the
 * process is not held. All of the entry is removed anyway, so remove all that a PUD
 * entry can map. Fake offsets are aligned like user addresses.
 */
#if defined(COMPAT_INSERT_PFN_PFN_T) && !defined(COMPAT_HUGE_SPECIAL_ABSENT)
#include <linux/align.h>
#include <linux/mm.h>
#include <drm/drm_vma_manager.h>

static inline void compat_unmap_mapping_range(struct address_space *mapping,
					      loff_t start, loff_t len,
					      int even_cows, size_t bo_size)
{
	loff_t end = start + len;

	if (bo_size >= PUD_SIZE) {
		start = ALIGN_DOWN(start, (loff_t)PUD_SIZE);
		end = ALIGN(end, (loff_t)PUD_SIZE);
	}
	unmap_mapping_range(mapping, start, end - start, even_cows);
}

/* Smaller buffer objects have no PUD entries. The caller has the object in bo. */
#define unmap_mapping_range(mapping, start, len, even_cows) \
	compat_unmap_mapping_range(mapping, start, len, even_cows, \
				   bo->base.size)
#endif

/*
 * The argument that tells ->huge_fault() the size is compared with these; an enum
 * without negative members is an unsigned int. On these kernels the core calls
 * ->huge_fault() only to make a present entry writable.
 */
#ifdef COMPAT_HUGE_FAULT_PAGE_ENTRY_SIZE
#include <linux/mm.h>

#define PMD_ORDER PE_SIZE_PMD
#define PUD_ORDER PE_SIZE_PUD
#endif

/*
 * Mappings
 */

#ifdef COMPAT_VM_FLAGS_ASSIGNED
#include <linux/mm.h>
#include <linux/mmap_lock.h>

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	mmap_assert_write_locked(vma->vm_mm);
	vma->vm_flags |= flags;
}
#endif

/* On these kernels, all faults hold the mmap lock. */
#ifdef COMPAT_VMA_LOCK_ABSENT
#include <linux/mm.h>

#define FAULT_FLAG_VMA_LOCK 0

static inline void vma_end_read(struct vm_area_struct *vma)
{
}

static inline void vma_start_write(struct vm_area_struct *vma)
{
}
#endif

/* A kernel that has faults with FAULT_FLAG_VMA_LOCK also has vma_end_read(). */
#ifdef COMPAT_RELEASE_FAULT_LOCK_ABSENT
#include <linux/mm.h>
#include <linux/mmap_lock.h>

static inline void release_fault_lock(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		vma_end_read(vmf->vma);
	else
		mmap_read_unlock(vmf->vma->vm_mm);
}

static inline void assert_fault_locked(const struct vm_fault *vmf)
{
	if (!(vmf->flags & FAULT_FLAG_VMA_LOCK))
		mmap_assert_locked(vmf->vma->vm_mm);
}
#endif

#if defined(COMPAT_UNMAPPED_AREA_BY_MM)
#include <linux/sched.h>
#include <linux/sched/mm.h>

#define mm_get_unmapped_area(file, addr, len, pgoff, flags) \
	mm_get_unmapped_area(current->mm, file, addr, len, pgoff, flags)
#elif defined(COMPAT_UNMAPPED_AREA_METHOD)
#include <linux/sched.h>

#define mm_get_unmapped_area(file, addr, len, pgoff, flags) \
	current->mm->get_unmapped_area(file, addr, len, pgoff, flags)
#endif

#if defined(COMPAT_THP_DISABLED_TWO_ARGUMENTS)
#include <linux/mm.h>

static inline bool compat_vma_thp_disabled(struct vm_area_struct *vma,
					   vm_flags_t vm_flags,
					   bool forced_collapse)
{
	return vma_thp_disabled(vma, vm_flags);
}

#define vma_thp_disabled compat_vma_thp_disabled
#elif defined(COMPAT_THP_DISABLED_ABSENT)
#include <linux/mm.h>

static inline bool vma_thp_disabled(struct vm_area_struct *vma,
				    vm_flags_t vm_flags, bool forced_collapse)
{
	return vm_flags & VM_NOHUGEPAGE ||
	       test_bit(MMF_DISABLE_THP, &vma->vm_mm->flags);
}
#endif

/*
 * DRM
 */

/* A driver has to ask DRM to export and import its buffer objects. Such a DRM has dates. */
#ifdef COMPAT_PRIME_ASKED
#include <drm/drm_drv.h>
#include <drm/drm_prime.h>

static inline void compat_ask_for_prime(struct drm_driver *driver)
{
	driver->prime_handle_to_fd = drm_gem_prime_handle_to_fd;
	driver->prime_fd_to_handle = drm_gem_prime_fd_to_handle;
	driver->gem_prime_mmap = drm_gem_prime_mmap;
}
#else
static inline void compat_ask_for_prime(void *driver)
{
}
#endif

/* DRM_IOCTL_VERSION warns if a driver has no date. */
#ifdef COMPAT_DRM_DATE_PRESENT
#include <drm/drm_drv.h>

#undef devm_drm_dev_alloc
#define devm_drm_dev_alloc(parent, driver, type, member) ({ \
	static struct drm_driver dated; \
	if (!dated.date) { \
		dated = *(driver); \
		compat_ask_for_prime((void *)&dated); \
		dated.date = "20261120"; \
	} \
	(type *)__devm_drm_dev_alloc(parent, (void *)&dated, sizeof(type), \
				     offsetof(type, member)); \
})
#endif

/* Nothing asks a driver what its clients use. */
#ifdef COMPAT_SHOW_FDINFO_ABSENT
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>

struct compat_drm_driver {
	struct drm_driver;
	void (*show_fdinfo)(struct drm_printer *p, struct drm_file *file);
};

#define drm_driver compat_drm_driver
#define drm_dev_alloc(driver, parent) drm_dev_alloc((void *)(driver), parent)

struct drm_memory_stats {
	u64 shared;
	u64 private;
	u64 resident;
	u64 active;
};

enum drm_gem_object_status {
	DRM_GEM_OBJECT_RESIDENT,
};

static inline bool drm_gem_object_is_shared_for_memory_stats(struct drm_gem_object *obj)
{
	return obj->handle_count > 1;
}

static inline void drm_print_memory_stats(struct drm_printer *p,
					  const struct drm_memory_stats *stats,
					  enum drm_gem_object_status status,
					  const char *region)
{
}
#endif

/* On these kernels the dmem cgroup controller is told a size only, or there is none. */
#ifndef COMPAT_DMEM_REGION_INIT
#include <linux/types.h>

struct dmem_cgroup_init {
	u64 size;
};
#endif

#if defined(COMPAT_DMEM_REGION_SIZE)
#include <drm/drm_drv.h>
#include <drm/ttm/ttm_resource.h>

#define drmm_cgroup_register_region(drm, name, init) \
	drmm_cgroup_register_region(drm, name, (init)->size)

static inline void
ttm_resource_manager_set_dmem_region(struct ttm_resource_manager *man,
				     struct dmem_cgroup_region *region)
{
	man->cg = region;
}
#elif defined(COMPAT_DMEM_REGION_ABSENT)
struct dmem_cgroup_region;
struct drm_device;
struct ttm_resource_manager;

static inline struct dmem_cgroup_region *
drmm_cgroup_register_region(struct drm_device *drm, const char *name,
			    const struct dmem_cgroup_init *init)
{
	return NULL;
}

static inline void
ttm_resource_manager_set_dmem_region(struct ttm_resource_manager *man,
				     struct dmem_cgroup_region *region)
{
}
#endif

/* These print what is active in any case. */
#ifdef COMPAT_GEM_OBJECT_ACTIVE_ABSENT
#define DRM_GEM_OBJECT_ACTIVE 0
#endif

/* DRM has checked that all bits of @args fit into 32 bits. */
#ifdef COMPAT_DUMB_SIZE_ABSENT
#include <linux/math.h>
#include <linux/mm.h>
#include <drm/drm_mode.h>

static inline int drm_mode_size_dumb(struct drm_device *drm, struct drm_mode_create_dumb *args,
				     unsigned long pitch_align, unsigned long size_align)
{
	u64 pitch = roundup((u64)args->width * DIV_ROUND_UP(args->bpp, 8), pitch_align);
	u64 size = ALIGN(pitch * args->height, max(size_align, PAGE_SIZE));

	if (pitch > U32_MAX || size > U32_MAX)
		return -EINVAL;
	args->pitch = pitch;
	args->size = size;
	return 0;
}
#endif

#ifdef COMPAT_ATOMIC_COMMIT_STATE
#include <drm/drm_atomic.h>
#include <drm/drm_atomic_helper.h>

/* The struct has the name of a function, too, which no driver here calls. */
#define drm_atomic_commit drm_atomic_state
#endif

#ifdef COMPAT_CRTC_PRIMARY_PLANE_BY_STATE
#include <drm/drm_atomic_helper.h>

static inline int drm_atomic_helper_check_crtc_primary_plane(struct drm_crtc_state *state)
{
	return drm_atomic_helper_check_crtc_state(state, false);
}
#endif

/* The older names. Some importers do nothing when they are told, and none say so. */
#ifdef COMPAT_DMA_BUF_INVALIDATE_MOVE_NOTIFY
#include <linux/dma-buf.h>

#define invalidate_mappings move_notify
#define dma_buf_invalidate_mappings dma_buf_move_notify

static inline bool dma_buf_attach_revocable(struct dma_buf_attachment *attach)
{
	return false;
}
#endif

/* This one has no contiguous allocation: allocate a larger block, and cut it to size. */
#ifdef COMPAT_BUDDY_DRM_BUDDY
#include <linux/log2.h>
#include <drm/drm_buddy.h>

#define gpu_buddy drm_buddy
#define gpu_buddy_block drm_buddy_block
#define gpu_buddy_block_offset drm_buddy_block_offset
#define gpu_buddy_block_order drm_buddy_block_order
#define gpu_buddy_block_size drm_buddy_block_size
#define gpu_buddy_init drm_buddy_init
#define gpu_buddy_fini drm_buddy_fini
#define GPU_BUDDY_RANGE_ALLOCATION DRM_BUDDY_RANGE_ALLOCATION
#define GPU_BUDDY_CONTIGUOUS_ALLOCATION BIT(31)

static inline void gpu_buddy_free_list(struct drm_buddy *buddy,
				       struct list_head *blocks,
				       unsigned int flags)
{
	drm_buddy_free_list(buddy, blocks);
}

static inline int gpu_buddy_alloc_blocks(struct drm_buddy *buddy, u64 start,
					 u64 end, u64 size, u64 min_block_size,
					 struct list_head *blocks,
					 unsigned long flags)
{
	u64 block_size = roundup_pow_of_two(size);
	int ret;

	if (!(flags & GPU_BUDDY_CONTIGUOUS_ALLOCATION))
		return drm_buddy_alloc_blocks(buddy, start, end, size,
					      min_block_size, blocks, flags);
	if (block_size > end - start)
		return -ENOSPC;

	ret = drm_buddy_alloc_blocks(buddy, start, end, block_size, block_size,
				     blocks, 0);
	if (ret || block_size == size)
		return ret;
	ret = drm_buddy_block_trim(buddy, size, blocks);
	if (ret)
		drm_buddy_free_list(buddy, blocks);
	return ret;
}
#endif

#ifdef COMPAT_BUDDY_LOCK_ABSENT
#define gpu_buddy_driver_set_lock(buddy, lock) ((void)(buddy), (void)(lock))
#endif

/*
 * TTM
 */

#ifdef COMPAT_TTM_DEVICE_INIT_BOOLEANS
#include <linux/build_bug.h>
#include <drm/ttm/ttm_device.h>

#define ttm_device_init(ttm, funcs, dev, mapping, mgr, alloc_flags) ({ \
	BUILD_BUG_ON(alloc_flags); \
	ttm_device_init(ttm, (struct ttm_device_funcs *)(funcs), dev, mapping, \
			mgr, false, false); \
})
#endif

#ifdef COMPAT_TTM_POPULATE_TT
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_tt.h>

static inline int ttm_bo_populate(struct ttm_buffer_object *bo,
				  struct ttm_operation_ctx *ctx)
{
	return ttm_tt_populate(bo->bdev, bo->ttm, ctx);
}
#endif

#ifdef COMPAT_TTM_SWAPPED_FLAG
#include <drm/ttm/ttm_tt.h>

static inline bool ttm_tt_is_swapped(const struct ttm_tt *tt)
{
	return tt->page_flags & TTM_TT_FLAG_SWAPPED;
}
#endif

#ifdef COMPAT_TTM_BO_FINI_PUT
#include <drm/ttm/ttm_bo.h>

#define ttm_bo_fini ttm_bo_put
#endif

/* Only mappings with TTM's vm_ops hold a reference of TTM's own; see adopted.h. */
#ifdef COMPAT_TTM_REFERENCE_TTM
#include <drm/drm_gem_ttm_helper.h>

static inline int compat_drm_gem_ttm_mmap(struct drm_gem_object *obj,
					  struct vm_area_struct *vma)
{
	bool drivers_own = vma->vm_ops;
	int ret;

	/* On success, takes a reference of TTM's and drops one of GEM's. */
	ret = drm_gem_ttm_mmap(obj, vma);
	if (!ret && drivers_own) {
		drm_gem_object_get(obj);
		ttm_bo_put(drm_gem_ttm_of_gem(obj));
	}
	return ret;
}

#define drm_gem_ttm_mmap compat_drm_gem_ttm_mmap
#endif

/* A second list says where to evict from. A driver that has none gets the first list. */
#ifdef COMPAT_TTM_PLACEMENT_BUSY_LIST
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>

static inline struct ttm_placement *
compat_busy(const struct ttm_placement *placement, struct ttm_placement *busy)
{
	*busy = *placement;
	if (!busy->num_busy_placement) {
		busy->num_busy_placement = placement->num_placement;
		busy->busy_placement = placement->placement;
	}
	return busy;
}

#define ttm_bo_validate(bo, placement, ctx) \
	ttm_bo_validate(bo, compat_busy(placement, &(struct ttm_placement){}), \
			ctx)
#define ttm_bo_init_reserved(ttm, bo, type, placement, alignment, ctx, sg, \
			     resv, destroy) \
	ttm_bo_init_reserved(ttm, bo, type, \
			     compat_busy(placement, &(struct ttm_placement){}), \
			     alignment, ctx, sg, resv, destroy)
#endif

#endif

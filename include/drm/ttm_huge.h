/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Huge CPU mappings of TTM buffer objects.
 */
#ifndef _DRM_TTM_HUGE_H_
#define _DRM_TTM_HUGE_H_

#include <linux/mm_types.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct dentry;
struct drm_gem_object;
struct drm_vma_offset_manager;
struct drm_vma_offset_node;
struct file;
struct ttm_buffer_object;
struct ttm_device;
struct ttm_huge_stats;
struct vm_fault;

/**
 * enum ttm_huge_level - levels of page-table entries that can map memory
 * @TTM_HUGE_PTE: PAGE_SIZE.
 * @TTM_HUGE_PMD: PMD_SIZE.
 * @TTM_HUGE_PUD: PUD_SIZE.
 * @TTM_HUGE_LEVELS: number of levels.
 */
enum ttm_huge_level {
	TTM_HUGE_PTE,
	TTM_HUGE_PMD,
	TTM_HUGE_PUD,
	TTM_HUGE_LEVELS
};

/**
 * struct ttm_huge_extent - a contiguous piece of a buffer object's memory
 * @first: first page of the buffer object that it holds.
 * @nr_pages: how many pages it holds.
 * @pfn: page frame of @first; the others follow it one by one.
 */
struct ttm_huge_extent {
	unsigned long first;
	unsigned long nr_pages;
	unsigned long pfn;
};

/**
 * struct ttm_huge_funcs - what only the driver knows
 */
struct ttm_huge_funcs {
	/**
	 * @io_mem_extent: The largest contiguous piece of iomem around a page.
	 *
	 * @bo: the buffer object, whose resource is iomem
	 * @page: page offset into @bo
	 * @extent: filled in with a piece that contains @page
	 *
	 * Called with the reservation of @bo held; must not sleep. Optional:
	 * without it, the memory is taken to be contiguous if the driver has
	 * no &ttm_device_funcs.io_mem_pfn, and is looked at page by page
	 * otherwise.
	 */
	void (*io_mem_extent)(struct ttm_buffer_object *bo, unsigned long page,
			      struct ttm_huge_extent *extent);

	/**
	 * @max_level: The largest level that may map a buffer object.
	 *
	 * Called with the reservation held; must not sleep. Optional: without
	 * it, the largest there is.
	 */
	enum ttm_huge_level (*max_level)(struct ttm_buffer_object *bo);
};

/**
 * struct ttm_huge_device - huge mappings of one device
 *
 * Embedded in the driver's device. All members are private.
 */
struct ttm_huge_device {
	/** @funcs: the driver's callbacks, or NULL. */
	const struct ttm_huge_funcs *funcs;
	/** @stats: per-CPU counters of faults. */
	struct ttm_huge_stats __percpu *stats;
	/**
	 * @dirty: bitmaps of the buffer objects whose writes are tracked, by
	 * fake offset.
	 */
	struct xarray dirty;
	/**
	 * @dummy_pages: what mappings show once the device is unplugged, by
	 * fake offset of the buffer object.
	 */
	struct xarray dummy_pages;
};

int ttm_huge_device_init(struct ttm_huge_device *hdev,
			 const struct ttm_huge_funcs *funcs);
void ttm_huge_device_fini(struct ttm_huge_device *hdev);
void ttm_huge_bo_fini(struct ttm_huge_device *hdev,
		      struct ttm_buffer_object *bo);
void ttm_huge_debugfs_init(struct ttm_huge_device *hdev, struct dentry *root,
			   struct ttm_device *bdev);

vm_fault_t ttm_huge_fault(struct ttm_huge_device *hdev, struct vm_fault *vmf,
			  unsigned int order);

vm_fault_t ttm_huge_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end);
vm_fault_t ttm_huge_pfn_mkwrite(struct ttm_huge_device *hdev,
				struct vm_fault *vmf);
int ttm_huge_vm_access(struct ttm_huge_device *hdev, struct vm_area_struct *vma,
		       unsigned long addr, void *buf, int len, int write);

int ttm_huge_dirty_start(struct ttm_huge_device *hdev,
			 struct ttm_buffer_object *bo);
void ttm_huge_dirty_stop(struct ttm_huge_device *hdev,
			 struct ttm_buffer_object *bo);
void ttm_huge_dirty_mark(struct ttm_huge_device *hdev,
			 struct ttm_buffer_object *bo, unsigned long page,
			 unsigned long nr_pages);
int ttm_huge_dirty_take(struct ttm_huge_device *hdev,
			struct ttm_buffer_object *bo, unsigned long page,
			unsigned long nr_pages, unsigned long *out);

int ttm_huge_prefault(struct ttm_device *bdev, unsigned long start,
		      unsigned long len, unsigned long *done);

int ttm_huge_mmap(struct file *file, struct vm_area_struct *vma);
int ttm_huge_gem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma);
void ttm_huge_vm_open(struct vm_area_struct *vma);
int ttm_huge_vm_may_split(struct vm_area_struct *vma, unsigned long addr);

/**
 * TTM_HUGE_VM_OPS - what mappings need beside fault handlers and access
 *
 * For a &vm_operations_struct. A mapping that lacks one of these, and has huge
 * entries, is a way to crash the kernel.
 */
#define TTM_HUGE_VM_OPS \
	.map_pages = ttm_huge_map_pages, \
	.may_split = ttm_huge_vm_may_split, \
	.open = ttm_huge_vm_open, \
	.close = ttm_bo_vm_close

u64 ttm_huge_alignment(u64 size);
int ttm_huge_vma_offset_add(struct drm_vma_offset_manager *mgr,
			    struct drm_vma_offset_node *node, u64 size);
unsigned long ttm_huge_get_unmapped_area(struct file *file, unsigned long addr,
					 unsigned long len, unsigned long pgoff,
					 unsigned long flags);

int ttm_huge_count_entries(struct ttm_buffer_object *bo,
			   u64 entries[TTM_HUGE_LEVELS]);

#endif

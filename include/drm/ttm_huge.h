/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Huge CPU mappings of TTM buffer objects.
 */
#ifndef _DRM_TTM_HUGE_H_
#define _DRM_TTM_HUGE_H_

#include <linux/mm_types.h>
#include <linux/types.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>

struct dentry;
struct drm_device;
struct drm_gem_object;
struct drm_vma_offset_manager;
struct drm_vma_offset_node;
struct file;
struct ttm_huge_private;
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
 * struct ttm_huge_manager - a resource manager that aligns for huge entries
 * @func: what TTM calls.
 * @inner: what the manager's own functions are.
 * @base: physical address at which the CPU sees its memory, in bytes.
 * @size: how much of that it sees, in bytes.
 */
struct ttm_huge_manager {
	struct ttm_resource_manager_func func;
	const struct ttm_resource_manager_func *inner;
	u64 base;
	u64 size;
};

/**
 * struct ttm_huge_device - a TTM device whose buffer objects have huge mappings
 *
 * Stands where a driver's device has its &struct ttm_device. A driver whose
 * sources know that by a name of its own has both in an anonymous union. What a
 * function of ttm_huge is given, a buffer object or a TTM device, must belong to
 * one of these. All members but @base are private.
 */
struct ttm_huge_device {
	/** @base: TTM's device; first, so that it can be in a union with this. */
	struct ttm_device base;
	/** @funcs: the driver's callbacks, or NULL. */
	const struct ttm_huge_funcs *funcs;
	/** @priv: what ttm_huge keeps for it; goes with the DRM device. */
	struct ttm_huge_private *priv;
	/** @managers: those that align, by memory type. */
	struct ttm_huge_manager managers[TTM_NUM_MEM_TYPES];
};

int drmm_ttm_huge_device_init(struct drm_device *drm,
			      struct ttm_huge_device *hdev,
			      const struct ttm_huge_funcs *funcs);
void ttm_huge_debugfs_init(struct ttm_device *bdev, struct dentry *root);

int ttm_huge_bo_init_reserved(struct ttm_device *bdev,
			      struct ttm_buffer_object *bo,
			      enum ttm_bo_type type,
			      struct ttm_placement *placement, u32 alignment,
			      struct ttm_operation_ctx *ctx,
			      struct sg_table *sg, struct dma_resv *resv,
			      void (*destroy)(struct ttm_buffer_object *bo));
int ttm_huge_bo_init_validate(struct ttm_device *bdev,
			      struct ttm_buffer_object *bo,
			      enum ttm_bo_type type,
			      struct ttm_placement *placement, u32 alignment,
			      bool interruptible, struct sg_table *sg,
			      struct dma_resv *resv,
			      void (*destroy)(struct ttm_buffer_object *bo));
void ttm_huge_bo_fini(struct ttm_buffer_object *bo);

vm_fault_t ttm_huge_fault(struct vm_fault *vmf, unsigned int order);
vm_fault_t ttm_huge_vm_reserve(struct ttm_buffer_object *bo,
			       struct vm_fault *vmf);
vm_fault_t ttm_huge_vm_fault_reserved(struct vm_fault *vmf, unsigned int order);
vm_fault_t ttm_huge_vm_dummy_page(struct vm_fault *vmf, unsigned int order);
vm_fault_t ttm_huge_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end);
vm_fault_t ttm_huge_pfn_mkwrite(struct vm_fault *vmf);
int ttm_huge_vm_access(struct vm_area_struct *vma, unsigned long addr,
		       void *buf, int len, int write);

int ttm_huge_dirty_start(struct ttm_buffer_object *bo);
void ttm_huge_dirty_stop(struct ttm_buffer_object *bo);
void ttm_huge_dirty_mark(struct ttm_buffer_object *bo, unsigned long page,
			 unsigned long nr_pages);
int ttm_huge_dirty_take(struct ttm_buffer_object *bo, unsigned long page,
			unsigned long nr_pages, unsigned long *out);

int ttm_huge_prefault(struct ttm_device *bdev, unsigned long start,
		      unsigned long len, unsigned long *done);

int ttm_huge_mmap(struct file *file, struct vm_area_struct *vma);
int ttm_huge_gem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma);
void ttm_huge_vm_open(struct vm_area_struct *vma);
int ttm_huge_vm_may_split(struct vm_area_struct *vma, unsigned long addr);

extern const struct vm_operations_struct ttm_huge_trackable_vm_ops;

/**
 * TTM_HUGE_VM_OPS - what mappings need beside fault handlers and access
 *
 * For the &vm_operations_struct of a driver that cannot use those that
 * ttm_huge_gem_mmap() sets. A mapping that lacks one of these, and has huge
 * entries, is a way to crash the kernel.
 */
#define TTM_HUGE_VM_OPS \
	.map_pages = ttm_huge_map_pages, \
	.may_split = ttm_huge_vm_may_split, \
	.open = ttm_huge_vm_open, \
	.close = ttm_bo_vm_close

/**
 * DEFINE_TTM_HUGE_GEM_FOPS - file operations of a driver that has none of its own
 * @name: name of the &struct file_operations
 *
 * In place of DEFINE_DRM_GEM_FOPS(), whose initializers cannot be replaced.
 */
#define DEFINE_TTM_HUGE_GEM_FOPS(name) \
	static const struct file_operations name = { \
		.owner = THIS_MODULE, \
		.open = drm_open, \
		.release = drm_release, \
		.unlocked_ioctl = drm_ioctl, \
		.compat_ioctl = drm_compat_ioctl, \
		.poll = drm_poll, \
		.read = drm_read, \
		.llseek = noop_llseek, \
		.mmap = ttm_huge_mmap, \
		.get_unmapped_area = ttm_huge_get_unmapped_area, \
		.fop_flags = FOP_UNSIGNED_OFFSET, \
	}

u64 ttm_huge_alignment(u64 size);
int ttm_huge_vma_offset_add(struct drm_vma_offset_manager *mgr,
			    struct drm_vma_offset_node *node, u64 size);
void ttm_huge_set_driver_manager(struct ttm_device *bdev, int type,
				 struct ttm_resource_manager *man);
int ttm_huge_range_man_init(struct ttm_device *bdev, unsigned int type,
			    bool use_tt, unsigned long p_size);
void ttm_huge_set_aperture(struct ttm_device *bdev, int type, u64 base, u64 size);
unsigned long ttm_huge_get_unmapped_area(struct file *file, unsigned long addr,
					 unsigned long len, unsigned long pgoff,
					 unsigned long flags);

int ttm_huge_count_entries(struct ttm_buffer_object *bo,
			   u64 entries[TTM_HUGE_LEVELS]);

#endif

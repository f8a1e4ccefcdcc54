/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Huge CPU mappings of TTM buffer objects.
 */
#ifndef _DRM_TTM_HUGE_H_
#define _DRM_TTM_HUGE_H_

#include <linux/container_of.h>
#include <linux/mm_types.h>
#include <linux/pfnmap.h>
#include <linux/types.h>

#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_range_manager.h>

struct dentry;
struct drm_device;
struct drm_gem_object;
struct file;
struct ttm_huge_private;
struct vm_fault;

/**
 * struct ttm_huge_funcs - what only the driver knows
 */
struct ttm_huge_funcs {
	/**
	 * @io_mem_extents: Finds contiguous pieces of iomem, the first around a page.
	 *
	 * * @bo: the buffer object, whose resource is iomem
	 * * @page: page offset into @bo
	 * * @extents: filled in with the largest piece that contains @page, then those
	 *   that follow it in @bo, without gaps
	 * * @nr: number of pieces that there is room for, at least one
	 *
	 * Called with the reservation of @bo held. If a fault asks for other pieces than
	 * that around its own page, the lock of a page table is held, too. Must not sleep.
	 * Returns the number of pieces filled in, at least one. All memory of a resource
	 * must be cached alike. Optional: without it, the memory is taken to be contiguous
	 * if the driver has no &ttm_device_funcs.io_mem_pfn; otherwise a fault looks at it
	 * page by page, as far as it is contiguous.
	 */
	unsigned int (*io_mem_extents)(struct ttm_buffer_object *bo, unsigned long page,
				       struct pfnmap_extent *extents, unsigned int nr);

	/**
	 * @max_level: The largest level that may map a buffer object.
	 *
	 * Called with the reservation held; must not sleep. Optional: without
	 * it, any level may.
	 */
	enum pgtable_level (*max_level)(struct ttm_buffer_object *bo);
};

/**
 * struct ttm_huge_manager - a resource manager that aligns for huge entries
 * @func: the functions that TTM calls.
 * @inner: the manager's own functions.
 * @base: physical address at which the CPU sees its memory, in bytes.
 * @size: how much of its memory the CPU sees, in bytes.
 */
struct ttm_huge_manager {
	struct ttm_resource_manager_func func;
	const struct ttm_resource_manager_func *inner;
	u64 base;
	u64 size;
};

/**
 * struct ttm_huge - what a TTM device has for huge mappings
 * @funcs: the driver's callbacks, or NULL.
 * @priv: what is kept for the device; freed with the DRM device.
 * @managers: the managers that align, by memory type.
 */
struct ttm_huge {
	const struct ttm_huge_funcs *funcs;
	struct ttm_huge_private *priv;
	struct ttm_huge_manager managers[TTM_NUM_MEM_TYPES];
};

/**
 * struct ttm_huge_device - a TTM device whose buffer objects have huge mappings
 *
 * A driver has this in its device structure in place of &struct ttm_device. If its
 * sources use a name of their own for that, it has both in an anonymous union. Every
 * buffer object or TTM device that is passed to ttm_huge must belong to such a
 * structure that drmm_ttm_huge_device_init() has set up; mappings of other buffer
 * objects are refused.
 */
struct ttm_huge_device {
	/** @base: TTM's device; first, so that it can be in a union with this. */
	struct ttm_device base;
	/** @huge: private. */
	struct ttm_huge huge;
};

/**
 * to_ttm_huge - what a TTM device has for huge mappings
 * @bdev: a device that was set up for them
 *
 * For ttm_huge itself, and for its tests.
 *
 * Context: any.
 *
 * Return: its &struct ttm_huge.
 */
static inline struct ttm_huge *to_ttm_huge(struct ttm_device *bdev)
{
	return &container_of(bdev, struct ttm_huge_device, base)->huge;
}

int drmm_ttm_huge_device_init(struct drm_device *drm,
			      struct ttm_huge_device *hdev,
			      const struct ttm_huge_funcs *funcs);

#if IS_ENABLED(CONFIG_DEBUG_FS)
void ttm_huge_debugfs_init(struct ttm_device *bdev, struct dentry *root);
#else
static inline void ttm_huge_debugfs_init(struct ttm_device *bdev, struct dentry *root)
{
}
#endif

void ttm_huge_bo_fini(struct ttm_buffer_object *bo);

vm_fault_t ttm_huge_vm_reserve(struct ttm_buffer_object *bo,
			       struct vm_fault *vmf);
vm_fault_t ttm_huge_vm_fault_reserved(struct vm_fault *vmf, unsigned int order);
int ttm_huge_vm_access(struct vm_area_struct *vma, unsigned long addr,
		       void *buf, int len, int write);

int ttm_huge_dirty_start(struct ttm_buffer_object *bo, bool by_bits);
void ttm_huge_dirty_stop(struct ttm_buffer_object *bo);
int ttm_huge_dirty_take(struct ttm_buffer_object *bo, unsigned long page,
			unsigned long nr_pages, unsigned long *out);

int ttm_huge_prefault(struct ttm_device *bdev, unsigned long start,
		      unsigned long len, unsigned long *done);

int ttm_huge_mmap(struct file *file, struct vm_area_struct *vma);
int ttm_huge_gem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma);
void ttm_huge_vm_open(struct vm_area_struct *vma);
void ttm_huge_vm_close(struct vm_area_struct *vma);

extern const struct vm_operations_struct ttm_huge_trackable_vm_ops;

/**
 * TTM_HUGE_VM_OPS - what mappings need in addition to fault handlers and access
 *
 * For the &vm_operations_struct of a driver that cannot use the one that
 * ttm_huge_gem_mmap() sets. That function refuses vm_ops with another open or may_split.
 */
#define TTM_HUGE_VM_OPS \
	.map_pages = pfnmap_map_pages, \
	.may_split = pfnmap_may_split, \
	.open = ttm_huge_vm_open, \
	.close = ttm_huge_vm_close

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
		.show_fdinfo = drm_show_fdinfo, \
		.mmap = ttm_huge_mmap, \
		.get_unmapped_area = pfnmap_get_unmapped_area, \
		.fop_flags = FOP_UNSIGNED_OFFSET, \
	}

int ttm_huge_vma_offset_add(struct drm_vma_offset_manager *mgr,
			    struct drm_vma_offset_node *node, u64 size);
void ttm_huge_set_driver_manager(struct ttm_device *bdev, int type,
				 struct ttm_resource_manager *man);

/* If this fails, TTM gives the node any place, or fails itself: ignore the error. */
static inline void ttm_huge_bo_align_offset(struct ttm_device *bdev,
					    struct ttm_buffer_object *bo,
					    enum ttm_bo_type type)
{
	if (type != ttm_bo_type_kernel)
		ttm_huge_vma_offset_add(bdev->vma_manager, &bo->base.vma_node,
					bo->base.size);
}

/**
 * ttm_huge_bo_init_reserved - ttm_bo_init_reserved() with an aligned fake offset
 * @bdev: the device
 * @bo: the buffer object, its GEM object initialized
 * @type: what it is for; a buffer object for the kernel alone has no fake offset
 * @placement: where it may be
 * @alignment: of its memory, in pages, or 0; see ttm_huge_set_driver_manager()
 * @ctx: how to wait
 * @sg: as TTM takes it
 * @resv: a locked reservation to share, or NULL
 * @destroy: frees it, also on failure
 *
 * The fake offset comes from ttm_huge_vma_offset_add(). If that finds no range, TTM
 * chooses one, which need not be aligned.
 *
 * Context: process context. Sleeps on reservations of buffer objects that have to
 * be evicted.
 *
 * Return: 0 with the reservation of @bo held; or a negative error code, and
 * @destroy has been called.
 */
static inline int
ttm_huge_bo_init_reserved(struct ttm_device *bdev, struct ttm_buffer_object *bo,
			  enum ttm_bo_type type,
			  struct ttm_placement *placement, u32 alignment,
			  struct ttm_operation_ctx *ctx, struct sg_table *sg,
			  struct dma_resv *resv,
			  void (*destroy)(struct ttm_buffer_object *bo))
{
	ttm_huge_bo_align_offset(bdev, bo, type);
	return ttm_bo_init_reserved(bdev, bo, type, placement, alignment, ctx,
				    sg, resv, destroy);
}

/**
 * ttm_huge_bo_init_validate - ttm_bo_init_validate() with an aligned fake offset
 * @bdev: the device
 * @bo: the buffer object, its GEM object initialized
 * @type: what it is for; a buffer object for the kernel alone has no fake offset
 * @placement: where it may be
 * @alignment: of its memory, in pages, or 0
 * @interruptible: whether a signal ends a wait
 * @sg: as TTM takes it
 * @resv: a locked reservation to share, or NULL
 * @destroy: frees it, also on failure
 *
 * For drivers that use this one of TTM's two functions; see
 * ttm_huge_bo_init_reserved().
 *
 * Context: as for ttm_huge_bo_init_reserved().
 *
 * Return: 0, with no reservation held but that of @resv; or a negative error code,
 * and @destroy has been called.
 */
static inline int
ttm_huge_bo_init_validate(struct ttm_device *bdev, struct ttm_buffer_object *bo,
			  enum ttm_bo_type type,
			  struct ttm_placement *placement, u32 alignment,
			  bool interruptible, struct sg_table *sg,
			  struct dma_resv *resv,
			  void (*destroy)(struct ttm_buffer_object *bo))
{
	ttm_huge_bo_align_offset(bdev, bo, type);
	return ttm_bo_init_validate(bdev, bo, type, placement, alignment,
				    interruptible, sg, resv, destroy);
}

/**
 * ttm_huge_range_man_init - ttm_range_man_init(), aligned for huge entries
 * @bdev: the device
 * @type: memory type
 * @use_tt: whether it is system memory seen through an aperture, which is not aligned
 * @p_size: size in pages
 *
 * Has the range manager align as described for ttm_huge_set_driver_manager().
 *
 * Context: process context, when the device is set up.
 *
 * Return: 0, or -ENOMEM. ttm_range_man_fini() undoes it.
 */
static inline int ttm_huge_range_man_init(struct ttm_device *bdev,
					  unsigned int type, bool use_tt,
					  unsigned long p_size)
{
	int ret = ttm_range_man_init_nocheck(bdev, type, use_tt, p_size);

	if (!ret && !use_tt)
		ttm_huge_set_driver_manager(bdev, type,
					    ttm_manager_type(bdev, type));
	return ret;
}

/**
 * ttm_huge_set_aperture - tell where the CPU sees memory
 * @hdev: the device
 * @type: memory type, whose manager was set by ttm_huge_set_driver_manager() or
 *	ttm_huge_range_man_init()
 * @base: physical address of its first byte
 * @size: how much of it the CPU sees, in bytes
 *
 * A huge entry needs an aligned page frame, but managers align offsets inside the memory.
 * An aligned offset has an aligned page frame if the memory begins at a multiple of
 * PUD_SIZE, as the large BARs of PCI devices do; without this call it is assumed to. With
 * it, a buffer object that is large enough for a PUD entry is placed where one fits.
 *
 * Context: process context, when the device is set up, before the first buffer object.
 */
static inline void ttm_huge_set_aperture(struct ttm_huge_device *hdev, int type,
					 u64 base, u64 size)
{
	struct ttm_huge_manager *hman = &to_ttm_huge(&hdev->base)->managers[type];

	hman->base = base;
	hman->size = size;
}

#endif

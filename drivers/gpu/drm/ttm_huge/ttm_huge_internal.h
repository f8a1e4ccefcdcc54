/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Declarations that the files of this module share.
 */
#ifndef _TTM_HUGE_INTERNAL_H_
#define _TTM_HUGE_INTERNAL_H_

#include <linux/kconfig.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_tt.h>
#include <drm/ttm_huge.h>

/* A value of max_level below every level: new mappings are left to TTM. */
#define TTM_HUGE_OFF	(-1)

/**
 * struct ttm_huge_stats - faults since the device was set up
 * @level: faults that set entries, by the level of the entries.
 * @entries: entries that those faults planned, by level.
 * @reason: the same faults, by the reason why they did not set larger entries.
 */
struct ttm_huge_stats {
	u64 level[PFNMAP_LEVELS];
	u64 entries[PFNMAP_LEVELS];
	u64 reason[PFNMAP_REASONS];
};

/**
 * struct ttm_huge_private - what is kept for a device until its DRM device is released
 * @link: entry in the list of all devices that are set up.
 * @bdev: tells which device it is; compared only: the structure may be gone.
 * @stats: per-CPU counters of faults.
 * @dirty: bitmaps of the buffer objects whose writes are tracked, by fake offset.
 * @dummy_pages: pages that mappings show once the device is unplugged, by fake offset of
 *	the buffer object.
 * @prefaults: prefaults that are under way.
 * @prefault_lock: of @prefaults.
 * @watches: the watches of mappings whose writes can be tracked, by the address of the
 *	&struct vm_area_struct.
 * @nr_deaf: mappings without one, or whose dirty bits cannot be collected.
 * @nr_ever_deaf: how many of these there have been.
 * @collecting: held for reading while a watch uses a record of @dirty.
 */
struct ttm_huge_private {
	struct list_head link;
	const struct ttm_device *bdev;
	struct ttm_huge_stats __percpu *stats;
	struct xarray dirty;
	struct xarray dummy_pages;
	struct list_head prefaults;
	spinlock_t prefault_lock; /* protects prefaults */
	struct xarray watches;
	atomic_t nr_deaf;
	atomic_t nr_ever_deaf;
	struct rw_semaphore collecting;
};

/* Where a buffer object begins in the fake-offset space; this is unique to it. */
static inline unsigned long ttm_huge_bo_index(struct ttm_buffer_object *bo)
{
	return drm_vma_node_start(&bo->base.vma_node);
}

/* The page of the buffer object that belongs at an address of its mapping. */
static inline unsigned long ttm_huge_bo_page(struct vm_area_struct *vma,
					     unsigned long address)
{
	return linear_page_index(vma, address) -
	       ttm_huge_bo_index(vma->vm_private_data);
}

static inline unsigned long ttm_huge_dirty_blocks(struct ttm_buffer_object *bo)
{
	return DIV_ROUND_UP(PFN_UP(bo->base.size), PTRS_PER_PTE);
}

/*
 * A bit for each block of PTRS_PER_PTE pages, after those of the pages: writes to the block
 * may be recorded by dirty bits. The last bit, after those of the blocks, says that blocks may
 * become like that.
 */
static inline unsigned long *ttm_huge_dirty_by_bits(struct ttm_buffer_object *bo,
						    unsigned long *record)
{
	return record + BITS_TO_LONGS(PFN_UP(bo->base.size));
}

/* Imported pages are mapped by their exporter only, unless they are marked as mappable. */
static inline bool ttm_huge_is_mappable(struct ttm_buffer_object *bo)
{
	return !bo->ttm || !(bo->ttm->page_flags & TTM_TT_FLAG_EXTERNAL) ||
	       (bo->ttm->page_flags & TTM_TT_FLAG_EXTERNAL_MAPPABLE);
}

extern int ttm_huge_allowed_level;

/* What the module parameter allows: a level, or TTM_HUGE_OFF. */
static inline int ttm_huge_max_level(void)
{
	return READ_ONCE(ttm_huge_allowed_level);
}

struct ttm_huge *ttm_huge_find(struct ttm_device *bdev);

/**
 * struct ttm_huge_source - memory of a buffer object
 * @base: the part that pfnmap knows.
 * @bo: the buffer object.
 */
struct ttm_huge_source {
	struct pfnmap_source base;
	struct ttm_buffer_object *bo;
};

int ttm_huge_find_extent(struct ttm_huge_source *source);

/**
 * struct ttm_huge_writing - a write fault that may make its whole page table writable
 * @watch: that of the mapping; NULL if it does not.
 * @record: the record of the buffer object.
 * @first: first page whose entry can be in the table.
 * @end: first page past them.
 * @seq: tells whether a zap has begun meanwhile.
 */
struct ttm_huge_writing {
	struct ttm_huge_watch *watch;
	unsigned long *record;
	unsigned long first;
	unsigned long end;
	unsigned long seq;
};

/* Without CONFIG_DRM_TTM_HUGE_DIRTY no buffer object is tracked. */
#if IS_ENABLED(CONFIG_DRM_TTM_HUGE_DIRTY)
unsigned long *ttm_huge_dirty_bitmap(struct ttm_buffer_object *bo);
void ttm_huge_dirty_mark(struct ttm_buffer_object *bo, unsigned long page,
			 unsigned long nr_pages);
void ttm_huge_dirty_free(struct ttm_buffer_object *bo);
bool ttm_huge_dirty_begin(struct vm_fault *vmf, struct ttm_huge_writing *writing);
#else
static inline unsigned long *ttm_huge_dirty_bitmap(struct ttm_buffer_object *bo)
{
	return NULL;
}

static inline void ttm_huge_dirty_mark(struct ttm_buffer_object *bo,
				       unsigned long page,
				       unsigned long nr_pages)
{
}

static inline void ttm_huge_dirty_free(struct ttm_buffer_object *bo)
{
}

static inline bool ttm_huge_dirty_begin(struct vm_fault *vmf,
					struct ttm_huge_writing *writing)
{
	return false;
}
#endif

/* What the kernel needs to collect dirty bits may be missing; then each page takes a fault. */
#if IS_ENABLED(CONFIG_DRM_TTM_HUGE_DIRTY_BITS)
void ttm_huge_watch_add(struct vm_area_struct *vma);
void ttm_huge_watch_open(struct vm_area_struct *vma);
void ttm_huge_watch_close(struct vm_area_struct *vma);
bool ttm_huge_watch_begin(struct vm_fault *vmf, unsigned long *record,
			  struct ttm_huge_writing *writing);
void ttm_huge_watch_end(struct ttm_huge_writing *writing);
bool ttm_huge_watch_clean(struct ttm_buffer_object *bo, unsigned long page,
			  unsigned long nr_pages, unsigned long *out);
void ttm_huge_watch_sync(struct ttm_buffer_object *bo);
#else
static inline void ttm_huge_watch_add(struct vm_area_struct *vma)
{
}

static inline void ttm_huge_watch_open(struct vm_area_struct *vma)
{
}

static inline void ttm_huge_watch_close(struct vm_area_struct *vma)
{
}

static inline bool ttm_huge_watch_begin(struct vm_fault *vmf, unsigned long *record,
					struct ttm_huge_writing *writing)
{
	return false;
}

static inline void ttm_huge_watch_end(struct ttm_huge_writing *writing)
{
}

static inline bool ttm_huge_watch_clean(struct ttm_buffer_object *bo, unsigned long page,
					unsigned long nr_pages, unsigned long *out)
{
	return false;
}

static inline void ttm_huge_watch_sync(struct ttm_buffer_object *bo)
{
}
#endif

#if IS_ENABLED(CONFIG_DRM_TTM_HUGE_PREFAULT)
void ttm_huge_prefault_has_mapped(struct ttm_huge_private *priv,
				  const struct pfnmap_plan *plan);
#else
static inline void ttm_huge_prefault_has_mapped(struct ttm_huge_private *priv,
						const struct pfnmap_plan *plan)
{
}
#endif

vm_fault_t ttm_huge_fault_of_error(struct vm_fault *vmf, int err);
vm_fault_t ttm_huge_wait_locked(struct ttm_buffer_object *bo,
				struct vm_fault *vmf);
vm_fault_t ttm_huge_wait_for_move(struct ttm_buffer_object *bo,
				  struct vm_fault *vmf);

vm_fault_t ttm_huge_vm_dummy_page(struct vm_fault *vmf, unsigned int order);
vm_fault_t ttm_huge_fault(struct vm_fault *vmf, unsigned int order);
vm_fault_t ttm_huge_pte_fault(struct vm_fault *vmf);

void ttm_huge_mmap_begin(struct vm_area_struct *vma);
struct ttm_buffer_object *ttm_huge_vma_bo(struct ttm_device *bdev,
					  struct vm_area_struct *vma);

#endif

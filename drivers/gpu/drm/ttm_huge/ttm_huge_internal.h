/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of this module share.
 */
#ifndef _TTM_HUGE_INTERNAL_H_
#define _TTM_HUGE_INTERNAL_H_

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/xarray.h>

#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_tt.h>
#include <drm/ttm_huge.h>

#include "ttm_huge_plan.h"

/* A value of max_level below every level: new mappings are TTM's own. */
#define TTM_HUGE_OFF	(-1)

/**
 * struct ttm_huge_stats - faults since the device was set up
 * @level: faults that set entries, by the level of the entries.
 * @entries: entries that those faults planned, by level.
 * @reason: the same faults, by why they did not set larger entries.
 */
struct ttm_huge_stats {
	u64 level[TTM_HUGE_LEVELS];
	u64 entries[TTM_HUGE_LEVELS];
	u64 reason[TTM_HUGE_REASONS];
};

/**
 * struct ttm_huge_private - what is kept for a device, for as long as DRM has that
 * @stats: per-CPU counters of faults.
 * @dirty: bitmaps of the buffer objects whose writes are tracked, by fake offset.
 * @dummy_pages: what mappings show once the device is unplugged, by fake offset of the
 *	buffer object.
 */
struct ttm_huge_private {
	struct ttm_huge_stats __percpu *stats;
	struct xarray dirty;
	struct xarray dummy_pages;
};

/**
 * struct ttm_huge_entry - a present page-table entry, or a hole
 * @start: first user address.
 * @end: first user address behind it.
 * @present: false for a hole, whose other members mean nothing.
 * @level: level of the entry.
 * @pfn: page frame that @start maps to.
 * @prot: protection and caching, as the entry has them.
 * @writable: writes do not fault.
 * @special: the entry is marked as not backed by struct page.
 * @young: it has been accessed.
 * @dirty: it has been written through.
 */
struct ttm_huge_entry {
	unsigned long start;
	unsigned long end;
	bool present;
	enum ttm_huge_level level;
	unsigned long pfn;
	pgprot_t prot;
	bool writable;
	bool special;
	bool young;
	bool dirty;
};

/**
 * struct ttm_huge_prot - protection of the entries of a plan
 * @fault: protection and caching of the PTE that faulted.
 * @neighbour: the same for PTEs around it.
 * @huge_write: huge entries are made writable where the mapping is, although
 *	its vm_page_prot, which they get their protection from, is read-only.
 * @largest: the largest level whose entries carry the caching and encryption that
 *	TTM asks for.
 */
struct ttm_huge_prot {
	pgprot_t fault;
	pgprot_t neighbour;
	bool huge_write;
	enum ttm_huge_level largest;
};

typedef void (*ttm_huge_entry_fn)(const struct ttm_huge_entry *entry,
				  void *data);

extern const char * const ttm_huge_level_names[TTM_HUGE_LEVELS];
extern const char * const ttm_huge_reason_names[TTM_HUGE_REASONS];

static inline struct ttm_huge_device *to_ttm_huge(struct ttm_device *bdev)
{
	return container_of(bdev, struct ttm_huge_device, base);
}

/* Where a buffer object begins in the fake-offset space: no other begins there. */
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

/* Imported pages are mapped by whoever exported them. */
static inline bool ttm_huge_is_mappable(struct ttm_buffer_object *bo)
{
	return !bo->ttm || !(bo->ttm->page_flags & TTM_TT_FLAG_EXTERNAL) ||
	       (bo->ttm->page_flags & TTM_TT_FLAG_EXTERNAL_MAPPABLE);
}

int ttm_huge_max_level(void);

int ttm_huge_find_extent(struct ttm_buffer_object *bo, unsigned long page,
			 struct ttm_huge_extent *extent);

unsigned long *ttm_huge_dirty_bitmap(struct ttm_buffer_object *bo);

void ttm_huge_prot_init(void);
pgprot_t ttm_huge_recorded_prot(pgprot_t prot, pte_t entry);
void ttm_huge_entry_prot(struct vm_fault *vmf, struct ttm_buffer_object *bo,
			 bool tracked, struct ttm_huge_prot *prot);

vm_fault_t ttm_huge_upgrade(struct vm_fault *vmf, enum ttm_huge_level level,
			    unsigned long pfn);
vm_fault_t ttm_huge_insert(struct vm_fault *vmf,
			   const struct ttm_huge_plan *plan,
			   const struct ttm_huge_prot *prot);

vm_fault_t ttm_huge_make_writable(struct vm_fault *vmf);

vm_fault_t ttm_huge_pte_fault(struct vm_fault *vmf);

struct ttm_buffer_object *ttm_huge_vma_bo(struct ttm_device *bdev,
					  struct vm_area_struct *vma);

int ttm_huge_mapped_end(struct vm_area_struct *vma, unsigned long *address);
int ttm_huge_walk_vma(struct vm_area_struct *vma, ttm_huge_entry_fn fn,
		      void *data);

#endif

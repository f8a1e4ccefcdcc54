/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What pfnmap.h and ttm_huge.h need and an older kernel lacks, for a driver that is written
 * for that kernel. Such a driver needs nothing else of compat.h, which has more for drivers
 * that are written for mainline.
 */
#ifndef _COMPAT_ADOPTED_H_
#define _COMPAT_ADOPTED_H_

/* On these kernels, DRM lets a file take large offsets when it is opened. */
#ifdef COMPAT_FOP_FLAGS_ABSENT
#define fop_flags check_flags
#define FOP_UNSIGNED_OFFSET NULL
#endif

/* On these kernels, clients have no id by which programs could tell them apart. */
#ifdef COMPAT_SHOW_FDINFO_ABSENT
#define drm_show_fdinfo NULL
#endif

#ifdef COMPAT_PGTABLE_LEVEL_ABSENT
enum pgtable_level {
	PGTABLE_LEVEL_PTE,
	PGTABLE_LEVEL_PMD,
	PGTABLE_LEVEL_PUD,
};

static inline const char *pgtable_level_to_str(enum pgtable_level level)
{
	switch (level) {
	case PGTABLE_LEVEL_PTE:
		return "pte";
	case PGTABLE_LEVEL_PMD:
		return "pmd";
	case PGTABLE_LEVEL_PUD:
		return "pud";
	}
	return "unknown";
}
#endif

/*
 * On these kernels, mappings hold a reference of TTM's own, and the GEM object may be freed
 * while they last. Mappings that ttm_huge_gem_mmap() has made hold the GEM object instead, as
 * in mainline, unless their vm_ops are TTM's. So do mappings of drivers that have
 * TTM_HUGE_VM_OPS in their vm_ops.
 */
#ifdef COMPAT_TTM_REFERENCE_TTM
#include <drm/drm_gem.h>
#include <drm/ttm/ttm_bo.h>

static inline void compat_ttm_bo_vm_open(struct vm_area_struct *vma)
{
	struct ttm_buffer_object *bo = vma->vm_private_data;

	drm_gem_object_get(&bo->base);
}

static inline void compat_ttm_bo_vm_close(struct vm_area_struct *vma)
{
	struct ttm_buffer_object *bo = vma->vm_private_data;

	vma->vm_private_data = NULL;
	drm_gem_object_put(&bo->base);
}

#define ttm_bo_vm_open compat_ttm_bo_vm_open
#define ttm_bo_vm_close compat_ttm_bo_vm_close
#endif

#endif

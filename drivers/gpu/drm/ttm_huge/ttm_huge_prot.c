// SPDX-License-Identifier: GPL-2.0-only
/*
 * Protection, caching and encryption of entries.
 */

#include <linux/mm.h>
#ifdef CONFIG_X86
#include <asm/memtype.h>
#endif

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_resource.h>

#include "ttm_huge_internal.h"

static pgprot_t bo_prot(struct ttm_buffer_object *bo, pgprot_t prot)
{
	prot = ttm_io_prot(bo, bo->resource, prot);
	return bo->resource->bus.is_iomem ? pgprot_decrypted(prot) : prot;
}

/**
 * ttm_huge_caching_level - the largest level that carries what TTM asks for
 * @bo: the buffer object, whose memory has been found
 * @vma: a mapping of it
 *
 * PTEs carry any caching, and encryption. A huge entry takes both from the
 * mapping; where the kernel tracks the caching of memory, as x86 does with PAT,
 * it corrects the caching by that.
 *
 * Context: any, with the reservation of @bo held.
 *
 * Return: a level.
 */
enum ttm_huge_level ttm_huge_caching_level(struct ttm_buffer_object *bo,
					   struct vm_area_struct *vma)
{
	pgprot_t huge = vma->vm_page_prot;
	pgprot_t prot = bo_prot(bo, huge);

#ifdef CONFIG_X86
	if (pat_enabled()) {
		huge = pgprot_writecombine(huge);
		prot = pgprot_writecombine(prot);
	}
#endif
	return pgprot_val(huge) == pgprot_val(prot) ? TTM_HUGE_PUD :
						      TTM_HUGE_PTE;
}

/**
 * ttm_huge_entry_prot - what the entries of a fault look like
 * @vmf: the fault
 * @bo: the buffer object, whose memory has been found
 * @tracked: writes to it are recorded
 * @prot: filled in
 *
 * If the writes of a mapping can be tracked, the core has made its vm_page_prot
 * read-only, which is right only while they are.
 *
 * Context: any, with the reservation of @bo held, and the mmap lock or the VMA's
 * lock for reading.
 */
void ttm_huge_entry_prot(struct vm_fault *vmf, struct ttm_buffer_object *bo,
			 bool tracked, struct ttm_huge_prot *prot)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t ro, rw;

	if (!vma->vm_ops->pfn_mkwrite) {
		rw = bo_prot(bo, vma->vm_page_prot);
		*prot = (struct ttm_huge_prot){ .fault = rw, .neighbour = rw };
		return;
	}

	rw = bo_prot(bo, vm_get_page_prot(vma->vm_flags));
	ro = bo_prot(bo, vm_get_page_prot(vma->vm_flags & ~VM_SHARED));
	*prot = (struct ttm_huge_prot){
		.fault = tracked && !(vmf->flags & FAULT_FLAG_WRITE) ? ro : rw,
		.neighbour = tracked ? ro : rw,
		.huge_write = !tracked && vma->vm_flags & VM_WRITE,
	};
}

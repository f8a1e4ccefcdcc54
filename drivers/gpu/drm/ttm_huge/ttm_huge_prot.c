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

/*
 * Bits of an entry that the kernel corrects where it has a record of how memory is
 * cached: all that say so.
 */
static u64 corrected_bits __read_mostly;

/**
 * ttm_huge_prot_init - find out what the kernel does about caching
 *
 * Asked here as it would be much of a fault. It is settled at boot: each device that
 * asks finds the same, so no lock keeps others from reading it meanwhile.
 *
 * Context: any, before the first mapping of the device.
 */
void ttm_huge_prot_init(void)
{
#ifdef CONFIG_X86
	if (pat_enabled())
		corrected_bits = _PAGE_CACHE_MASK;
#endif
}

/*
 * The largest level whose entries carry what TTM asks for, @prot. PTEs carry any
 * caching, and encryption. A huge entry takes both from the mapping, @huge. Where
 * the kernel has a record of how memory is cached, as x86 with PAT, entries of all
 * levels have the caching of that, whatever is asked for.
 */
static enum ttm_huge_level carried_level(pgprot_t huge, pgprot_t prot)
{
	u64 differ = pgprot_val(huge) ^ pgprot_val(prot);

	return differ & ~corrected_bits ? TTM_HUGE_PTE : TTM_HUGE_PUD;
}

/**
 * ttm_huge_recorded_prot - have a protection the caching that the kernel has on record
 * @prot: the protection
 * @entry: an entry that the core has set for the same memory
 *
 * Context: any.
 *
 * Return: @prot, with the caching of @entry where there is such a record.
 */
pgprot_t ttm_huge_recorded_prot(pgprot_t prot, pte_t entry)
{
	u64 recorded = pgprot_val(pte_pgprot(entry)) & corrected_bits;

	return __pgprot((pgprot_val(prot) & ~corrected_bits) | recorded);
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
 * PTEs get their protection from @prot, and see ttm_huge_recorded_prot(). The core
 * gives a huge entry that of the mapping, so @prot says how large an entry may be for
 * that to be right. What TTM asks for depends on where @bo is, and a move needs the
 * reservation; vm_page_prot changes with the VMA's lock held for writing, or the
 * reservation. So both hold until the entries are set.
 *
 * Context: any, with the reservation of @bo held, and the mmap lock or the VMA's
 * lock for reading.
 */
void ttm_huge_entry_prot(struct vm_fault *vmf, struct ttm_buffer_object *bo,
			 bool tracked, struct ttm_huge_prot *prot)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t huge = bo_prot(bo, vma->vm_page_prot);
	pgprot_t ro, rw;

	*prot = (struct ttm_huge_prot){
		.fault = huge,
		.neighbour = huge,
		.largest = carried_level(vma->vm_page_prot, huge),
	};
	if (!vma->vm_ops->pfn_mkwrite)
		return;

	rw = bo_prot(bo, vm_get_page_prot(vma->vm_flags));
	ro = bo_prot(bo, vm_get_page_prot(vma->vm_flags & ~VM_SHARED));
	prot->fault = tracked && !(vmf->flags & FAULT_FLAG_WRITE) ? ro : rw;
	prot->neighbour = tracked ? ro : rw;
	prot->huge_write = !tracked && vma->vm_flags & VM_WRITE;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Protection, caching and encryption of entries.
 */

#include <linux/init.h>
#include <linux/mm.h>
#ifdef CONFIG_X86
#include <asm/memtype.h>
#endif

#include "pfnmap_internal.h"

u64 pfnmap_corrected_bits __ro_after_init;

/**
 * pfnmap_prot_init - find out whether the kernel corrects the caching of entries
 *
 * Context: any, before the first fault.
 */
void __init pfnmap_prot_init(void)
{
#ifdef CONFIG_X86
	if (pat_enabled())
		pfnmap_corrected_bits = _PAGE_CACHE_MASK;
#endif
}

/**
 * pfnmap_recorded_prot - give a protection the caching that the kernel has on record
 * @prot: the protection
 * @entry: an entry that the core has set for the same memory
 *
 * Context: any.
 *
 * Return: @prot, with the caching of @entry if the kernel has caching on record.
 */
pgprot_t pfnmap_recorded_prot(pgprot_t prot, pte_t entry)
{
	u64 recorded = pgprot_val(pte_pgprot(entry)) & pfnmap_corrected_bits;

	return __pgprot((pgprot_val(prot) & ~pfnmap_corrected_bits) | recorded);
}

/* Protection of a mapping with @flags; @differ adds the memory's caching and encryption. */
static pgprot_t pfnmap_prot_of(vm_flags_t flags, u64 differ)
{
	return __pgprot(pgprot_val(vm_get_page_prot(flags)) ^ differ);
}

/**
 * pfnmap_find_pte_prot - find the protection of the PTEs of a fault
 * @vmf: the fault
 * @source: what is to be mapped
 * @prot: filled in; see also pfnmap_recorded_prot()
 *
 * If writes to a mapping can be tracked, the core has made its vm_page_prot
 * read-only, which is right only while they are tracked.
 *
 * Context: as for pfnmap_fault().
 */
void pfnmap_find_pte_prot(struct vm_fault *vmf,
			  const struct pfnmap_source *source,
			  struct pfnmap_pte_prot *prot)
{
	struct vm_area_struct *vma = vmf->vma;
	u64 differ = pgprot_val(source->prot) ^ pgprot_val(vma->vm_page_prot);
	pgprot_t ro, rw;

	prot->fault = source->prot;
	prot->neighbour = source->prot;
	if (!vma->vm_ops->pfn_mkwrite)
		return;

	rw = pfnmap_prot_of(vma->vm_flags, differ);
	ro = pfnmap_prot_of(vma->vm_flags & ~VM_SHARED, differ);
	prot->fault = source->tracked && !(vmf->flags & FAULT_FLAG_WRITE) ?
		      ro : rw;
	prot->neighbour = source->tracked && !source->by_bits ? ro : rw;
}

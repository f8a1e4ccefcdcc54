// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks at what is in the slot of a fault already.
 */

#include <linux/align.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "pfnmap_internal.h"

/*
 * A huge entry is there already. It is the right one: code that moves the memory removes
 * its entries under the lock that keeps the memory where it is. At most the entry has to
 * become writable; if it has gone meanwhile, it is set again. If writes are tracked, it
 * must not become writable: the core splits it, and then asks for smaller entries.
 */
static vm_fault_t pfnmap_slot_taken(struct vm_fault *vmf,
				    enum pgtable_level level,
				    unsigned long pfn, pgprot_t prot,
				    bool writable, bool tracked)
{
	struct pfnmap_plan plan = {
		.level = level,
		.address = ALIGN_DOWN(vmf->address, PMD_SIZE),
		.pfn = pfn,
		.nr_entries = 1,
	};

	if (!(vmf->flags & FAULT_FLAG_WRITE) || writable)
		return VM_FAULT_NOPAGE;
	return tracked ? VM_FAULT_FALLBACK :
	       pfnmap_insert_huge(vmf, &plan, prot, true, NULL);
}

/**
 * pfnmap_look_at_slot - look at the slot of a fault
 * @vmf: the fault
 * @level: what the core asks for
 * @tracked: writes are recorded
 * @free: if 0 is returned, set to the largest level at which no page table is in the way
 *
 * The core has looked before, but without the lock that keeps the memory where it is.
 *
 * Context: as for pfnmap_fault().
 *
 * Return: 0 if there is something to set, or what the fault has to return.
 */
vm_fault_t pfnmap_look_at_slot(struct vm_fault *vmf, enum pgtable_level level,
			       bool tracked, enum pgtable_level *free)
{
	pud_t pud = READ_ONCE(*vmf->pud);
	pmd_t pmd;

	if (level == PGTABLE_LEVEL_PUD) {
		if (pud_leaf(pud))
			return pfnmap_slot_taken(vmf, PGTABLE_LEVEL_PUD,
						 pud_pfn(pud), pud_pgprot(pud),
						 pud_write(pud), tracked);
		/* The core will find the table and ask again, for a PMD. */
		if (!pud_none(pud))
			return VM_FAULT_FALLBACK;
		*free = PGTABLE_LEVEL_PUD;
		return 0;
	}

	if (pud_none(pud) || pud_leaf(pud))
		return VM_FAULT_NOPAGE;

	pmd = pmdp_get_lockless(vmf->pmd);
	/* If a PTE is asked for and a leaf has come since, have the access fault again. */
	if (pmd_leaf(pmd))
		return level == PGTABLE_LEVEL_PTE ? VM_FAULT_NOPAGE :
		       pfnmap_slot_taken(vmf, PGTABLE_LEVEL_PMD, pmd_pfn(pmd),
					 pmd_pgprot(pmd), pmd_write(pmd),
					 tracked);
	*free = pmd_none(pmd) ? PGTABLE_LEVEL_PMD : PGTABLE_LEVEL_PTE;
	return 0;
}

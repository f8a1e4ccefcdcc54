/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of this module share.
 */
#ifndef _PFNMAP_INTERNAL_H_
#define _PFNMAP_INTERNAL_H_

#include <linux/mm.h>
#include <linux/pfnmap.h>

#include "pfnmap_plan.h"

/**
 * struct pfnmap_pte_prot - protection of PTEs
 * @fault: protection and caching of the PTE that faulted.
 * @neighbour: protection and caching of the PTEs around it.
 */
struct pfnmap_pte_prot {
	pgprot_t fault;
	pgprot_t neighbour;
};

/* The largest level at which kernel and CPU have special entries. */
extern enum pgtable_level pfnmap_kernel_level;

vm_fault_t pfnmap_look_at_slot(struct vm_fault *vmf, enum pgtable_level level,
			       bool tracked, enum pgtable_level *free);

/*
 * All caching bits of an entry, if the kernel has a record of how memory is cached and
 * corrects entries by it; else 0.
 */
extern u64 pfnmap_corrected_bits;

void pfnmap_prot_init(void);
pgprot_t pfnmap_recorded_prot(pgprot_t prot, pte_t entry);
void pfnmap_find_pte_prot(struct vm_fault *vmf,
			  const struct pfnmap_source *source,
			  struct pfnmap_pte_prot *prot);

/**
 * pfnmap_prot_level - the largest level whose entries can have the protection asked for
 * @vma: the mapping of a fault
 * @source: what is to be mapped
 *
 * A PTE can have any caching and encryption. A huge entry takes both from the mapping.
 * Where the kernel has a record of how memory is cached, as x86 has with PAT, entries of
 * all levels get the caching from the record, whatever is asked for.
 *
 * Context: as for pfnmap_fault(). vm_page_prot changes only under the VMA's lock held for
 * writing, or under the lock that keeps the memory where it is. So the result is valid
 * until the entries are set.
 *
 * Return: PGTABLE_LEVEL_PTE or PGTABLE_LEVEL_PUD.
 */
static inline enum pgtable_level
pfnmap_prot_level(const struct vm_area_struct *vma,
		  const struct pfnmap_source *source)
{
	u64 differ = pgprot_val(source->prot) ^ pgprot_val(vma->vm_page_prot);

	return differ & ~pfnmap_corrected_bits ? PGTABLE_LEVEL_PTE : PGTABLE_LEVEL_PUD;
}

/**
 * pfnmap_prot_huge_write - whether vm_page_prot is read-only although writes are allowed
 * @vma: the mapping of a fault
 * @source: what is to be mapped
 *
 * If writes to a mapping can be tracked, the core has made its vm_page_prot read-only, and
 * huge entries get their protection from that. Read-only is right only while writes are
 * tracked.
 *
 * Context: as for pfnmap_fault().
 *
 * Return: true if huge entries have to be made writable.
 */
static inline bool pfnmap_prot_huge_write(const struct vm_area_struct *vma,
					  const struct pfnmap_source *source)
{
	return vma->vm_ops->pfn_mkwrite && !source->tracked &&
	       vma->vm_flags & VM_WRITE;
}

/* Number of pieces of memory that are asked for at once. */
#define PFNMAP_REST_EXTENTS	32

/**
 * struct pfnmap_rest - what a fault fills the rest of its page table with
 * @source: finds the memory.
 * @window: the pages of the object that the table can map.
 * @extents: the pieces that were asked for last.
 */
struct pfnmap_rest {
	const struct pfnmap_source *source;
	struct pfnmap_window window;
	struct pfnmap_extent extents[PFNMAP_REST_EXTENTS];
};

vm_fault_t pfnmap_insert(struct vm_fault *vmf, struct pfnmap_plan *plan,
			 const struct pfnmap_source *source,
			 struct pfnmap_rest *rest);
vm_fault_t pfnmap_insert_huge(struct vm_fault *vmf, struct pfnmap_plan *plan,
			      pgprot_t prot, bool write,
			      struct pfnmap_rest *rest);

int pfnmap_walk_range(struct vm_area_struct *vma, unsigned long start,
		      unsigned long end, pfnmap_entry_fn fn, void *data);

#endif

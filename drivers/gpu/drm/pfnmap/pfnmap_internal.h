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
 * struct pfnmap_prot - protection of the entries of a plan
 * @fault: protection and caching of the PTE that faulted.
 * @neighbour: the same for PTEs around it.
 * @huge: protection of the mapping with the caching that is asked for, for kernels
 *	which do not correct that of a huge entry.
 * @huge_write: huge entries are made writable where the mapping is, although
 *	its vm_page_prot, which they get their protection from, is read-only.
 * @largest: the largest level whose entries carry the caching and encryption that
 *	is asked for.
 */
struct pfnmap_prot {
	pgprot_t fault;
	pgprot_t neighbour;
	pgprot_t huge;
	bool huge_write;
	enum pgtable_level largest;
};

vm_fault_t pfnmap_look_at_slot(struct vm_fault *vmf, enum pgtable_level level,
			       bool tracked, struct pfnmap_request *req);

void pfnmap_prot_init(void);
pgprot_t pfnmap_recorded_prot(pgprot_t prot, pte_t entry);
void pfnmap_entry_prot(struct vm_fault *vmf, const struct pfnmap_source *source,
		       struct pfnmap_prot *prot);

/* Pieces of memory that are asked for at once. */
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
			 const struct pfnmap_prot *prot,
			 struct pfnmap_rest *rest);

#endif

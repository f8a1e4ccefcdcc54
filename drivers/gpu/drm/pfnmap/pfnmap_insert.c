// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets the entries of a plan.
 *
 * The caller of pfnmap_fault() holds the lock that keeps the memory where it is. Entries
 * of the object's mappings are set only under that lock. So a slot can be emptied at any
 * time (reading smaps makes the core split PUD entries, which removes them) and can get
 * a page table from another fault, but it never gets a leaf entry. If the object needs
 * no lock, the only leaf entry that the slot can get is the one that is about to be set.
 *
 * Entries are removed
 *
 * * by the code that moves the memory, with that lock held;
 * * by calls that change the mapping, with the VMA's lock held for writing;
 * * by drivers that zap all mappings of a device, to reset it, with neither lock.
 *
 * If a huge entry comes while the core looks at a slot to empty it, the core takes the
 * entry for a broken page table, and clears it without flushing the TLB. Movers and
 * drivers zap by unmap_mapping_range(), which holds the lock of the file's mappings for
 * reading. So huge entries are set with that lock held for writing. Under it, only
 * locks of page tables are taken, and those that &pfnmap_source.extents takes.
 */

#include <linux/export.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "pfnmap_internal.h"
#include "pfnmap_mm_bugs.h"

/*
 * Calls @set for the entries of the pages from @first up to @end, which are in the same
 * table as those of the plan. The lock of the table is held, so no more pieces are looked
 * at than the table has entries.
 */
static __always_inline void
pfnmap_insert_pages(struct pfnmap_rest *rest, struct pfnmap_plan *plan,
		    enum pgtable_level level, unsigned long first,
		    unsigned long end,
		    void (*set)(void *data, struct pfnmap_run run), void *data)
{
	struct pfnmap_window window = { .first = first, .end = end };
	unsigned int left = PTRS_PER_PTE / PFNMAP_REST_EXTENTS;
	struct pfnmap_extent *extents = rest->extents;
	unsigned long nr_more = 0;

	for (; window.first < end && left; left--) {
		unsigned int nr = rest->source->extents(rest->source, window.first, end,
							extents, PFNMAP_REST_EXTENTS);
		const struct pfnmap_extent *extent = extents, *past;

		/* The owner must keep to what pfnmap_extents_fn says. */
		if (WARN_ON_ONCE(!nr || nr > PFNMAP_REST_EXTENTS ||
				 window.first - extents->first >= extents->nr_pages))
			break;
		past = extents + pfnmap_plan_clip(&window, extents, nr);
		do {
			struct pfnmap_run run = pfnmap_plan_run(level, rest->window.to_vpn,
								extent);

			set(data, run);
			nr_more += run.nr_entries;
		} while (++extent < past);
		window.first = extent[-1].first + extent[-1].nr_pages;
	}
	plan->nr_more += nr_more;
}

/* Sets entries for the memory before that of the plan, and for the memory after it. */
static __always_inline void
pfnmap_insert_rest(struct pfnmap_rest *rest, struct pfnmap_plan *plan,
		   enum pgtable_level level,
		   void (*set)(void *data, struct pfnmap_run run), void *data)
{
	const struct pfnmap_extent *extent = &rest->source->extent;
	unsigned long end = rest->window.end;

	pfnmap_insert_pages(rest, plan, level, rest->window.first, extent->first,
			    set, data);
	pfnmap_insert_pages(rest, plan, level,
			    extent->first + min(extent->nr_pages, end - extent->first),
			    end, set, data);
}

/*
 * Sets the entries of the plan, and those of other memory that belongs in the same table.
 * Inlined with @set, because there are up to 512 runs.
 */
static __always_inline void
pfnmap_insert_runs(struct pfnmap_rest *rest, struct pfnmap_plan *plan,
		   enum pgtable_level level,
		   void (*set)(void *data, struct pfnmap_run run), void *data)
{
	const struct pfnmap_run run = {
		.address = plan->address,
		.nr_entries = plan->nr_entries,
		.pfn = plan->pfn,
	};

	set(data, run);
	if (rest)
		pfnmap_insert_rest(rest, plan, level, set, data);
}

/*
 * If the insert functions of the core find a page table in the slot, they warn
 * if they are told to write, and leave it alone otherwise. A PUD slot can get a
 * table from another fault at any time. So an entry is set as for a read, and
 * made writable in a second step once it is known to be there. Most mappings
 * never need the second step: their vm_page_prot allows writes. Where it does
 * not (soft-dirty tracking), the access faults once more. The access itself
 * marks the entry young and dirty; the second step does so, too.
 */
static vm_fault_t pfnmap_insert_pud(struct vm_fault *vmf, unsigned long pfn,
				    pgprot_t prot, bool write)
{
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
	vm_fault_t ret = vmf_insert_pfn_pud(vmf, pfn, false);

	if (write && ret == VM_FAULT_NOPAGE &&
	    pud_leaf(READ_ONCE(*vmf->pud)))
		ret = vmf_insert_pfn_pud(vmf, pfn, true);
	return ret;
#else
	return VM_FAULT_FALLBACK;
#endif
}

#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
static vm_fault_t pfnmap_insert_pmd(struct vm_fault *vmf, unsigned long pfn,
				    bool write)
{
	vm_fault_t ret = vmf_insert_pfn_pmd(vmf, pfn, false);

	if (write && ret == VM_FAULT_NOPAGE &&
	    pmd_leaf(pmdp_get_lockless(vmf->pmd)))
		ret = vmf_insert_pfn_pmd(vmf, pfn, true);
	return ret;
}

/* @table is the page table; @prot has all bits of its new entries but the page frame. */
struct pfnmap_pmds {
	struct vm_fault *vmf;
	pmd_t *table;
	pgprot_t prot;
};

/* Called with the lock of the page table held. */
static __always_inline void pfnmap_insert_pmd_run(void *data, struct pfnmap_run run)
{
	const struct pfnmap_pmds *pmds = data;
	struct vm_area_struct *vma = pmds->vmf->vma;
	pmd_t *pmd = pmds->table + pmd_index(run.address);
	pgprot_t prot = pmds->prot;

	for (; run.nr_entries; run.nr_entries--) {
		if (pmd_none(READ_ONCE(*pmd))) {
			set_pmd_at(vma->vm_mm, run.address, pmd, pfn_pmd(run.pfn, prot));
			update_mmu_cache_pmd(vma, run.address, pmd);
		}
		run.address += PMD_SIZE;
		run.pfn += PHYS_PFN(PMD_SIZE);
		pmd++;
	}
}

/*
 * Sets the neighbours of the PMD entry that faulted, in the same table. For that entry the
 * core has looked up how the memory is cached, which is most of the cost of an entry. The
 * neighbours differ from it only in their page frames, and in being old and clean. Where
 * the core deposits a page table with each PMD entry, which a module cannot do, none are
 * set.
 */
static noinline_for_stack void
pfnmap_insert_neighbour_pmds(struct vm_fault *vmf, struct pfnmap_plan *plan,
			     struct pfnmap_rest *rest)
{
	pmd_t faulted = pmdp_get_lockless(vmf->pmd);
	struct pfnmap_pmds pmds = {
		.vmf = vmf,
		.table = vmf->pmd - pmd_index(vmf->address),
	};
	spinlock_t *ptl;	/* of the table */

	/* If the entry has gone, the access will fault again. */
	if (!pmd_leaf(faulted) || arch_needs_pgtable_deposit())
		return;

	pmds.prot = pmd_pgprot(pmd_mkold(pmd_mkclean(faulted)));
	ptl = pmd_lock(vmf->vma->vm_mm, vmf->pmd);
	pfnmap_insert_runs(rest, plan, PGTABLE_LEVEL_PMD, pfnmap_insert_pmd_run, &pmds);
	spin_unlock(ptl);
}

static vm_fault_t pfnmap_insert_pmds(struct vm_fault *vmf,
				     struct pfnmap_plan *plan, bool write,
				     struct pfnmap_rest *rest)
{
	unsigned long before = ALIGN_DOWN(vmf->address, PMD_SIZE) - plan->address;
	vm_fault_t ret;

	ret = pfnmap_insert_pmd(vmf, plan->pfn + PHYS_PFN(before), write);
	if (ret == VM_FAULT_NOPAGE && (plan->nr_entries > 1 || rest))
		pfnmap_insert_neighbour_pmds(vmf, plan, rest);
	return ret;
}
#else
static vm_fault_t pfnmap_insert_pmds(struct vm_fault *vmf,
				     struct pfnmap_plan *plan, bool write,
				     struct pfnmap_rest *rest)
{
	return VM_FAULT_FALLBACK;
}
#endif

/* Called while no zap looks at the slots, unless the kernel can handle that. */
static vm_fault_t pfnmap_insert_not_zapped(struct vm_fault *vmf,
					   struct pfnmap_plan *plan,
					   pgprot_t prot, bool write,
					   struct pfnmap_rest *rest)
{
	if (pfnmap_mm_has(PFNMAP_MM_ZAP))
		i_mmap_assert_write_locked(vmf->vma->vm_file->f_mapping);
	if (plan->level == PGTABLE_LEVEL_PUD)
		return pfnmap_insert_pud(vmf, plan->pfn, prot, write);
	return pfnmap_insert_pmds(vmf, plan, write, rest);
}

/**
 * pfnmap_insert_huge - set huge entries of a plan
 * @vmf: the fault
 * @plan: as for pfnmap_insert()
 * @prot: protection with the caching that is asked for, or that of the entry that is in the
 *	slot; for kernels that do not correct the caching of a huge entry
 * @write: make the entries writable if the mapping is, although its vm_page_prot, from which
 *	they get their protection, is read-only
 * @rest: as for pfnmap_insert()
 *
 * Context: as for pfnmap_fault().
 *
 * Return: as for pfnmap_insert().
 */
vm_fault_t pfnmap_insert_huge(struct vm_fault *vmf, struct pfnmap_plan *plan,
			      pgprot_t prot, bool write,
			      struct pfnmap_rest *rest)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	vm_fault_t ret;

	if (!pfnmap_mm_has(PFNMAP_MM_ZAP))
		return pfnmap_insert_not_zapped(vmf, plan, prot, write, rest);
	i_mmap_lock_write(mapping);
	ret = pfnmap_insert_not_zapped(vmf, plan, prot, write, rest);
	i_mmap_unlock_write(mapping);
	return ret;
}

/*
 * @prot is the protection of the neighbours. Once the lock of the page table, @table, is
 * held, it has all bits of the new entries but the page frame.
 */
struct pfnmap_ptes {
	struct mm_struct *mm;
	struct pfnmap_plan *plan;
	struct pfnmap_rest *rest;
	pgprot_t prot;
	pte_t *table;
};

/* Called with the lock of the page table held. */
static __always_inline void pfnmap_insert_pte_run(void *data, struct pfnmap_run run)
{
	const struct pfnmap_ptes *ptes = data;
	pte_t *pte = ptes->table + pte_index(run.address);
	pte_t *end = pte + run.nr_entries;
	struct mm_struct *mm = ptes->mm;
	pgprot_t prot = ptes->prot;

	for (; pte < end; pte++) {
		if (pte_none(ptep_get(pte)))
			set_pte_at(mm, run.address, pte, pfn_pte(run.pfn, prot));
		run.address += PAGE_SIZE;
		run.pfn++;
	}
}

/*
 * Sets the neighbours of the PTE that faulted, at @address, in the same table. The core gave
 * that PTE the caching that it has on record for the memory, and the neighbours get it, too.
 * If the PTE has gone since, the access will fault again.
 *
 * Called with the lock of the page table held.
 */
static int pfnmap_insert_neighbour_ptes(pte_t *pte, unsigned long address, void *data)
{
	struct pfnmap_ptes *ptes = data;
	pte_t entry = ptep_get(pte);

	if (!pte_present(entry))
		return 0;

	entry = pfn_pte(ptes->plan->pfn, pfnmap_recorded_prot(ptes->prot, entry));
	ptes->prot = pte_pgprot(pte_mkspecial(pte_mkold(entry)));
	ptes->table = pte - pte_index(address);
	pfnmap_insert_runs(ptes->rest, ptes->plan, PGTABLE_LEVEL_PTE, pfnmap_insert_pte_run,
			   ptes);
	return 0;
}

static vm_fault_t pfnmap_insert_faulting_pte(struct vm_fault *vmf,
					     const struct pfnmap_plan *plan,
					     pgprot_t prot)
{
	unsigned long address = ALIGN_DOWN(vmf->address, PAGE_SIZE);
	unsigned long pfn = plan->pfn + PHYS_PFN(address - plan->address);
	pte_t entry = pte_mkyoung(pfn_pte(pfn, prot));

	if (vmf->flags & FAULT_FLAG_WRITE)
		entry = pte_mkdirty(entry);
	return vmf_insert_pfn_prot(vmf->vma, address, pfn, pte_pgprot(entry));
}

static noinline_for_stack vm_fault_t
pfnmap_insert_ptes(struct vm_fault *vmf, struct pfnmap_plan *plan,
		   const struct pfnmap_source *source, struct pfnmap_rest *rest)
{
	struct pfnmap_ptes ptes = {
		.mm = vmf->vma->vm_mm,
		.plan = plan,
		.rest = rest,
	};
	struct pfnmap_pte_prot prot;
	vm_fault_t ret;

	pfnmap_find_pte_prot(vmf, source, &prot);
	ptes.prot = prot.neighbour;
	ret = pfnmap_insert_faulting_pte(vmf, plan, prot.fault);
	if (ret != VM_FAULT_NOPAGE || (plan->nr_entries == 1 && !rest))
		return ret;
	/* This is the only way for a module to take the lock of the table. */
	if (apply_to_page_range(ptes.mm, ALIGN_DOWN(vmf->address, PAGE_SIZE), PAGE_SIZE,
				pfnmap_insert_neighbour_ptes, &ptes))
		return VM_FAULT_OOM;
	return VM_FAULT_NOPAGE;
}

/* Of the PTEs up to @end, the one at @written is about to be written. */
struct pfnmap_writable {
	struct vm_area_struct *vma;
	unsigned long written;
	unsigned long end;
};

static void pfnmap_make_pte_writable(const struct pfnmap_writable *writable, pte_t *ptep,
				     unsigned long address)
{
	struct vm_area_struct *vma = writable->vma;
	pte_t pte = ptep_get(ptep);

	/* If it is that of the fault, and has gone since, the access will fault again. */
	if (!pte_present(pte))
		return;

	if (address == writable->written)
		pte = pte_mkdirty(pte_mkyoung(pte));
	set_pte_at(vma->vm_mm, address, ptep, pte_mkwrite_novma(pte));
	update_mmu_cache(vma, address, ptep);
}

/* Called once for all PTEs, which are in the same table, with the lock of the table held. */
static int pfnmap_make_ptes_writable(pte_t *ptep, unsigned long address, void *data)
{
	const struct pfnmap_writable *writable = data;

	for (; address < writable->end; address += PAGE_SIZE, ptep++)
		pfnmap_make_pte_writable(writable, ptep, address);
	return 0;
}

/**
 * pfnmap_make_writable - make the PTE of a fault writable
 * @vmf: the fault, on what was a present, read-only PTE
 * @by_bits: make the other PTEs of its page table writable, too, as far as the mapping
 *	reaches; they stay as clean or dirty as they are
 *
 * For &vm_operations_struct.pfn_mkwrite. The core would make the PTE writable after that
 * call, but without the lock that keeps the memory where it is.
 *
 * Context: as for pfnmap_fault().
 *
 * Return: VM_FAULT_NOPAGE, also if the entry has gone; VM_FAULT_OOM if its page
 * table has gone, too, and memory for another was short.
 */
vm_fault_t pfnmap_make_writable(struct vm_fault *vmf, bool by_bits)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long start = ALIGN_DOWN(vmf->address, PAGE_SIZE);
	struct pfnmap_writable writable = {
		.vma = vma,
		.written = start,
		.end = start + PAGE_SIZE,
	};

	assert_fault_locked(vmf);
	if (pmd_leaf(pmdp_get_lockless(vmf->pmd)))
		return VM_FAULT_NOPAGE;
	if (by_bits) {
		writable.end = pmd_addr_end(start, vma->vm_end);
		start = max(ALIGN_DOWN(start, PMD_SIZE), vma->vm_start);
	}
	if (apply_to_page_range(vma->vm_mm, start, PAGE_SIZE, pfnmap_make_ptes_writable,
				&writable))
		return VM_FAULT_OOM;
	return VM_FAULT_NOPAGE;
}
EXPORT_SYMBOL_GPL(pfnmap_make_writable);

/**
 * pfnmap_insert - set the entries of a plan
 * @vmf: the fault
 * @plan: what to set; when the caller looked at the slot of the fault, no page
 *	table was in the way at this level. &pfnmap_plan.nr_more is filled in.
 * @source: what is to be mapped
 * @rest: other memory that belongs in the page table of those entries, or NULL
 *
 * Populated slots are left as they are.
 *
 * Context: as for pfnmap_fault(). May sleep to allocate page tables.
 *
 * Return: VM_FAULT_NOPAGE if the entries are set; VM_FAULT_OOM if memory for a
 * page table was short, perhaps with some of the entries set; VM_FAULT_SIGBUS if
 * the core refuses the page frame; VM_FAULT_FALLBACK if the kernel has no
 * entries of that level.
 */
vm_fault_t pfnmap_insert(struct vm_fault *vmf, struct pfnmap_plan *plan,
			 const struct pfnmap_source *source,
			 struct pfnmap_rest *rest)
{
	if (plan->level == PGTABLE_LEVEL_PTE)
		return pfnmap_insert_ptes(vmf, plan, source, rest);
	return pfnmap_insert_huge(vmf, plan, source->prot,
				  pfnmap_prot_huge_write(vmf->vma, source), rest);
}

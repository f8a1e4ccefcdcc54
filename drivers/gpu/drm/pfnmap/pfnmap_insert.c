// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets the entries of a plan.
 *
 * Throughout, the caller of pfnmap_fault() holds the lock that keeps the memory where
 * it is. Entries of the object's mappings are set under it and nowhere else, so a slot
 * can be emptied behind our back (whoever reads smaps has the core split PUD entries,
 * which removes them) and can get a page table from another fault, but never a leaf
 * entry; or, where no such lock is needed, none but the one that is about to be set.
 *
 * Entries are removed by who moves the memory, with that lock held, by who changes the
 * mapping, with the VMA's lock held for writing, and by drivers that zap all mappings of
 * a device, to reset it for example, with neither. The core takes a huge entry that
 * comes while it looks at the slot to remove what is there for a broken page table, and
 * clears it without flushing the TLB. unmap_mapping_range(), by which all of those zap,
 * holds the lock of the file's mappings for reading: huge entries are set with it
 * held for writing. Only the locks of page tables are taken under it.
 */

#include <linux/export.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "pfnmap_internal.h"

/*
 * The insert functions of the core warn if they are told to write and find a
 * page table in the slot, and leave it alone if not told to. A PUD slot can get
 * a table from another fault at any time. So an entry is set as if read, and
 * made writable in a second step once it is known to be there. Most mappings
 * never need that: their vm_page_prot allows writes by itself. Where it does not
 * (soft-dirty tracking), the access faults once more. It is the access that
 * marks the entry young and dirty; the second step does so, too.
 */
static vm_fault_t pfnmap_insert_pud(struct vm_fault *vmf, unsigned long pfn,
				    const struct pfnmap_prot *prot)
{
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
	vm_fault_t ret = vmf_insert_pfn_pud(vmf, pfn, false);

	if (prot->huge_write && ret == VM_FAULT_NOPAGE &&
	    pud_leaf(READ_ONCE(*vmf->pud)))
		ret = vmf_insert_pfn_pud(vmf, pfn, true);
	return ret;
#else
	return VM_FAULT_FALLBACK;
#endif
}

#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
static vm_fault_t pfnmap_insert_pmd(struct vm_fault *vmf, unsigned long pfn,
				    const struct pfnmap_prot *prot)
{
	vm_fault_t ret = vmf_insert_pfn_pmd(vmf, pfn, false);

	if (prot->huge_write && ret == VM_FAULT_NOPAGE &&
	    pmd_leaf(pmdp_get_lockless(vmf->pmd)))
		ret = vmf_insert_pfn_pmd(vmf, pfn, true);
	return ret;
}

/*
 * The entries beside the one that faulted, in the same table. The core has looked up for that
 * one how the memory is cached, which is most of what it costs: they differ from it in
 * their page frame, and in that nobody has accessed them. Where the core deposits a page
 * table with each, which a module cannot, there are none.
 */
static void pfnmap_insert_neighbour_pmds(struct vm_fault *vmf,
					 const struct pfnmap_plan *plan)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	pmd_t *pmd = pmd_offset(vmf->pud, plan->address);
	pmd_t faulted = pmdp_get_lockless(vmf->pmd);
	spinlock_t *ptl;	/* of the table */
	unsigned long i;
	pgprot_t prot;

	/* It has gone, and the access will fault again. */
	if (!pmd_leaf(faulted) || arch_needs_pgtable_deposit())
		return;

	prot = pmd_pgprot(pmd_mkold(pmd_mkclean(faulted)));
	ptl = pmd_lock(mm, pmd);
	for (i = 0; i < plan->nr_entries; i++) {
		unsigned long address = plan->address + i * PMD_SIZE;
		unsigned long pfn = plan->pfn + PHYS_PFN(i * PMD_SIZE);

		if (!pmd_none(READ_ONCE(pmd[i])))
			continue;
		set_pmd_at(mm, address, &pmd[i], pfn_pmd(pfn, prot));
		update_mmu_cache_pmd(vmf->vma, address, &pmd[i]);
	}
	spin_unlock(ptl);
}

static vm_fault_t pfnmap_insert_pmds(struct vm_fault *vmf,
				     const struct pfnmap_plan *plan,
				     const struct pfnmap_prot *prot)
{
	unsigned long before = ALIGN_DOWN(vmf->address, PMD_SIZE) - plan->address;
	vm_fault_t ret;

	ret = pfnmap_insert_pmd(vmf, plan->pfn + PHYS_PFN(before), prot);
	if (ret == VM_FAULT_NOPAGE && plan->nr_entries > 1)
		pfnmap_insert_neighbour_pmds(vmf, plan);
	return ret;
}
#else
static vm_fault_t pfnmap_insert_pmds(struct vm_fault *vmf,
				     const struct pfnmap_plan *plan,
				     const struct pfnmap_prot *prot)
{
	return VM_FAULT_FALLBACK;
}
#endif

/* Nobody looks meanwhile at the slots to remove what is in them. */
static vm_fault_t pfnmap_insert_not_zapped(struct vm_fault *vmf,
					   const struct pfnmap_plan *plan,
					   const struct pfnmap_prot *prot)
{
	i_mmap_assert_write_locked(vmf->vma->vm_file->f_mapping);
	if (plan->level == PGTABLE_LEVEL_PUD)
		return pfnmap_insert_pud(vmf, plan->pfn, prot);
	return pfnmap_insert_pmds(vmf, plan, prot);
}

static vm_fault_t pfnmap_insert_huge(struct vm_fault *vmf,
				     const struct pfnmap_plan *plan,
				     const struct pfnmap_prot *prot)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	vm_fault_t ret;

	i_mmap_lock_write(mapping);
	ret = pfnmap_insert_not_zapped(vmf, plan, prot);
	i_mmap_unlock_write(mapping);
	return ret;
}

struct pfnmap_pte_run {
	struct mm_struct *mm;
	const struct pfnmap_plan *plan;
	pgprot_t prot;
};

/*
 * The entries around the one that faulted, @address, which are in the same table. The
 * core gave that one the caching that it has on record for the memory, and that of the
 * others is the same. It may have gone since: the access will fault again.
 *
 * Called with the lock of the page table held.
 */
static int pfnmap_insert_neighbour_ptes(pte_t *pte, unsigned long address, void *data)
{
	const struct pfnmap_pte_run *run = data;
	const struct pfnmap_plan *plan = run->plan;
	pte_t faulted = ptep_get(pte);
	unsigned long i;
	pgprot_t prot;

	if (!pte_present(faulted))
		return 0;

	prot = pfnmap_recorded_prot(run->prot, faulted);
	prot = pte_pgprot(pte_mkspecial(pte_mkold(pfn_pte(plan->pfn, prot))));
	pte -= PHYS_PFN(address - plan->address);
	for (i = 0; i < plan->nr_entries; i++) {
		if (pte_none(ptep_get(&pte[i])))
			set_pte_at(run->mm, plan->address + i * PAGE_SIZE, &pte[i],
				   pfn_pte(plan->pfn + i, prot));
	}
	return 0;
}

static vm_fault_t pfnmap_insert_faulting_pte(struct vm_fault *vmf,
					     const struct pfnmap_plan *plan,
					     const struct pfnmap_prot *prot)
{
	unsigned long address = ALIGN_DOWN(vmf->address, PAGE_SIZE);
	unsigned long pfn = plan->pfn + PHYS_PFN(address - plan->address);
	pte_t entry = pte_mkyoung(pfn_pte(pfn, prot->fault));

	if (vmf->flags & FAULT_FLAG_WRITE)
		entry = pte_mkdirty(entry);
	return vmf_insert_pfn_prot(vmf->vma, address, pfn, pte_pgprot(entry));
}

static noinline_for_stack vm_fault_t
pfnmap_insert_ptes(struct vm_fault *vmf, const struct pfnmap_plan *plan,
		   const struct pfnmap_prot *prot)
{
	struct pfnmap_pte_run run = {
		.mm = vmf->vma->vm_mm,
		.plan = plan,
		.prot = prot->neighbour,
	};
	vm_fault_t ret;

	ret = pfnmap_insert_faulting_pte(vmf, plan, prot);
	if (ret != VM_FAULT_NOPAGE || plan->nr_entries == 1)
		return ret;
	/* A module gets at the lock of the table by this alone. */
	if (apply_to_page_range(run.mm, ALIGN_DOWN(vmf->address, PAGE_SIZE), PAGE_SIZE,
				pfnmap_insert_neighbour_ptes, &run))
		return VM_FAULT_OOM;
	return VM_FAULT_NOPAGE;
}

/* Called with the lock of the page table held. */
static int pfnmap_make_pte_writable(pte_t *ptep, unsigned long address, void *data)
{
	struct vm_area_struct *vma = data;
	pte_t pte = ptep_get(ptep);

	/* Gone since the fault: the access will fault again. */
	if (!pte_present(pte))
		return 0;

	pte = pte_mkwrite_novma(pte_mkdirty(pte_mkyoung(pte)));
	set_pte_at(vma->vm_mm, address, ptep, pte);
	update_mmu_cache(vma, address, ptep);
	return 0;
}

/**
 * pfnmap_make_writable - make the PTE of a fault writable
 * @vmf: the fault, on what was a present, read-only PTE
 *
 * For &vm_operations_struct.pfn_mkwrite: the core would do so after that, and without
 * the lock that keeps the memory where it is.
 *
 * Context: as pfnmap_fault().
 *
 * Return: VM_FAULT_NOPAGE, also if the entry has gone; VM_FAULT_OOM if its page
 * table had, and memory for another was short.
 */
vm_fault_t pfnmap_make_writable(struct vm_fault *vmf)
{
	unsigned long address = ALIGN_DOWN(vmf->address, PAGE_SIZE);

	assert_fault_locked(vmf);
	if (pmd_leaf(pmdp_get_lockless(vmf->pmd)))
		return VM_FAULT_NOPAGE;
	if (apply_to_page_range(vmf->vma->vm_mm, address, PAGE_SIZE,
				pfnmap_make_pte_writable, vmf->vma))
		return VM_FAULT_OOM;
	return VM_FAULT_NOPAGE;
}
EXPORT_SYMBOL_GPL(pfnmap_make_writable);

/**
 * pfnmap_insert - set the entries of a plan
 * @vmf: the fault
 * @plan: what to set; its level is one that the slot of the fault had free
 *	when the caller looked
 * @prot: protection and caching for PTEs, and whether huge entries are
 *	writable. Those take the rest from the mapping and, where the
 *	architecture tracks it, from the memory.
 *
 * Populated slots are left as they are.
 *
 * Context: as pfnmap_fault(). May sleep to allocate page tables.
 *
 * Return: VM_FAULT_NOPAGE if the entries are set; VM_FAULT_OOM if memory for a
 * page table was short, with some of the entries set, perhaps;
 * VM_FAULT_FALLBACK if the kernel has no such entries.
 */
vm_fault_t pfnmap_insert(struct vm_fault *vmf, const struct pfnmap_plan *plan,
			 const struct pfnmap_prot *prot)
{
	if (plan->level == PGTABLE_LEVEL_PTE)
		return pfnmap_insert_ptes(vmf, plan, prot);
	return pfnmap_insert_huge(vmf, plan, prot);
}

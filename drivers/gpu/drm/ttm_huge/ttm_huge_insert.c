// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets the entries of a plan.
 *
 * The reservation of the buffer object is held throughout. Entries of its
 * mappings are set under it and nowhere else, so a slot can be emptied behind
 * our back (whoever reads smaps has the core split PUD entries, which removes
 * them) and can get a page table from another fault, but never a leaf entry.
 *
 * Entries are removed by moves, which hold the reservation, by whoever changes the
 * mapping, with the VMA's lock held for writing, and by drivers that zap all mappings of
 * a device, to reset it for example, with neither. The core takes a huge entry that
 * comes while it looks at the slot to remove what is there for a broken page table, and
 * clears it without flushing the TLB. unmap_mapping_range(), by which all of those zap,
 * holds the lock of the file's mappings for reading: huge entries are set with it
 * held for writing. Only the locks of page tables are taken under it.
 */

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "ttm_huge_internal.h"

static void assert_reserved(const struct vm_fault *vmf)
{
	const struct ttm_buffer_object *bo = vmf->vma->vm_private_data;

	dma_resv_assert_held(bo->base.resv);
}

/*
 * The insert functions of the core warn if they are told to write and find a
 * page table in the slot, and leave it alone if not told to. A PUD slot can get
 * a table from another fault at any time. So an entry is set as if read, and
 * made writable in a second step once it is known to be there. Most mappings
 * never need that: their vm_page_prot allows writes by itself. Where it does not
 * (soft-dirty tracking), the access faults once more. It is the access that
 * marks the entry young and dirty; the second step does so for all it sets.
 */
static vm_fault_t insert_pud(struct vm_fault *vmf, unsigned long pfn, bool write)
{
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
	vm_fault_t ret = vmf_insert_pfn_pud(vmf, pfn, false);

	if (write && ret == VM_FAULT_NOPAGE && pud_leaf(READ_ONCE(*vmf->pud)))
		ret = vmf_insert_pfn_pud(vmf, pfn, true);
	return ret;
#else
	return VM_FAULT_FALLBACK;
#endif
}

static vm_fault_t insert_pmd(struct vm_fault *vmf, unsigned long pfn, bool write)
{
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	vm_fault_t ret = vmf_insert_pfn_pmd(vmf, pfn, false);

	if (write && ret == VM_FAULT_NOPAGE &&
	    pmd_leaf(pmdp_get_lockless(vmf->pmd)))
		ret = vmf_insert_pfn_pmd(vmf, pfn, true);
	return ret;
#else
	return VM_FAULT_FALLBACK;
#endif
}

static vm_fault_t insert_pmds(struct vm_fault *vmf,
			      const struct ttm_huge_plan *plan, bool write)
{
	vm_fault_t ret = VM_FAULT_NOPAGE;
	unsigned long i;

	for (i = 0; i < plan->nr_entries && ret == VM_FAULT_NOPAGE; i++) {
		unsigned long address = plan->address + i * PMD_SIZE;
		struct vm_fault slot = {
			.vma = vmf->vma,
			.address = address,
			.flags = vmf->flags,
			.pmd = pmd_offset(vmf->pud, address),
		};

		ret = insert_pmd(&slot, plan->pfn + PHYS_PFN(i * PMD_SIZE), write);
	}
	return ret;
}

/* Nobody looks meanwhile at the slots to remove what is in them. */
static vm_fault_t insert_not_zapped(struct vm_fault *vmf,
				    const struct ttm_huge_plan *plan, bool write)
{
	i_mmap_assert_write_locked(vmf->vma->vm_file->f_mapping);
	if (plan->level == TTM_HUGE_PUD)
		return insert_pud(vmf, plan->pfn, write);
	return insert_pmds(vmf, plan, write);
}

static vm_fault_t insert_huge(struct vm_fault *vmf,
			      const struct ttm_huge_plan *plan, bool write)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	vm_fault_t ret;

	i_mmap_lock_write(mapping);
	ret = insert_not_zapped(vmf, plan, write);
	i_mmap_unlock_write(mapping);
	return ret;
}

/**
 * ttm_huge_upgrade - make the huge entry of a fault writable
 * @vmf: the fault, a write
 * @level: of the entry
 * @pfn: what it maps, from its first page on
 *
 * Sets it anew if it has gone meanwhile.
 *
 * Context: as for ttm_huge_insert().
 *
 * Return: as ttm_huge_insert().
 */
vm_fault_t ttm_huge_upgrade(struct vm_fault *vmf, enum ttm_huge_level level,
			    unsigned long pfn)
{
	const struct ttm_huge_plan plan = {
		.level = level,
		.address = ALIGN_DOWN(vmf->address, PMD_SIZE),
		.pfn = pfn,
		.nr_entries = 1,
	};

	assert_reserved(vmf);
	return insert_huge(vmf, &plan, true);
}

struct pte_run {
	const struct vm_fault *vmf;
	const struct ttm_huge_plan *plan;
	pgprot_t prot;
};

/* Called with the lock of the page table held. */
static int insert_pte(pte_t *pte, unsigned long address, void *data)
{
	const struct pte_run *run = data;
	unsigned long pfn = run->plan->pfn +
			    PHYS_PFN(address - run->plan->address);
	pte_t entry;

	/* Its slot may be empty again. */
	if (address == ALIGN_DOWN(run->vmf->address, PAGE_SIZE) ||
	    !pte_none(ptep_get(pte)))
		return 0;

	entry = pte_mkspecial(pte_mkold(pfn_pte(pfn, run->prot)));
	set_pte_at(run->vmf->vma->vm_mm, address, pte, entry);
	return 0;
}

/* Called with the lock of the page table held. */
static int read_pte(pte_t *pte, unsigned long address, void *data)
{
	pte_t *entry = data;

	*entry = ptep_get(pte);
	return 0;
}

static vm_fault_t insert_faulting_pte(struct vm_fault *vmf,
				      const struct ttm_huge_plan *plan,
				      const struct ttm_huge_prot *prot)
{
	unsigned long address = ALIGN_DOWN(vmf->address, PAGE_SIZE);
	unsigned long pfn = plan->pfn + PHYS_PFN(address - plan->address);
	pte_t entry = pte_mkyoung(pfn_pte(pfn, prot->fault));

	if (vmf->flags & FAULT_FLAG_WRITE)
		entry = pte_mkdirty(entry);
	return vmf_insert_pfn_prot(vmf->vma, address, pfn, pte_pgprot(entry));
}

static vm_fault_t insert_ptes(struct vm_fault *vmf,
			      const struct ttm_huge_plan *plan,
			      const struct ttm_huge_prot *prot)
{
	struct pte_run run = { .vmf = vmf, .plan = plan };
	struct mm_struct *mm = vmf->vma->vm_mm;
	vm_fault_t ret;
	pte_t entry;

	ret = insert_faulting_pte(vmf, plan, prot);
	if (ret != VM_FAULT_NOPAGE || plan->nr_entries == 1)
		return ret;

	/*
	 * The core gave it the caching that it has on record for the memory; that of the
	 * neighbours is the same. It may have gone since: the access will fault again.
	 */
	if (apply_to_page_range(mm, ALIGN_DOWN(vmf->address, PAGE_SIZE), PAGE_SIZE,
				read_pte, &entry))
		return VM_FAULT_OOM;
	if (!pte_present(entry))
		return VM_FAULT_NOPAGE;
	run.prot = ttm_huge_recorded_prot(prot->neighbour, entry);
	if (apply_to_page_range(mm, plan->address, plan->nr_entries << PAGE_SHIFT,
				insert_pte, &run))
		return VM_FAULT_OOM;
	return VM_FAULT_NOPAGE;
}

/* Called with the lock of the page table held. */
static int make_pte_writable(pte_t *ptep, unsigned long address, void *data)
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
 * ttm_huge_make_writable - make the PTE of a fault writable
 * @vmf: the fault, on what was a present, read-only PTE
 *
 * Context: as for ttm_huge_insert().
 *
 * Return: VM_FAULT_NOPAGE, also if the entry has gone; VM_FAULT_OOM if its page
 * table had, and memory for another was short.
 */
vm_fault_t ttm_huge_make_writable(struct vm_fault *vmf)
{
	unsigned long address = ALIGN_DOWN(vmf->address, PAGE_SIZE);

	assert_reserved(vmf);
	if (pmd_leaf(pmdp_get_lockless(vmf->pmd)))
		return VM_FAULT_NOPAGE;
	if (apply_to_page_range(vmf->vma->vm_mm, address, PAGE_SIZE,
				make_pte_writable, vmf->vma))
		return VM_FAULT_OOM;
	return VM_FAULT_NOPAGE;
}

/**
 * ttm_huge_insert - set the entries of a plan
 * @vmf: the fault
 * @plan: what to set; its level is one that the slot of the fault had free
 *	when the caller looked under the reservation
 * @prot: protection and caching for PTEs, and whether huge entries are
 *	writable. Those take the rest from the mapping and, where the
 *	architecture tracks it, from the memory.
 *
 * Populated slots are left as they are.
 *
 * Context: process context with the reservation of the buffer object held, and
 * the mmap lock or the VMA's lock for reading. May sleep to allocate page
 * tables.
 *
 * Return: VM_FAULT_NOPAGE if the entries are set; VM_FAULT_OOM if memory for a
 * page table was short, with some of the entries set, perhaps;
 * VM_FAULT_FALLBACK if the kernel has no such entries.
 */
vm_fault_t ttm_huge_insert(struct vm_fault *vmf,
			   const struct ttm_huge_plan *plan,
			   const struct ttm_huge_prot *prot)
{
	assert_reserved(vmf);
	if (plan->level == TTM_HUGE_PTE)
		return insert_ptes(vmf, plan, prot);
	return insert_huge(vmf, plan, prot->huge_write);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads back what the page tables of a mapping hold.
 *
 * Slots are read one by one: PTEs with the lock of their table held, larger entries with
 * no lock. Meanwhile
 *
 * * page tables go at munmap(), which takes the mmap lock for writing, and at exit, after
 *   the last reference to the users of the address space has gone. If a mapping is not
 *   VM_PFNMAP, MADV_DONTNEED also frees empty tables of PTEs, with the VMA's lock or the
 *   mmap lock held for reading: taking the lock of a table shows whether it has gone;
 * * entries go at any time: code that moves memory or resets a device zaps by the file's
 *   mapping, and needs no lock of the process for that. The tables stay, and what is said
 *   of a slot was true a moment ago;
 * * entries come by faults, and by code that maps ahead of use as faults do, with the
 *   VMA's lock or the mmap lock held for reading; and by mmap(), fork() and mremap(), with
 *   the mmap lock held for writing.
 *
 * Entries must not come during a walk, for two reasons. A module takes the lock of a table
 * by apply_to_page_range(), which warns if it finds a huge entry: one could have come in
 * the place of a table that was seen and has gone. And what is said of two slots would not
 * be true at the same time. So the caller holds the mmap lock, and keeps faults off the
 * mapping in one of two ways:
 *
 * * with the mmap lock held for writing, by vma_start_write(). This works for any driver,
 *   and keeps MADV_DONTNEED off as well;
 * * with the mmap lock held for reading, by the object's own lock, which faults of the
 *   driver take. This also keeps the memory where the entries say that it is.
 */

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include "pfnmap_internal.h"

struct pfnmap_walk {
	pfnmap_entry_fn fn;
	void *data;
};

static void pfnmap_walk_hole(const struct pfnmap_walk *walk, unsigned long start,
			     unsigned long end)
{
	struct pfnmap_entry entry = { .start = start, .end = end };

	walk->fn(&entry, walk->data);
}

/* Called with the lock of the page table held. */
static int pfnmap_walk_visit_pte(pte_t *ptep, unsigned long address, void *data)
{
	const struct pfnmap_walk *walk = data;
	pte_t pte = ptep_get(ptep);
	struct pfnmap_entry entry = {
		.start = address,
		.end = address + PAGE_SIZE,
		.present = true,
		.level = PGTABLE_LEVEL_PTE,
		.pfn = pte_pfn(pte),
		.prot = pte_pgprot(pte),
		.writable = pte_write(pte),
		.special = pte_special(pte),
		.young = pte_young(pte),
		.dirty = pte_dirty(pte),
	};

	if (pte_present(pte))
		walk->fn(&entry, walk->data);
	else
		pfnmap_walk_hole(walk, address, address + PAGE_SIZE);
	return 0;
}

/* If the mapping begins or ends inside an entry, the part of it in the mapping is shown. */
static void pfnmap_walk_visit_pmd(const struct pfnmap_walk *walk,
				  unsigned long start, unsigned long end,
				  pmd_t pmd)
{
	struct pfnmap_entry entry = {
		.start = start,
		.end = end,
		.present = true,
		.level = PGTABLE_LEVEL_PMD,
		.pfn = pmd_pfn(pmd) + ((start & ~PMD_MASK) >> PAGE_SHIFT),
		.prot = pmd_pgprot(pmd),
		.writable = pmd_write(pmd),
		.special = pmd_special(pmd),
		.young = pmd_young(pmd),
		.dirty = pmd_dirty(pmd),
	};

	walk->fn(&entry, walk->data);
}

static void pfnmap_walk_visit_pud(const struct pfnmap_walk *walk,
				  unsigned long start, unsigned long end,
				  pud_t pud)
{
	struct pfnmap_entry entry = {
		.start = start,
		.end = end,
		.present = true,
		.level = PGTABLE_LEVEL_PUD,
		.pfn = pud_pfn(pud) + ((start & ~PUD_MASK) >> PAGE_SHIFT),
		.prot = pud_pgprot(pud),
		.writable = pud_write(pud),
		.special = pud_special(pud),
		.young = pud_young(pud),
		.dirty = pud_dirty(pud),
	};

	walk->fn(&entry, walk->data);
}

static int pfnmap_walk_pmds(struct mm_struct *mm, pud_t *pudp,
			    unsigned long start, unsigned long end,
			    struct pfnmap_walk *walk)
{
	unsigned long next;
	int ret = 0;

	for (; start < end && !ret; start = next) {
		pmd_t pmd = pmdp_get_lockless(pmd_offset(pudp, start));

		next = pmd_addr_end(start, end);
		if (pmd_none(pmd))
			pfnmap_walk_hole(walk, start, next);
		else if (pmd_leaf(pmd))
			pfnmap_walk_visit_pmd(walk, start, next, pmd);
		else
			ret = apply_to_page_range(mm, start, next - start,
						  pfnmap_walk_visit_pte, walk);
	}
	return ret;
}

static int pfnmap_walk_puds(struct mm_struct *mm, p4d_t *p4dp,
			    unsigned long start, unsigned long end,
			    struct pfnmap_walk *walk)
{
	unsigned long next;
	int ret = 0;

	for (; start < end && !ret; start = next) {
		pud_t *pudp = pud_offset(p4dp, start);
		pud_t pud = READ_ONCE(*pudp);

		next = pud_addr_end(start, end);
		if (pud_none(pud))
			pfnmap_walk_hole(walk, start, next);
		else if (pud_leaf(pud))
			pfnmap_walk_visit_pud(walk, start, next, pud);
		else
			ret = pfnmap_walk_pmds(mm, pudp, start, next, walk);
		cond_resched();
	}
	return ret;
}

/**
 * pfnmap_walk_range - visit the page-table entries of a part of a mapping
 * @vma: the mapping
 * @start: first user address of the part, in bytes
 * @end: first user address past it
 * @fn: as for pfnmap_walk_vma()
 * @data: passed to @fn
 *
 * Context: as for pfnmap_walk_vma().
 *
 * Return: as for pfnmap_walk_vma().
 */
int pfnmap_walk_range(struct vm_area_struct *vma, unsigned long start,
		      unsigned long end, pfnmap_entry_fn fn, void *data)
{
	struct pfnmap_walk walk = { .fn = fn, .data = data };
	unsigned long next;
	int ret = 0;

	mmap_assert_locked(vma->vm_mm);
	for (; start < end && !ret; start = next) {
		pgd_t *pgdp = pgd_offset(vma->vm_mm, start);
		p4d_t *p4dp;

		next = pgd_addr_end(start, end);
		if (pgd_none(READ_ONCE(*pgdp))) {
			pfnmap_walk_hole(&walk, start, next);
			continue;
		}

		p4dp = p4d_offset(pgdp, start);
		next = p4d_addr_end(start, next);
		if (p4d_none(READ_ONCE(*p4dp)))
			pfnmap_walk_hole(&walk, start, next);
		else
			ret = pfnmap_walk_puds(vma->vm_mm, p4dp, start, next,
					       &walk);
	}
	return ret;
}

/**
 * pfnmap_walk_vma - visit the page-table entries of a mapping
 * @vma: a mapping that is VM_PFNMAP or VM_MIXEDMAP
 * @fn: called for each present entry and each hole, in order of address, perhaps
 *	with a spinlock held
 * @data: passed to @fn
 *
 * Context: process context with the mmap lock of @vma's process held for writing, after
 * vma_start_write(); or with the mmap lock held for reading, and the object's own lock,
 * which faults of @vma take. Sleeps.
 *
 * Return: 0, or -ENOMEM if a page table went away while it was read and could
 * not be allocated again; in no known kernel does it go away.
 */
int pfnmap_walk_vma(struct vm_area_struct *vma, pfnmap_entry_fn fn, void *data)
{
	return pfnmap_walk_range(vma, vma->vm_start, vma->vm_end, fn, data);
}
EXPORT_SYMBOL_GPL(pfnmap_walk_vma);

/* How far the present PTEs of a page table reach. */
struct pfnmap_mapped {
	unsigned long address;
	unsigned long end;
};

/*
 * Called once for all PTEs up to the end, which are in the same table, with the lock of the
 * table held: with a call for each PTE, the calls would take most of the time.
 */
static int pfnmap_walk_mapped_ptes(pte_t *pte, unsigned long address, void *data)
{
	struct pfnmap_mapped *mapped = data;

	for (; address < mapped->end && pte_present(ptep_get(pte)); pte++)
		address += PAGE_SIZE;
	mapped->address = address;
	return 0;
}

/* Like pfnmap_mapped_end(), from the PUD slot down. */
static int pfnmap_walk_mapped_end(struct mm_struct *mm, pud_t *pudp,
				  unsigned long *address, unsigned long end)
{
	unsigned long at = *address, next;
	pud_t pud = READ_ONCE(*pudp);
	pmd_t *pmdp;
	int ret = 0;

	end = pud_addr_end(at, end);
	if (pud_none(pud))
		return 0;
	if (pud_leaf(pud)) {
		*address = end;
		return 0;
	}

	for (pmdp = pmd_offset(pudp, at); at < end; pmdp++, at = next) {
		pmd_t pmd = pmdp_get_lockless(pmdp);
		struct pfnmap_mapped mapped = { .address = at };

		next = pmd_addr_end(at, end);
		if (pmd_leaf(pmd))
			continue;
		if (pmd_none(pmd))
			break;
		mapped.end = next;
		if (apply_to_page_range(mm, at, PAGE_SIZE, pfnmap_walk_mapped_ptes, &mapped))
			ret = -ENOMEM;
		if (mapped.address != next) {
			at = mapped.address;
			break;
		}
	}
	*address = at;
	return ret;
}

/**
 * pfnmap_mapped_end - skip present entries
 * @vma: a mapping that is VM_PFNMAP or VM_MIXEDMAP
 * @address: where to begin, inside @vma; moved past the present entries that
 *	follow from there without a hole, but not past the end of the PUD slot
 *
 * Context: as for pfnmap_walk_vma().
 *
 * Return: 0, or -ENOMEM as for pfnmap_walk_vma().
 */
int pfnmap_mapped_end(struct vm_area_struct *vma, unsigned long *address)
{
	pgd_t *pgdp = pgd_offset(vma->vm_mm, *address);
	p4d_t *p4dp;

	mmap_assert_locked(vma->vm_mm);
	if (pgd_none(READ_ONCE(*pgdp)))
		return 0;
	p4dp = p4d_offset(pgdp, *address);
	if (p4d_none(READ_ONCE(*p4dp)))
		return 0;
	return pfnmap_walk_mapped_end(vma->vm_mm, pud_offset(p4dp, *address),
				      address, vma->vm_end);
}
EXPORT_SYMBOL_GPL(pfnmap_mapped_end);

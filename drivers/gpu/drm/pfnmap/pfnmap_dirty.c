// SPDX-License-Identifier: GPL-2.0-only
/*
 * Collects the dirty bits of entries that are about to be removed.
 */

#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "pfnmap_internal.h"

/* The PTEs up to @end; @bit belongs to the first of them that has not been looked at. */
struct pfnmap_dirty {
	struct mm_struct *mm;
	unsigned long end;
	unsigned long *bitmap;
	unsigned long bit;
};

/*
 * Called once for all PTEs up to the end, which are in the same table, with the lock of the
 * table held. A processor that has the PTE in its TLB as clean has to write the dirty bit to
 * the page table before it writes to the page, and faults if the PTE is read-only there. So
 * once the PTE is read-only, it does not become dirty any more, and no TLB needs to be flushed.
 */
static int pfnmap_dirty_collect_ptes(pte_t *pte, unsigned long address, void *data)
{
	struct pfnmap_dirty *dirty = data;

	for (; address < dirty->end; address += PAGE_SIZE, pte++, dirty->bit++) {
		if (!pte_present(ptep_get(pte)))
			continue;
		if (pte_write(ptep_get(pte)))
			ptep_set_wrprotect(dirty->mm, address, pte);
		if (pte_dirty(ptep_get(pte)))
			set_bit(dirty->bit, dirty->bitmap);
	}
	return 0;
}

/* A table of PTEs that is there stays, so the answer does not become wrong. */
static bool pfnmap_dirty_has_ptes(struct mm_struct *mm, unsigned long address)
{
	pgd_t *pgdp = pgd_offset(mm, address);
	p4d_t *p4dp;
	pud_t *pudp, pud;
	pmd_t pmd;

	if (pgd_none(READ_ONCE(*pgdp)))
		return false;
	p4dp = p4d_offset(pgdp, address);
	if (p4d_none(READ_ONCE(*p4dp)))
		return false;
	pudp = pud_offset(p4dp, address);
	pud = READ_ONCE(*pudp);
	if (pud_none(pud) || pud_leaf(pud))
		return false;
	pmd = pmdp_get_lockless(pmd_offset(pudp, address));
	return !pmd_none(pmd) && !pmd_leaf(pmd);
}

/**
 * pfnmap_collect_dirty - find out which pages were written, before their entries are removed
 * @vma: the mapping
 * @start: first user address, inside @vma, page aligned
 * @end: first user address past the range, inside @vma or its end
 * @bitmap: bits are set here, and none is cleared
 * @bit: the bit of the page at @start
 *
 * Makes the PTEs of the range read-only, and sets a bit for each that is dirty. All writes
 * through these PTEs until then are in the bitmap, and no write comes after. The dirty bits
 * stay. TLBs are not flushed: a page whose bit is set can still be written through a TLB
 * until the entries are removed. Huge entries are left alone.
 *
 * Context: process context, while the page tables of the range cannot be freed: inside
 * mmu_interval_notifier_ops.invalidate() for the range, for example. Takes locks of page
 * tables. Sleeps only if it is told wrongly that a table stays.
 */
void pfnmap_collect_dirty(struct vm_area_struct *vma, unsigned long start,
			  unsigned long end, unsigned long *bitmap, unsigned long bit)
{
	unsigned long next;

	for (; start < end; bit += (next - start) >> PAGE_SHIFT, start = next) {
		struct pfnmap_dirty dirty = {
			.mm = vma->vm_mm,
			.bitmap = bitmap,
			.bit = bit,
		};

		next = pmd_addr_end(start, end);
		dirty.end = next;
		/* This is the only way for a module to take the lock of the table. */
		if (pfnmap_dirty_has_ptes(vma->vm_mm, start))
			WARN_ON_ONCE(apply_to_page_range(vma->vm_mm, start, PAGE_SIZE,
							 pfnmap_dirty_collect_ptes,
							 &dirty));
	}
}
EXPORT_SYMBOL_GPL(pfnmap_collect_dirty);

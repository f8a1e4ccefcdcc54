// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads back what the page tables hold.
 */

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>

#include "ttm_huge_internal.h"

struct walk {
	ttm_huge_entry_fn fn;
	void *data;
};

static void hole(const struct walk *walk, unsigned long start,
		 unsigned long end)
{
	struct ttm_huge_entry entry = { .start = start, .end = end };

	walk->fn(&entry, walk->data);
}

/* Called with the lock of the page table held. */
static int visit_pte(pte_t *ptep, unsigned long address, void *data)
{
	const struct walk *walk = data;
	pte_t pte = ptep_get(ptep);
	struct ttm_huge_entry entry = {
		.start = address,
		.end = address + PAGE_SIZE,
		.present = true,
		.level = TTM_HUGE_PTE,
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
		hole(walk, address, address + PAGE_SIZE);
	return 0;
}

/* A part of an entry, if a mapping begins or ends inside it, is still shown. */
static void visit_pmd(const struct walk *walk, unsigned long start,
		      unsigned long end, pmd_t pmd)
{
	struct ttm_huge_entry entry = {
		.start = start,
		.end = end,
		.present = true,
		.level = TTM_HUGE_PMD,
		.pfn = pmd_pfn(pmd) + ((start & ~PMD_MASK) >> PAGE_SHIFT),
		.prot = pmd_pgprot(pmd),
		.writable = pmd_write(pmd),
		.special = pmd_special(pmd),
		.young = pmd_young(pmd),
		.dirty = pmd_dirty(pmd),
	};

	walk->fn(&entry, walk->data);
}

static void visit_pud(const struct walk *walk, unsigned long start,
		      unsigned long end, pud_t pud)
{
	struct ttm_huge_entry entry = {
		.start = start,
		.end = end,
		.present = true,
		.level = TTM_HUGE_PUD,
		.pfn = pud_pfn(pud) + ((start & ~PUD_MASK) >> PAGE_SHIFT),
		.prot = pud_pgprot(pud),
		.writable = pud_write(pud),
		.special = pud_special(pud),
		.young = pud_young(pud),
		.dirty = pud_dirty(pud),
	};

	walk->fn(&entry, walk->data);
}

static int walk_pmds(struct mm_struct *mm, pud_t *pudp, unsigned long start,
		     unsigned long end, struct walk *walk)
{
	unsigned long next;
	int ret = 0;

	for (; start < end && !ret; start = next) {
		pmd_t pmd = pmdp_get_lockless(pmd_offset(pudp, start));

		next = pmd_addr_end(start, end);
		if (pmd_none(pmd))
			hole(walk, start, next);
		else if (pmd_leaf(pmd))
			visit_pmd(walk, start, next, pmd);
		else
			ret = apply_to_page_range(mm, start, next - start,
						  visit_pte, walk);
	}
	return ret;
}

static int walk_puds(struct mm_struct *mm, p4d_t *p4dp, unsigned long start,
		     unsigned long end, struct walk *walk)
{
	unsigned long next;
	int ret = 0;

	for (; start < end && !ret; start = next) {
		pud_t *pudp = pud_offset(p4dp, start);
		pud_t pud = READ_ONCE(*pudp);

		next = pud_addr_end(start, end);
		if (pud_none(pud))
			hole(walk, start, next);
		else if (pud_leaf(pud))
			visit_pud(walk, start, next, pud);
		else
			ret = walk_pmds(mm, pudp, start, next, walk);
		cond_resched();
	}
	return ret;
}

/**
 * ttm_huge_walk_vma - visit the page-table entries of a mapping
 * @vma: a mapping of a buffer object
 * @fn: called for each present entry and each hole, in order of address, with
 *	a spinlock held perhaps
 * @data: handed on to @fn
 *
 * With the reservation held no leaf entry appears while we look, so a slot that
 * holds a page table keeps it or becomes empty.
 *
 * Context: process context with the mmap lock of the mapping's process held for
 * reading, and the reservation of the buffer object.
 *
 * Return: 0, or -ENOMEM if a page table went away while it was read and could
 * not be allocated anew, which no kernel that we know does.
 */
int ttm_huge_walk_vma(struct vm_area_struct *vma, ttm_huge_entry_fn fn,
		      void *data)
{
	struct walk walk = { .fn = fn, .data = data };
	unsigned long start = vma->vm_start;
	unsigned long next;
	int ret = 0;

	for (; start < vma->vm_end && !ret; start = next) {
		pgd_t *pgdp = pgd_offset(vma->vm_mm, start);
		p4d_t *p4dp;

		next = pgd_addr_end(start, vma->vm_end);
		if (pgd_none(READ_ONCE(*pgdp))) {
			hole(&walk, start, next);
			continue;
		}

		p4dp = p4d_offset(pgdp, start);
		next = p4d_addr_end(start, next);
		if (p4d_none(READ_ONCE(*p4dp)))
			hole(&walk, start, next);
		else
			ret = walk_puds(vma->vm_mm, p4dp, start, next, &walk);
	}
	return ret;
}

static int is_hole(pte_t *ptep, unsigned long address, void *data)
{
	unsigned long *end = data;

	if (!pte_present(ptep_get(ptep)))
		return 1;
	*end = address + PAGE_SIZE;
	return 0;
}

/* As ttm_huge_mapped_end(), from the PUD slot down. */
static int mapped_end(struct mm_struct *mm, pud_t *pudp, unsigned long *address,
		      unsigned long end)
{
	pud_t pud = READ_ONCE(*pudp);
	int ret = 0;

	end = pud_addr_end(*address, end);
	if (pud_none(pud))
		return 0;
	if (pud_leaf(pud)) {
		*address = end;
		return 0;
	}

	while (*address < end && !ret) {
		pmd_t pmd = pmdp_get_lockless(pmd_offset(pudp, *address));
		unsigned long next = pmd_addr_end(*address, end);

		if (pmd_none(pmd))
			break;
		if (pmd_leaf(pmd))
			*address = next;
		else
			ret = apply_to_page_range(mm, *address, next - *address,
						  is_hole, address);
	}
	return min(ret, 0);
}

/**
 * ttm_huge_mapped_end - skip present entries
 * @vma: a mapping of a buffer object
 * @address: where to begin, inside @vma; moved behind the present entries that
 *	follow from there without a hole, as far as they are under one PUD slot
 *
 * Context: as for ttm_huge_walk_vma().
 *
 * Return: 0, or -ENOMEM as ttm_huge_walk_vma().
 */
int ttm_huge_mapped_end(struct vm_area_struct *vma, unsigned long *address)
{
	pgd_t *pgdp = pgd_offset(vma->vm_mm, *address);
	p4d_t *p4dp;

	if (pgd_none(READ_ONCE(*pgdp)))
		return 0;
	p4dp = p4d_offset(pgdp, *address);
	if (p4d_none(READ_ONCE(*p4dp)))
		return 0;
	return mapped_end(vma->vm_mm, pud_offset(p4dp, *address), address,
			  vma->vm_end);
}

static void count_entry(const struct ttm_huge_entry *entry, void *data)
{
	u64 *entries = data;

	if (entry->present)
		entries[entry->level]++;
}

/**
 * ttm_huge_count_entries - count what maps a buffer object in this process
 * @bo: the buffer object
 * @entries: by level, how many entries of the current process's page tables
 *	map @bo
 *
 * Context: process context; takes the mmap lock of the current process for
 * reading, then the reservation of @bo.
 *
 * Return: 0; -EINTR if a signal came first; -ENOMEM.
 */
int ttm_huge_count_entries(struct ttm_buffer_object *bo,
			   u64 entries[TTM_HUGE_LEVELS])
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long address = 0;
	int ret;

	memset(entries, 0, sizeof(*entries) * TTM_HUGE_LEVELS);

	ret = mmap_read_lock_killable(mm);
	if (ret)
		return ret;
	ret = dma_resv_lock_interruptible(bo->base.resv, NULL);
	if (ret)
		goto out_unlock;

	while (!ret && (vma = find_vma(mm, address))) {
		address = vma->vm_end;
		if (ttm_huge_vma_bo(bo->bdev, vma) == bo)
			ret = ttm_huge_walk_vma(vma, count_entry, entries);
	}

	dma_resv_unlock(bo->base.resv);
out_unlock:
	mmap_read_unlock(mm);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_count_entries);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mappings with huge entries need when they are made, copied and split.
 */

#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include "pfnmap_internal.h"
#include "pfnmap_mm_bugs.h"
#include "pfnmap_trace.h"

/**
 * pfnmap_make_old - make the entries of a new mapping begin old
 * @vma: the mapping, with its final vm_page_prot
 *
 * For drivers that map ahead of use, when nothing has been accessed yet. The huge entry that
 * a fault sets for its own address takes vm_page_prot, which says 'accessed'. This clears
 * the bit there: an access marks the entry by itself. On x86 the bit stays cleared for the
 * life of the mapping. On an architecture whose pgprot_modify() brings the bit back, that
 * entry is set young. The other entries of its page table are old in any case.
 *
 * Context: process context with the mmap lock of the current process held for writing.
 */
void pfnmap_make_old(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pte_pgprot(pte_mkold(pfn_pte(0, vma->vm_page_prot)));
}
EXPORT_SYMBOL_GPL(pfnmap_make_old);

/**
 * pfnmap_mmap - set up a mapping
 * @vma: the mapping; its vm_page_prot has the caching of the memory
 * @ops: its vm_ops
 *
 * For &file_operations.mmap of a driver that has no other way to make a mapping
 * VM_PFNMAP. The insert functions of the core must never see a private mapping that may
 * be written.
 *
 * Context: process context with the mmap lock of the current process held for writing.
 *
 * Return: 0; -EINVAL if the mapping is private.
 */
int pfnmap_mmap(struct vm_area_struct *vma,
		const struct vm_operations_struct *ops)
{
	/* mm's function for this check has another name from 7.3 on. */
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE)
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = ops;
	return 0;
}
EXPORT_SYMBOL_GPL(pfnmap_mmap);

/**
 * pfnmap_map_pages - allow faults under the VMA's lock
 * @vmf: not used
 * @start: not used
 * @end: not used
 *
 * For &vm_operations_struct.map_pages. The core calls ->fault() and
 * ->pfn_mkwrite() under the VMA's lock only for mappings that have this. For
 * other mappings it drops the VMA's lock and takes the mmap lock, on which all
 * faults of a process contend. There is nothing to map here: pfnmap_fault() maps
 * neighbours, too.
 *
 * Context: RCU read-side critical section.
 *
 * Return: 0, which makes the core call ->fault().
 */
vm_fault_t pfnmap_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	return 0;
}
EXPORT_SYMBOL_GPL(pfnmap_map_pages);

/* If the objects differ after all, faults bring back what is removed in vain. */
static bool pfnmap_vma_same_object(const struct vm_area_struct *vma,
				   const struct vm_area_struct *other)
{
	return vma->vm_ops == other->vm_ops &&
	       vma->vm_private_data == other->vm_private_data;
}

/* The address at which @vma shows all that @other shows, or 0. */
static unsigned long pfnmap_vma_address_in(struct vm_area_struct *vma,
					   struct vm_area_struct *other)
{
	unsigned long page = other->vm_pgoff - vma->vm_pgoff;

	if (!pfnmap_vma_same_object(vma, other) ||
	    page >= vma_pages(vma) || vma_pages(vma) - page < vma_pages(other))
		return 0;
	return vma->vm_start + (page << PAGE_SHIFT);
}

static void pfnmap_vma_count(const struct pfnmap_entry *entry, void *data)
{
	unsigned long *entries = data;

	if (entry->present)
		entries[entry->level]++;
}

/*
 * Removes the entries of a range, in which the VMA's lock keeps faults from setting others.
 * They are counted only for the tracepoint: counting PTEs takes longer than removing them.
 */
static void pfnmap_vma_zap(struct vm_area_struct *vma, unsigned long address,
			   unsigned long size, const char *reason)
{
	unsigned long entries[PFNMAP_LEVELS] = {};
	u64 begun = 0;

	if (trace_pfnmap_zap_enabled()) {
		pfnmap_walk_range(vma, address, address + size, pfnmap_vma_count, entries);
		begun = ktime_get_ns();
	}
	zap_special_vma_range(vma, address, size);
	if (begun)
		trace_pfnmap_zap(address, size, reason, entries, begun);
}

/*
 * mremap() takes a PUD entry for a broken page table: it says so in the kernel log and
 * clears the entry, but does not flush the TLB. It takes a PMD entry out of one table and
 * puts it into another. A zap meanwhile finds the entry in neither table: the entry stays
 * when the memory has moved. So the original must have no huge entries then.
 *
 * ->open() is not told which mapping is the original. It is one of the process's mappings
 * that show what the copy shows; the copy is not among them yet. The VMA lock of each keeps
 * faults from setting a PUD entry during the zap: the core would take that for a broken
 * table, too. The lock that keeps the memory where it is would do as well. But a thread that
 * waits for it here cannot be killed, nor can threads that wait for the mmap lock, which it
 * holds.
 */
static void pfnmap_vma_before_mremap(struct vm_area_struct *copy)
{
	unsigned long size = copy->vm_end - copy->vm_start;
	struct vm_area_struct *vma;
	unsigned long address = 0;

	if (size < PMD_SIZE)
		return;

	while ((vma = find_vma(copy->vm_mm, address))) {
		address = pfnmap_vma_address_in(vma, copy);
		if (address) {
			vma_start_write(vma);
			pfnmap_vma_zap(vma, address, size, "mremap");
		}
		address = vma->vm_end;
	}
}

/*
 * fork() reads a PMD entry, then takes the lock of the page table, and copies what it has
 * read. If the memory moves in between, the zap of its entries does not reach the copy. So
 * the original must have no PMD entries when fork() looks.
 */
static void pfnmap_vma_before_fork(struct vm_area_struct *child)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, child->vm_start);
	unsigned long size = child->vm_end - child->vm_start;

	if (size >= PMD_SIZE && vma && pfnmap_vma_same_object(vma, child))
		pfnmap_vma_zap(vma, child->vm_start, size, "fork");
}

/**
 * pfnmap_open - prepare a mapping for being copied
 * @vma: the copy of another mapping: in a child process, next to the original
 *	when that is split, or at a free address by mremap()
 *
 * For &vm_operations_struct.open, or to be called from it. Before fork() and mremap()
 * copy or move page tables, removes the huge entries that they would get wrong. Faults
 * bring them back.
 *
 * The original is found by its vm_ops and its vm_private_data, which must be those of
 * @vma: a driver that changes them in the copy does so after this call. All mappings of
 * an object have the same vm_private_data.
 *
 * Context: process context with the mmap locks of @vma's process and of the
 * current process held for writing, and the VMA lock of the original, so that no
 * fault on the original comes in between. Takes the VMA locks of other mappings of the
 * same object in the same process for writing: that waits for faults of this process,
 * all of which end when it is killed. Does not wait for the lock that keeps the memory
 * where it is, because this function cannot fail.
 */
void pfnmap_open(struct vm_area_struct *vma)
{
	mmap_assert_write_locked(vma->vm_mm);
	mmap_assert_write_locked(current->mm);
	if (vma->vm_mm != current->mm) {
		if (pfnmap_mm_has(PFNMAP_MM_FORK))
			pfnmap_vma_before_fork(vma);
	} else if (pfnmap_mm_has(PFNMAP_MM_MREMAP) &&
		   !vma_lookup(vma->vm_mm, vma->vm_start)) {
		pfnmap_vma_before_mremap(vma);
	}
}
EXPORT_SYMBOL_GPL(pfnmap_open);

/**
 * pfnmap_may_split - prepare a mapping for being split
 * @vma: the mapping
 * @addr: user address of the split, inside @vma
 *
 * For &vm_operations_struct.may_split. The core looks for a PMD entry to split
 * at @addr without asking whether a PUD entry covers @addr, and would take the
 * memory that the PUD entry maps for a page table. Nor may a PUD entry reach
 * from one mapping into the next. So the PUD entry is removed: faults bring back
 * what fits.
 *
 * Context: process context with the mmap lock of @vma's process held for
 * writing. Takes the VMA's lock for writing, so that no fault brings the entry
 * back before the split. Waits only for faults, as pfnmap_open() does.
 *
 * Return: 0.
 */
int pfnmap_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long start = ALIGN_DOWN(addr, PUD_SIZE);

	if (!pfnmap_mm_has(PFNMAP_MM_SPLIT_VMA))
		return 0;

	mmap_assert_write_locked(vma->vm_mm);
	if (start == addr || start < vma->vm_start ||
	    vma->vm_end - start < PUD_SIZE)
		return 0;

	vma_start_write(vma);
	pfnmap_vma_zap(vma, start, PUD_SIZE, "split");
	return 0;
}
EXPORT_SYMBOL_GPL(pfnmap_may_split);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles a fault: finds and sets the entries that map the memory at its address.
 */

/**
 * DOC: Overview
 *
 * pfnmap maps memory that has no struct page, or whose struct page must not be used, into
 * user space: a BAR of a PCI device, for example. The entries are special, which keeps
 * fast GUP off them, and as large as kernel, mapping and memory allow.
 *
 * On x86 with PAT, entries have the caching that the memory is registered with, for
 * example by devm_arch_io_reserve_memtype_wc(). Entries for a BAR that is not registered
 * are uncached, whatever the protection of the mapping says.
 *
 * A driver calls pfnmap_fault() from both &vm_operations_struct.fault and
 * &vm_operations_struct.huge_fault, and tells it in a &struct pfnmap_source where the
 * memory is. The driver's mappings are shared and VM_PFNMAP, as pfnmap_mmap() sets them
 * up. Their &struct vm_operations_struct also has pfnmap_may_split(), pfnmap_open() and,
 * for faults under the VMA's lock, pfnmap_map_pages(). pfnmap_get_unmapped_area() finds
 * user addresses that huge entries fit.
 *
 * A fault has four steps, each in a file of its own: look at what is in the slot already
 * (pfnmap_slot.c), choose the entries (pfnmap_plan.h, which is also where to look for why
 * a mapping is not huge), find their protection (pfnmap_prot.c), and set them
 * (pfnmap_insert.c).
 */

/**
 * DOC: Locking
 *
 * Memory can move, and then the entries that map its old place must go. So each object
 * has a lock of its own that keeps its memory where it is: a reservation, for example.
 * This lock is held
 *
 * * by faults, while pfnmap_fault() or pfnmap_make_writable() runs;
 * * by the code that moves the memory, from before it removes the entries with
 *   unmap_mapping_range() until the memory is in its new place.
 *
 * An object whose memory never moves needs no lock of its own, if
 * &pfnmap_source.max_level is always the same and writes are not tracked: two faults at
 * the same place then want the same entry, and the locks of page tables keep them apart.
 *
 * The order of locks is: the mmap lock or the VMA's lock, which the core takes for a
 * fault; the object's lock; the lock of the file's mappings (i_mmap_rwsem), which pfnmap
 * takes for huge entries; locks of page tables; what &pfnmap_source.extents takes. If the
 * holder of the object's lock may want the core's lock, a fault must not hold the core's
 * lock while it waits for the object's: it drops the core's lock, waits, and returns
 * VM_FAULT_RETRY.
 */

/**
 * DOC: Examples
 *
 * The following driver maps its BAR into the processes that open its file. The BAR never
 * moves and is registered as write-combining. The offset in the file is that in the BAR:
 *
 * .. code-block:: c
 *
 *	static vm_fault_t my_huge_fault(struct vm_fault *vmf, unsigned int order)
 *	{
 *		struct my_device *my = vmf->vma->vm_private_data;
 *		const struct pfnmap_source source = {
 *			.page = vmf->pgoff,
 *			.nr_pages = PFN_DOWN(my->bar_size),
 *			.max_level = PGTABLE_LEVEL_PUD,
 *			.extent = {
 *				.nr_pages = PFN_DOWN(my->bar_size),
 *				.pfn = PHYS_PFN(my->bar_start),
 *			},
 *			.prot = vmf->vma->vm_page_prot,
 *		};
 *		struct pfnmap_plan plan;
 *
 *		return pfnmap_fault(vmf, order, &source, &plan);
 *	}
 *
 *	static vm_fault_t my_fault(struct vm_fault *vmf)
 *	{
 *		return my_huge_fault(vmf, 0);
 *	}
 *
 *	static const struct vm_operations_struct my_vm_ops = {
 *		.fault = my_fault,
 *		.huge_fault = my_huge_fault,
 *		.map_pages = pfnmap_map_pages,
 *		.may_split = pfnmap_may_split,
 *		.open = pfnmap_open,
 *	};
 *
 *	static int my_mmap(struct file *file, struct vm_area_struct *vma)
 *	{
 *		struct my_device *my = file->private_data;
 *
 *		if (vma->vm_pgoff + vma_pages(vma) > PFN_DOWN(my->bar_size))
 *			return -EINVAL;
 *		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
 *		vma->vm_private_data = my;
 *		return pfnmap_mmap(vma, &my_vm_ops);
 *	}
 *
 *	static const struct file_operations my_fops = {
 *		.owner = THIS_MODULE,
 *		.open = my_open,
 *		.mmap = my_mmap,
 *		.get_unmapped_area = pfnmap_get_unmapped_area,
 *	};
 */

#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "pfnmap_internal.h"
#include "pfnmap_trace.h"

/*
 * The largest level that the owner of the memory and the process allow. Some kernels do
 * not ask for huge entries if the sysfs setting forbids huge pages for the mapping; others
 * look only at what the process itself has asked for. Do the latter everywhere: the
 * setting is about memory that huge pages can waste, and none is wasted here.
 */
static enum pgtable_level
pfnmap_fault_policy(struct vm_area_struct *vma,
		    const struct pfnmap_source *source)
{
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	if (vma_thp_disabled(vma, vma->vm_flags, false))
		return PGTABLE_LEVEL_PTE;
#endif
	return source->max_level;
}

/*
 * Splitting a mapping inside a PUD entry crashes the kernel, unless the mapping has the
 * hook for splits. So a mapping without the hook gets no huge entries.
 */
static enum pgtable_level pfnmap_fault_mapping_level(struct vm_area_struct *vma,
						     enum pgtable_level asked)
{
	if (WARN_ON_ONCE(vma->vm_ops->may_split != pfnmap_may_split))
		return PGTABLE_LEVEL_PTE;
	/* Before the core asks for a PTE, it puts a table where a PUD entry would be. */
	return asked == PGTABLE_LEVEL_PTE ?
	       min(pfnmap_kernel_level, PGTABLE_LEVEL_PMD) :
	       pfnmap_kernel_level;
}

/* The level whose entries are of an order, or PFNMAP_LEVELS if there is none. */
static enum pgtable_level pfnmap_fault_level(unsigned int order)
{
	if (order == PUD_ORDER)
		return PGTABLE_LEVEL_PUD;
	if (order == PMD_ORDER)
		return PGTABLE_LEVEL_PMD;
	return order ? PFNMAP_LEVELS : PGTABLE_LEVEL_PTE;
}

/* Whether other memory of the object may belong in the table of the planned entries. */
static __always_inline bool
pfnmap_fault_has_rest(const struct pfnmap_request *req,
		      const struct pfnmap_source *source,
		      const struct pfnmap_plan *plan)
{
	return source->extents && !req->narrow &&
	       plan->level < PGTABLE_LEVEL_PUD &&
	       source->extent.nr_pages < source->nr_pages;
}

static noinline_for_stack vm_fault_t
pfnmap_fault_fill_table(struct vm_fault *vmf, const struct pfnmap_source *source,
			struct pfnmap_plan *plan, struct pfnmap_window window)
{
	struct pfnmap_rest rest = { .source = source, .window = window };

	return pfnmap_insert(vmf, plan, source, &rest);
}

static __always_inline vm_fault_t
pfnmap_fault_insert(struct vm_fault *vmf, const struct pfnmap_request *req,
		    const struct pfnmap_source *source, struct pfnmap_plan *plan)
{
	if (!pfnmap_fault_has_rest(req, source, plan))
		return pfnmap_insert(vmf, plan, source, NULL);
	return pfnmap_fault_fill_table(vmf, source, plan,
				       pfnmap_plan_window(req, plan->level,
							  source->nr_pages,
							  source->nearby));
}

/* @level is what the core asks for, @free the largest level with no page table in the way. */
static vm_fault_t
pfnmap_fault_fill_slot(struct vm_fault *vmf, enum pgtable_level level,
		       enum pgtable_level free,
		       const struct pfnmap_source *source,
		       struct pfnmap_plan *plan)
{
	const u64 begun = trace_pfnmap_fault_enabled() ? ktime_get_ns() : 0;
	struct vm_area_struct *vma = vmf->vma;
	const struct pfnmap_request req = {
		.address = ALIGN_DOWN(vmf->address, PAGE_SIZE),
		.vma_start = vma->vm_start,
		.vma_end = vma->vm_end,
		.page = source->page,
		.extent = source->extent,
		.kernel = pfnmap_fault_mapping_level(vma, level),
		.policy = pfnmap_fault_policy(vma, source),
		.tracked_write = source->tracked &&
				 vmf->flags & FAULT_FLAG_WRITE,
		.caching = pfnmap_prot_level(vma, source),
		.free = free,
		.narrow = vma->vm_flags & VM_RAND_READ,
	};
	vm_fault_t ret;

	pfnmap_plan(&req, plan);

	/* A PMD needs a table that only the core can allocate. */
	if (level == PGTABLE_LEVEL_PUD && plan->level == PGTABLE_LEVEL_PMD)
		return VM_FAULT_FALLBACK;

	ret = pfnmap_fault_insert(vmf, &req, source, plan);
	trace_pfnmap_fault(vmf, plan, ret, begun);
	return ret;
}

/**
 * pfnmap_fault - map the largest region around a fault that is cheap to map
 * @vmf: the fault, on a shared VM_PFNMAP mapping of a file
 * @order: 0 from &vm_operations_struct.fault, else as given to
 *	&vm_operations_struct.huge_fault
 * @source: what is to be mapped
 * @plan: filled in if VM_FAULT_NOPAGE is returned, with the entries that were to be set.
 *	Slots that had an entry already were left alone; and if the entry of the fault was
 *	removed again at once, no other was set. If there was nothing to set,
 *	&pfnmap_plan.nr_entries is 0, and the other members mean nothing
 *
 * Context: process context with the VMA's lock (FAULT_FLAG_VMA_LOCK) or the mmap lock
 * held for reading, and the lock that keeps the memory where it is, if it can move. Drops
 * none of them. Sleeps on memory allocation and on i_mmap_rwsem of the file.
 *
 * Return: VM_FAULT_NOPAGE if entries are set, or were there already, or if the access has
 * to fault again because page tables have changed; VM_FAULT_FALLBACK to make the core
 * repeat the fault at a smaller order; VM_FAULT_OOM if memory for a page table was short;
 * VM_FAULT_SIGBUS if the core refuses the page frame, or the extent does not contain the
 * page.
 */
vm_fault_t pfnmap_fault(struct vm_fault *vmf, unsigned int order,
			const struct pfnmap_source *source,
			struct pfnmap_plan *plan)
{
	enum pgtable_level level = pfnmap_fault_level(order);
	enum pgtable_level free;
	vm_fault_t ret;

	assert_fault_locked(vmf);
	plan->nr_entries = 0;
	plan->nr_more = 0;
	if (level == PFNMAP_LEVELS)
		return VM_FAULT_FALLBACK;

	ret = pfnmap_look_at_slot(vmf, level, source->tracked, &free);
	if (ret)
		return ret;
	if (WARN_ON_ONCE(source->page - source->extent.first >= source->extent.nr_pages))
		return VM_FAULT_SIGBUS;

	return pfnmap_fault_fill_slot(vmf, level, free, source, plan);
}
EXPORT_SYMBOL_GPL(pfnmap_fault);

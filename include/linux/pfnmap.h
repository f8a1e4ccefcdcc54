/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page frames in user space, by the largest page-table entries that fit.
 */
#ifndef _LINUX_PFNMAP_H_
#define _LINUX_PFNMAP_H_

#include <linux/kconfig.h>
#include <linux/mm_types.h>
#include <linux/pgtable.h>
#include <linux/types.h>

struct address_space;
struct dentry;
struct file;
struct vm_fault;
struct vm_operations_struct;

/* Levels of entries that map memory: numbers below it are those of enum pgtable_level. */
#define PFNMAP_LEVELS	(PGTABLE_LEVEL_PUD + 1)

/**
 * struct pfnmap_extent - a contiguous piece of an object's memory, all of it cached alike
 * @first: first page of the object that it holds.
 * @nr_pages: how many pages it holds.
 * @pfn: page frame of @first; the others follow it one by one.
 */
struct pfnmap_extent {
	unsigned long first;
	unsigned long nr_pages;
	unsigned long pfn;
};

/**
 * enum pfnmap_reason - why a fault did not set an entry one level larger
 * @PFNMAP_LARGEST: it set the largest there is.
 * @PFNMAP_KERNEL: the kernel cannot set a larger one, or did not ask for it.
 * @PFNMAP_DIRTY_TRACKED: writes are recorded at PAGE_SIZE.
 * @PFNMAP_POLICY: whoever owns the memory, or what the process asked of the kernel
 *	(MADV_NOHUGEPAGE, PR_SET_THP_DISABLE), forbids it.
 * @PFNMAP_VMA_EDGE: it would reach over an end of the mapping.
 * @PFNMAP_EXTENT_EDGE: it would reach over an end of contiguous memory.
 * @PFNMAP_MISALIGNED_VA: the user address is not aligned as the offset into
 *	the object is.
 * @PFNMAP_MISALIGNED_PFN: the memory is not aligned as the user address is.
 * @PFNMAP_CACHING: a huge entry would not carry the caching that is asked for.
 * @PFNMAP_POPULATED: a page table of smaller entries is already there.
 * @PFNMAP_REASONS: number of reasons.
 *
 * Where several hold, the first of them is named.
 */
enum pfnmap_reason {
	PFNMAP_LARGEST,
	PFNMAP_KERNEL,
	PFNMAP_DIRTY_TRACKED,
	PFNMAP_POLICY,
	PFNMAP_VMA_EDGE,
	PFNMAP_EXTENT_EDGE,
	PFNMAP_MISALIGNED_VA,
	PFNMAP_MISALIGNED_PFN,
	PFNMAP_CACHING,
	PFNMAP_POPULATED,
	PFNMAP_REASONS
};

/**
 * struct pfnmap_plan - the entries that a fault sets
 * @level: level of all of them.
 * @reason: why they are not one level larger.
 * @address: user address of the first, in bytes.
 * @nr_entries: how many there are, one behind the other; 0 if there is nothing to set.
 * @pfn: page frame that the first maps; the others follow without a gap.
 * @nr_more: entries of the same level for other memory of the object, in the same page
 *	table as those; 0 if what the fault set has gone again at once.
 */
struct pfnmap_plan {
	enum pgtable_level level;
	enum pfnmap_reason reason;
	unsigned long address;
	unsigned long nr_entries;
	unsigned long pfn;
	unsigned long nr_more;
};

struct pfnmap_source;

/**
 * typedef pfnmap_extents_fn - find contiguous pieces of an object's memory
 * @source: the source of which this is &pfnmap_source.extents
 * @page: a page of the object, one of &pfnmap_source.nearby
 * @end: a page behind @page, or the end of the object; from there on, no more is asked for
 * @extents: filled in: a piece that has @page, then those that follow it in the object,
 *	without gaps
 * @nr: how many there is room for, at least one
 *
 * Context: called with the lock of a page table held, and for huge entries that of the
 * file's mappings, i_mmap_rwsem, for writing. Must not sleep.
 *
 * Return: how many are filled in, at least one.
 */
typedef unsigned int (*pfnmap_extents_fn)(const struct pfnmap_source *source,
					  unsigned long page, unsigned long end,
					  struct pfnmap_extent *extents,
					  unsigned int nr);

/**
 * struct pfnmap_source - what a fault is to map, as only its owner knows it
 */
struct pfnmap_source {
	/** @page: the page of the object that belongs at the address of the fault. */
	unsigned long page;

	/** @nr_pages: how many pages the object has. */
	unsigned long nr_pages;

	/** @max_level: the largest level that the owner allows. */
	enum pgtable_level max_level;

	/**
	 * @tracked: Writes are recorded, at PAGE_SIZE: each page gets an entry of its own
	 * when it is written, and the other entries are read-only. For mappings that have
	 * &vm_operations_struct.pfn_mkwrite. The owner has recorded the write of this
	 * fault.
	 */
	bool tracked;

	/** @extent: The largest contiguous piece of memory around @page. */
	struct pfnmap_extent extent;

	/**
	 * @extents: Finds other pieces, with which a fault fills the rest of its page table.
	 * They are cached and encrypted as @extent is. Optional: without it the fault sets
	 * entries for @extent alone.
	 */
	pfnmap_extents_fn extents;

	/**
	 * @nearby: How many pages of the object @extents may be asked for, a power of two:
	 * those around @page from a multiple of that on, as many as it takes little time to
	 * look at. 0 for all pages. A fault asks for no more pieces than a page table has
	 * entries.
	 */
	unsigned long nearby;

	/**
	 * @prot: The protection of the mapping, vm_page_prot, with the caching and
	 * encryption of the memory.
	 */
	pgprot_t prot;
};

vm_fault_t pfnmap_fault(struct vm_fault *vmf, unsigned int order,
			const struct pfnmap_source *source,
			struct pfnmap_plan *plan);
vm_fault_t pfnmap_make_writable(struct vm_fault *vmf);
vm_fault_t pfnmap_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end);

int pfnmap_mmap(struct vm_area_struct *vma,
		const struct vm_operations_struct *ops);
void pfnmap_open(struct vm_area_struct *vma);
int pfnmap_may_split(struct vm_area_struct *vma, unsigned long addr);
void pfnmap_make_old(struct vm_area_struct *vma);

u64 pfnmap_alignment(u64 size);
unsigned long pfnmap_get_unmapped_area(struct file *file, unsigned long addr,
				       unsigned long len, unsigned long pgoff,
				       unsigned long flags);

const char *pfnmap_reason_name(enum pfnmap_reason reason);

/**
 * struct pfnmap_entry - a present page-table entry, or a hole
 * @start: first user address.
 * @end: first user address behind it.
 * @present: false for a hole, whose other members mean nothing.
 * @level: level of the entry.
 * @pfn: page frame that @start maps to.
 * @prot: protection and caching, as the entry has them.
 * @writable: writes do not fault.
 * @special: the entry is marked as not backed by struct page.
 * @young: it has been accessed.
 * @dirty: it has been written through.
 */
struct pfnmap_entry {
	unsigned long start;
	unsigned long end;
	bool present;
	enum pgtable_level level;
	unsigned long pfn;
	pgprot_t prot;
	bool writable;
	bool special;
	bool young;
	bool dirty;
};

typedef void (*pfnmap_entry_fn)(const struct pfnmap_entry *entry, void *data);

int pfnmap_walk_vma(struct vm_area_struct *vma, pfnmap_entry_fn fn, void *data);
int pfnmap_mapped_end(struct vm_area_struct *vma, unsigned long *address);

#if IS_ENABLED(CONFIG_PFNMAP_DUMP)
void pfnmap_debugfs_init(struct dentry *root, struct address_space *mapping);
#else
static inline void pfnmap_debugfs_init(struct dentry *root,
				       struct address_space *mapping)
{
}
#endif

#endif

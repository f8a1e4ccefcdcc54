/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Maps page frames into user space with the largest page-table entries that fit.
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

/* Number of levels whose entries map memory; they are the first of enum pgtable_level. */
#define PFNMAP_LEVELS	(PGTABLE_LEVEL_PUD + 1)

/**
 * struct pfnmap_extent - a contiguous piece of an object's memory, all of it cached alike
 * @first: first page of the object in this piece.
 * @nr_pages: number of pages in this piece.
 * @pfn: page frame of @first; those of the other pages follow without a gap.
 */
struct pfnmap_extent {
	unsigned long first;
	unsigned long nr_pages;
	unsigned long pfn;
};

/**
 * enum pfnmap_reason - why a fault did not set an entry one level larger
 * @PFNMAP_LARGEST: it set the largest entry there is.
 * @PFNMAP_KERNEL: the kernel cannot set a larger entry, or did not ask for one.
 * @PFNMAP_DIRTY_TRACKED: writes are recorded at PAGE_SIZE.
 * @PFNMAP_POLICY: the owner of the memory forbids a larger entry, or the process has
 *	asked for none (MADV_NOHUGEPAGE, PR_SET_THP_DISABLE).
 * @PFNMAP_VMA_EDGE: a larger entry would reach past an end of the mapping.
 * @PFNMAP_EXTENT_EDGE: a larger entry would reach past an end of contiguous memory.
 * @PFNMAP_MISALIGNED_VA: the user address is congruent neither to the memory nor to the
 *	offset in the object, modulo the size of a larger entry.
 * @PFNMAP_MISALIGNED_PFN: the user address is congruent to the offset in the object, but
 *	not to the memory.
 * @PFNMAP_CACHING: a huge entry would not have the caching that is asked for.
 * @PFNMAP_POPULATED: a page table of smaller entries is already there.
 * @PFNMAP_REASONS: number of reasons.
 *
 * If several reasons hold, the first of them in this order is given.
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
 * @level: level of all these entries.
 * @reason: why they are not one level larger.
 * @address: user address of the first entry, in bytes.
 * @nr_entries: number of consecutive entries; 0 if there is nothing to set.
 * @pfn: page frame that the first entry maps; the next entries map the next frames.
 * @nr_more: number of entries of the same level, in the same page table, for other memory
 *	of the object; 0 if the entry that the fault set was removed again at once.
 */
struct pfnmap_plan {
	enum pgtable_level level;
	enum pfnmap_reason reason;
	unsigned long address;
	unsigned long nr_entries;
	unsigned long pfn;
	unsigned long nr_more;
};

/**
 * pfnmap_level_size - size of the memory that one entry maps
 * @level: level of the entry
 *
 * Return: the size in bytes, a power of two.
 */
static inline unsigned long pfnmap_level_size(enum pgtable_level level)
{
	switch (level) {
	case PGTABLE_LEVEL_PUD:
		return PUD_SIZE;
	case PGTABLE_LEVEL_PMD:
		return PMD_SIZE;
	default:
		return PAGE_SIZE;
	}
}

struct pfnmap_source;

/**
 * typedef pfnmap_extents_fn - find contiguous pieces of an object's memory
 * @source: the source that this function belongs to, as &pfnmap_source.extents
 * @page: a page of the object, among those of &pfnmap_source.nearby
 * @end: a page after @page, or the end of the object; pieces from there on are not needed
 * @extents: filled in: a piece that contains @page, then the pieces that follow it in the
 *	object, without gaps
 * @nr: number of pieces that there is room for, at least one
 *
 * Context: called with the lock of a page table held, and for huge entries with the lock
 * of the file's mappings, i_mmap_rwsem, held for writing, too. Must not sleep.
 *
 * Return: the number of pieces filled in, at least one.
 */
typedef unsigned int (*pfnmap_extents_fn)(const struct pfnmap_source *source,
					  unsigned long page, unsigned long end,
					  struct pfnmap_extent *extents,
					  unsigned int nr);

/**
 * struct pfnmap_source - what a fault is to map, as the owner of the memory knows it
 */
struct pfnmap_source {
	/** @page: the page of the object that belongs at the address of the fault. */
	unsigned long page;

	/** @nr_pages: number of pages of the object. */
	unsigned long nr_pages;

	/** @max_level: the largest level that the owner allows. */
	enum pgtable_level max_level;

	/**
	 * @tracked: Writes are recorded at PAGE_SIZE: a page gets an entry of its own when
	 * it is written, and all other entries are read-only. For mappings that have
	 * &vm_operations_struct.pfn_mkwrite. If the fault is a write, the owner has
	 * recorded it already.
	 */
	bool tracked;

	/**
	 * @by_bits: With @tracked, if the fault is a write: the other PTEs that it sets are
	 * writable, too, and clean. The owner finds the writes through them by their dirty
	 * bits, also if the entries are removed: see pfnmap_collect_dirty().
	 */
	bool by_bits;

	/** @extent: The largest contiguous piece of memory around @page. */
	struct pfnmap_extent extent;

	/**
	 * @extents: Finds other pieces of memory, with which a fault fills the rest of its
	 * page table. They have the caching and encryption of @extent. Optional: without it
	 * the fault sets entries for @extent alone.
	 */
	pfnmap_extents_fn extents;

	/**
	 * @nearby: Number of pages of the object that @extents may be asked about, a power of
	 * two: the block of pages around @page that begins at a multiple of this number. The
	 * owner chooses it so that looking at the block takes little time. 0 for all pages. A
	 * fault asks for no more pieces than a page table has entries.
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
vm_fault_t pfnmap_make_writable(struct vm_fault *vmf, bool by_bits);
void pfnmap_collect_dirty(struct vm_area_struct *vma, unsigned long start,
			  unsigned long end, unsigned long *bitmap, unsigned long bit);
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
 * @end: first user address past it.
 * @present: false for a hole, of which only @start and @end mean something.
 * @level: level of the entry.
 * @pfn: page frame that is mapped at @start.
 * @prot: protection and caching, as in the entry.
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

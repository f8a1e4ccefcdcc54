// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds user addresses that huge entries fit.
 */

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>

#include "pfnmap_internal.h"

/**
 * pfnmap_alignment - alignment for an object of some size
 * @size: size in bytes, not zero
 *
 * For the object's memory and for its offset in the file.
 *
 * Context: any.
 *
 * Return: @size rounded up to a power of two, at most PUD_SIZE; PAGE_SIZE if @size is
 * too small for a huge entry; in bytes.
 */
u64 pfnmap_alignment(u64 size)
{
	if (size < PMD_SIZE)
		return PAGE_SIZE;
	return size < PUD_SIZE ? roundup_pow_of_two(size) : PUD_SIZE;
}
EXPORT_SYMBOL_GPL(pfnmap_alignment);

/**
 * pfnmap_get_unmapped_area - a user address that allows huge entries
 * @file: the file to map
 * @addr: the address that the caller would like, or 0
 * @len: length in bytes
 * @pgoff: offset in the file, in pages
 * @flags: as for mmap()
 *
 * For &file_operations.get_unmapped_area. A MAP_FIXED address and a hint that
 * is free are taken as they are. Any other address is congruent to the
 * offset, modulo pfnmap_alignment() of @len. If @len is too small for a huge entry, the
 * address is aligned to @len rounded up to a power of two, so that one page table is
 * enough. If the address space has no gap for that, any gap for @len will do.
 *
 * Context: process context, mmap lock of the current process held for writing.
 *
 * Return: an address, or a negative error code as mm_get_unmapped_area() gives.
 */
unsigned long pfnmap_get_unmapped_area(struct file *file, unsigned long addr,
				       unsigned long len, unsigned long pgoff,
				       unsigned long flags)
{
	bool small = len < PMD_SIZE;
	unsigned long align = small ? roundup_pow_of_two(PAGE_ALIGN(len)) :
				      pfnmap_alignment(len);
	unsigned long offset = small ? 0 : pgoff << PAGE_SHIFT;
	unsigned long padded = len + align - PAGE_SIZE;
	unsigned long found;

	found = mm_get_unmapped_area(file, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(found) || (flags & MAP_FIXED) || found == addr ||
	    IS_ALIGNED(found - offset, align) || padded < len)
		return found;

	addr = mm_get_unmapped_area(file, addr, padded, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return found;
	return addr + ((offset - addr) & (align - 1));
}
EXPORT_SYMBOL_GPL(pfnmap_get_unmapped_area);

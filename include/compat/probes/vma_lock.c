// SPDX-License-Identifier: GPL-2.0-only
/* Locks of single mappings. */
#include <linux/mm.h>
#include <linux/mmap_lock.h>

#if defined(FORM_PRESENT)
void probe(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		vma_end_read(vmf->vma);
	else
		vma_start_write(vmf->vma);
}
#elif defined(FORM_ABSENT)
char FAULT_FLAG_VMA_LOCK, vma_end_read, vma_start_write;
#endif

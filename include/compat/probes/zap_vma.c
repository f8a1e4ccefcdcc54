// SPDX-License-Identifier: GPL-2.0-only
/* Removing the entries of a range of a VM_PFNMAP mapping. */
#include <linux/mm.h>

#if defined(FORM_SPECIAL_RANGE)
void probe(struct vm_area_struct *vma)
{
	zap_special_vma_range(vma, vma->vm_start, PAGE_SIZE);
}
#elif defined(FORM_PTES)
char zap_special_vma_range;

void probe(struct vm_area_struct *vma)
{
	zap_vma_ptes(vma, vma->vm_start, PAGE_SIZE);
}
#endif

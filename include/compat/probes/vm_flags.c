// SPDX-License-Identifier: GPL-2.0-only
/* Flags of mappings. */
#include <linux/mm.h>

#if defined(FORM_SET)
void probe(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_IO);
}
#elif defined(FORM_ASSIGNED)
void probe(struct vm_area_struct *vma)
{
	vma->vm_flags |= VM_IO;
}
#endif

// SPDX-License-Identifier: GPL-2.0-only
/* What tells whether huge pages are disabled for a mapping. */
#include <linux/mm.h>

#if defined(FORM_THREE_ARGUMENTS)
bool probe(struct vm_area_struct *vma)
{
	return vma_thp_disabled(vma, vma->vm_flags, false);
}
#elif defined(FORM_TWO_ARGUMENTS)
bool probe(struct vm_area_struct *vma)
{
	return vma_thp_disabled(vma, vma->vm_flags);
}
#elif defined(FORM_ABSENT)
char vma_thp_disabled;

bool probe(struct mm_struct *mm)
{
	return test_bit(MMF_DISABLE_THP, &mm->flags);
}
#endif

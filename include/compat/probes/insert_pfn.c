// SPDX-License-Identifier: GPL-2.0-only
/* How the functions that insert huge entries take a page frame. */
#include <linux/mm.h>

#if defined(FORM_NUMBER)
vm_fault_t probe(struct vm_fault *vmf)
{
	return vmf_insert_pfn_pmd(vmf, 1UL, false);
}
#elif defined(FORM_PFN_T)
#include <linux/pfn_t.h>

vm_fault_t probe(struct vm_fault *vmf)
{
	return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(1UL, PFN_DEV), false);
}
#endif

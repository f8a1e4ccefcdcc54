// SPDX-License-Identifier: GPL-2.0-only
/* What drops the lock that a fault holds. */
#include <linux/mm.h>

#if defined(FORM_PRESENT)
void probe(struct vm_fault *vmf)
{
	release_fault_lock(vmf);
}
#elif defined(FORM_ABSENT)
char release_fault_lock;
#endif

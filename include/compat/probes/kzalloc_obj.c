// SPDX-License-Identifier: GPL-2.0-only
/* Allocation by type. */
#include <linux/slab.h>

#if defined(FORM_BY_TYPE)
int *probe(void)
{
	return kzalloc_obj(int);
}
#elif defined(FORM_BY_SIZE)
#ifdef kzalloc_obj
#error
#endif
#endif

// SPDX-License-Identifier: GPL-2.0-only
/* Allocation by type. */
#include <linux/slab.h>

#if defined(FORM_BY_TYPE)
int *probe(void)
{
	return kvmalloc_objs(int, 2) ?: kzalloc_obj(int);
}
#elif defined(FORM_BY_SIZE)
#if defined(kzalloc_obj) || defined(kvmalloc_objs)
#error
#endif
#endif

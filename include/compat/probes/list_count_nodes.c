// SPDX-License-Identifier: GPL-2.0-only
/* What counts the entries of a list. */
#include <linux/list.h>

#if defined(FORM_PRESENT)
size_t probe(struct list_head *head)
{
	return list_count_nodes(head);
}
#elif defined(FORM_ABSENT)
char list_count_nodes;
#endif

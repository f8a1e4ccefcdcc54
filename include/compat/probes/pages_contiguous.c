// SPDX-License-Identifier: GPL-2.0-only
/* What counts the pages of an array that are contiguous. */
#include <linux/mm.h>
#include <linux/mm_inline.h>

#if defined(FORM_PRESENT)
size_t probe(struct page **pages)
{
	return num_pages_contiguous(pages, 2);
}
#elif defined(FORM_ABSENT)
char num_pages_contiguous;
#endif

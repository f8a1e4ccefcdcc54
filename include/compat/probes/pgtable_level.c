// SPDX-License-Identifier: GPL-2.0-only
/* Names of the levels of page tables. */
#include <linux/pgtable.h>

#if defined(FORM_PRESENT)
const char *probe(void)
{
	return pgtable_level_to_str(PGTABLE_LEVEL_PUD);
}
#elif defined(FORM_ABSENT)
char PGTABLE_LEVEL_PTE, pgtable_level_to_str;
#endif

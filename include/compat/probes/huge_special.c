// SPDX-License-Identifier: GPL-2.0-only
/* Whether huge entries can be marked special. */
#include <linux/mm.h>

#if defined(FORM_PRESENT)
bool probe(pmd_t pmd, pud_t pud)
{
	return pmd_special(pmd) || pud_special(pud);
}
#elif defined(FORM_ABSENT)
char pmd_special, pud_special;
#endif

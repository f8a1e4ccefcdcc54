// SPDX-License-Identifier: GPL-2.0-only
/* Reading a PMD without its lock. */
#include <linux/mm.h>
#include <linux/pgtable.h>

#if defined(FORM_PMDP_GET)
pmd_t probe(pmd_t *pmdp)
{
	return pmdp_get_lockless(pmdp);
}
#elif defined(FORM_PMD_READ)
char pmdp_get_lockless;

pmd_t probe(pmd_t *pmdp)
{
	return pmd_read_atomic(pmdp);
}
#endif

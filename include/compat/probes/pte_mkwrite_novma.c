// SPDX-License-Identifier: GPL-2.0-only
/* Making an entry writable, whatever its mapping. */
#include <linux/mm.h>

#if defined(FORM_NOVMA)
pte_t probe(pte_t pte)
{
	return pte_mkwrite_novma(pte);
}
#elif defined(FORM_PLAIN)
char pte_mkwrite_novma;

pte_t probe(pte_t pte)
{
	return pte_mkwrite(pte);
}
#endif

// SPDX-License-Identifier: GPL-2.0-only
/* What tells ->huge_fault() the size that is asked for. */
#include <linux/mm.h>
#include <linux/pgtable.h>

#if defined(FORM_ORDER)
enum page_entry_size { probe_size };
int probe[] = { PMD_ORDER, PUD_ORDER };
#elif defined(FORM_PAGE_ENTRY_SIZE)
enum page_entry_size probe[] = { PE_SIZE_PMD, PE_SIZE_PUD };
#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module, and names of what it says.
 */

#include <linux/export.h>
#include <linux/module.h>

#include "pfnmap_internal.h"

static const char * const pfnmap_reason_names[PFNMAP_REASONS] = {
	[PFNMAP_LARGEST] = "largest",
	[PFNMAP_KERNEL] = "kernel",
	[PFNMAP_DIRTY_TRACKED] = "dirty_tracked",
	[PFNMAP_POLICY] = "policy",
	[PFNMAP_VMA_EDGE] = "vma_edge",
	[PFNMAP_EXTENT_EDGE] = "extent_edge",
	[PFNMAP_MISALIGNED_VA] = "misaligned_va",
	[PFNMAP_MISALIGNED_PFN] = "misaligned_pfn",
	[PFNMAP_CACHING] = "caching",
	[PFNMAP_POPULATED] = "populated",
};

/**
 * pfnmap_reason_name - the name of a reason
 * @reason: the reason
 *
 * Context: any.
 *
 * Return: a word, in lower case.
 */
const char *pfnmap_reason_name(enum pfnmap_reason reason)
{
	return pfnmap_reason_names[reason];
}
EXPORT_SYMBOL_GPL(pfnmap_reason_name);

static int __init pfnmap_init(void)
{
	pfnmap_prot_init();
	return 0;
}

static void __exit pfnmap_exit(void)
{
}

/* Built in, before the drivers that use it. */
subsys_initcall(pfnmap_init);
module_exit(pfnmap_exit);

MODULE_DESCRIPTION("Page frames in user space, by the largest page-table entries that fit");
MODULE_LICENSE("GPL");

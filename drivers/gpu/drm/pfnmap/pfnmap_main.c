// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module, the largest level of special entries, and the names of reasons.
 */

#include <linux/export.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pgtable.h>

#include "pfnmap_internal.h"

enum pgtable_level pfnmap_kernel_level __ro_after_init;

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

/* The core does not check whether the CPU has PUD entries that map memory. */
static bool __init pfnmap_cpu_has_puds(void)
{
#ifdef CONFIG_X86
	return boot_cpu_has(X86_FEATURE_GBPAGES);
#else
	return true;
#endif
}

static enum pgtable_level __init pfnmap_find_kernel_level(void)
{
	if (!IS_ENABLED(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) ||
	    !has_transparent_hugepage())
		return PGTABLE_LEVEL_PTE;
	if (!IS_ENABLED(CONFIG_ARCH_SUPPORTS_PUD_PFNMAP) ||
	    !pfnmap_cpu_has_puds())
		return PGTABLE_LEVEL_PMD;
	return PGTABLE_LEVEL_PUD;
}

/* Found once: it does not change after boot, and finding it would slow down each fault. */
static int __init pfnmap_init(void)
{
	pfnmap_kernel_level = pfnmap_find_kernel_level();
	pfnmap_prot_init();
	return 0;
}

static void __exit pfnmap_exit(void)
{
}

/* If built in, it runs before the drivers that use it. */
subsys_initcall(pfnmap_init);
module_exit(pfnmap_exit);

MODULE_AUTHOR("Seed fe802a72 maintainers");
MODULE_DESCRIPTION("Maps page frames with the largest page-table entries that fit");
MODULE_VERSION("1.0");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module, its parameter, and what it keeps for each device.
 */

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/percpu.h>

#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <drm/drm_util.h>

#include "ttm_huge_internal.h"

/* Drivers have a union of both. */
static_assert(!offsetof(struct ttm_huge_device, base));

const char * const ttm_huge_level_names[TTM_HUGE_LEVELS] = {
	[TTM_HUGE_PTE] = "pte",
	[TTM_HUGE_PMD] = "pmd",
	[TTM_HUGE_PUD] = "pud",
};
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_huge_level_names);

const char * const ttm_huge_reason_names[TTM_HUGE_REASONS] = {
	[TTM_HUGE_LARGEST] = "largest",
	[TTM_HUGE_KERNEL] = "kernel",
	[TTM_HUGE_DIRTY_TRACKED] = "dirty_tracked",
	[TTM_HUGE_POLICY] = "policy",
	[TTM_HUGE_VMA_EDGE] = "vma_edge",
	[TTM_HUGE_EXTENT_EDGE] = "extent_edge",
	[TTM_HUGE_MISALIGNED_VA] = "misaligned_va",
	[TTM_HUGE_MISALIGNED_PFN] = "misaligned_pfn",
	[TTM_HUGE_CACHING] = "caching",
	[TTM_HUGE_POPULATED] = "populated",
};
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_huge_reason_names);

static int max_level = IS_ENABLED(CONFIG_DRM_TTM_HUGE_DEFAULT_OFF) ?
		       TTM_HUGE_OFF : TTM_HUGE_PUD;

static int max_level_set(const char *val, const struct kernel_param *kp)
{
	int level;

	if (sysfs_streq(val, "off")) {
		WRITE_ONCE(max_level, TTM_HUGE_OFF);
		return 0;
	}

	level = __sysfs_match_string(ttm_huge_level_names, TTM_HUGE_LEVELS,
				     val);
	if (level < 0)
		return level;
	WRITE_ONCE(max_level, level);
	return 0;
}

static int max_level_get(char *buffer, const struct kernel_param *kp)
{
	int level = ttm_huge_max_level();

	return sysfs_emit(buffer, "%s\n", level == TTM_HUGE_OFF ?
			  "off" : ttm_huge_level_names[level]);
}

static const struct kernel_param_ops max_level_ops = {
	.set = max_level_set,
	.get = max_level_get,
};

module_param_cb(max_level, &max_level_ops, NULL, 0644);
MODULE_PARM_DESC(max_level,
		 "Largest page-table entry that faults set: pud (default), pmd or pte; or off, for new mappings to have TTM's own fault handler.");

/**
 * ttm_huge_max_level - what the module parameter allows
 *
 * Context: any.
 *
 * Return: a level, or TTM_HUGE_OFF.
 */
int ttm_huge_max_level(void)
{
	return READ_ONCE(max_level);
}

static void device_fini(struct drm_device *drm, void *data)
{
	struct ttm_huge_private *priv = data;

	/* Or the driver has freed a buffer object without ttm_huge_bo_fini(). */
	drm_WARN_ON(drm, !xa_empty(&priv->dirty) || !xa_empty(&priv->dummy_pages));
	xa_destroy(&priv->dirty);
	xa_destroy(&priv->dummy_pages);
	free_percpu(priv->stats);
}

/**
 * drmm_ttm_huge_device_init - set up huge mappings for a device
 * @drm: the DRM device
 * @hdev: the device's part in the driver's device structure, zeroed
 * @funcs: the driver's callbacks, or NULL
 *
 * Before or behind ttm_device_init(), which it does not do. Nothing undoes it by
 * hand: that happens when @drm is released, after &drm_driver.release and the
 * release actions that the driver has added behind this. In one of those the last
 * buffer object goes, or before. Then @hdev can go, too: what is undone is in memory
 * of @drm's, as some drivers free their device structure by hand, and earlier.
 *
 * Context: process context, before the first buffer object.
 *
 * Return: 0, or -ENOMEM.
 */
int drmm_ttm_huge_device_init(struct drm_device *drm,
			      struct ttm_huge_device *hdev,
			      const struct ttm_huge_funcs *funcs)
{
	struct ttm_huge_private *priv;

	ttm_huge_prot_init();
	priv = drmm_kzalloc(drm, sizeof(*priv), GFP_KERNEL);
	if (!priv)
		return -ENOMEM;
	xa_init(&priv->dirty);
	xa_init(&priv->dummy_pages);
	priv->stats = alloc_percpu(struct ttm_huge_stats);
	if (!priv->stats)
		return -ENOMEM;
	hdev->funcs = funcs;
	hdev->priv = priv;
	return drmm_add_action_or_reset(drm, device_fini, priv);
}
EXPORT_SYMBOL_GPL(drmm_ttm_huge_device_init);

/**
 * ttm_huge_bo_fini - free what is kept for a buffer object
 * @bo: the buffer object
 *
 * To be called by &drm_gem_object_funcs.free, before the buffer object is
 * handed back to TTM and loses its fake offset.
 *
 * Context: process context; no mapping of @bo is left. TTM may be evicting it.
 */
void ttm_huge_bo_fini(struct ttm_buffer_object *bo)
{
	struct ttm_huge_private *priv = to_ttm_huge(bo->bdev)->priv;
	unsigned long index = ttm_huge_bo_index(bo);
	struct page *page = xa_erase(&priv->dummy_pages, index);

	if (page)
		__free_page(page);
	kvfree(xa_erase(&priv->dirty, index));
}
EXPORT_SYMBOL_GPL(ttm_huge_bo_fini);

MODULE_DESCRIPTION("Huge CPU mappings of TTM buffer objects");
MODULE_LICENSE("GPL");

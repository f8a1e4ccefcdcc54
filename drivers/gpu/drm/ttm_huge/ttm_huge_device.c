// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module, its parameter, and what it keeps for each device.
 */

#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/spinlock.h>

#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <drm/drm_util.h>

#include "ttm_huge_internal.h"

/* A driver may have both in a union. */
static_assert(!offsetof(struct ttm_huge_device, base));

int ttm_huge_allowed_level = IS_ENABLED(CONFIG_DRM_TTM_HUGE_DEFAULT_OFF) ?
			     TTM_HUGE_OFF : PGTABLE_LEVEL_PUD;

static const char *ttm_huge_max_level_name(int level)
{
	return level == TTM_HUGE_OFF ? "off" : pgtable_level_to_str(level);
}

static int ttm_huge_max_level_set(const char *val, const struct kernel_param *kp)
{
	int level;

	for (level = TTM_HUGE_OFF; level < PFNMAP_LEVELS; level++) {
		if (sysfs_streq(val, ttm_huge_max_level_name(level))) {
			WRITE_ONCE(ttm_huge_allowed_level, level);
			return 0;
		}
	}
	return -EINVAL;
}

static int ttm_huge_max_level_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", ttm_huge_max_level_name(ttm_huge_max_level()));
}

static const struct kernel_param_ops max_level_ops = {
	.set = ttm_huge_max_level_set,
	.get = ttm_huge_max_level_get,
};

module_param_cb(max_level, &max_level_ops, NULL, 0644);
MODULE_PARM_DESC(max_level,
		 "Largest page-table entry that faults set: pud (default), pmd or pte; or off, for new mappings to have TTM's own fault handler.");

/* The devices that are set up. No other TTM device is inside a struct ttm_huge_device. */
static LIST_HEAD(ttm_huge_devices);
static DEFINE_SPINLOCK(ttm_huge_devices_lock);

/**
 * ttm_huge_find - find what a TTM device has for huge mappings
 * @bdev: any TTM device
 *
 * For devices that a driver passes in. Faults use to_ttm_huge(): a device that was not set
 * up has no mapping that could fault.
 *
 * Context: any but interrupts.
 *
 * Return: its &struct ttm_huge; NULL, with a line in the kernel log the first time, if
 * drmm_ttm_huge_device_init() was not called for it.
 */
struct ttm_huge *ttm_huge_find(struct ttm_device *bdev)
{
	struct ttm_huge_private *priv;

	scoped_guard(spinlock, &ttm_huge_devices_lock) {
		list_for_each_entry(priv, &ttm_huge_devices, link) {
			if (priv->bdev == bdev)
				return to_ttm_huge(bdev);
		}
	}
	pr_err_once("ttm_huge: a TTM device without drmm_ttm_huge_device_init() is refused\n");
	return NULL;
}

static void ttm_huge_device_fini(struct drm_device *drm, void *data)
{
	struct ttm_huge_private *priv = data;

	/* If one is not empty, the driver has freed a buffer object without ttm_huge_bo_fini(). */
	drm_WARN_ON(drm, !xa_empty(&priv->dirty) || !xa_empty(&priv->dummy_pages) ||
		    !xa_empty(&priv->watches));
	scoped_guard(spinlock, &ttm_huge_devices_lock)
		list_del(&priv->link);
	xa_destroy(&priv->dirty);
	xa_destroy(&priv->dummy_pages);
	xa_destroy(&priv->watches);
	free_percpu(priv->stats);
}

/**
 * drmm_ttm_huge_device_init - set up huge mappings for a device
 * @drm: the DRM device
 * @hdev: the device's part in the driver's device structure, zeroed
 * @funcs: the driver's callbacks, or NULL
 *
 * May be called before or after ttm_device_init(), which it does not call. It is undone
 * when @drm is released, after &drm_driver.release and the release actions that the driver
 * has added after this call; there is no function to undo it by hand. The last buffer
 * object has to be gone by then. @hdev may be gone, too: some drivers free their device
 * structure by hand, and earlier, so what is undone is in memory that @drm owns.
 *
 * Without this call, ttm_huge maps no buffer object of the device, and aligns none of its
 * memory.
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

	priv = drmm_kzalloc(drm, sizeof(*priv), GFP_KERNEL);
	if (!priv)
		return -ENOMEM;
	xa_init(&priv->dirty);
	xa_init(&priv->dummy_pages);
	INIT_LIST_HEAD(&priv->prefaults);
	spin_lock_init(&priv->prefault_lock);
	xa_init(&priv->watches);
	init_rwsem(&priv->collecting);
	priv->stats = alloc_percpu(struct ttm_huge_stats);
	if (!priv->stats)
		return -ENOMEM;
	priv->bdev = &hdev->base;
	hdev->huge.funcs = funcs;
	hdev->huge.priv = priv;
	scoped_guard(spinlock, &ttm_huge_devices_lock)
		list_add(&priv->link, &ttm_huge_devices);
	return drmm_add_action_or_reset(drm, ttm_huge_device_fini, priv);
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
	struct ttm_huge *huge = ttm_huge_find(bo->bdev);
	struct page *page;

	if (!huge)
		return;
	page = xa_erase(&huge->priv->dummy_pages, ttm_huge_bo_index(bo));
	if (page)
		__free_page(page);
	ttm_huge_dirty_free(bo);
}
EXPORT_SYMBOL_GPL(ttm_huge_bo_fini);

MODULE_AUTHOR("Seed fe802a72 maintainers");
MODULE_DESCRIPTION("Huge CPU mappings of TTM buffer objects");
MODULE_VERSION("1.0");
MODULE_LICENSE("GPL");

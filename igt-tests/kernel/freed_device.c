// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: a driver that frees its device structure itself, while DRM's device is still
 * there.
 *
 * radeon did so at every unbind, and nouveau does if a file is open. State that ttm_huge
 * needs when DRM's device is released must not be in that structure. Writing to the
 * debugfs file sets up such a device and takes it down. Code that reads the structure
 * meanwhile gets what slab debugging leaves in freed memory, on any kernel; if code
 * writes to it, the write to the debugfs file fails with EUCLEAN.
 *
 * What is written is a number: 0, or which allocation of ttm_huge fails while the device is
 * set up. If it does not make as many, or the kernel has no fault injection, the write
 * fails with ERANGE.
 */

#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/poison.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <drm/drm_drv.h>
#include <drm/ttm_huge.h>

static struct dentry *device_file;

static const struct drm_driver driver = {
	.name = "freed_device",
};

/*
 * The nth allocation of this task from now on fails; with 0, none does. Returns whether the
 * failure that the call before asked for is still to come.
 */
static bool freed_device_fail_nth(unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	return xchg(&current->fail_nth, nth);
#else
	return true;
#endif
}

/* The function is looked up here, because this module is built without the drivers. */
static int freed_device_set_up(struct drm_device *drm, struct ttm_huge_device *hdev,
			       unsigned int nth)
{
	typeof(drmm_ttm_huge_device_init) *init = symbol_get(drmm_ttm_huge_device_init);
	int ret;

	if (!init)
		return -ENODEV;
	freed_device_fail_nth(nth);
	ret = init(drm, hdev, NULL);
	if (freed_device_fail_nth(0) && nth && !ret)
		ret = -ERANGE;
	return ret;
}

static int freed_device_free_first(struct drm_device *drm, struct ttm_huge_device *hdev,
				   unsigned int nth)
{
	int ret = freed_device_set_up(drm, hdev, nth);

	memset(hdev, POISON_FREE, sizeof(*hdev));
	/* The release calls functions of that module. */
	drm_dev_put(drm);
	if (ret != -ENODEV)
		symbol_put(drmm_ttm_huge_device_init);
	if (!ret && memchr_inv(hdev, POISON_FREE, sizeof(*hdev)))
		ret = -EUCLEAN;
	return ret;
}

static int freed_device_run(struct device *parent, unsigned int nth)
{
	struct ttm_huge_device *hdev = kvzalloc(sizeof(*hdev), GFP_KERNEL);
	struct drm_device *drm;
	int ret;

	if (!hdev)
		return -ENOMEM;
	drm = drm_dev_alloc(&driver, parent);
	ret = IS_ERR(drm) ? PTR_ERR(drm) : freed_device_free_first(drm, hdev, nth);
	kvfree(hdev);
	return ret;
}

static ssize_t freed_device_write(struct file *file, const char __user *from, size_t len,
				  loff_t *pos)
{
	struct device *parent;
	unsigned int nth;
	int ret;

	ret = kstrtouint_from_user(from, len, 10, &nth);
	if (ret)
		return ret;
	parent = root_device_register("freed_device");
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	ret = freed_device_run(parent, nth);
	root_device_unregister(parent);
	return ret ?: len;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.write = freed_device_write,
};

static int __init freed_device_init(void)
{
	device_file = debugfs_create_file("freed_device", 0200, NULL, NULL, &device_fops);
	return PTR_ERR_OR_ZERO(device_file);
}
module_init(freed_device_init);

static void __exit freed_device_exit(void)
{
	debugfs_remove(device_file);
}
module_exit(freed_device_exit);

MODULE_DESCRIPTION("A device structure that is freed before DRM's device");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's files in sysfs.
 */

#include <linux/device.h>
#include <linux/sysfs.h>

#include "bigbar_drv.h"

static ssize_t mem_info_vram_total_show(struct device *dev,
					struct device_attribute *attr, char *buf)
{
	const struct bigbar_device *bigbar = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%llu\n", bigbar->vram.size);
}
static DEVICE_ATTR_RO(mem_info_vram_total);

static ssize_t mem_info_vram_used_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	struct bigbar_device *bigbar = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%llu\n", bigbar_vram_used(&bigbar->vram));
}
static DEVICE_ATTR_RO(mem_info_vram_used);

static struct attribute *bigbar_attrs[] = {
	&dev_attr_mem_info_vram_total.attr,
	&dev_attr_mem_info_vram_used.attr,
	NULL
};

static const struct attribute_group bigbar_group = {
	.attrs = bigbar_attrs,
};

/* Both in bytes. The core removes them before it unbinds the driver. */
const struct attribute_group *bigbar_groups[] = {
	&bigbar_group,
	NULL
};

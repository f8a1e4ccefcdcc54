// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding to a PCI device.
 */

/**
 * DOC: Overview
 *
 * bigbar hands out the memory BAR of a PCI device as VRAM, in buffer objects
 * that TTM places, evicts and moves. There is no GPU: the CPU clears and copies
 * the memory, and nothing else uses it. This makes the driver small enough to
 * show how a TTM driver maps VRAM with huge page-table entries, and gives tests
 * a device that every QEMU has. With the module parameter async_moves the CPU clears
 * and copies in the background and signals a fence, as the engine of a GPU would.
 *
 * The driver does not bind to any device by itself: the memory in a BAR may be in use,
 * for example by virtual machines that share it by QEMU's ivshmem-plain. The driver uses
 * the largest prefetchable memory BAR of a device that is given to it by driver_override.
 */

#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/sizes.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>

#include <drm/bigbar_drm.h>

#include "bigbar_drv.h"

/* With less than one PMD entry maps, there would be nothing to show. */
#define BIGBAR_MIN_VRAM		PMD_SIZE

static unsigned int vram_offset;
module_param(vram_offset, uint, 0444);
MODULE_PARM_DESC(vram_offset,
		 "Where VRAM begins in the BAR, in MiB: an even number, 0 by default. For tests: on a GPU whose firmware keeps the first part for itself, VRAM may begin anywhere.");

static const struct drm_ioctl_desc bigbar_ioctls[] = {
	DRM_IOCTL_DEF_DRV(BIGBAR_DEVICE_INFO, bigbar_device_info_ioctl,
			  DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(BIGBAR_GEM_CREATE, bigbar_gem_create_ioctl,
			  DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(BIGBAR_GEM_MMAP_OFFSET, bigbar_gem_mmap_offset_ioctl,
			  DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(BIGBAR_GEM_MOVE, bigbar_gem_move_ioctl,
			  DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(BIGBAR_GEM_INFO, bigbar_gem_info_ioctl,
			  DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(BIGBAR_GEM_DIRTY, bigbar_gem_dirty_ioctl,
			  DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(BIGBAR_PREFAULT, bigbar_prefault_ioctl,
			  DRM_RENDER_ALLOW),
};

DEFINE_TTM_HUGE_GEM_FOPS(bigbar_fops);

static const struct drm_driver bigbar_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_MODESET | DRIVER_ATOMIC,
	.ioctls = bigbar_ioctls,
	.num_ioctls = ARRAY_SIZE(bigbar_ioctls),
	.fops = &bigbar_fops,
	.open = bigbar_client_open,
	.postclose = bigbar_client_close,
	.debugfs_init = bigbar_debugfs_init,
	.gem_prime_import = bigbar_prime_import,
	.gem_prime_import_sg_table = bigbar_prime_import_sg_table,
	.dumb_create = bigbar_dumb_create,
	.show_fdinfo = bigbar_client_show_fdinfo,
	.name = "bigbar",
	.desc = "Buffer objects in a PCI memory BAR",
	.major = 1,
	.minor = 0,
};

/* The BAR that holds the memory, or a negative error code. */
static int bigbar_find_bar(struct pci_dev *pdev)
{
	/* Reading another BAR may have effects: it may hold registers. */
	const unsigned long memory = IORESOURCE_MEM | IORESOURCE_PREFETCH;
	int bar, best = -ENODEV;
	resource_size_t size = 0;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if ((pci_resource_flags(pdev, bar) & memory) != memory)
			continue;
		if (pci_resource_len(pdev, bar) > size) {
			size = pci_resource_len(pdev, bar);
			best = bar;
		}
	}

	if (best < 0)
		return dev_err_probe(&pdev->dev, best, "no prefetchable memory BAR\n");
	if (size < BIGBAR_MIN_VRAM)
		return dev_err_probe(&pdev->dev, -ENODEV,
				     "BAR %d has %llu KiB, at least %lu KiB are needed\n",
				     best, (u64)size / SZ_1K,
				     BIGBAR_MIN_VRAM / SZ_1K);
	return best;
}

/* All of this is undone when the driver is unbound from the device. */
static int bigbar_map_vram(struct bigbar_device *bigbar, struct pci_dev *pdev,
			   int bar)
{
	const u64 offset = (u64)vram_offset * SZ_1M;
	struct bigbar_vram *vram = &bigbar->vram;
	struct device *dev = &pdev->dev;
	int ret;

	if (offset % PMD_SIZE || pci_resource_len(pdev, bar) < offset + BIGBAR_MIN_VRAM)
		return dev_err_probe(dev, -ENODEV,
				     "vram_offset=%u is odd, or leaves less than 2 MiB of BAR %d\n",
				     vram_offset, bar);
	vram->phys = pci_resource_start(pdev, bar) + offset;
	vram->size = ALIGN_DOWN(pci_resource_len(pdev, bar) - offset, PMD_SIZE);

	ret = pcim_request_region(pdev, bar, "bigbar");
	if (ret)
		return dev_err_probe(dev, ret, "BAR %d is in use\n", bar);

	/* On x86, huge entries get their caching from this. */
	ret = devm_arch_io_reserve_memtype_wc(dev, vram->phys, vram->size);
	if (ret)
		return dev_err_probe(dev, ret,
				     "BAR %d cannot be write-combining\n", bar);
	devm_arch_phys_wc_add(dev, vram->phys, vram->size);

	vram->io = devm_ioremap_wc(dev, vram->phys, vram->size);
	if (!vram->io)
		return dev_err_probe(dev, -ENOMEM, "BAR %d cannot be mapped\n",
				     bar);
	return 0;
}

static int bigbar_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct bigbar_device *bigbar;
	int bar, ret;

	bar = bigbar_find_bar(pdev);
	if (bar < 0)
		return bar;

	ret = pcim_enable_device(pdev);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "cannot be enabled\n");
	/* Memory of other devices is imported wherever it is. */
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "no DMA with 64 bits\n");

	bigbar = devm_drm_dev_alloc(&pdev->dev, &bigbar_driver,
				    struct bigbar_device, drm);
	if (IS_ERR(bigbar))
		return PTR_ERR(bigbar);
	pci_set_drvdata(pdev, bigbar);

	ret = bigbar_kms_take_over(pdev);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "the display is in use\n");
	ret = bigbar_map_vram(bigbar, pdev, bar);
	if (ret)
		return ret;
	ret = bigbar_ttm_init(bigbar);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "TTM refused\n");
	ret = bigbar_kms_init(bigbar);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "there is no display that bigbar knows\n");
	ret = bigbar_pm_init(bigbar);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "power management refused\n");
	ret = drm_dev_register(&bigbar->drm, 0);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "DRM refused\n");

	bigbar_pm_allow(bigbar);
	drm_info(&bigbar->drm, "%llu MiB of VRAM in BAR %d\n",
		 bigbar->vram.size / SZ_1M, bar);
	return 0;
}

/*
 * Mappings and open files may outlive this. It ends all access to VRAM: the mappings
 * are zapped, all other access is inside drm_dev_enter(), and other devices have to let
 * go of it. The device does not reach the memory of others any more, either.
 */
static void bigbar_remove(struct pci_dev *pdev)
{
	struct bigbar_device *bigbar = pci_get_drvdata(pdev);

	drm_dev_unplug(&bigbar->drm);
	bigbar_kms_off(bigbar);
	bigbar_prime_revoke(bigbar);
	bigbar_prime_detach(bigbar);
	bigbar_pm_forbid(bigbar);
}

static void bigbar_shutdown(struct pci_dev *pdev)
{
	bigbar_kms_off(pci_get_drvdata(pdev));
}

static struct pci_driver bigbar_pci_driver = {
	.name = "bigbar",
	.id_table = NULL,	/* by driver_override only */
	.probe = bigbar_probe,
	.remove = bigbar_remove,
	.shutdown = bigbar_shutdown,
	.dev_groups = bigbar_groups,
	.driver.pm = pm_ptr(&bigbar_pm_ops),
};
module_pci_driver(bigbar_pci_driver);

MODULE_AUTHOR("Seed fe802a72 maintainers");
MODULE_DESCRIPTION("DRM driver for buffer objects in any PCI memory BAR");
MODULE_VERSION("1.0");
MODULE_LICENSE("GPL");

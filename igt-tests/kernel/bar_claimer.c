// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: claims a BAR of a PCI device, as another driver may have done.
 *
 * Writing "DEVICE BAR", "0000:00:10.0 2" for example, to the debugfs file claims it until
 * the file is closed.
 */

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "command.h"

/**
 * struct claim - what an open file has claimed
 * @pdev: the device, or NULL
 * @bar: which of its BARs
 */
struct claim {
	struct pci_dev *pdev;
	unsigned int bar;
};

static struct dentry *claimer_file;

static int bar_claimer_open(struct inode *inode, struct file *file)
{
	struct claim *claim = kvzalloc(sizeof(*claim), GFP_KERNEL);

	file->private_data = claim;
	return claim ? 0 : -ENOMEM;
}

static int bar_claimer_claim(struct claim *claim, struct pci_dev *pdev, unsigned int bar)
{
	int ret = pci_request_region(pdev, bar, "bar_claimer");

	if (ret) {
		pci_dev_put(pdev);
		return ret;
	}
	*claim = (struct claim){ .pdev = pdev, .bar = bar };
	return 0;
}

static ssize_t bar_claimer_write(struct file *file, const char __user *from, size_t len,
				 loff_t *pos)
{
	unsigned int domain, bus, slot, function, bar;
	struct claim *claim = file->private_data;
	struct pci_dev *pdev;
	char text[64];
	int ret;

	if (claim->pdev)
		return -EINVAL;
	ret = command_read(text, sizeof(text), from, len);
	if (ret)
		return ret;
	if (sscanf(text, "%x:%x:%x.%x %u", &domain, &bus, &slot, &function, &bar) != 5 ||
	    bar >= PCI_STD_NUM_BARS)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	return bar_claimer_claim(claim, pdev, bar) ?: len;
}

static int bar_claimer_release(struct inode *inode, struct file *file)
{
	struct claim *claim = file->private_data;

	if (claim->pdev) {
		pci_release_region(claim->pdev, claim->bar);
		pci_dev_put(claim->pdev);
	}
	kvfree(claim);
	return 0;
}

static const struct file_operations claimer_fops = {
	.owner = THIS_MODULE,
	.open = bar_claimer_open,
	.write = bar_claimer_write,
	.release = bar_claimer_release,
};

static int __init bar_claimer_init(void)
{
	claimer_file = debugfs_create_file("bar_claimer", 0200, NULL, NULL, &claimer_fops);
	return PTR_ERR_OR_ZERO(claimer_file);
}
module_init(bar_claimer_init);

static void __exit bar_claimer_exit(void)
{
	debugfs_remove(claimer_file);
}
module_exit(bar_claimer_exit);

MODULE_DESCRIPTION("Claims of BARs, as of another driver");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: maps BAR 2 of a PCI device through pfnmap alone, as a driver without TTM and
 * GEM does. It takes a device that driver_override gives it, one at a time.
 *
 * An open file keeps this module, but nothing keeps the BAR: when the device is removed,
 * the entries are zapped, and faults set no new ones. The inode of the device node
 * stands for the BAR: the BAR of a later device has another inode.
 *
 * The module parameter fault_ms makes each fault take so many milliseconds, and set tells
 * how many entries the last fault has set. With registered off when the device is bound, the
 * BAR is not registered as write-combining.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pfnmap.h>

static DECLARE_RWSEM(plain_bar_lock);	/* faults set entries with it held */
static struct inode *plain_bar_inode;	/* of the BAR, once it has been opened */
static struct pfnmap_extent plain_bar_memory;
static unsigned int plain_bar_fault_ms;
static unsigned long plain_bar_set;
static bool plain_bar_registered = true;

static vm_fault_t plain_bar_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	const struct pfnmap_source source = {
		.page = vmf->pgoff,
		.nr_pages = plain_bar_memory.nr_pages,
		.max_level = PGTABLE_LEVEL_PUD,
		.extent = plain_bar_memory,
		.prot = vmf->vma->vm_page_prot,
	};
	/* These show in the parameter and the trace unless pfnmap_fault() fills the plan in. */
	struct pfnmap_plan plan = {
		.reason = PFNMAP_POPULATED,
		.nr_entries = 1000,
		.nr_more = 1000,
	};
	vm_fault_t ret = VM_FAULT_SIGBUS;

	down_read(&plain_bar_lock);
	if (file_inode(vmf->vma->vm_file) == plain_bar_inode) {
		if (plain_bar_fault_ms)
			msleep(plain_bar_fault_ms);
		ret = pfnmap_fault(vmf, order, &source, &plan);
		WRITE_ONCE(plain_bar_set, plan.nr_entries + plan.nr_more);
	}
	up_read(&plain_bar_lock);
	return ret;
}

static vm_fault_t plain_bar_fault(struct vm_fault *vmf)
{
	return plain_bar_huge_fault(vmf, 0);
}

static const struct vm_operations_struct plain_bar_vm_ops = {
	.fault = plain_bar_fault,
	.huge_fault = plain_bar_huge_fault,
	.map_pages = pfnmap_map_pages,
	.may_split = pfnmap_may_split,
	.open = pfnmap_open,
};

static int plain_bar_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_pgoff + vma_pages(vma) > plain_bar_memory.nr_pages)
		return -EINVAL;
	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return pfnmap_mmap(vma, &plain_bar_vm_ops);
}

/* misc_open() holds a lock: one open at a time, and none after misc_deregister(). */
static int plain_bar_open(struct inode *inode, struct file *file)
{
	if (!plain_bar_inode) {
		plain_bar_inode = igrab(inode);
		pfnmap_debugfs_init(debugfs_create_dir("plain_bar", NULL), inode->i_mapping);
	}
	return inode == plain_bar_inode ? 0 : -EBUSY;
}

static const struct file_operations plain_bar_fops = {
	.owner = THIS_MODULE,
	.open = plain_bar_open,
	.mmap = plain_bar_mmap,
	.get_unmapped_area = pfnmap_get_unmapped_area,
};

static struct miscdevice plain_bar_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "plain_bar",
	.fops = &plain_bar_fops,
};

static int plain_bar_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	resource_size_t start = pci_resource_start(pdev, 2), size = pci_resource_len(pdev, 2);
	int ret = pcim_enable_device(pdev);

	if (!ret && !devm_request_mem_region(&pdev->dev, start, size, "plain_bar"))
		ret = -EBUSY;
	/* Huge entries on x86 get their caching from this record. */
	if (!ret && plain_bar_registered)
		ret = devm_arch_io_reserve_memtype_wc(&pdev->dev, start, size);
	if (ret || !IS_ERR_OR_NULL(plain_bar_misc.this_device))
		return ret ?: -EBUSY;
	plain_bar_memory.pfn = PHYS_PFN(start);
	plain_bar_memory.nr_pages = PFN_DOWN(size);
	plain_bar_misc.parent = &pdev->dev;
	return misc_register(&plain_bar_misc);
}

static void plain_bar_remove(struct pci_dev *pdev)
{
	struct inode *inode;

	misc_deregister(&plain_bar_misc);
	debugfs_lookup_and_remove("plain_bar", NULL);
	down_write(&plain_bar_lock);
	inode = plain_bar_inode;
	plain_bar_inode = NULL;
	up_write(&plain_bar_lock);
	if (inode)
		unmap_mapping_range(inode->i_mapping, 0, 0, true);
	iput(inode);
	plain_bar_misc.this_device = NULL;
}

static struct pci_driver plain_bar_driver = {
	.name = "plain_bar",
	.probe = plain_bar_probe,
	.remove = plain_bar_remove,
};
module_pci_driver(plain_bar_driver);

module_param_named(fault_ms, plain_bar_fault_ms, uint, 0644);
module_param_named(set, plain_bar_set, ulong, 0444);
module_param_named(registered, plain_bar_registered, bool, 0644);
MODULE_DESCRIPTION("A PCI memory BAR, mapped by pfnmap");
MODULE_LICENSE("GPL");

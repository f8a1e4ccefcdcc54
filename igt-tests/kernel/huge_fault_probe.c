// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: faults that user space cannot make.
 *
 * The core sets FAULT_FLAG_RETRY_NOWAIT, and leaves out FAULT_FLAG_ALLOW_RETRY,
 * for kinds of access that it refuses to mappings without struct page. A driver
 * has to honour these flags nevertheless. Writing "ADDRESS [retry] [nowait]
 * [tried] [begun | mkwrite]" to the debugfs file makes such a fault in the writing
 * process; reading tells what the fault returned, in hexadecimal. With "begun",
 * the fault goes through the fault handler of a driver that has reserved the
 * buffer object and begun to move it. With "mkwrite", it is a write to a page that
 * is mapped read-only, and what is told is what the driver's pfn_mkwrite() has
 * returned to the core, or 0 if the core has not called it.
 */

#include <drm/drm_gem.h>
#include <linux/debugfs.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "command.h"

/* It is looked up at run time: this module is built without the drivers. */
vm_fault_t ttm_huge_vm_fault_reserved(struct vm_fault *vmf, unsigned int order);

static struct dentry *probe_file;
static vm_fault_t (*fault_reserved)(struct vm_fault *vmf, unsigned int order);
static vm_fault_t (*drivers_mkwrite)(struct vm_fault *vmf);
static vm_fault_t mkwrite_result;
static u32 probe_result;

static unsigned int huge_fault_probe_flags_of(const char *text)
{
	unsigned int flags = FAULT_FLAG_KILLABLE;

	if (strstr(text, "retry"))
		flags |= FAULT_FLAG_ALLOW_RETRY;
	if (strstr(text, "nowait"))
		flags |= FAULT_FLAG_RETRY_NOWAIT;
	if (strstr(text, "tried"))
		flags |= FAULT_FLAG_TRIED;
	if (strstr(text, "mkwrite"))
		flags |= FAULT_FLAG_WRITE;
	return flags;
}

/*
 * A fault that returns VM_FAULT_RETRY has dropped the lock, unless it must not
 * wait.
 */
static bool huge_fault_probe_drops_lock(vm_fault_t ret, unsigned int flags)
{
	return ret & VM_FAULT_COMPLETED ||
	       (ret & VM_FAULT_RETRY && !(flags & FAULT_FLAG_RETRY_NOWAIT));
}

/* vm_private_data is TTM's buffer object, which begins with the GEM object. */
static vm_fault_t huge_fault_probe_begun_fault(struct vm_fault *vmf)
{
	struct drm_gem_object *obj = vmf->vma->vm_private_data;
	struct dma_resv *resv = obj->resv;
	vm_fault_t ret;

	dma_resv_lock(resv, NULL);
	ret = fault_reserved(vmf, 0);
	if (!huge_fault_probe_drops_lock(ret, vmf->flags))
		dma_resv_unlock(resv);
	return ret;
}

/*
 * A fault with other vm_ops than the driver's. Called with the mmap lock held, like everything
 * here that uses a VMA; see huge_fault_probe_drops_lock() for whether it is still held on
 * return.
 */
static vm_fault_t huge_fault_probe_fault_by(const struct vm_operations_struct *ops,
					    struct vm_area_struct *vma, unsigned long address,
					    unsigned int flags)
{
	const struct vm_operations_struct *drivers_ops = vma->vm_ops;
	struct mm_struct *mm = vma->vm_mm;
	vm_fault_t ret;

	vma->vm_ops = ops;
	ret = handle_mm_fault(vma, address, flags, NULL);
	if (huge_fault_probe_drops_lock(ret, flags))
		mmap_read_lock(mm);
	/* The process does nothing else meanwhile that could unmap the VMA. */
	vma->vm_ops = drivers_ops;
	if (huge_fault_probe_drops_lock(ret, flags))
		mmap_read_unlock(mm);
	return ret;
}

static vm_fault_t huge_fault_probe_fault_begun(struct vm_area_struct *vma, unsigned long address,
					       unsigned int flags)
{
	const struct vm_operations_struct *ops = vma->vm_ops;
	const struct vm_operations_struct begun_ops = {
		.fault = huge_fault_probe_begun_fault,
		/* Splits and the like still need these. */
		.map_pages = ops->map_pages,
		.may_split = ops->may_split,
		.open = ops->open,
		.close = ops->close,
	};
	vm_fault_t ret;

	fault_reserved = symbol_get(ttm_huge_vm_fault_reserved);
	if (!fault_reserved)
		return VM_FAULT_SIGBUS;
	ret = huge_fault_probe_fault_by(&begun_ops, vma, address, flags);
	symbol_put(ttm_huge_vm_fault_reserved);
	return ret;
}

static vm_fault_t huge_fault_probe_mkwrite(struct vm_fault *vmf)
{
	mkwrite_result = drivers_mkwrite(vmf);
	return mkwrite_result;
}

/* A write that may not be retried, so the lock is still held on return. */
static vm_fault_t huge_fault_probe_fault_mkwrite(struct vm_area_struct *vma,
						 unsigned long address, unsigned int flags)
{
	const struct vm_operations_struct *ops = vma->vm_ops;
	const struct vm_operations_struct mkwrite_ops = {
		.fault = ops->fault,
		.huge_fault = ops->huge_fault,
		.pfn_mkwrite = huge_fault_probe_mkwrite,
		.map_pages = ops->map_pages,
		.may_split = ops->may_split,
		.open = ops->open,
		.close = ops->close,
	};

	mkwrite_result = 0;
	drivers_mkwrite = ops->pfn_mkwrite;
	if (!drivers_mkwrite)
		return VM_FAULT_SIGBUS;
	huge_fault_probe_fault_by(&mkwrite_ops, vma, address, flags);
	return mkwrite_result;
}

static int huge_fault_probe_fault(unsigned long address, unsigned int flags, const char *by)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	vm_fault_t ret;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, address);
	if (!vma) {
		mmap_read_unlock(mm);
		return -EFAULT;
	}

	if (strstr(by, "begun"))
		ret = huge_fault_probe_fault_begun(vma, address, flags);
	else if (strstr(by, "mkwrite"))
		ret = huge_fault_probe_fault_mkwrite(vma, address, flags);
	else
		ret = handle_mm_fault(vma, address, flags, NULL);
	if (!huge_fault_probe_drops_lock(ret, flags))
		mmap_read_unlock(mm);
	probe_result = (__force u32)ret;
	return 0;
}

static ssize_t huge_fault_probe_write(struct file *file, const char __user *from,
				      size_t len, loff_t *pos)
{
	char text[64], *flags = text, *address_text;
	unsigned long address;
	int ret;

	ret = command_read(text, sizeof(text), from, len);
	if (ret)
		return ret;

	address_text = strsep(&flags, " ");
	if (kstrtoul(address_text, 0, &address))
		return -EINVAL;
	flags = flags ?: "";
	ret = huge_fault_probe_fault(address, huge_fault_probe_flags_of(flags), flags);
	return ret ?: len;
}

static ssize_t huge_fault_probe_read(struct file *file, char __user *to, size_t len,
				     loff_t *pos)
{
	char text[16];
	int n = scnprintf(text, sizeof(text), "%x\n", probe_result);

	return simple_read_from_buffer(to, len, pos, text, n);
}

static const struct file_operations probe_fops = {
	.owner = THIS_MODULE,
	.read = huge_fault_probe_read,
	.write = huge_fault_probe_write,
};

static int __init huge_fault_probe_init(void)
{
	probe_file = debugfs_create_file("huge_fault_probe", 0600, NULL, NULL,
					 &probe_fops);
	return PTR_ERR_OR_ZERO(probe_file);
}
module_init(huge_fault_probe_init);

static void __exit huge_fault_probe_exit(void)
{
	debugfs_remove(probe_file);
}
module_exit(huge_fault_probe_exit);

MODULE_DESCRIPTION("Page faults with flags that user space cannot choose");
MODULE_LICENSE("GPL");

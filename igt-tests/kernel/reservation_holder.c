// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: holds the reservation of a buffer object, as a move does, but for as
 * long as the test wants.
 *
 * Writing an address to the debugfs file takes the reservation of the buffer
 * object that the writing process has mapped there, and returns when it is held.
 * Closing the file lets go. Reading tells whether it is held still: a test that
 * waits for what it holds itself is to end, too.
 */

#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#define HOLD_AT_MOST	(20 * HZ)

/**
 * struct hold - what an open file stands for
 * @obj: the buffer object, a reference; %NULL before the write
 * @work: takes the reservation and lets go of it: both is for the same task to do
 * @taken: by @work
 * @release: tells @work to let go
 * @over: @work has let go
 */
struct hold {
	struct drm_gem_object *obj;
	struct work_struct work;
	struct completion taken;
	struct completion release;
	bool over;
};

static struct dentry *holder_file;

static void hold_until_release(struct work_struct *work)
{
	struct hold *hold = container_of(work, struct hold, work);

	dma_resv_lock(hold->obj->resv, NULL);
	complete(&hold->taken);
	wait_for_completion_timeout(&hold->release, HOLD_AT_MOST);
	WRITE_ONCE(hold->over, true);
	dma_resv_unlock(hold->obj->resv);
}

/* GEM has its object in the mapping, TTM its own, which begins with that. */
static struct drm_gem_object *get_mapped_object(unsigned long address)
{
	struct drm_gem_object *obj = NULL;
	struct vm_area_struct *vma;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, address);
	if (vma && vma->vm_file && imajor(file_inode(vma->vm_file)) == DRM_MAJOR) {
		obj = vma->vm_private_data;
		drm_gem_object_get(obj);
	}
	mmap_read_unlock(current->mm);
	return obj;
}

static int holder_open(struct inode *inode, struct file *file)
{
	struct hold *hold = kzalloc(sizeof(*hold), GFP_KERNEL);

	if (!hold)
		return -ENOMEM;
	INIT_WORK(&hold->work, hold_until_release);
	init_completion(&hold->taken);
	init_completion(&hold->release);
	file->private_data = hold;
	return 0;
}

static ssize_t holder_write(struct file *file, const char __user *from,
			    size_t len, loff_t *pos)
{
	struct hold *hold = file->private_data;
	unsigned long address;
	int ret;

	if (hold->obj)
		return -EBUSY;
	ret = kstrtoul_from_user(from, len, 0, &address);
	if (ret)
		return ret;
	hold->obj = get_mapped_object(address);
	if (!hold->obj)
		return -EFAULT;
	schedule_work(&hold->work);
	wait_for_completion(&hold->taken);
	return len;
}

static ssize_t holder_read(struct file *file, char __user *to, size_t len,
			   loff_t *pos)
{
	struct hold *hold = file->private_data;
	bool held = hold->obj && !READ_ONCE(hold->over);
	char text[] = { held ? '1' : '0', '\n' };

	return simple_read_from_buffer(to, len, pos, text, sizeof(text));
}

static int holder_release(struct inode *inode, struct file *file)
{
	struct hold *hold = file->private_data;

	if (hold->obj) {
		complete(&hold->release);
		flush_work(&hold->work);
		drm_gem_object_put(hold->obj);
	}
	kfree(hold);
	return 0;
}

static const struct file_operations holder_fops = {
	.owner = THIS_MODULE,
	.open = holder_open,
	.read = holder_read,
	.write = holder_write,
	.release = holder_release,
};

static int __init holder_init(void)
{
	holder_file = debugfs_create_file("reservation_holder", 0600, NULL, NULL,
					  &holder_fops);
	return PTR_ERR_OR_ZERO(holder_file);
}
module_init(holder_init);

static void __exit holder_exit(void)
{
	debugfs_remove(holder_file);
}
module_exit(holder_exit);

MODULE_DESCRIPTION("Reservations that a test holds");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: holds a buffer object as a move does, but for as long as the test wants.
 *
 * The debugfs file takes "ADDRESS [fence USAGE | imported [mappable] | cached |
 * uncached | page by page | contiguous]". The hold is on the buffer object that the
 * writing process has mapped at ADDRESS:
 *
 * ADDRESS alone		takes the reservation
 * "fence USAGE"		adds a fence that has not signaled; USAGE is kernel, write,
 *			read or bookkeep
 * "imported"		marks it as imported, and its pages as those of another device
 * "cached", "uncached"	makes its driver ask for such entries, neither of which is
 *			right for VRAM
 * "page by page",	makes its driver tell where VRAM is by io_mem_pfn() alone, or as
 * "contiguous"		contiguous; its other buffer objects must not be accessed
 *
 * The write returns when that is done. Closing the file ends the hold. It also ends after
 * a while, so that a test that waits for what it holds itself ends; reading tells
 * whether the hold still lasts.
 */

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_gem_ttm_helper.h>
#include <drm/drm_ioctl.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_tt.h>
#include <drm/ttm_huge.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "command.h"

#define HOLD_AT_MOST	(20 * HZ)

/**
 * struct hold - what an open file stands for
 * @obj: the buffer object, referenced, and so is its device; %NULL before the write
 * @usage: of the fence
 * @page_flags: of imported pages, TTM_TT_FLAG_*
 * @caching: that the driver asks for
 * @is_contiguous: what the driver tells of VRAM
 * @work: takes the reservation and releases it: the same task has to do both
 * @taken: completed by @work when the hold begins, or has failed
 * @release: tells @work to end the hold
 * @error: why the hold has failed
 * @over: @work has ended the hold
 */
struct hold {
	struct drm_gem_object *obj;
	enum dma_resv_usage usage;
	u32 page_flags;
	enum ttm_caching caching;
	bool is_contiguous;
	struct work_struct work;
	struct completion taken;
	struct completion release;
	int error;
	bool over;
};

struct held_fence {
	struct dma_fence base;
	spinlock_t lock; /* protects base */
};

static const char * const usages[] = {
	[DMA_RESV_USAGE_KERNEL] = "kernel",
	[DMA_RESV_USAGE_WRITE] = "write",
	[DMA_RESV_USAGE_READ] = "read",
	[DMA_RESV_USAGE_BOOKKEEP] = "bookkeep",
};

static const char * const cachings[] = {
	[ttm_uncached] = "uncached",
	[ttm_write_combined] = "write-combined",
	[ttm_cached] = "cached",
};

static struct dentry *holder_file;

static const char *bo_holder_fence_name(struct dma_fence *fence)
{
	return "bo_holder";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = bo_holder_fence_name,
	.get_timeline_name = bo_holder_fence_name,
};

static void bo_holder_await_release(struct hold *hold)
{
	complete(&hold->taken);
	wait_for_completion_timeout(&hold->release, HOLD_AT_MOST);
	WRITE_ONCE(hold->over, true);
}

static void bo_holder_hold_reservation(struct work_struct *work)
{
	struct hold *hold = container_of(work, struct hold, work);

	dma_resv_lock(hold->obj->resv, NULL);
	bo_holder_await_release(hold);
	dma_resv_unlock(hold->obj->resv);
}

static struct dma_fence *bo_holder_add_fence(struct dma_resv *resv, enum dma_resv_usage usage)
{
	struct held_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);

	if (!fence)
		return NULL;
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &fence_ops, &fence->lock,
		       dma_fence_context_alloc(1), 1);

	dma_resv_lock(resv, NULL);
	if (dma_resv_reserve_fences(resv, 1)) {
		dma_resv_unlock(resv);
		dma_fence_signal(&fence->base);
		dma_fence_put(&fence->base);
		return NULL;
	}
	dma_resv_add_fence(resv, &fence->base, usage);
	dma_resv_unlock(resv);
	return &fence->base;
}

/* Returns false if the driver under test does not give the reservation back. */
static bool bo_holder_lock(struct dma_resv *resv)
{
	unsigned long end = jiffies + HOLD_AT_MOST;

	while (!dma_resv_trylock(resv)) {
		if (time_after(jiffies, end))
			return false;
		usleep_range(500, 1000);
	}
	return true;
}

/* The fence must not be found any more when this module is gone. */
static void bo_holder_remove_fence(struct dma_resv *resv, struct dma_fence *fence)
{
	struct dma_fence *signaled;

	if (!bo_holder_lock(resv)) {
		__module_get(THIS_MODULE);
		return;
	}
	signaled = dma_fence_get_stub();
	dma_resv_replace_fences(resv, fence->context, signaled, DMA_RESV_USAGE_BOOKKEEP);
	dma_resv_unlock(resv);
	dma_fence_put(signaled);
}

static void bo_holder_hold_fence(struct work_struct *work)
{
	struct hold *hold = container_of(work, struct hold, work);
	struct dma_fence *fence = bo_holder_add_fence(hold->obj->resv, hold->usage);

	if (!fence) {
		hold->error = -ENOMEM;
		complete(&hold->taken);
		return;
	}
	bo_holder_await_release(hold);
	dma_fence_signal(fence);
	bo_holder_remove_fence(hold->obj->resv, fence);
	dma_fence_put(fence);
}

/* Fails if the buffer object has no pages, or stays reserved. */
static int bo_holder_change_page_flags(struct hold *hold, u32 clear, u32 set)
{
	struct ttm_buffer_object *bo = drm_gem_ttm_of_gem(hold->obj);
	int ret = -EINVAL;

	if (!bo_holder_lock(hold->obj->resv))
		return -EBUSY;
	if (bo->ttm && ttm_tt_is_populated(bo->ttm)) {
		bo->ttm->page_flags = (bo->ttm->page_flags & ~clear) | set;
		ret = 0;
	}
	dma_resv_unlock(hold->obj->resv);
	return ret;
}

/* Its contents are read only when the buffer object is exported or freed. */
static struct dma_buf_attachment attachment;

static void bo_holder_hold_imported(struct work_struct *work)
{
	struct hold *hold = container_of(work, struct hold, work);

	hold->error = bo_holder_change_page_flags(hold, 0, hold->page_flags);
	if (hold->error) {
		complete(&hold->taken);
		return;
	}
	WRITE_ONCE(hold->obj->import_attach, &attachment);
	bo_holder_await_release(hold);
	WRITE_ONCE(hold->obj->import_attach, NULL);
	bo_holder_change_page_flags(hold, hold->page_flags, 0);
}

/* Like a driver that leaves the caching to the kernel's record of the BAR. */
static void bo_holder_hold_caching(struct work_struct *work)
{
	struct hold *hold = container_of(work, struct hold, work);
	struct ttm_buffer_object *bo = drm_gem_ttm_of_gem(hold->obj);
	enum ttm_caching caching;

	dma_resv_lock(hold->obj->resv, NULL);
	caching = bo->resource->bus.caching;
	bo->resource->bus.caching = hold->caching;
	dma_resv_unlock(hold->obj->resv);
	bo_holder_await_release(hold);
	dma_resv_lock(hold->obj->resv, NULL);
	bo->resource->bus.caching = caching;
	dma_resv_unlock(hold->obj->resv);
}

/* Like a driver that has no callbacks for ttm_huge, and perhaps none for TTM either. */
static void bo_holder_hold_place(struct work_struct *work)
{
	struct hold *hold = container_of(work, struct hold, work);
	struct ttm_device *bdev = drm_gem_ttm_of_gem(hold->obj)->bdev;
	struct ttm_huge *huge = to_ttm_huge(bdev);
	const struct ttm_huge_funcs *huge_funcs = huge->funcs;
	typeof(bdev->funcs) funcs = bdev->funcs;
	struct ttm_device_funcs changed = *funcs;

	if (hold->is_contiguous)
		changed.io_mem_pfn = NULL;
	dma_resv_lock(hold->obj->resv, NULL);
	huge->funcs = NULL;
	bdev->funcs = &changed;
	dma_resv_unlock(hold->obj->resv);
	bo_holder_await_release(hold);
	dma_resv_lock(hold->obj->resv, NULL);
	bdev->funcs = funcs;
	huge->funcs = huge_funcs;
	dma_resv_unlock(hold->obj->resv);
}

/* vm_private_data is the GEM object, or TTM's buffer object, which begins with it. */
static struct drm_gem_object *bo_holder_get_mapped_object(unsigned long address)
{
	struct drm_gem_object *obj = NULL;
	struct vm_area_struct *vma;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, address);
	if (vma && vma->vm_file && imajor(file_inode(vma->vm_file)) == DRM_MAJOR) {
		obj = vma->vm_private_data;
		if (obj && !kref_get_unless_zero(&obj->refcount))
			obj = NULL;
		if (obj)
			drm_dev_get(obj->dev);
	}
	mmap_read_unlock(current->mm);
	return obj;
}

static int bo_holder_open(struct inode *inode, struct file *file)
{
	struct hold *hold = kzalloc(sizeof(*hold), GFP_KERNEL);

	if (!hold)
		return -ENOMEM;
	INIT_WORK(&hold->work, bo_holder_hold_reservation);
	init_completion(&hold->taken);
	init_completion(&hold->release);
	file->private_data = hold;
	return 0;
}

static int bo_holder_parse(struct hold *hold, char *text, unsigned long *address)
{
	char *address_text = strsep(&text, " ");
	int usage, caching;

	if (kstrtoul(address_text, 0, address))
		return -EINVAL;
	if (!text)
		return 0;
	if (str_has_prefix(text, "imported")) {
		hold->page_flags = TTM_TT_FLAG_EXTERNAL;
		if (strstr(text, "mappable"))
			hold->page_flags |= TTM_TT_FLAG_EXTERNAL_MAPPABLE;
		INIT_WORK(&hold->work, bo_holder_hold_imported);
		return 0;
	}
	caching = __sysfs_match_string(cachings, ARRAY_SIZE(cachings), text);
	if (caching >= 0) {
		hold->caching = caching;
		INIT_WORK(&hold->work, bo_holder_hold_caching);
		return 0;
	}
	hold->is_contiguous = !strcmp(text, "contiguous");
	if (hold->is_contiguous || !strcmp(text, "page by page")) {
		INIT_WORK(&hold->work, bo_holder_hold_place);
		return 0;
	}
	if (!str_has_prefix(text, "fence "))
		return -EINVAL;
	usage = __sysfs_match_string(usages, ARRAY_SIZE(usages), text + strlen("fence "));
	if (usage < 0)
		return usage;
	hold->usage = usage;
	INIT_WORK(&hold->work, bo_holder_hold_fence);
	return 0;
}

static ssize_t bo_holder_write(struct file *file, const char __user *from,
			       size_t len, loff_t *pos)
{
	struct hold *hold = file->private_data;
	unsigned long address;
	char text[64];
	int ret;

	if (hold->obj)
		return -EBUSY;
	ret = command_read(text, sizeof(text), from, len);
	if (ret)
		return ret;
	ret = bo_holder_parse(hold, text, &address);
	if (ret)
		return ret;
	hold->obj = bo_holder_get_mapped_object(address);
	if (!hold->obj)
		return -EFAULT;
	schedule_work(&hold->work);
	wait_for_completion(&hold->taken);
	return hold->error ?: len;
}

static ssize_t bo_holder_read(struct file *file, char __user *to, size_t len,
			      loff_t *pos)
{
	struct hold *hold = file->private_data;
	bool held = hold->obj && !READ_ONCE(hold->over);
	char text[] = { held ? '1' : '0', '\n' };

	return simple_read_from_buffer(to, len, pos, text, sizeof(text));
}

static int bo_holder_release(struct inode *inode, struct file *file)
{
	struct hold *hold = file->private_data;

	if (hold->obj) {
		struct drm_device *dev = hold->obj->dev;

		complete(&hold->release);
		flush_work(&hold->work);
		drm_gem_object_put(hold->obj);
		drm_dev_put(dev);
	}
	kfree(hold);
	return 0;
}

static const struct file_operations holder_fops = {
	.owner = THIS_MODULE,
	.open = bo_holder_open,
	.read = bo_holder_read,
	.write = bo_holder_write,
	.release = bo_holder_release,
};

static int __init bo_holder_init(void)
{
	holder_file = debugfs_create_file("bo_holder", 0600, NULL, NULL, &holder_fops);
	return PTR_ERR_OR_ZERO(holder_file);
}
module_init(bo_holder_init);

static void __exit bo_holder_exit(void)
{
	debugfs_remove(holder_file);
	/* A fence is freed by RCU after its last reference is gone. */
	rcu_barrier();
}
module_exit(bo_holder_exit);

MODULE_DESCRIPTION("Reservations and fences that a test holds");
MODULE_LICENSE("GPL");

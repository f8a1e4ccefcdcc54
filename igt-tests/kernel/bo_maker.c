// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the benchmark: makes many buffer objects, as TTM does or as ttm_huge does.
 *
 * Each open of a file in the debugfs folder makes a device of its own. The file's name
 * says how its buffer objects are made, and where. Writing "COUNT SIZE" makes COUNT of
 * them, of SIZE bytes each; the time that this takes is the time of the write. The buffer
 * objects have no memory: VRAM is only addresses, and system memory would be allocated at
 * the first access. Closing the file frees everything.
 */

#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_range_manager.h>
#include <drm/ttm/ttm_tt.h>
#include <drm/ttm_huge.h>

#include "command.h"

/* 1 TiB, so that nothing is ever evicted. */
#define VRAM_PAGES	(1UL << (40 - PAGE_SHIFT))

/* How buffer objects are made, and where. */
struct kind {
	const char *name;
	bool by_ttm_huge;
	int mem_type;
};

static const struct kind kinds[] = {
	{ "ttm-system", false, TTM_PL_SYSTEM },
	{ "ttm-vram", false, TTM_PL_VRAM },
	{ "ttm_huge-system", true, TTM_PL_SYSTEM },
	{ "ttm_huge-vram", true, TTM_PL_VRAM },
};

/**
 * struct maker - what an open file stands for
 * @drm: the DRM device
 * @hdev: the TTM device; only TTM's part is set up, or both
 * @kind: how buffer objects are made
 * @add_offset: gives them an aligned offset, or %NULL for TTM's own offset
 * @set_manager: aligns VRAM, or %NULL for TTM's own placement
 * @bos: all that were made
 */
struct maker {
	struct drm_device *drm;
	struct ttm_huge_device hdev;
	const struct kind *kind;
	typeof(ttm_huge_vma_offset_add) *add_offset;
	typeof(ttm_huge_set_driver_manager) *set_manager;
	struct list_head bos;
};

struct made_bo {
	struct ttm_buffer_object ttm;
	struct list_head link;
};

static const struct drm_driver driver = {
	.name = "bo_maker",
	.driver_features = DRIVER_GEM,
};

static struct device *parent;
static struct dentry *folder;

static struct ttm_tt *bo_maker_create_tt(struct ttm_buffer_object *bo, u32 page_flags)
{
	struct ttm_tt *tt = kzalloc(sizeof(*tt), GFP_KERNEL);

	if (!tt)
		return NULL;
	if (ttm_tt_init(tt, bo, page_flags, ttm_cached, 0)) {
		kfree(tt);
		return NULL;
	}
	return tt;
}

static void bo_maker_destroy_tt(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_tt_fini(tt);
	kfree(tt);
}

/* There are no contents to move. */
static int bo_maker_move(struct ttm_buffer_object *bo, bool evict, struct ttm_operation_ctx *ctx,
			 struct ttm_resource *new_mem, struct ttm_place *hop)
{
	ttm_bo_move_null(bo, new_mem);
	return 0;
}

static const struct ttm_device_funcs ttm_funcs = {
	.ttm_tt_create = bo_maker_create_tt,
	.ttm_tt_destroy = bo_maker_destroy_tt,
	.eviction_valuable = ttm_bo_eviction_valuable,
	.move = bo_maker_move,
};

static void bo_maker_free_bo(struct drm_gem_object *obj)
{
	ttm_bo_fini(container_of(obj, struct ttm_buffer_object, base));
}

static const struct drm_gem_object_funcs gem_funcs = {
	.free = bo_maker_free_bo,
};

static void bo_maker_destroy_bo(struct ttm_buffer_object *bo)
{
	drm_gem_object_release(&bo->base);
	kfree(container_of(bo, struct made_bo, ttm));
}

static int bo_maker_make_bo(struct maker *maker, u64 size)
{
	const struct ttm_place place = { .mem_type = maker->kind->mem_type };
	struct ttm_placement placement = { .num_placement = 1, .placement = &place };
	struct ttm_operation_ctx ctx = { .interruptible = true };
	struct made_bo *bo = kzalloc(sizeof(*bo), GFP_KERNEL);
	int ret;

	if (!bo)
		return -ENOMEM;
	bo->ttm.base.funcs = &gem_funcs;
	drm_gem_private_object_init(maker->drm, &bo->ttm.base, size);
	/* As ttm_huge_bo_init_reserved() does. */
	if (maker->add_offset)
		maker->add_offset(maker->drm->vma_offset_manager, &bo->ttm.base.vma_node, size);
	ret = ttm_bo_init_reserved(&maker->hdev.base, &bo->ttm, ttm_bo_type_device, &placement, 0,
				   &ctx, NULL, NULL, bo_maker_destroy_bo);
	if (ret)
		return ret;
	ttm_bo_unreserve(&bo->ttm);
	list_add(&bo->link, &maker->bos);
	return 0;
}

static ssize_t bo_maker_write(struct file *file, const char __user *from, size_t len,
			      loff_t *pos)
{
	struct maker *maker = file->private_data;
	unsigned int count;
	char text[64];
	int ret;
	u64 size;

	ret = command_read(text, sizeof(text), from, len);
	if (ret)
		return ret;
	if (sscanf(text, "%u %llu", &count, &size) != 2 || !size || !PAGE_ALIGNED(size))
		return -EINVAL;
	while (count-- && !ret) {
		ret = fatal_signal_pending(current) ? -EINTR : bo_maker_make_bo(maker, size);
		cond_resched();
	}
	return ret ?: len;
}

/* The functions are looked up here, because this module is built without the drivers. */
static int bo_maker_find_functions(struct maker *maker)
{
	if (!maker->kind->by_ttm_huge)
		return 0;
	maker->add_offset = symbol_get(ttm_huge_vma_offset_add);
	if (!maker->add_offset)
		return -ENODEV;
	/* In the same module, which the first reference keeps. */
	maker->set_manager = symbol_get(ttm_huge_set_driver_manager);
	return 0;
}

static void bo_maker_put_functions(struct maker *maker)
{
	if (!maker->kind->by_ttm_huge)
		return;
	symbol_put(ttm_huge_set_driver_manager);
	symbol_put(ttm_huge_vma_offset_add);
}

static int bo_maker_init_device(struct maker *maker)
{
	typeof(drmm_ttm_huge_device_init) *init;
	int ret;

	if (!maker->kind->by_ttm_huge)
		return 0;
	init = symbol_get(drmm_ttm_huge_device_init);
	ret = init(maker->drm, &maker->hdev, NULL);
	symbol_put(drmm_ttm_huge_device_init);
	return ret;
}

static int bo_maker_init_manager(struct maker *maker)
{
	struct ttm_device *bdev = &maker->hdev.base;
	int ret = ttm_range_man_init_nocheck(bdev, TTM_PL_VRAM, false, VRAM_PAGES);

	if (!ret && maker->set_manager)
		maker->set_manager(bdev, TTM_PL_VRAM, ttm_manager_type(bdev, TTM_PL_VRAM));
	return ret;
}

static int bo_maker_set_up(struct maker *maker)
{
	struct drm_device *drm = drm_dev_alloc(&driver, parent);
	struct ttm_device *bdev = &maker->hdev.base;
	int ret;

	if (IS_ERR(drm))
		return PTR_ERR(drm);
	maker->drm = drm;
	ret = bo_maker_init_device(maker);
	if (ret)
		goto err_drm;
	ret = ttm_device_init(bdev, &ttm_funcs, parent, drm->anon_inode->i_mapping,
			      drm->vma_offset_manager, 0);
	if (ret)
		goto err_drm;
	ret = bo_maker_init_manager(maker);
	if (ret)
		goto err_ttm;
	return 0;

err_ttm:
	ttm_device_fini(bdev);
err_drm:
	drm_dev_put(drm);
	return ret;
}

static int bo_maker_open(struct inode *inode, struct file *file)
{
	struct maker *maker = kzalloc(sizeof(*maker), GFP_KERNEL);
	int ret;

	if (!maker)
		return -ENOMEM;
	INIT_LIST_HEAD(&maker->bos);
	maker->kind = inode->i_private;
	ret = bo_maker_find_functions(maker);
	if (ret)
		goto err_free;
	ret = bo_maker_set_up(maker);
	if (ret)
		goto err_put;
	file->private_data = maker;
	return 0;

err_put:
	bo_maker_put_functions(maker);
err_free:
	kfree(maker);
	return ret;
}

static int bo_maker_release(struct inode *inode, struct file *file)
{
	struct maker *maker = file->private_data;
	struct ttm_device *bdev = &maker->hdev.base;
	struct made_bo *bo, *next;

	list_for_each_entry_safe(bo, next, &maker->bos, link)
		drm_gem_object_put(&bo->ttm.base);
	/* In this order: a buffer object that TTM frees late has VRAM until ttm_device_fini(). */
	ttm_device_fini(bdev);
	ttm_range_man_fini_nocheck(bdev, TTM_PL_VRAM);
	drm_dev_put(maker->drm);
	bo_maker_put_functions(maker);
	kfree(maker);
	return 0;
}

static const struct file_operations maker_fops = {
	.owner = THIS_MODULE,
	.open = bo_maker_open,
	.write = bo_maker_write,
	.release = bo_maker_release,
};

static int __init bo_maker_init(void)
{
	parent = root_device_register("bo_maker");
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	folder = debugfs_create_dir("bo_maker", NULL);
	for (int i = 0; i < ARRAY_SIZE(kinds); i++)
		debugfs_create_file(kinds[i].name, 0200, folder, (void *)&kinds[i],
				    &maker_fops);
	return 0;
}
module_init(bo_maker_init);

static void __exit bo_maker_exit(void)
{
	debugfs_remove(folder);
	root_device_unregister(parent);
}
module_exit(bo_maker_exit);

MODULE_DESCRIPTION("Buffer objects made by TTM, or by ttm_huge, in large numbers");
MODULE_LICENSE("GPL");

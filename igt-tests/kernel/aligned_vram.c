// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: VRAM of a driver that uses TTM's range manager, with ttm_huge's alignment.
 *
 * bigbar has a manager of its own, which aligns by itself. Each open of the debugfs file
 * aligned_vram makes a device with a little less than three times as much VRAM as a PUD
 * entry maps, without any memory. An open of foreign_vram makes a device that was not set
 * up for ttm_huge. Writing "aperture BASE" makes BASE the physical address at which the
 * CPU sees the VRAM. Writing "PAGES ALIGNMENT [kernel] [from FIRST] [to END]" allocates
 * VRAM for a buffer object of the device, or of the kernel, whose driver asks for that
 * alignment, and for pages from FIRST on and before END. The manager refuses what it has no
 * place for with ENOSPC, or with EINVAL if the place was to be aligned for a PUD entry, or
 * from a page on: there are managers of both kinds. Reading tells the first page of the
 * last allocation, and the alignment that its buffer object has afterwards. The debugfs
 * files of ttm_huge are in the debugfs folder aligned_vram_device. Closing the file frees
 * everything.
 */

#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pgtable.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <drm/drm_drv.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_range_manager.h>
#include <drm/ttm/ttm_resource.h>
#include <drm/ttm_huge.h>

#include "command.h"

#define MOST_BOS	16
#define VRAM_PAGES	((3 * PUD_SIZE - 10 * PMD_SIZE) >> PAGE_SHIFT)

/**
 * struct aligned_vram - what an open file stands for
 * @drm: the DRM device
 * @hdev: the device; of TTM's part only what managers read is set
 * @folder: its debugfs folder
 * @func: the functions of its manager
 * @range_func: those of TTM's range manager
 * @bos: buffer objects, of which only what managers read is set
 * @resources: the VRAM of each of @bos
 * @count: number of @bos in use
 */
struct aligned_vram {
	struct drm_device *drm;
	struct ttm_huge_device hdev;
	struct dentry *folder;
	struct ttm_resource_manager_func func;
	const struct ttm_resource_manager_func *range_func;
	struct ttm_buffer_object bos[MOST_BOS];
	struct ttm_resource *resources[MOST_BOS];
	unsigned int count;
};

static const struct drm_driver driver = {
	.name = "aligned_vram",
};

static struct device *parent;
static struct dentry *vram_file, *foreign_file;

static struct ttm_resource_manager *aligned_vram_manager_of(struct aligned_vram *vram)
{
	return ttm_manager_type(&vram->hdev.base, TTM_PL_VRAM);
}

/* The function is looked up here, because this module is built without the drivers. */
static int aligned_vram_init_device(struct aligned_vram *vram)
{
	typeof(drmm_ttm_huge_device_init) *init = symbol_get(drmm_ttm_huge_device_init);
	int ret;

	if (!init)
		return -ENODEV;
	ret = init(vram->drm, &vram->hdev, NULL);
	symbol_put(drmm_ttm_huge_device_init);
	return ret;
}

/* Like a buddy allocator, refuses a range, or an alignment, that it does not have. */
static int aligned_vram_alloc_range(struct ttm_resource_manager *man,
				    struct ttm_buffer_object *bo,
				    const struct ttm_place *place, struct ttm_resource **res)
{
	struct aligned_vram *vram = container_of(bo->bdev, struct aligned_vram, hdev.base);
	bool is_picky = place->fpfn || bo->page_alignment >= PUD_SIZE >> PAGE_SHIFT;
	int ret = vram->range_func->alloc(man, bo, place, res);

	return ret == -ENOSPC && is_picky ? -EINVAL : ret;
}

static int aligned_vram_init_manager(struct aligned_vram *vram)
{
	typeof(ttm_huge_set_driver_manager) *set;
	struct ttm_resource_manager *man;
	int ret;

	ret = ttm_range_man_init_nocheck(&vram->hdev.base, TTM_PL_VRAM, false, VRAM_PAGES);
	if (ret)
		return ret;
	/* The manager calls functions of that module: it is kept until the file is closed. */
	set = symbol_get(ttm_huge_set_driver_manager);
	if (!set) {
		ttm_range_man_fini_nocheck(&vram->hdev.base, TTM_PL_VRAM);
		return -ENODEV;
	}
	man = aligned_vram_manager_of(vram);
	vram->range_func = man->func;
	vram->func = *man->func;
	vram->func.alloc = aligned_vram_alloc_range;
	man->func = &vram->func;
	/* Twice, like a driver that sets its managers up again after a reset. */
	set(&vram->hdev.base, TTM_PL_VRAM, man);
	set(&vram->hdev.base, TTM_PL_VRAM, man);
	return 0;
}

static void aligned_vram_init_debugfs(struct aligned_vram *vram)
{
	typeof(ttm_huge_debugfs_init) *init = symbol_get(ttm_huge_debugfs_init);

	vram->folder = debugfs_create_dir("aligned_vram_device", NULL);
	if (!init)
		return;
	init(&vram->hdev.base, vram->folder);
	symbol_put(ttm_huge_debugfs_init);
}

static int aligned_vram_set_up(struct aligned_vram *vram, bool foreign)
{
	int ret;

	vram->drm = drm_dev_alloc(&driver, parent);
	if (IS_ERR(vram->drm))
		return PTR_ERR(vram->drm);
	spin_lock_init(&vram->hdev.base.lru_lock);
	ret = foreign ? 0 : aligned_vram_init_device(vram);
	ret = ret ?: aligned_vram_init_manager(vram);
	if (ret)
		drm_dev_put(vram->drm);
	else
		aligned_vram_init_debugfs(vram);
	return ret;
}

static int aligned_vram_open(struct inode *inode, struct file *file)
{
	struct aligned_vram *vram = kvzalloc(sizeof(*vram), GFP_KERNEL);
	int ret;

	if (!vram)
		return -ENOMEM;
	ret = aligned_vram_set_up(vram, inode->i_private);
	if (ret)
		kvfree(vram);
	else
		file->private_data = vram;
	return ret;
}

static int aligned_vram_alloc(struct aligned_vram *vram, u64 pages, u32 alignment,
			      enum ttm_bo_type type, const struct ttm_place *place)
{
	struct ttm_buffer_object *bo = &vram->bos[vram->count];
	struct ttm_resource_manager *man = aligned_vram_manager_of(vram);
	int ret;

	bo->bdev = &vram->hdev.base;
	bo->base.size = pages << PAGE_SHIFT;
	bo->page_alignment = alignment;
	bo->type = type;
	ret = man->func->alloc(man, bo, place, &vram->resources[vram->count]);
	if (!ret)
		vram->count++;
	return ret;
}

/* After a word, or 0 without it. */
static unsigned int aligned_vram_number(const char *text, const char *word)
{
	const char *found = strstr(text, word);
	unsigned int number;

	return found && sscanf(found + strlen(word), "%u", &number) == 1 ? number : 0;
}

static ssize_t aligned_vram_write(struct file *file, const char __user *from, size_t len,
				  loff_t *pos)
{
	struct aligned_vram *vram = file->private_data;
	struct ttm_place place = { .mem_type = TTM_PL_VRAM };
	enum ttm_bo_type type;
	u32 alignment;
	char text[64];
	u64 pages, base;
	int ret;

	ret = command_read(text, sizeof(text), from, len);
	if (ret)
		return ret;
	if (vram->count == MOST_BOS)
		return -EINVAL;
	if (sscanf(text, "aperture %llu", &base) == 1) {
		ttm_huge_set_aperture(&vram->hdev, TTM_PL_VRAM, base,
				      (u64)VRAM_PAGES << PAGE_SHIFT);
		return len;
	}
	if (sscanf(text, "%llu %u", &pages, &alignment) != 2 || !pages)
		return -EINVAL;
	type = strstr(text, "kernel") ? ttm_bo_type_kernel : ttm_bo_type_device;
	place.fpfn = aligned_vram_number(text, "from ");
	place.lpfn = aligned_vram_number(text, "to ");
	ret = aligned_vram_alloc(vram, pages, alignment, type, &place);
	return ret ?: len;
}

static ssize_t aligned_vram_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct aligned_vram *vram = file->private_data;
	char text[48];
	int n;

	if (!vram->count)
		return 0;
	n = scnprintf(text, sizeof(text), "%lu %u\n",
		      (unsigned long)vram->resources[vram->count - 1]->start,
		      vram->bos[vram->count - 1].page_alignment);
	return simple_read_from_buffer(to, len, pos, text, n);
}

static int aligned_vram_release(struct inode *inode, struct file *file)
{
	struct aligned_vram *vram = file->private_data;
	struct ttm_resource_manager *man = aligned_vram_manager_of(vram);

	debugfs_remove(vram->folder);
	while (vram->count)
		man->func->free(man, vram->resources[--vram->count]);
	ttm_range_man_fini_nocheck(&vram->hdev.base, TTM_PL_VRAM);
	drm_dev_put(vram->drm);
	symbol_put(ttm_huge_set_driver_manager);
	kvfree(vram);
	return 0;
}

static const struct file_operations vram_fops = {
	.owner = THIS_MODULE,
	.open = aligned_vram_open,
	.read = aligned_vram_read,
	.write = aligned_vram_write,
	.release = aligned_vram_release,
};

static int __init aligned_vram_init(void)
{
	parent = root_device_register("aligned_vram");
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	vram_file = debugfs_create_file("aligned_vram", 0600, NULL, NULL, &vram_fops);
	foreign_file = debugfs_create_file("foreign_vram", 0600, NULL, (void *)true, &vram_fops);
	return 0;
}
module_init(aligned_vram_init);

static void __exit aligned_vram_exit(void)
{
	debugfs_remove(vram_file);
	debugfs_remove(foreign_file);
	root_device_unregister(parent);
}
module_exit(aligned_vram_exit);

MODULE_DESCRIPTION("VRAM that TTM's range manager hands out, aligned for huge entries");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: VRAM of a driver that has TTM's range manager, with ttm_huge's alignment.
 *
 * bigbar has a manager of its own, which aligns by itself. Each open file of the debugfs
 * file is a device with a little less than three times as much VRAM as a PUD entry maps;
 * there is no memory behind it. Writing "aperture BASE" has the CPU see it from that
 * physical address on. Writing "PAGES ALIGNMENT [kernel]" allocates VRAM for a
 * buffer object of the device, or of the kernel, whose driver asks for that alignment;
 * reading tells the first page of what was allocated last, and the alignment that the
 * buffer object has then. Closing the file frees all.
 */

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pgtable.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_range_manager.h>
#include <drm/ttm/ttm_resource.h>
#include <drm/ttm_huge.h>

#define MOST_BOS	16
#define VRAM_PAGES	((3 * PUD_SIZE - 10 * PMD_SIZE) >> PAGE_SHIFT)

/**
 * struct aligned_vram - what an open file stands for
 * @hdev: the device: of TTM's part, what managers look at
 * @bos: of those, what managers look at
 * @resources: what they got
 * @count: how many there are
 */
struct aligned_vram {
	struct ttm_huge_device hdev;
	struct ttm_buffer_object bos[MOST_BOS];
	struct ttm_resource *resources[MOST_BOS];
	unsigned int count;
};

static struct dentry *vram_file;

static struct ttm_resource_manager *manager_of(struct aligned_vram *vram)
{
	return ttm_manager_type(&vram->hdev.base, TTM_PL_VRAM);
}

/* Looked up when it is needed: this module is built without the drivers. */
static int init_manager(struct aligned_vram *vram)
{
	typeof(ttm_huge_range_man_init) *init = symbol_get(ttm_huge_range_man_init);
	int ret;

	if (!init)
		return -ENODEV;
	ret = init(&vram->hdev.base, TTM_PL_VRAM, false, VRAM_PAGES);
	/* The manager has functions of that module: it stays until the file is closed. */
	if (ret)
		symbol_put(ttm_huge_range_man_init);
	return ret;
}

static int vram_open(struct inode *inode, struct file *file)
{
	struct aligned_vram *vram = kvzalloc(sizeof(*vram), GFP_KERNEL);
	int ret;

	if (!vram)
		return -ENOMEM;
	spin_lock_init(&vram->hdev.base.lru_lock);
	ret = init_manager(vram);
	if (ret) {
		kvfree(vram);
		return ret;
	}
	file->private_data = vram;
	return 0;
}

static int alloc(struct aligned_vram *vram, u64 pages, u32 alignment, enum ttm_bo_type type)
{
	const struct ttm_place place = { .mem_type = TTM_PL_VRAM };
	struct ttm_buffer_object *bo = &vram->bos[vram->count];
	struct ttm_resource_manager *man = manager_of(vram);
	int ret;

	bo->bdev = &vram->hdev.base;
	bo->base.size = pages << PAGE_SHIFT;
	bo->page_alignment = alignment;
	bo->type = type;
	ret = man->func->alloc(man, bo, &place, &vram->resources[vram->count]);
	if (!ret)
		vram->count++;
	return ret;
}

static int set_aperture(struct aligned_vram *vram, u64 base)
{
	typeof(ttm_huge_set_aperture) *set = symbol_get(ttm_huge_set_aperture);

	if (!set)
		return -ENODEV;
	set(&vram->hdev.base, TTM_PL_VRAM, base, (u64)VRAM_PAGES << PAGE_SHIFT);
	symbol_put(ttm_huge_set_aperture);
	return 0;
}

static ssize_t vram_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct aligned_vram *vram = file->private_data;
	enum ttm_bo_type type;
	u32 alignment;
	char text[64];
	u64 pages, base;
	int ret;

	if (vram->count == MOST_BOS || len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	text[len] = '\0';
	if (sscanf(text, "aperture %llu", &base) == 1)
		return set_aperture(vram, base) ?: len;
	if (sscanf(text, "%llu %u", &pages, &alignment) != 2 || !pages)
		return -EINVAL;
	type = strstr(text, "kernel") ? ttm_bo_type_kernel : ttm_bo_type_device;
	ret = alloc(vram, pages, alignment, type);
	return ret ?: len;
}

static ssize_t vram_read(struct file *file, char __user *to, size_t len, loff_t *pos)
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

static int vram_release(struct inode *inode, struct file *file)
{
	struct aligned_vram *vram = file->private_data;
	struct ttm_resource_manager *man = manager_of(vram);

	while (vram->count)
		man->func->free(man, vram->resources[--vram->count]);
	ttm_range_man_fini_nocheck(&vram->hdev.base, TTM_PL_VRAM);
	symbol_put(ttm_huge_range_man_init);
	kvfree(vram);
	return 0;
}

static const struct file_operations vram_fops = {
	.owner = THIS_MODULE,
	.open = vram_open,
	.read = vram_read,
	.write = vram_write,
	.release = vram_release,
};

static int __init vram_init(void)
{
	vram_file = debugfs_create_file("aligned_vram", 0600, NULL, NULL, &vram_fops);
	return PTR_ERR_OR_ZERO(vram_file);
}
module_init(vram_init);

static void __exit vram_exit(void)
{
	debugfs_remove(vram_file);
}
module_exit(vram_exit);

MODULE_DESCRIPTION("VRAM that TTM's range manager hands out, aligned for huge entries");
MODULE_LICENSE("GPL");

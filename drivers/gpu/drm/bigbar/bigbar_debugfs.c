// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files in debugfs: VRAM, the buffer objects of each client, and by which entries they are
 * mapped.
 */

#include <linux/debugfs.h>
#include <linux/dma-buf.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/ttm/ttm_placement.h>

#include <drm/bigbar_drm.h>

#include "bigbar_drv.h"

/**
 * struct bigbar_levels - what an open file shows
 * @drm: the device.
 * @counted: whether @entries has been counted.
 * @entries: by level, the entries that mapped a buffer object in the process that asked.
 */
struct bigbar_levels {
	struct drm_device *drm;
	bool counted;
	u64 entries[PFNMAP_LEVELS];
};

/* The level of the largest entries that fit into a buffer object, and may map it. */
static enum pgtable_level bigbar_debugfs_level(const struct bigbar_bo *bo)
{
	size_t size = bo->ttm.base.size;

	if (bo->flags & DRM_BIGBAR_GEM_CREATE_NO_HUGE || size < PMD_SIZE)
		return PGTABLE_LEVEL_PTE;
	return size < PUD_SIZE ? PGTABLE_LEVEL_PMD : PGTABLE_LEVEL_PUD;
}

/* A buffer object has no name of its own but as a dma-buf. */
static void bigbar_debugfs_show_label(struct seq_file *m, struct dma_buf *dma_buf)
{
	spin_lock(&dma_buf->name_lock);
	if (dma_buf->name) {
		seq_puts(m, " label ");
		seq_escape(m, dma_buf->name, "\n\\");
	}
	spin_unlock(&dma_buf->name_lock);
}

static void bigbar_debugfs_show_bo(struct seq_file *m, unsigned long handle,
				   const struct bigbar_bo *bo)
{
	const struct drm_gem_object *obj = &bo->ttm.base;

	seq_printf(m, "handle %lu size %zu placement %s level %s name %d", handle, obj->size,
		   READ_ONCE(bo->mem_type) == TTM_PL_VRAM ? "vram" : "system",
		   pgtable_level_to_str(bigbar_debugfs_level(bo)), obj->name);
	if (obj->dma_buf)
		bigbar_debugfs_show_label(m, obj->dma_buf);
	seq_putc(m, '\n');
}

static void bigbar_debugfs_show_client(struct seq_file *m, struct drm_file *file)
{
	struct drm_gem_object *obj;
	struct task_struct *task;
	unsigned long handle, next;
	struct pid *pid;

	rcu_read_lock();
	pid = rcu_dereference(file->pid);
	task = pid_task(pid, PIDTYPE_PID);
	seq_printf(m, "client %d command ", pid_vnr(pid));
	seq_escape(m, task ? task->comm : "<unknown>", "\n\\");
	seq_putc(m, '\n');
	rcu_read_unlock();

	spin_lock(&file->table_lock);
	idr_for_each_entry_ul(&file->object_idr, obj, next, handle)
		bigbar_debugfs_show_bo(m, handle, gem_to_bigbar_bo(obj));
	spin_unlock(&file->table_lock);
}

/* Without reservations, so that it can be read while a buffer object is moved. */
static int bigbar_debugfs_gems_show(struct seq_file *m, void *unused)
{
	struct drm_device *drm = m->private;
	struct drm_file *file;

	mutex_lock(&drm->filelist_mutex);
	/* for the dma-bufs */
	mutex_lock(&drm->object_name_lock);
	/* The latest client is the first. */
	list_for_each_entry_reverse(file, &drm->filelist, lhead)
		bigbar_debugfs_show_client(m, file);
	mutex_unlock(&drm->object_name_lock);
	mutex_unlock(&drm->filelist_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bigbar_debugfs_gems);

/* With a reference taken, or an error pointer. */
static struct bigbar_bo *bigbar_debugfs_lookup(struct drm_device *drm, unsigned int fd,
					       u32 handle)
{
	struct bigbar_bo *bo = ERR_PTR(-EINVAL);
	struct file *file = fget(fd);
	struct drm_gem_object *obj;
	struct drm_file *client;

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op == drm->driver->fops) {
		client = file->private_data;
		if (client->minor->dev == drm) {
			obj = drm_gem_object_lookup(client, handle);
			bo = obj ? gem_to_bigbar_bo(obj) : ERR_PTR(-ENOENT);
		}
	}
	fput(file);
	return bo;
}

/* Parses "FD HANDLE". */
static int bigbar_debugfs_levels_parse(const char __user *from, size_t len,
				       unsigned int *fd, u32 *handle)
{
	char buf[32], *text;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, from, len))
		return -EFAULT;
	buf[len] = '\0';
	text = strim(buf);
	if (kstrtouint(strsep(&text, " "), 10, fd) || !text || kstrtou32(text, 10, handle))
		return -EINVAL;
	return 0;
}

/* Counts here and not in a read: no buffer object is kept, and the errors are for the asker. */
static ssize_t bigbar_debugfs_levels_write(struct file *file, const char __user *from,
					   size_t len, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct bigbar_levels *levels = m->private;
	u64 entries[PFNMAP_LEVELS];
	struct bigbar_bo *bo;
	unsigned int fd;
	u32 handle;
	int ret;

	ret = bigbar_debugfs_levels_parse(from, len, &fd, &handle);
	if (ret)
		return ret;
	bo = bigbar_debugfs_lookup(levels->drm, fd, handle);
	if (IS_ERR(bo))
		return PTR_ERR(bo);
	ret = bigbar_count_entries(bo, entries);
	drm_gem_object_put(&bo->ttm.base);
	if (ret)
		return ret;

	mutex_lock(&m->lock);
	memcpy(levels->entries, entries, sizeof(entries));
	levels->counted = true;
	mutex_unlock(&m->lock);
	return len;
}

static int bigbar_debugfs_levels_show(struct seq_file *m, void *unused)
{
	const struct bigbar_levels *levels = m->private;
	int i;

	for (i = 0; levels->counted && i < PFNMAP_LEVELS; i++)
		seq_printf(m, "level %s entries %llu\n", pgtable_level_to_str(i),
			   levels->entries[i]);
	return 0;
}

static int bigbar_debugfs_levels_open(struct inode *inode, struct file *file)
{
	struct bigbar_levels *levels;
	int ret;

	levels = kzalloc_obj(*levels);
	if (!levels)
		return -ENOMEM;
	levels->drm = inode->i_private;
	ret = single_open(file, bigbar_debugfs_levels_show, levels);
	if (ret)
		kfree(levels);
	return ret;
}

static int bigbar_debugfs_levels_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	kfree(m->private);
	return single_release(inode, file);
}

static const struct file_operations bigbar_debugfs_levels_fops = {
	.owner = THIS_MODULE,
	.open = bigbar_debugfs_levels_open,
	.read = seq_read,
	.write = bigbar_debugfs_levels_write,
	.llseek = seq_lseek,
	.release = bigbar_debugfs_levels_release,
};

/**
 * bigbar_debugfs_init - add files to debugfs
 * @minor: whose folder they are added to
 *
 * gems shows the buffer objects of each client: a line for the process that opened the
 * device, and then one for each of its handles. The level is that of the largest entries by
 * which the size and the flags let it be mapped. The name is the one that other clients
 * open it by, 0 if there is none. The label is the name that DMA_BUF_SET_NAME has given to
 * its dma-buf.
 *
 * levels shows by how many entries of each level the process that has written "FD HANDLE" to
 * it maps a buffer object, as it was at the write; before, it shows nothing. FD is a file of
 * the device that the process has open, and HANDLE one of its handles. Entries of imported
 * memory are its exporter's, and do not count. The count is made with the mmap lock of the
 * process held for reading, and then the reservation of the buffer object. On a kernel that is
 * locked down the file cannot be opened, because it can be written.
 *
 * Context: process context.
 */
void bigbar_debugfs_init(struct drm_minor *minor)
{
	struct bigbar_device *bigbar = to_bigbar(minor->dev);

	ttm_resource_manager_create_debugfs(&bigbar->vram.man,
					    minor->debugfs_root, "vram");
	ttm_huge_debugfs_init(&bigbar->ttm.base, minor->debugfs_root);
	debugfs_create_file("gems", 0400, minor->debugfs_root, &bigbar->drm,
			    &bigbar_debugfs_gems_fops);
	debugfs_create_file("levels", 0600, minor->debugfs_root, &bigbar->drm,
			    &bigbar_debugfs_levels_fops);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files in debugfs: VRAM, and the buffer objects of each client.
 */

#include <linux/debugfs.h>
#include <linux/dma-buf.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>

#include <drm/drm_file.h>
#include <drm/ttm/ttm_placement.h>

#include <drm/bigbar_drm.h>

#include "bigbar_drv.h"

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
}

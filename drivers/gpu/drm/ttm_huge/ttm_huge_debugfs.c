// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a person sees: page tables and counters.
 */

#include <linux/debugfs.h>
#include <linux/dma-resv.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>

#include "ttm_huge_internal.h"

/* What an open file shows: chosen by writing "PID [OFFSET]" to it. */
struct page_tables {
	struct ttm_device *bdev;
	struct pid *pid;
	unsigned long pgoff;
	bool one_bo;
};

struct printer {
	struct seq_file *m;
	/* The run that has been seen so far; nothing if start == end. */
	struct ttm_huge_entry run;
	unsigned long nr_young;
	unsigned long nr_dirty;
};

static unsigned long nr_pages(const struct ttm_huge_entry *entry)
{
	return (entry->end - entry->start) >> PAGE_SHIFT;
}

/*
 * The bits that tell caching modes apart are those in which these differ. There
 * is one string for each mode, so that names can be compared by address.
 */
static const char *caching_name(pgprot_t prot)
{
	static const char wb_name[] = "wb", wc_name[] = "wc", uc_name[] = "uc";
	u64 wb = pgprot_val(PAGE_SHARED);
	u64 wc = pgprot_val(pgprot_writecombine(PAGE_SHARED));
	u64 uc = pgprot_val(pgprot_noncached(PAGE_SHARED));
	u64 mask = (wb ^ wc) | (wb ^ uc);

	if (!((pgprot_val(prot) ^ wb) & mask))
		return wb_name;
	if (!((pgprot_val(prot) ^ wc) & mask))
		return wc_name;
	return uc_name;
}

static bool continues(const struct ttm_huge_entry *run,
		      const struct ttm_huge_entry *entry)
{
	if (run->end != entry->start || run->present != entry->present)
		return false;
	if (!run->present)
		return true;
	return run->level == entry->level && run->special == entry->special &&
	       run->writable == entry->writable &&
	       caching_name(run->prot) == caching_name(entry->prot) &&
	       run->pfn + nr_pages(run) == entry->pfn;
}

static void print_run(struct printer *p)
{
	const struct ttm_huge_entry *run = &p->run;

	if (run->start == run->end)
		return;

	seq_printf(p->m, "%016lx %016lx ", run->start, run->end);
	if (!run->present)
		seq_puts(p->m, "none - - - - - -\n");
	else
		seq_printf(p->m, "%s 0x%lx %s %s %s %lu %lu\n",
			   ttm_huge_level_names[run->level], run->pfn,
			   caching_name(run->prot),
			   run->special ? "special" : "normal",
			   run->writable ? "rw" : "ro",
			   p->nr_young, p->nr_dirty);
}

static void print_entry(const struct ttm_huge_entry *entry, void *data)
{
	struct printer *p = data;

	if (continues(&p->run, entry)) {
		p->run.end = entry->end;
	} else {
		print_run(p);
		p->run = *entry;
		p->nr_young = 0;
		p->nr_dirty = 0;
	}
	p->nr_young += entry->young;
	p->nr_dirty += entry->dirty;
}

static int show_vma(struct seq_file *m, struct vm_area_struct *vma)
{
	struct ttm_buffer_object *bo = vma->vm_private_data;
	struct printer p = { .m = m };
	int ret;

	ret = dma_resv_lock_interruptible(bo->base.resv, NULL);
	if (ret)
		return ret;
	ret = ttm_huge_walk_vma(vma, print_entry, &p);
	dma_resv_unlock(bo->base.resv);
	print_run(&p);
	return ret;
}

static bool is_shown(const struct page_tables *pt, struct vm_area_struct *vma)
{
	struct ttm_buffer_object *bo = ttm_huge_vma_bo(pt->bdev, vma);

	return bo && (!pt->one_bo ||
		      ttm_huge_bo_index(bo) == pt->pgoff);
}

static int show_mm(struct seq_file *m, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	unsigned long address = 0;
	int ret;

	ret = mmap_read_lock_killable(mm);
	if (ret)
		return ret;
	while (!ret && (vma = find_vma(mm, address))) {
		address = vma->vm_end;
		if (is_shown(m->private, vma))
			ret = show_vma(m, vma);
	}
	mmap_read_unlock(mm);
	return ret;
}

static int page_tables_show(struct seq_file *m, void *unused)
{
	struct page_tables *pt = m->private;
	struct task_struct *task;
	struct mm_struct *mm;
	int ret;

	task = get_pid_task(pt->pid, PIDTYPE_PID);
	if (!task)
		return -ESRCH;
	mm = get_task_mm(task);
	put_task_struct(task);
	if (!mm)
		return -ESRCH;

	ret = show_mm(m, mm);
	mmput(mm);
	return ret;
}

static ssize_t page_tables_write(struct file *file, const char __user *from,
				 size_t len, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct page_tables *pt = m->private;
	unsigned long long offset = 0;
	char buf[64], *nr_text, *offset_text;
	struct pid *pid;
	int nr;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, from, len))
		return -EFAULT;
	buf[len] = '\0';

	offset_text = strim(buf);
	nr_text = strsep(&offset_text, " ");
	if (kstrtoint(nr_text, 10, &nr) ||
	    (offset_text && kstrtoull(offset_text, 0, &offset)))
		return -EINVAL;
	pid = nr ? find_get_pid(nr) : get_task_pid(current, PIDTYPE_PID);
	if (!pid)
		return -ESRCH;

	mutex_lock(&m->lock);
	put_pid(pt->pid);
	pt->pid = pid;
	pt->one_bo = offset_text;
	pt->pgoff = offset >> PAGE_SHIFT;
	mutex_unlock(&m->lock);
	return len;
}

static int page_tables_open(struct inode *inode, struct file *file)
{
	struct page_tables *pt;
	int ret;

	pt = kzalloc_obj(*pt);
	if (!pt)
		return -ENOMEM;
	pt->bdev = inode->i_private;
	pt->pid = get_task_pid(current, PIDTYPE_PID);

	ret = single_open(file, page_tables_show, pt);
	if (ret) {
		put_pid(pt->pid);
		kfree(pt);
	}
	return ret;
}

static int page_tables_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct page_tables *pt = m->private;

	put_pid(pt->pid);
	kfree(pt);
	return single_release(inode, file);
}

static const struct file_operations page_tables_fops = {
	.owner = THIS_MODULE,
	.open = page_tables_open,
	.read = seq_read,
	.write = page_tables_write,
	.llseek = seq_lseek,
	.release = page_tables_release,
};

/* Sum up one counter, which lies at the same place of each CPU's stats. */
static u64 sum(struct ttm_huge_stats __percpu *stats, size_t offset)
{
	u64 total = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		total += *(u64 *)((void *)per_cpu_ptr(stats, cpu) + offset);
	return total;
}

static int counters_show(struct seq_file *m, void *unused)
{
	struct ttm_huge_device *hdev = m->private;
	int i;

	for (i = 0; i < TTM_HUGE_LEVELS; i++)
		seq_printf(m, "level %s faults %llu entries %llu\n",
			   ttm_huge_level_names[i],
			   sum(hdev->priv->stats,
			       offsetof(struct ttm_huge_stats, level[i])),
			   sum(hdev->priv->stats,
			       offsetof(struct ttm_huge_stats, entries[i])));
	for (i = 0; i < TTM_HUGE_REASONS; i++)
		seq_printf(m, "reason %s faults %llu\n",
			   ttm_huge_reason_names[i],
			   sum(hdev->priv->stats,
			       offsetof(struct ttm_huge_stats, reason[i])));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

/**
 * ttm_huge_debugfs_init - add files for a person to look at
 * @bdev: the device
 * @root: the device's debugfs folder, which does not outlive @bdev
 *
 * ttm_huge_page_tables shows, for the process that reads it or whose PID has
 * been written to it, how its page tables map the device's buffer objects: a
 * line per run of equal entries with start, end, level, first pfn, caching,
 * special, access, and how many of them are young and dirty. An offset written
 * behind the PID picks the buffer object with that fake offset.
 *
 * ttm_huge_counters shows how many faults set entries of each level, and why
 * they did not set larger ones.
 *
 * On a kernel that is locked down nobody can open the first one: it can be written.
 *
 * Context: process context.
 */
void ttm_huge_debugfs_init(struct ttm_device *bdev, struct dentry *root)
{
	debugfs_create_file("ttm_huge_page_tables", 0600, root, bdev,
			    &page_tables_fops);
	debugfs_create_file("ttm_huge_counters", 0400, root, to_ttm_huge(bdev),
			    &counters_fops);
}
EXPORT_SYMBOL_GPL(ttm_huge_debugfs_init);

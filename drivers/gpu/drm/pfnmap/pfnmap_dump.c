// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shows how a process maps a file, as text.
 */

#include <linux/debugfs.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "pfnmap_internal.h"

/* What an open file shows: mappings of any part of @mapping from @start up to @end. */
struct pfnmap_dump {
	struct address_space *mapping;
	struct pid *pid;
	u64 start;
	u64 end;
};

struct pfnmap_dump_printer {
	struct seq_file *m;
	/* The run that has been seen so far; empty if start == end. */
	struct pfnmap_entry run;
	unsigned long nr_young;
	unsigned long nr_dirty;
};

static unsigned long pfnmap_dump_nr_pages(const struct pfnmap_entry *entry)
{
	return (entry->end - entry->start) >> PAGE_SHIFT;
}

/*
 * The bits that tell caching modes apart are those in which the three modes differ.
 * There is one string for each mode, so that names can be compared by address.
 */
static const char *pfnmap_dump_caching(pgprot_t prot)
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

static bool pfnmap_dump_continues(const struct pfnmap_entry *run,
				  const struct pfnmap_entry *entry)
{
	if (run->end != entry->start || run->present != entry->present)
		return false;
	if (!run->present)
		return true;
	return run->level == entry->level && run->special == entry->special &&
	       run->writable == entry->writable &&
	       pfnmap_dump_caching(run->prot) ==
		       pfnmap_dump_caching(entry->prot) &&
	       run->pfn + pfnmap_dump_nr_pages(run) == entry->pfn;
}

static void pfnmap_dump_print_run(struct pfnmap_dump_printer *p)
{
	const struct pfnmap_entry *run = &p->run;

	if (run->start == run->end)
		return;

	seq_printf(p->m, "%016lx %016lx ", run->start, run->end);
	if (!run->present)
		seq_puts(p->m, "none - - - - - -\n");
	else
		seq_printf(p->m, "%s 0x%lx %s %s %s %lu %lu\n",
			   pgtable_level_to_str(run->level), run->pfn,
			   pfnmap_dump_caching(run->prot),
			   run->special ? "special" : "normal",
			   run->writable ? "rw" : "ro", p->nr_young,
			   p->nr_dirty);
}

static void pfnmap_dump_print_entry(const struct pfnmap_entry *entry, void *data)
{
	struct pfnmap_dump_printer *p = data;

	if (pfnmap_dump_continues(&p->run, entry)) {
		p->run.end = entry->end;
	} else {
		pfnmap_dump_print_run(p);
		p->run = *entry;
		p->nr_young = 0;
		p->nr_dirty = 0;
	}
	p->nr_young += entry->young;
	p->nr_dirty += entry->dirty;
}

/* For a mapping of any driver: pfnmap_walk.c says what keeps its faults off. */
static int pfnmap_dump_show_vma(struct seq_file *m, struct vm_area_struct *vma)
{
	struct pfnmap_dump_printer p = { .m = m };
	int ret;

	vma_start_write(vma);
	ret = pfnmap_walk_vma(vma, pfnmap_dump_print_entry, &p);
	pfnmap_dump_print_run(&p);
	return ret;
}

static bool pfnmap_dump_is_shown(const struct pfnmap_dump *dump,
				 const struct vm_area_struct *vma)
{
	u64 start = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 end = start + (vma->vm_end - vma->vm_start);

	return vma->vm_file && vma->vm_file->f_mapping == dump->mapping &&
	       vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP) &&
	       start < dump->end && end > dump->start;
}

static int pfnmap_dump_show_mm(struct seq_file *m, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	unsigned long address = 0;
	int ret;

	ret = mmap_write_lock_killable(mm);
	if (ret)
		return ret;
	while (!ret && (vma = find_vma(mm, address))) {
		address = vma->vm_end;
		if (pfnmap_dump_is_shown(m->private, vma))
			ret = pfnmap_dump_show_vma(m, vma);
	}
	mmap_write_unlock(mm);
	return ret;
}

static int pfnmap_dump_show(struct seq_file *m, void *unused)
{
	struct pfnmap_dump *dump = m->private;
	struct task_struct *task;
	struct mm_struct *mm;
	int ret;

	task = get_pid_task(dump->pid, PIDTYPE_PID);
	if (!task)
		return -ESRCH;
	mm = get_task_mm(task);
	put_task_struct(task);
	if (!mm)
		return -ESRCH;

	ret = pfnmap_dump_show_mm(m, mm);
	mmput(mm);
	return ret;
}

/* Parses "PID [OFFSET LENGTH]"; without a range it is the whole file. */
static int pfnmap_dump_parse(char *text, int *nr, u64 *start, u64 *end)
{
	u64 length;

	*start = 0;
	*end = U64_MAX;
	text = strim(text);
	if (kstrtoint(strsep(&text, " "), 10, nr))
		return -EINVAL;
	if (!text)
		return 0;
	if (kstrtou64(strsep(&text, " "), 0, start) || !text ||
	    kstrtou64(text, 0, &length))
		return -EINVAL;
	*end = *start + length;
	return *start < *end ? 0 : -EINVAL;
}

static ssize_t pfnmap_dump_write(struct file *file, const char __user *from,
				 size_t len, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct pfnmap_dump *dump = m->private;
	char text[64];
	struct pid *pid;
	u64 start, end;
	int nr;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	text[len] = '\0';
	if (pfnmap_dump_parse(text, &nr, &start, &end))
		return -EINVAL;
	pid = nr ? find_get_pid(nr) : get_task_pid(current, PIDTYPE_PID);
	if (!pid)
		return -ESRCH;

	mutex_lock(&m->lock);
	put_pid(dump->pid);
	dump->pid = pid;
	dump->start = start;
	dump->end = end;
	mutex_unlock(&m->lock);
	return len;
}

static int pfnmap_dump_open(struct inode *inode, struct file *file)
{
	struct pfnmap_dump *dump;
	int ret;

	dump = kzalloc_obj(*dump);
	if (!dump)
		return -ENOMEM;
	dump->mapping = inode->i_private;
	dump->pid = get_task_pid(current, PIDTYPE_PID);
	dump->end = U64_MAX;

	ret = single_open(file, pfnmap_dump_show, dump);
	if (ret) {
		put_pid(dump->pid);
		kfree(dump);
	}
	return ret;
}

static int pfnmap_dump_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct pfnmap_dump *dump = m->private;

	put_pid(dump->pid);
	kfree(dump);
	return single_release(inode, file);
}

static const struct file_operations pfnmap_dump_fops = {
	.owner = THIS_MODULE,
	.open = pfnmap_dump_open,
	.read = seq_read,
	.write = pfnmap_dump_write,
	.llseek = seq_lseek,
	.release = pfnmap_dump_release,
};

/**
 * pfnmap_debugfs_init - add a file that shows page tables
 * @root: a debugfs folder, which does not outlive @mapping
 * @mapping: address space of the file through which the driver's memory is mapped
 *
 * The file pfnmap_page_tables shows what the page tables of a process hold: of the process
 * that opened it, or of the one whose PID has been written to it. It shows mappings of
 * @mapping that are VM_PFNMAP or VM_MIXEDMAP, with a line per run of equal entries: start,
 * end, level, first pfn, caching, special, access, and how many of the entries are young
 * and dirty. An offset in the mapped file and a length, in bytes, after the PID select the
 * mappings that show a part of that range.
 *
 * Reading holds the mmap lock of the process for writing, which stops the process's faults
 * for that time.
 *
 * On a kernel that is locked down the file cannot be opened, because it can be written.
 *
 * Does nothing without CONFIG_PFNMAP_DUMP.
 *
 * Context: process context.
 */
void pfnmap_debugfs_init(struct dentry *root, struct address_space *mapping)
{
	debugfs_create_file("pfnmap_page_tables", 0600, root, mapping,
			    &pfnmap_dump_fops);
}
EXPORT_SYMBOL_GPL(pfnmap_debugfs_init);

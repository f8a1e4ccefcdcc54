// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: removes the entries of all mappings of a device, as drivers do when they
 * reset it.
 *
 * Writing "FD TIMES" to the debugfs file zaps all mappings of the file that the writing
 * process has open as FD, TIMES times, with no reservation and no mmap lock held.
 */

#include <linux/debugfs.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "command.h"

static struct dentry *zapper_file;

static ssize_t zapper_write(struct file *unused, const char __user *from, size_t len,
			    loff_t *pos)
{
	unsigned int fd, times;
	struct file *file;
	char text[64];
	int ret;

	ret = command_read(text, sizeof(text), from, len);
	if (ret)
		return ret;
	if (sscanf(text, "%u %u", &fd, &times) != 2)
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	while (times-- && !fatal_signal_pending(current)) {
		unmap_mapping_range(file->f_mapping, 0, 0, 1);
		cond_resched();
	}
	fput(file);
	return len;
}

static const struct file_operations zapper_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = zapper_write,
};

static int __init zapper_init(void)
{
	zapper_file = debugfs_create_file("zapper", 0200, NULL, NULL, &zapper_fops);
	return PTR_ERR_OR_ZERO(zapper_file);
}
module_init(zapper_init);

static void __exit zapper_exit(void)
{
	debugfs_remove(zapper_file);
}
module_exit(zapper_exit);

MODULE_DESCRIPTION("Zaps of all mappings of a file");
MODULE_LICENSE("GPL");

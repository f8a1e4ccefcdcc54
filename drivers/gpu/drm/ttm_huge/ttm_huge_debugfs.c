// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files in debugfs: counters, and page tables as pfnmap shows them.
 */

#include <linux/debugfs.h>
#include <linux/export.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>

#include <drm/ttm/ttm_device.h>

#include "ttm_huge_internal.h"

/* Sum up one counter, which is at the same offset in each CPU's stats. */
static u64 ttm_huge_debugfs_sum(struct ttm_huge_stats __percpu *stats,
				size_t offset)
{
	u64 total = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		total += *(u64 *)((void *)per_cpu_ptr(stats, cpu) + offset);
	return total;
}

static int ttm_huge_debugfs_counters_show(struct seq_file *m, void *unused)
{
	struct ttm_huge *huge = m->private;
	int i;

	for (i = 0; i < PFNMAP_LEVELS; i++)
		seq_printf(m, "level %s faults %llu entries %llu\n",
			   pgtable_level_to_str(i),
			   ttm_huge_debugfs_sum(huge->priv->stats,
						offsetof(struct ttm_huge_stats,
							 level[i])),
			   ttm_huge_debugfs_sum(huge->priv->stats,
						offsetof(struct ttm_huge_stats,
							 entries[i])));
	for (i = 0; i < PFNMAP_REASONS; i++)
		seq_printf(m, "reason %s faults %llu\n", pfnmap_reason_name(i),
			   ttm_huge_debugfs_sum(huge->priv->stats,
						offsetof(struct ttm_huge_stats,
							 reason[i])));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ttm_huge_debugfs_counters);

/**
 * ttm_huge_debugfs_init - add files to debugfs
 * @bdev: the device
 * @root: the device's debugfs folder, which does not outlive @bdev
 *
 * ttm_huge_counters shows how many faults set entries of each level, and why
 * they did not set larger ones.
 *
 * pfnmap_page_tables shows how a process maps the device's buffer objects, see
 * pfnmap_debugfs_init(). The offset in the file that can be written to it is the fake
 * offset.
 *
 * Without drmm_ttm_huge_device_init() no file is added.
 *
 * Context: process context.
 */
void ttm_huge_debugfs_init(struct ttm_device *bdev, struct dentry *root)
{
	struct ttm_huge *huge = ttm_huge_find(bdev);

	if (!huge)
		return;
	debugfs_create_file("ttm_huge_counters", 0400, root, huge,
			    &ttm_huge_debugfs_counters_fops);
	pfnmap_debugfs_init(root, bdev->dev_mapping);
}
EXPORT_SYMBOL_GPL(ttm_huge_debugfs_init);

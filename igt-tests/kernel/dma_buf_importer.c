// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: uses a dma-buf as the driver of another device does.
 *
 * An open debugfs file is an importer. It takes commands:
 *
 * "attach FD WAY [DEVICE]"	attaches to the dma-buf that the writing process has open as FD.
 *			WAY is "static"; "dynamic"; "peer", which is dynamic, too, and takes
 *			memory of other devices; or "deaf", which is like "peer", but cannot be
 *			told to let go. DEVICE is what the importer drives, for example
 *			"0000:00:10.0"; without it, it drives a device that is not on a PCI bus.
 * "map", "unmap"		maps the memory for DMA
 * "pin", "unpin"		asks that the memory stays where it is
 * "slow"			the next time that the importer is told to let go of the memory it
 *			goes on for a while, with a fence in the reservation, and unmaps it later
 *
 * Without "slow" it unmaps the memory at once. Reading shows four numbers: whether it takes
 * memory of other devices, whether it goes on, how many times it was told, and the number of
 * segments that it has mapped; then a line for each segment, with its address, its length
 * and its first word. Closing the file ends all.
 */

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "command.h"

MODULE_IMPORT_NS("DMA_BUF");

/* Long enough for a caller to return that does not wait. */
#define GOES_ON_FOR	(HZ / 2)
/* After that it has the memory mapped for a while, but does not use it. */
#define STAYS_MAPPED_MS	250

struct importer_fence {
	struct dma_fence base;
	spinlock_t lock; /* protects base */
};

/**
 * struct importer - what an open file stands for; the reservation protects it
 * @attach: to the dma-buf, of which it has a reference; %NULL before
 * @pdev: the device that it drives, or %NULL
 * @sgt: the memory that it has mapped, or %NULL
 * @pins: how many times it has it pinned
 * @told: how many times it was told to let go
 * @fence: of what it goes on with, if it is slow
 * @may_use: the memory is still the buffer object's: once @fence has signaled it may be freed
 * @goes_on: @fence is in the reservation, and has not signaled
 * @let_go: ends that
 */
struct importer {
	struct dma_buf_attachment *attach;
	struct pci_dev *pdev;
	struct sg_table *sgt;
	bool may_use;
	unsigned int pins;
	unsigned int told;
	struct importer_fence *fence;
	bool goes_on;
	struct delayed_work let_go;
};

static struct dentry *importer_file;
static struct platform_device *importer_device;

static const char *dma_buf_importer_fence_name(struct dma_fence *fence)
{
	return "dma_buf_importer";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = dma_buf_importer_fence_name,
	.get_timeline_name = dma_buf_importer_fence_name,
};

static void dma_buf_importer_unmap(struct importer *importer)
{
	if (importer->sgt)
		dma_buf_unmap_attachment(importer->attach, importer->sgt, DMA_BIDIRECTIONAL);
	importer->sgt = NULL;
}

/* A thread that waits for the fence has the reservation. */
static void dma_buf_importer_let_go(struct work_struct *work)
{
	struct importer *importer = container_of(to_delayed_work(work), struct importer, let_go);
	struct dma_resv *resv = importer->attach->dmabuf->resv;

	importer->goes_on = false;
	importer->may_use = false;
	dma_fence_signal(&importer->fence->base);
	msleep(STAYS_MAPPED_MS);
	dma_resv_lock(resv, NULL);
	dma_buf_importer_unmap(importer);
	dma_resv_unlock(resv);
}

static void dma_buf_importer_tell(struct dma_buf_attachment *attach)
{
	struct importer *importer = attach->importer_priv;
	struct dma_resv *resv = attach->dmabuf->resv;

	dma_resv_assert_held(resv);
	importer->told++;
	if (!importer->sgt || importer->goes_on)
		return;
	if (!importer->fence || dma_fence_is_signaled(&importer->fence->base) ||
	    dma_resv_reserve_fences(resv, 1)) {
		dma_buf_importer_unmap(importer);
		return;
	}
	dma_resv_add_fence(resv, &importer->fence->base, DMA_RESV_USAGE_BOOKKEEP);
	importer->goes_on = true;
	schedule_delayed_work(&importer->let_go, GOES_ON_FOR);
}

static const struct dma_buf_attach_ops dynamic_ops = {
	.invalidate_mappings = dma_buf_importer_tell,
};

static const struct dma_buf_attach_ops peer_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = dma_buf_importer_tell,
};

static const struct dma_buf_attach_ops deaf_ops = {
	.allow_peer2peer = true,
};

static int dma_buf_importer_way(const char *name, const struct dma_buf_attach_ops **ops)
{
	if (!strcmp(name, "static"))
		*ops = NULL;
	else if (!strcmp(name, "dynamic"))
		*ops = &dynamic_ops;
	else if (!strcmp(name, "peer"))
		*ops = &peer_ops;
	else if (!strcmp(name, "deaf"))
		*ops = &deaf_ops;
	else
		return -EINVAL;
	return 0;
}

static int dma_buf_importer_attach_to(struct importer *importer, struct dma_buf *dma_buf,
				      struct pci_dev *pdev, const struct dma_buf_attach_ops *ops)
{
	struct device *dev = pdev ? &pdev->dev : &importer_device->dev;
	struct dma_buf_attachment *attach = dma_buf_dynamic_attach(dma_buf, dev, ops, importer);

	if (IS_ERR(attach))
		return PTR_ERR(attach);
	importer->attach = attach;
	importer->pdev = pdev;
	return 0;
}

static int dma_buf_importer_attach(struct importer *importer, const char *text)
{
	unsigned int domain, bus, slot, function;
	const struct dma_buf_attach_ops *ops;
	struct pci_dev *pdev = NULL;
	struct dma_buf *dma_buf;
	int fd, found, ret;
	char way[8];

	found = sscanf(text, "%d %7s %x:%x:%x.%x", &fd, way, &domain, &bus, &slot, &function);
	if (importer->attach || (found != 2 && found != 6) || dma_buf_importer_way(way, &ops))
		return -EINVAL;
	if (found == 6) {
		pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
		if (!pdev)
			return -ENODEV;
	}

	dma_buf = dma_buf_get(fd);
	ret = PTR_ERR_OR_ZERO(dma_buf);
	if (!ret) {
		ret = dma_buf_importer_attach_to(importer, dma_buf, pdev, ops);
		if (ret)
			dma_buf_put(dma_buf);
	}
	if (ret)
		pci_dev_put(pdev);
	return ret;
}

/* A dynamic importer has to wait for moves by itself. */
static int dma_buf_importer_map(struct importer *importer)
{
	struct dma_buf_attachment *attach = importer->attach;
	struct sg_table *sgt;

	if (importer->sgt)
		return -EBUSY;
	sgt = dma_buf_map_attachment(attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	importer->sgt = sgt;
	importer->may_use = true;
	if (attach->importer_ops)
		dma_resv_wait_timeout(attach->dmabuf->resv, DMA_RESV_USAGE_KERNEL, false,
				      MAX_SCHEDULE_TIMEOUT);
	return 0;
}

static int dma_buf_importer_pin(struct importer *importer)
{
	int ret = importer->attach->importer_ops ? dma_buf_pin(importer->attach) : -EINVAL;

	if (!ret)
		importer->pins++;
	return ret;
}

static int dma_buf_importer_unpin(struct importer *importer)
{
	if (!importer->pins)
		return -EINVAL;
	importer->pins--;
	dma_buf_unpin(importer->attach);
	return 0;
}

static int dma_buf_importer_make_slow(struct importer *importer)
{
	struct importer_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);

	if (!fence)
		return -ENOMEM;
	if (importer->fence) {
		kfree(fence);
		return -EBUSY;
	}
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &fence_ops, &fence->lock, dma_fence_context_alloc(1), 1);
	importer->fence = fence;
	return 0;
}

static int dma_buf_importer_do_reserved(struct importer *importer, const char *text)
{
	if (!strcmp(text, "map"))
		return dma_buf_importer_map(importer);
	if (!strcmp(text, "pin"))
		return dma_buf_importer_pin(importer);
	if (!strcmp(text, "unpin"))
		return dma_buf_importer_unpin(importer);
	if (!strcmp(text, "slow"))
		return dma_buf_importer_make_slow(importer);
	if (strcmp(text, "unmap"))
		return -EINVAL;
	dma_buf_importer_unmap(importer);
	return 0;
}

static int dma_buf_importer_do(struct importer *importer, const char *text)
{
	struct dma_resv *resv;
	int ret;

	if (str_has_prefix(text, "attach "))
		return dma_buf_importer_attach(importer, text + strlen("attach "));
	if (!importer->attach)
		return -EINVAL;
	resv = importer->attach->dmabuf->resv;
	ret = dma_resv_lock_interruptible(resv, NULL);
	if (ret)
		return ret;
	ret = dma_buf_importer_do_reserved(importer, text);
	dma_resv_unlock(resv);
	return ret;
}

static struct importer *dma_buf_importer_of(struct file *file)
{
	struct seq_file *seq = file->private_data;

	return seq->private;
}

static ssize_t dma_buf_importer_write(struct file *file, const char __user *from, size_t len,
				      loff_t *pos)
{
	char text[64];
	int ret;

	ret = command_read(text, sizeof(text), from, len);
	return ret ?: dma_buf_importer_do(dma_buf_importer_of(file), text) ?: len;
}

static u64 dma_buf_importer_word_in_ram(phys_addr_t address)
{
	u64 *word = memremap(address, sizeof(*word), MEMREMAP_WB);
	u64 value;

	if (!word)
		return 0;
	value = READ_ONCE(*word);
	memunmap(word);
	return value;
}

static u64 dma_buf_importer_word_in_bar(phys_addr_t address)
{
	void __iomem *word = ioremap_wc(address, sizeof(u64));
	u64 value;

	if (!word)
		return 0;
	value = readq(word);
	iounmap(word);
	return value;
}

/* Without an IOMMU, an address for DMA is a physical address. */
static u64 dma_buf_importer_word_at(phys_addr_t address)
{
	return page_is_ram(PHYS_PFN(address)) ? dma_buf_importer_word_in_ram(address) :
						dma_buf_importer_word_in_bar(address);
}

static void dma_buf_importer_show_segments(struct seq_file *seq, struct importer *importer)
{
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(importer->sgt, sg, i)
		seq_printf(seq, "%#llx %#x %#llx\n", (u64)sg_dma_address(sg), sg_dma_len(sg),
			   importer->may_use ? dma_buf_importer_word_at(sg_dma_address(sg)) : 0);
}

static int dma_buf_importer_show(struct seq_file *seq, void *unused)
{
	struct importer *importer = seq->private;
	struct dma_resv *resv;
	int ret;

	if (!importer->attach)
		return 0;
	resv = importer->attach->dmabuf->resv;
	ret = dma_resv_lock_interruptible(resv, NULL);
	if (ret)
		return ret;
	seq_printf(seq, "%d %d %u %u\n", importer->attach->peer2peer, importer->goes_on,
		   importer->told, importer->sgt ? importer->sgt->nents : 0);
	if (importer->sgt)
		dma_buf_importer_show_segments(seq, importer);
	dma_resv_unlock(resv);
	return 0;
}

static int dma_buf_importer_open(struct inode *inode, struct file *file)
{
	struct importer *importer = kzalloc(sizeof(*importer), GFP_KERNEL);
	int ret;

	if (!importer)
		return -ENOMEM;
	INIT_DELAYED_WORK(&importer->let_go, dma_buf_importer_let_go);
	ret = single_open(file, dma_buf_importer_show, importer);
	if (ret)
		kfree(importer);
	return ret;
}

/* The fence must not be found any more when this module is gone. */
static void dma_buf_importer_remove_fence(struct dma_resv *resv, struct dma_fence *fence)
{
	struct dma_fence *signaled = dma_fence_get_stub();

	dma_resv_replace_fences(resv, fence->context, signaled, DMA_RESV_USAGE_BOOKKEEP);
	dma_fence_put(signaled);
}

static void dma_buf_importer_detach(struct importer *importer)
{
	struct dma_buf *dma_buf = importer->attach->dmabuf;

	flush_delayed_work(&importer->let_go);
	dma_resv_lock(dma_buf->resv, NULL);
	dma_buf_importer_unmap(importer);
	while (importer->pins)
		dma_buf_importer_unpin(importer);
	if (importer->fence)
		dma_buf_importer_remove_fence(dma_buf->resv, &importer->fence->base);
	dma_resv_unlock(dma_buf->resv);
	dma_buf_detach(dma_buf, importer->attach);
	dma_buf_put(dma_buf);
	pci_dev_put(importer->pdev);
}

static int dma_buf_importer_release(struct inode *inode, struct file *file)
{
	struct importer *importer = dma_buf_importer_of(file);

	if (importer->attach)
		dma_buf_importer_detach(importer);
	if (importer->fence) {
		dma_fence_signal(&importer->fence->base);
		dma_fence_put(&importer->fence->base);
	}
	kfree(importer);
	return single_release(inode, file);
}

static const struct file_operations importer_fops = {
	.owner = THIS_MODULE,
	.open = dma_buf_importer_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.write = dma_buf_importer_write,
	.release = dma_buf_importer_release,
};

static int __init dma_buf_importer_init(void)
{
	importer_device = platform_device_register_full(&(struct platform_device_info){
		.name = "dma_buf_importer",
		.id = PLATFORM_DEVID_NONE,
		.dma_mask = DMA_BIT_MASK(64),
	});
	if (IS_ERR(importer_device))
		return PTR_ERR(importer_device);
	importer_file = debugfs_create_file("dma_buf_importer", 0600, NULL, NULL, &importer_fops);
	return 0;
}
module_init(dma_buf_importer_init);

static void __exit dma_buf_importer_exit(void)
{
	debugfs_remove(importer_file);
	platform_device_unregister(importer_device);
	/* A fence is freed by RCU after its last reference is gone. */
	rcu_barrier();
}
module_exit(dma_buf_importer_exit);

MODULE_DESCRIPTION("The driver of a device that imports dma-bufs");
MODULE_LICENSE("GPL");

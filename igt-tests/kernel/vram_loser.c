// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: VRAM that loses its contents while the system sleeps, as that of a device without
 * power does. Virtual machines keep it, and so would hide what a driver has forgotten to save.
 *
 * Writing "DEVICE PHYS BYTES", "0000:00:10.0 0x100000000 4096" for example, to the debugfs file
 * has these bytes of the device overwritten each time that the device has been suspended,
 * before it is resumed, until the file is closed. Reading tells how many were overwritten.
 * Writing "wake SECONDS" wakes the system so long after a device was suspended next: the lab has
 * no clock that wakes it.
 *
 * The device is made a consumer of a platform device, which is why it is suspended before that,
 * and resumed after it.
 *
 * As long as the file is open, virtio devices are not suspended: that resets them, and the
 * kernel's driver for the file system of the lab does not set up its device again.
 */

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <linux/timer.h>
#include <linux/uaccess.h>

/* The first device number that is not a virtio device. */
#define VIRTIO_END	0x1080
#define LOST		0x5a

/**
 * struct portion - bytes that get lost
 * @link: entry in the list of them.
 * @phys: physical address.
 * @bytes: how many.
 */
struct portion {
	struct list_head link;
	phys_addr_t phys;
	size_t bytes;
};

static DEFINE_MUTEX(loser_lock);
static LIST_HEAD(portions);
static bool is_open;
static unsigned int wake_after;
static u64 lost;
static struct pci_dev *victim;
static struct device_link *before_victim;
static struct platform_device *loser;
static struct dentry *loser_file;

static int vram_loser_lose(const struct portion *portion)
{
	void __iomem *io = ioremap_wc(portion->phys, portion->bytes);

	if (!io)
		return -ENOMEM;
	memset_io(io, LOST, portion->bytes);
	iounmap(io);
	lost += portion->bytes;
	return 0;
}

static void vram_loser_wake(struct timer_list *unused)
{
	pm_system_wakeup();
}

static DEFINE_TIMER(waker, vram_loser_wake);

/* After the device has been suspended. */
static int vram_loser_suspend(struct device *dev)
{
	struct portion *portion;
	int ret = 0;

	mutex_lock(&loser_lock);
	list_for_each_entry(portion, &portions, link)
		ret = ret ?: vram_loser_lose(portion);
	if (wake_after)
		mod_timer(&waker, jiffies + wake_after * HZ);
	wake_after = 0;
	mutex_unlock(&loser_lock);
	return ret;
}

static const struct dev_pm_ops vram_loser_pm_ops = {
	.suspend = pm_sleep_ptr(vram_loser_suspend),
	.freeze = pm_sleep_ptr(vram_loser_suspend),
};

static struct platform_driver vram_loser_driver = {
	.driver = {
		.name = "vram_loser",
		.pm = pm_sleep_ptr(&vram_loser_pm_ops),
	},
};

static void vram_loser_keep_virtio_awake(bool awake)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		if (pdev->vendor == PCI_VENDOR_ID_REDHAT_QUMRANET && pdev->device < VIRTIO_END)
			dev_pm_syscore_device(&pdev->dev, awake);
	}
}

static int vram_loser_open(struct inode *inode, struct file *file)
{
	int ret = -EBUSY;

	mutex_lock(&loser_lock);
	if (!is_open) {
		is_open = true;
		lost = 0;
		vram_loser_keep_virtio_awake(true);
		ret = 0;
	}
	mutex_unlock(&loser_lock);
	return ret;
}

/* Called with the lock held. */
static int vram_loser_choose(struct pci_dev *pdev)
{
	if (victim)
		return victim == pdev ? 0 : -EBUSY;
	before_victim = device_link_add(&pdev->dev, &loser->dev, DL_FLAG_STATELESS);
	if (!before_victim)
		return -ENODEV;
	victim = pci_dev_get(pdev);
	return 0;
}

static int vram_loser_add(struct pci_dev *pdev, phys_addr_t phys, size_t bytes)
{
	struct portion *portion = kvzalloc(sizeof(*portion), GFP_KERNEL);
	int ret;

	if (!portion)
		return -ENOMEM;
	portion->phys = phys;
	portion->bytes = bytes;
	mutex_lock(&loser_lock);
	ret = vram_loser_choose(pdev);
	if (!ret)
		list_add(&portion->link, &portions);
	mutex_unlock(&loser_lock);
	if (ret)
		kvfree(portion);
	return ret;
}

static void vram_loser_wake_after(unsigned int seconds)
{
	mutex_lock(&loser_lock);
	wake_after = seconds;
	mutex_unlock(&loser_lock);
}

static ssize_t vram_loser_write(struct file *file, const char __user *from, size_t len,
				loff_t *pos)
{
	unsigned int domain, bus, slot, function, seconds;
	unsigned long long phys, bytes;
	struct pci_dev *pdev;
	char text[96];
	int ret;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	text[len] = '\0';
	if (sscanf(text, "wake %u", &seconds) == 1) {
		vram_loser_wake_after(seconds);
		return len;
	}
	if (sscanf(text, "%x:%x:%x.%x %llx %llx", &domain, &bus, &slot, &function, &phys,
		   &bytes) != 6)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	ret = vram_loser_add(pdev, phys, bytes);
	pci_dev_put(pdev);
	return ret ?: len;
}

static ssize_t vram_loser_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	char text[32];
	int size = scnprintf(text, sizeof(text), "%llu\n", lost);

	return simple_read_from_buffer(to, len, pos, text, size);
}

static int vram_loser_release(struct inode *inode, struct file *file)
{
	struct portion *portion, *next;

	mutex_lock(&loser_lock);
	list_for_each_entry_safe(portion, next, &portions, link)
		kvfree(portion);
	INIT_LIST_HEAD(&portions);
	if (victim) {
		device_link_del(before_victim);
		pci_dev_put(victim);
		victim = NULL;
	}
	vram_loser_keep_virtio_awake(false);
	wake_after = 0;
	is_open = false;
	mutex_unlock(&loser_lock);
	return 0;
}

static const struct file_operations vram_loser_fops = {
	.owner = THIS_MODULE,
	.open = vram_loser_open,
	.read = vram_loser_read,
	.write = vram_loser_write,
	.release = vram_loser_release,
};

static int __init vram_loser_init(void)
{
	int ret = platform_driver_register(&vram_loser_driver);

	if (ret)
		return ret;
	loser = platform_device_register_simple("vram_loser", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(loser)) {
		platform_driver_unregister(&vram_loser_driver);
		return PTR_ERR(loser);
	}
	loser_file = debugfs_create_file("vram_loser", 0600, NULL, NULL, &vram_loser_fops);
	return 0;
}
module_init(vram_loser_init);

static void __exit vram_loser_exit(void)
{
	debugfs_remove(loser_file);
	timer_delete_sync(&waker);
	platform_device_unregister(loser);
	platform_driver_unregister(&vram_loser_driver);
}
module_exit(vram_loser_exit);

MODULE_DESCRIPTION("VRAM that loses its contents while the system sleeps");
MODULE_LICENSE("GPL");

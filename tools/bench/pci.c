// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "measure/bigbar.h"
#include "measure/measure.h"
#include "pci.h"

#define PCI_PATH	"/sys/bus/pci/"
#define VRAM_BAR	2

static char address[NAME_MAX + 1];
static struct {
	int container;
	int group;
	int device;
} vfio;

static void device_path(char path[PATH_MAX], const char *file)
{
	snprintf(path, PATH_MAX, PCI_PATH "devices/%s/%s", address, file);
}

static void write_text(const char *path, const char *text)
{
	int fd = open_file(path, O_WRONLY);

	if (write(fd, text, strlen(text)) < 0)
		err(EXIT_FAILURE, "cannot write '%s' to %s", text, path);
	close(fd);
}

void find_pci_device(void)
{
	DIR *dir = opendir(PCI_PATH "drivers/" DRIVER_NAME);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (strchr(entry->d_name, ':'))
			snprintf(address, sizeof(address), "%s", entry->d_name);
	}
	if (!address[0])
		errx(EXIT_FAILURE, DRIVER_NAME " has no PCI device");
	closedir(dir);
}

void give_pci_device_to(const char *driver)
{
	char path[PATH_MAX];

	device_path(path, "driver_override");
	write_text(path, driver ? driver : "none");
	device_path(path, "driver/unbind");
	if (!access(path, W_OK))
		write_text(path, address);
	if (!driver)
		return;
	write_text(PCI_PATH "drivers_probe", address);
	device_path(path, "driver");
	if (access(path, F_OK))
		errx(EXIT_FAILURE, "%s does not take %s: see the kernel log", driver, address);
}

int open_sysfs_bar(void)
{
	char path[PATH_MAX];

	device_path(path, "resource2_wc");
	return open_file(path, O_RDWR);
}

int open_plain_bar(void)
{
	return open_file("/dev/plain_bar", O_RDWR);
}

static int open_group(void)
{
	char link[PATH_MAX], path[PATH_MAX], group[PATH_MAX];
	ssize_t length;

	device_path(link, "iommu_group");
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		err(EXIT_FAILURE, "%s has no IOMMU group: boot with an IOMMU", address);
	path[length] = '\0';
	snprintf(group, sizeof(group), "/dev/vfio%.32s", strrchr(path, '/'));
	return open_file(group, O_RDWR);
}

int open_vfio_bar(unsigned long *offset)
{
	struct vfio_region_info region = { .argsz = sizeof(region), .index = VRAM_BAR };

	vfio.container = open_file("/dev/vfio/vfio", O_RDWR);
	vfio.group = open_group();
	if (ioctl(vfio.group, VFIO_GROUP_SET_CONTAINER, &vfio.container) ||
	    ioctl(vfio.container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU))
		err(EXIT_FAILURE, "cannot have vfio use the IOMMU");
	vfio.device = ioctl(vfio.group, VFIO_GROUP_GET_DEVICE_FD, address);
	if (vfio.device < 0 || ioctl(vfio.device, VFIO_DEVICE_GET_REGION_INFO, &region))
		err(EXIT_FAILURE, "cannot open %s by vfio", address);
	*offset = region.offset;
	return vfio.device;
}

void close_vfio_bar(void)
{
	close(vfio.device);
	close(vfio.group);
	close(vfio.container);
}

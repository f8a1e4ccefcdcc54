// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <xf86drm.h>

#include "bigbar.h"
#include "measure.h"

#define MAX_LEVEL_PATH	"/sys/module/ttm_huge/parameters/max_level"
#define MAX_DEVICES	64

/* The first value of the module parameter, which a signal handler restores. */
static struct {
	int fd;
	size_t length;
	char value[16];
} found_max_level = { .fd = -1 };

static void restore_max_level(void)
{
	ssize_t ret;

	if (found_max_level.fd < 0)
		return;
	ret = pwrite(found_max_level.fd, found_max_level.value,
		     found_max_level.length, 0);
	(void)ret;	/* the program ends, and cannot do anything about an error */
}

static void restore_and_die(int signal_number)
{
	restore_max_level();
	raise(signal_number);	/* after SA_RESETHAND, this runs the default action */
}

static void restore_max_level_at_exit(void)
{
	static const int deadly[] = { SIGBUS, SIGSEGV, SIGHUP, SIGINT, SIGTERM };
	struct sigaction action = {
		.sa_handler = restore_and_die,
		.sa_flags = SA_RESETHAND,
	};

	if (atexit(restore_max_level))
		errx(EXIT_FAILURE, "cannot register the exit handler");
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++) {
		if (sigaction(deadly[i], &action, NULL))
			err(EXIT_FAILURE, "cannot catch signal %d", deadly[i]);
	}
}

void find_max_level(void)
{
	int fd = open_file(MAX_LEVEL_PATH, O_RDWR);
	ssize_t length = pread(fd, found_max_level.value, sizeof(found_max_level.value), 0);

	if (length <= 0)
		err(EXIT_FAILURE, "cannot read %s", MAX_LEVEL_PATH);
	found_max_level.length = length;
	found_max_level.fd = fd;
	restore_max_level_at_exit();
}

void set_max_level(const char *level)
{
	if (pwrite(found_max_level.fd, level, strlen(level), 0) < 0)
		err(EXIT_FAILURE, "cannot write '%s' to %s", level, MAX_LEVEL_PATH);
}

static bool is_driver(int fd, const char *name)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool same = version && !strcmp(version->name, name);

	drmFreeVersion(version);
	return same;
}

static int open_if_driver(const drmDevice *device, const char *name)
{
	int fd;

	if (!(device->available_nodes & 1 << DRM_NODE_PRIMARY))
		return -1;
	fd = open(device->nodes[DRM_NODE_PRIMARY], O_RDWR | O_CLOEXEC);
	if (fd < 0 || is_driver(fd, name))
		return fd;
	close(fd);
	return -1;
}

static unsigned int node_minor(int fd)
{
	struct stat node;

	if (fstat(fd, &node))
		err(EXIT_FAILURE, "cannot tell the minor of the DRM node");
	return minor(node.st_rdev);
}

static void succeed(int error, const char *what)
{
	if (error)
		errx(EXIT_FAILURE, "cannot %s: %s", what, strerror(-error));
}

struct device open_device(const char *driver)
{
	drmDevicePtr devices[MAX_DEVICES];
	int count = drmGetDevices2(0, devices, MAX_DEVICES);
	struct device device = { .fd = -1 };

	if (count < 0)
		errx(EXIT_FAILURE, "cannot list DRM devices: %s", strerror(-count));
	for (int i = 0; i < count && device.fd < 0; i++)
		device.fd = open_if_driver(devices[i], driver);
	drmFreeDevices(devices, count);
	if (device.fd < 0)
		errx(EXIT_FAILURE, "no DRM device with driver %s", driver);
	device.minor = node_minor(device.fd);
	if (!strcmp(driver, DRIVER_NAME))
		succeed(bigbar_device_open_fd(device.fd, &device.bigbar), "use the device");
	return device;
}

void close_device(const struct device *device)
{
	bigbar_device_close(device->bigbar);
	close(device->fd);
}

struct bo create_bo(const struct device *device, uint64_t size,
		    uint32_t placement, uint32_t flags)
{
	struct bo bo = { .device = device };
	struct bigbar_bo_info info;
	int error = bigbar_bo_create(device->bigbar, size, placement, flags, &bo.bigbar);

	if (error)
		errx(EXIT_FAILURE, "cannot create a BO of %lu bytes: %s",
		     size, strerror(-error));
	succeed(bigbar_bo_mmap_offset(bo.bigbar, &bo.offset), "get an mmap offset");
	succeed(bigbar_bo_query_info(bo.bigbar, &info), "get information on the BO");
	if (info.placement != placement)
		errx(EXIT_FAILURE, "the BO is not in the memory that was asked for");
	bo.handle = bigbar_bo_handle(bo.bigbar);
	bo.size = info.size;
	bo.alignment = info.alignment;
	return bo;
}

void destroy_bo(const struct bo *bo)
{
	succeed(bigbar_bo_free(bo->bigbar), "close the BO");
}

void move_bo(const struct bo *bo, uint32_t placement)
{
	succeed(bigbar_bo_move(bo->bigbar, placement), "move the BO");
}

uint64_t free_vram(const struct device *device)
{
	struct bigbar_device_info info;

	succeed(bigbar_device_query_info(device->bigbar, &info), "ask how much VRAM there is");
	return info.vram_size - info.vram_used;
}

uint64_t *reserve_addresses(uint64_t size, uint64_t alignment, uint64_t shift)
{
	void *address;

	succeed(bigbar_reserve(size, alignment, shift, &address), "reserve addresses");
	return address;
}

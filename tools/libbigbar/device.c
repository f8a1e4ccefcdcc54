// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static bool is_bigbar(int fd)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool same = version && !strcmp(version->name, "bigbar");

	drmFreeVersion(version);
	return same;
}

/* The file is the device's from here on. If it could not be opened, errno says why. */
static int make_device(int fd, struct bigbar_device **device)
{
	struct bigbar_device *made;

	if (fd < 0)
		return -errno;
	if (!is_bigbar(fd)) {
		close(fd);
		return -ENODEV;
	}
	made = malloc(sizeof(*made));
	if (!made) {
		close(fd);
		return -ENOMEM;
	}
	made->fd = fd;
	*device = made;
	return 0;
}

int bigbar_device_open(const char *node, struct bigbar_device **device)
{
	return make_device(open(node, O_RDWR | O_CLOEXEC), device);
}

int bigbar_device_open_fd(int fd, struct bigbar_device **device)
{
	return make_device(fcntl(fd, F_DUPFD_CLOEXEC, 0), device);
}

void bigbar_device_close(struct bigbar_device *device)
{
	if (!device)
		return;
	close(device->fd);
	free(device);
}

int bigbar_device_fd(const struct bigbar_device *device)
{
	return device->fd;
}

int bigbar_device_query_info(const struct bigbar_device *device,
			     struct bigbar_device_info *info)
{
	struct drm_bigbar_device_info arg = {};
	int error = libbigbar_call(device->fd, DRM_IOCTL_BIGBAR_DEVICE_INFO, &arg);

	if (error)
		return error;
	*info = (struct bigbar_device_info){
		.vram_size = arg.vram_size,
		.vram_used = arg.vram_used,
	};
	return 0;
}

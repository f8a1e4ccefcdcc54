// SPDX-License-Identifier: MIT

#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../igt_shim.h"
#include "file.h"
#include "plug.h"

/* The driver and its PCI device in sysfs; the name is empty while the device is bound. */
static char driver_path[PATH_MAX];
static char device_name[NAME_MAX];

/* "bind" or "unbind". */
static int tell_driver(const char *command)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", driver_path, command);
	return write_file(path, device_name);
}

static void plug_at_exit(int signal)
{
	(void)signal;
	if (device_name[0])
		tell_driver("bind");
	device_name[0] = '\0';
}

void device_plug(void)
{
	plug_at_exit(0);
}

void device_unplug(int fd)
{
	char link[64], path[PATH_MAX];
	struct stat node;

	igt_install_exit_handler(plug_at_exit);
	igt_assert_eq(fstat(fd, &node), 0);
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/device", major(node.st_rdev),
		 minor(node.st_rdev));
	igt_assert(realpath(link, path));
	igt_assert(strlen(strrchr(path, '/') + 1) < sizeof(device_name));
	strcpy(device_name, strrchr(path, '/') + 1);
	strcat(link, "/driver");
	igt_assert(realpath(link, driver_path));
	igt_assert_eq(tell_driver("unbind"), 0);
}

// SPDX-License-Identifier: MIT

#include <limits.h>

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
	char path[PATH_MAX], driver[PATH_MAX + 16];

	igt_install_exit_handler(plug_at_exit);
	device_folder(fd, path);
	igt_assert(strlen(strrchr(path, '/') + 1) < sizeof(device_name));
	strcpy(device_name, strrchr(path, '/') + 1);
	snprintf(driver, sizeof(driver), "%s/driver", path);
	igt_assert(realpath(driver, driver_path));
	igt_assert_eq(tell_driver("unbind"), 0);
}

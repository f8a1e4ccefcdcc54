// SPDX-License-Identifier: MIT

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "../igt_shim.h"
#include "access.h"
#include "file.h"
#include "plug.h"

/* The driver and its PCI device in sysfs. */
static char driver_path[PATH_MAX];
static char device_name[NAME_MAX];
static bool is_unplugged;

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
	if (is_unplugged)
		tell_driver("bind");
	is_unplugged = false;
}

void device_plug(void)
{
	plug_at_exit(0);
}

static int close_files_and_unbind(void *unused)
{
	(void)unused;
	close_files_but(-1);
	return tell_driver("unbind");
}

/*
 * By a process of its own, which never ends if the driver does not let go of the device. It
 * shares the memory: fork() would wait for faults of other threads.
 */
static void unbind(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t pid = clone(close_files_and_unbind, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	int status;

	igt_assert_lte(0, pid);
	if (!child_ends_with(pid, &status)) {
		/* To bind the driver again would never end either. */
		is_unplugged = false;
		igt_assert_f(false, "unplugging does not end\n");
	}
	igt_assert(WIFEXITED(status));
	igt_assert_eq(WEXITSTATUS(status), 0);
}

int device_try_plug(void)
{
	int error = tell_driver("bind");

	is_unplugged = error;
	return error;
}

void device_unplug_again(void)
{
	is_unplugged = true;
	unbind();
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
	device_unplug_again();
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>

#include "../igt_shim.h"
#include "lockdown.h"

void skip_if_locked_down(int error, const char *what)
{
	igt_require_f(error != EPERM, "the kernel is locked down: %s\n", what);
}

int open_unless_locked_down(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		skip_if_locked_down(errno, "debugfs cannot be read");
	return fd;
}

FILE *fopen_unless_locked_down(const char *path, const char *mode)
{
	FILE *file = fopen(path, mode);

	if (!file)
		skip_if_locked_down(errno, "debugfs and tracefs cannot be read");
	igt_assert_f(file, "%s: %s\n", path, strerror(errno));
	return file;
}

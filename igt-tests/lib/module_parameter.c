// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>

#include "../igt_shim.h"
#include "module_parameter.h"

#define MAX_LEVEL "/sys/module/ttm_huge/parameters/max_level"

static char saved[16];

static int write_parameter(const char *value)
{
	int fd = open(MAX_LEVEL, O_WRONLY | O_CLOEXEC);
	int error = fd < 0 || write(fd, value, strlen(value)) < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return error;
}

void max_level_set(const char *level)
{
	int error = write_parameter(level);

	igt_assert_f(!error, "%s: %s\n", MAX_LEVEL, strerror(error));
}

static void restore_at_exit(int signal)
{
	(void)signal;
	write_parameter(saved);
}

void max_level_save(void)
{
	int fd = open(MAX_LEVEL, O_RDONLY | O_CLOEXEC);

	igt_require_f(fd >= 0, "%s: %s\n", MAX_LEVEL, strerror(errno));
	igt_assert_lt(0, read(fd, saved, sizeof(saved) - 1));
	close(fd);
	igt_install_exit_handler(restore_at_exit);
}

void max_level_restore(void)
{
	if (saved[0])
		max_level_set(saved);
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>

#include "../igt_shim.h"
#include "file.h"
#include "module_parameter.h"

struct parameter {
	const char *path;
	char saved[24];
};

static struct parameter max_level = {
	.path = "/sys/module/ttm_huge/parameters/max_level",
};

static struct parameter ttm_pages_limit = {
	.path = "/sys/module/ttm/parameters/pages_limit",
};

static void set(const struct parameter *parameter, const char *value)
{
	int error = write_file(parameter->path, value);

	igt_assert_f(!error, "%s: %s\n", parameter->path, strerror(error));
}

static void restore(const struct parameter *parameter)
{
	if (parameter->saved[0])
		set(parameter, parameter->saved);
}

static void restore_at_exit(int signal)
{
	(void)signal;
	if (max_level.saved[0])
		write_file(max_level.path, max_level.saved);
	if (ttm_pages_limit.saved[0])
		write_file(ttm_pages_limit.path, ttm_pages_limit.saved);
}

static void save(struct parameter *parameter)
{
	int fd = open(parameter->path, O_RDONLY | O_CLOEXEC);

	igt_require_f(fd >= 0, "%s: %s\n", parameter->path, strerror(errno));
	igt_assert_lt(0, read(fd, parameter->saved, sizeof(parameter->saved) - 1));
	close(fd);
	igt_install_exit_handler(restore_at_exit);
}

void max_level_save(void)
{
	save(&max_level);
}

void max_level_set(const char *level)
{
	set(&max_level, level);
}

void max_level_restore(void)
{
	restore(&max_level);
}

void ttm_pages_limit_save(void)
{
	save(&ttm_pages_limit);
}

void ttm_pages_limit_set(unsigned long pages)
{
	char value[24];

	snprintf(value, sizeof(value), "%lu", pages);
	set(&ttm_pages_limit, value);
}

void ttm_pages_limit_restore(void)
{
	restore(&ttm_pages_limit);
}

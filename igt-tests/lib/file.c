// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../igt_shim.h"
#include "file.h"

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error;

	if (fd < 0)
		return errno;
	error = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return error;
}

long number_in_file(const char *path)
{
	FILE *file = fopen(path, "r");
	long number = 0;

	if (!file)
		return 0;
	igt_assert_f(fscanf(file, "%li", &number) == 1, "%s has no number\n", path);
	fclose(file);
	return number;
}

unsigned int file_mode(const char *path)
{
	struct stat status;

	igt_assert_f(!stat(path, &status), "%s: %s\n", path, strerror(errno));
	return status.st_mode & 0777;
}

void assert_read_only(const char *path)
{
	igt_assert_eq(file_mode(path), 0444);
	igt_assert_eq(write_file(path, ""), EACCES);
}

bool kernel_parameter_given(const char *name)
{
	char line[4096];
	FILE *file = fopen("/proc/cmdline", "r");
	bool given = false;

	if (!file)
		return false;
	if (fgets(line, sizeof(line), file)) {
		for (char *word = strtok(line, "\n "); word; word = strtok(NULL, "\n "))
			given |= !strcmp(word, name);
	}
	fclose(file);
	return given;
}

void device_folder(int fd, char folder[PATH_MAX])
{
	struct stat node;
	char link[64];

	igt_assert_eq(fstat(fd, &node), 0);
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/device", major(node.st_rdev),
		 minor(node.st_rdev));
	igt_assert(realpath(link, folder));
}

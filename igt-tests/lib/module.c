// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "../igt_shim.h"
#include "module.h"

int module_load(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;

	igt_assert_f(fd >= 0, "%s: %s\n", path, strerror(errno));
	error = syscall(SYS_finit_module, fd, parameters, 0) ? errno : 0;
	close(fd);
	return error;
}

int module_unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? errno : 0;
}

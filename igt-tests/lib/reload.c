// SPDX-License-Identifier: MIT

#include <errno.h>
#include <limits.h>

#include "../igt_shim.h"
#include "lockdown.h"
#include "module.h"
#include "module_parameter.h"
#include "reload.h"

#define DRIVER "/sys/bus/pci/drivers/bigbar"

bool is_built_in(const char *module)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	return !access(DRIVER, F_OK) && access(path, F_OK);
}

void require_module(const char *module)
{
	igt_require_f(!is_built_in(module), "%s is built in\n", module);
}

/* From the file that the environment names, for a module that is not installed. */
void load_bigbar_with(const char *parameters)
{
	const char *path = getenv("BIGBAR_MODULE");
	char command[64];
	int error;

	if (path) {
		error = module_load(path, parameters);
		igt_assert_f(!error, "%s: %s\n", path, strerror(error));
		/* Only here: the configuration of modprobe may set the parameter. */
		igt_assert_f(async_moves_are("N\n"), "moves are asynchronous unasked\n");
	} else {
		snprintf(command, sizeof(command), "modprobe bigbar %s", parameters);
		igt_assert_eq(system(command), 0);
	}
	async_moves_restore();
}

void load_bigbar(void)
{
	load_bigbar_with("");
}

/*
 * What is unloaded has to be loaded again. The kernel checks a module's signature before it
 * finds that a module of that name is loaded. modprobe looks for the file even if the
 * module is loaded.
 */
void require_reloadable(void)
{
	const char *path = getenv("BIGBAR_MODULE");
	int error;

	require_module("bigbar");
	if (!path) {
		igt_require_f(!system("modprobe -n -q bigbar"),
			      "modprobe finds no bigbar, and BIGBAR_MODULE names no file\n");
		return;
	}
	error = module_load(path, "");
	skip_if_locked_down(error, "unsigned modules cannot be loaded");
	igt_assert_eq(error, EEXIST);
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "../igt_shim.h"
#include "cgroup.h"
#include "file.h"

#define CGROUPS "/sys/fs/cgroup"
#define CONTROLLERS CGROUPS "/cgroup.subtree_control"
#define CGROUP CGROUPS "/ttm_huge"

static bool controllers_are_ours;

void cgroup_make(void)
{
	char controllers[256] = "";
	FILE *file = fopen(CONTROLLERS, "r");

	igt_require_f(file, CONTROLLERS ": %s\n", strerror(errno));
	/* The file has one line, or none. */
	if (!fgets(controllers, sizeof(controllers), file))
		controllers[0] = '\0';
	fclose(file);
	if (!strstr(controllers, "memory")) {
		igt_require_f(!write_file(CONTROLLERS, "+memory"),
			      "no control group has memory charged to it\n");
		controllers_are_ours = true;
	}
	igt_assert_eq(mkdir(CGROUP, 0755), 0);
}

void cgroup_remove(void)
{
	rmdir(CGROUP);
	if (controllers_are_ours)
		write_file(CONTROLLERS, "-memory");
	controllers_are_ours = false;
}

void cgroup_enter(void)
{
	igt_assert_eq(write_file(CGROUP "/cgroup.procs", "0"), 0);
}

uint64_t cgroup_memory(void)
{
	FILE *file = fopen(CGROUP "/memory.current", "r");
	uint64_t bytes;

	igt_assert(file);
	igt_assert_eq(fscanf(file, "%" SCNu64, &bytes), 1);
	fclose(file);
	return bytes;
}

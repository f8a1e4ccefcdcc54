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

/* The controller that only this test has enabled, if there is one. */
static char ours[16];

/* With '+', which enables it, or '-'. */
static bool switch_controller(char sign, const char *controller)
{
	char text[sizeof(ours) + 1];

	snprintf(text, sizeof(text), "%c%s", sign, controller);
	return !write_file(CONTROLLERS, text);
}

static bool is_enabled(const char *controller)
{
	char controllers[256] = "";
	FILE *file = fopen(CONTROLLERS, "r");

	if (!file)
		return false;
	/* The file has one line, or none. */
	if (!fgets(controllers, sizeof(controllers), file))
		controllers[0] = '\0';
	fclose(file);
	for (char *word = strtok(controllers, "\n "); word; word = strtok(NULL, "\n ")) {
		if (!strcmp(word, controller))
			return true;
	}
	return false;
}

void cgroup_make(const char *controller)
{
	if (!is_enabled(controller)) {
		igt_require_f(switch_controller('+', controller),
			      "control groups of this kernel have no controller %s\n", controller);
		strcpy(ours, controller);
	}
	igt_assert_eq(mkdir(CGROUP, 0755), 0);
}

void cgroup_remove(void)
{
	rmdir(CGROUP);
	if (*ours)
		switch_controller('-', ours);
	*ours = '\0';
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

/* The number in the line of a region; there has to be one such line. */
static uint64_t number_of_region(const char *path, const char *region)
{
	FILE *file = fopen(path, "r");
	unsigned int count = 0;
	uint64_t number = 0, found;
	char name[64];

	igt_assert_f(file, "%s: %s\n", path, strerror(errno));
	while (fscanf(file, "%63s %" SCNu64, name, &found) == 2) {
		if (strcmp(name, region))
			continue;
		number = found;
		count++;
	}
	fclose(file);
	igt_assert_f(count == 1, "%s has %s %u times\n", path, region, count);
	return number;
}

uint64_t cgroup_dmem_capacity(const char *region)
{
	return number_of_region(CGROUPS "/dmem.capacity", region);
}

uint64_t cgroup_dmem(const char *region)
{
	return number_of_region(CGROUP "/dmem.current", region);
}

void cgroup_limit_dmem(const char *region, uint64_t bytes)
{
	char text[96];

	snprintf(text, sizeof(text), "%s %" PRIu64, region, bytes);
	igt_assert_eq(write_file(CGROUP "/dmem.max", text), 0);
}

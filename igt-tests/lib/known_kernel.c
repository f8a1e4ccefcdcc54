// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "../igt_shim.h"
#include "known_kernel.h"
#include "subtest.h"

/* Software bits of an x86 entry. */
#define SPECIAL_BIT 9
#define DEVMAP_BIT 58

/*
 * In ascending order. A new series, or an update that changes something, gets a row: what it can
 * have at all, member by member of struct known_kernel.
 */
static const struct known_kernel rows[] = {
	{ 6, 1, 0, CORE_ASKS_NEVER, DEVMAP_BIT, KVM_GIVES_PTES, false },
	{ 6, 12, 0, CORE_ASKS_IF_SYSFS_LETS, SPECIAL_BIT, KVM_GIVES_VRAM, false },
	{ 6, 12, 115, CORE_ASKS, SPECIAL_BIT, KVM_GIVES_VRAM, false },
	{ 7, 2, 0, CORE_ASKS, SPECIAL_BIT, KVM_GIVES_ALL, true },
	{ 7, 3, 0, CORE_ASKS, SPECIAL_BIT, KVM_GIVES_ALL, true },
};

struct release {
	unsigned int version;
	unsigned int patchlevel;
	unsigned int update;
};

/* "7.3-rc7-amd64" is update 0. */
static struct release this_release(void)
{
	struct release release = {};
	struct utsname uts;
	int numbers;

	igt_assert_eq(uname(&uts), 0);
	numbers = sscanf(uts.release, "%u.%u.%u", &release.version, &release.patchlevel,
			 &release.update);
	igt_assert_lte(2, numbers);
	return release;
}

static bool is_in(const struct known_kernel *row, const struct release *release)
{
	return row->version == release->version && row->patchlevel == release->patchlevel &&
	       row->first_update <= release->update;
}

static bool is_before(const struct known_kernel *row, const struct release *release)
{
	if (row->version != release->version)
		return row->version < release->version;
	if (row->patchlevel != release->patchlevel)
		return row->patchlevel < release->patchlevel;
	return row->first_update <= release->update;
}

const struct known_kernel *known_kernel(void)
{
	struct release release = this_release();
	const struct known_kernel *row, *last = rows;

	for_each_case(row, rows) {
		if (is_before(row, &release))
			last = row;
	}
	return last;
}

bool known_kernel_has_row(void)
{
	struct release release = this_release();

	return is_in(known_kernel(), &release);
}

/* The kernel's configuration, in the tree that the lab builds modules with, or installed. */
static FILE *open_configuration(void)
{
	const char *tree = getenv("KDIR");
	char paths[3][512];
	struct utsname uts;
	FILE *file = NULL;

	igt_assert_eq(uname(&uts), 0);
	snprintf(paths[0], sizeof(paths[0]), "%s/include/config/auto.conf", tree ? tree : "");
	snprintf(paths[1], sizeof(paths[1]), "/lib/modules/%s/build/include/config/auto.conf",
		 uts.release);
	snprintf(paths[2], sizeof(paths[2]), "/boot/config-%s", uts.release);
	for (unsigned int i = 0; i < COUNT_OF(paths) && !file; i++)
		file = fopen(paths[i], "r");
	igt_assert_f(file, "no configuration of kernel %s in %s, %s or %s\n", uts.release,
		     paths[0], paths[1], paths[2]);
	return file;
}

bool known_kernel_is_configured(const char *symbol)
{
	FILE *file = open_configuration();
	char line[1024], wanted[128];
	bool found = false;

	snprintf(wanted, sizeof(wanted), "CONFIG_%s=y\n", symbol);
	while (!found && fgets(line, sizeof(line), file))
		found = !strcmp(line, wanted);
	fclose(file);
	return found;
}

/* By the flags of the first processor. */
static bool cpu_has(const char *flag)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[8192];
	bool found = false;

	igt_assert(file);
	while (fgets(line, sizeof(line), file) && strncmp(line, "flags\t", 6))
		;
	fclose(file);
	for (char *word = strtok(line, "\n "); word; word = strtok(NULL, "\n "))
		found |= !strcmp(word, flag);
	return found;
}

static bool sysfs_lets(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
	char line[64] = "";

	igt_assert(file);
	igt_assert(fgets(line, sizeof(line), file));
	fclose(file);
	return strstr(line, "[always]");
}

static bool core_asks(const struct known_kernel *kernel)
{
	return kernel->asks == CORE_ASKS ||
	       (kernel->asks == CORE_ASKS_IF_SYSFS_LETS && sysfs_lets());
}

enum huge_level known_kernel_largest_level(void)
{
	if (!known_kernel_is_configured("TRANSPARENT_HUGEPAGE") || !cpu_has("pse"))
		return HUGE_PTE;
	if (!core_asks(known_kernel()) ||
	    !known_kernel_is_configured("ARCH_SUPPORTS_PUD_PFNMAP") || !cpu_has("pdpe1gb"))
		return HUGE_PMD;
	return HUGE_PUD;
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../igt_shim.h"
#include "bar.h"
#include "file.h"
#include "lockdown.h"

/* Flags in the sysfs file: memory, and no registers. Lines after the BARs are other windows. */
#define PREFETCHABLE_MEMORY 0x2200
#define BARS 6

struct resource {
	uint64_t start;
	uint64_t end;
	uint64_t flags;
};

static FILE *open_resources(const char *folder)
{
	char path[PATH_MAX + 16];
	FILE *file;

	snprintf(path, sizeof(path), "%s/resource", folder);
	file = fopen(path, "r");
	igt_assert(file);
	return file;
}

static struct resource next_resource(FILE *file)
{
	struct resource next;

	igt_assert_eq(fscanf(file, "%" SCNx64 "%" SCNx64 "%" SCNx64, &next.start, &next.end,
			     &next.flags), 3);
	return next;
}

uint64_t bar_start(int fd, unsigned int number)
{
	char folder[PATH_MAX];
	struct resource resource;
	FILE *file;

	device_folder(fd, folder);
	file = open_resources(folder);
	for (unsigned int i = 0; i <= number; i++)
		resource = next_resource(file);
	fclose(file);
	return resource.start;
}

struct bar bar_in(const char *folder)
{
	FILE *file = open_resources(folder);
	struct bar bar = {};

	for (int i = 0; i < BARS; i++) {
		struct resource resource = next_resource(file);

		if ((resource.flags & PREFETCHABLE_MEMORY) != PREFETCHABLE_MEMORY)
			continue;
		bar.count++;
		if (resource.end - resource.start < bar.size)
			continue;
		bar.number = i;
		bar.phys = resource.start;
		bar.size = resource.end - resource.start + 1;
		snprintf(bar.path, sizeof(bar.path), "%s/resource%d", folder, i);
	}
	fclose(file);
	return bar;
}

struct bar bar_of(int fd)
{
	char folder[PATH_MAX];
	struct bar bar;

	device_folder(fd, folder);
	bar = bar_in(folder);
	igt_assert(bar.size);
	return bar;
}

bool bar_has(const struct bar *bar, uint64_t phys)
{
	return phys >= bar->phys && phys - bar->phys < bar->size;
}

char *bar_map(const struct bar *bar, uint64_t phys, uint64_t length, int prot)
{
	int fd = open(bar->path, O_RDWR | O_CLOEXEC);
	char *address;

	igt_assert_f(fd >= 0, "%s: %s\n", bar->path, strerror(errno));
	address = mmap(NULL, length, prot, MAP_SHARED, fd, phys - bar->phys);
	if (address == MAP_FAILED)
		skip_if_locked_down(errno, "BARs cannot be mapped");
	igt_assert_f(address != MAP_FAILED, "%s: %s\n", bar->path, strerror(errno));
	close(fd);
	return address;
}

static uint64_t size_of_file(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : status.st_size;
}

bool bar_folder_without_driver(uint64_t least, char folder[PATH_MAX])
{
	char driver[PATH_MAX];
	bool found = false;
	glob_t files;

	if (glob("/sys/bus/pci/devices/*/resource2_wc", 0, NULL, &files))
		return false;
	for (size_t i = 0; i < files.gl_pathc && !found; i++) {
		if (size_of_file(files.gl_pathv[i]) < least)
			continue;
		*strrchr(files.gl_pathv[i], '/') = '\0';
		snprintf(driver, sizeof(driver), "%s/driver", files.gl_pathv[i]);
		found = access(driver, F_OK);
		if (found)
			strcpy(folder, files.gl_pathv[i]);
	}
	globfree(&files);
	return found;
}

unsigned int bar_owners(const char *driver)
{
	FILE *file = fopen("/proc/iomem", "r");
	char line[256], owner[256];
	unsigned int owners = 0;

	igt_assert(file);
	while (fgets(line, sizeof(line), file))
		owners += sscanf(line, "%*s : %255s", owner) == 1 && !strcmp(owner, driver);
	fclose(file);
	return owners;
}

static uint64_t overlap(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end)
{
	uint64_t start = a > b ? a : b, end = a_end < b_end ? a_end : b_end;

	return start < end ? end - start : 0;
}

uint64_t bytes_in_bar(const struct page_table *table, const struct bar *bar)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < table->count; i++) {
		const struct page_run *run = &table->runs[i];
		uint64_t phys = run->pfn * HUGE_PAGE_SIZE;

		bytes += overlap(phys, phys + run->end - run->start, bar->phys,
				 bar->phys + bar->size);
	}
	return bytes;
}

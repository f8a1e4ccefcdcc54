// SPDX-License-Identifier: MIT

#include <sys/mman.h>

#include "../igt_shim.h"
#include "huge_device.h"
#include "memory.h"
#include "subtest.h"

uint64_t memory_line(const char *name)
{
	FILE *meminfo = fopen("/proc/meminfo", "r");
	unsigned long long kilobytes = 0;
	char line[128], found[64];

	igt_assert(meminfo);
	while (fgets(line, sizeof(line), meminfo) &&
	       (sscanf(line, "%63[^:]: %llu", found, &kilobytes) != 2 || strcmp(found, name)))
		kilobytes = 0;
	fclose(meminfo);
	return KIB(kilobytes);
}

/* Free pages that are in per-CPU lists. */
static uint64_t memory_kept_by_cpus(void)
{
	FILE *zones = fopen("/proc/zoneinfo", "r");
	unsigned long long count, pages = 0;
	char line[256];

	igt_assert(zones);
	while (fgets(line, sizeof(line), zones))
		pages += sscanf(line, " count: %llu", &count) == 1 ? count : 0;
	fclose(zones);
	return pages * HUGE_PAGE_SIZE;
}

uint64_t memory_free_behind_4g(void)
{
	FILE *zones = fopen("/proc/zoneinfo", "r");
	unsigned long long free, pages = 0;
	char line[256], zone[16] = "";

	igt_assert(zones);
	while (fgets(line, sizeof(line), zones)) {
		if (sscanf(line, "Node %*d, zone %15s", zone) == 1)
			continue;
		if (!strcmp(zone, "Normal") && sscanf(line, " pages free %llu", &free) == 1)
			pages += free;
	}
	fclose(zones);
	return pages * HUGE_PAGE_SIZE;
}

uint64_t memory_unaccounted(void)
{
	static const char * const known[] = {
		"MemFree", "Buffers", "Cached", "Slab", "AnonPages", "PageTables", "KernelStack",
	};
	uint64_t rest = memory_line("MemTotal") - memory_kept_by_cpus();

	for (unsigned int i = 0; i < COUNT_OF(known); i++)
		rest -= memory_line(known[i]);
	return rest;
}

uint64_t memory_of_kernel(void)
{
	return memory_line("SUnreclaim") + memory_line("VmallocUsed");
}

void memory_make_dirty(uint64_t length)
{
	char *area = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	igt_assert(area != MAP_FAILED);
	/* Freed single pages are used again before larger blocks are split. */
	madvise(area, length, MADV_NOHUGEPAGE);
	memset(area, 0xa5, length);
	igt_assert_eq(munmap(area, length), 0);
}

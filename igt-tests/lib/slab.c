// SPDX-License-Identifier: MIT

#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

#include "../igt_shim.h"
#include "file.h"
#include "slab.h"

/* RCU frees what was freed with a delay some milliseconds later, on an idle machine. */
#define SETTLE_SECONDS 1

void slab_require_exact(void)
{
	igt_require_f(access("/sys/kernel/debug/kmemleak", F_OK),
		      "this kernel looks for leaks itself\n");
}

struct slab_caches slab_caches_now(void)
{
	struct slab_caches found = {};
	char line[256];
	FILE *file;

	sleep(SETTLE_SECONDS);
	file = fopen("/proc/slabinfo", "r");
	igt_assert(file);
	while (fgets(line, sizeof(line), file)) {
		struct slab_cache *cache = &found.caches[found.count];

		igt_assert_lt(found.count, SLAB_CACHES);
		if (sscanf(line, "%31s %" SCNu64, cache->name, &cache->objects) == 2 &&
		    (!strncmp(cache->name, "kmalloc", 7) || strstr(cache->name, "buddy") ||
		     !strcmp(cache->name, "task_struct") || !strcmp(cache->name, "mm_struct")))
			found.count++;
	}
	fclose(file);
	igt_assert_lt(0, found.count);
	return found;
}

void slab_caches_assert_grown_less(const struct slab_caches *before, uint64_t count)
{
	struct slab_caches after = slab_caches_now();

	igt_assert_eq(before->count, after.count);
	for (unsigned int i = 0; i < after.count; i++)
		igt_assert_f(after.caches[i].objects < before->caches[i].objects + count,
			     "%s: %" PRIu64 " objects in use, %" PRIu64 " before\n",
			     after.caches[i].name, after.caches[i].objects,
			     before->caches[i].objects);
}

uint64_t slab_objects(const char *cache)
{
	char path[PATH_MAX];

	/* This also frees what is kept for each CPU, or by KASAN. */
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", cache);
	igt_assert_eq(write_file(path, "1"), 0);
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/objects", cache);
	return number_in_file(path);
}

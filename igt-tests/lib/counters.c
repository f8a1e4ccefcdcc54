// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "../igt_shim.h"
#include "counters.h"
#include "page_table.h"

#define COUNTERS "/sys/kernel/debug/dri/%d/ttm_huge_counters"
#define TRACE "/sys/kernel/tracing/instances/ttm_huge_test"

static bool tracing;

static FILE *open_or_fail(const char *path, const char *mode)
{
	FILE *file = fopen(path, mode);

	igt_assert_f(file, "%s: %s\n", path, strerror(errno));
	return file;
}

uint64_t reason_count(int fd, const char *reason)
{
	char path[64], line[128], name[32];
	uint64_t faults, sum = 0;
	bool found = !reason;
	FILE *file;

	snprintf(path, sizeof(path), COUNTERS, primary_minor(fd));
	file = open_or_fail(path, "r");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "reason %31s faults %" SCNu64, name, &faults) != 2)
			continue;
		if (reason && strcmp(name, reason))
			continue;
		found = true;
		sum += faults;
	}
	fclose(file);
	igt_assert_f(found, "%s: no reason '%s'\n", path, reason);
	return sum;
}

static void write_trace_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), TRACE "/%s", name);
	file = open_or_fail(path, "w");
	fputs(text, file);
	igt_assert_f(!fclose(file), "%s: %s\n", path, strerror(errno));
}

static void remove_trace(int signal)
{
	(void)signal;
	if (tracing)
		rmdir(TRACE);
	tracing = false;
}

void trace_start(const char *event)
{
	char name[96], filter[32];

	igt_install_exit_handler(remove_trace);
	igt_assert_f(!mkdir(TRACE, 0700), "%s: %s\n", TRACE, strerror(errno));
	tracing = true;
	snprintf(name, sizeof(name), "events/%s/filter", event);
	snprintf(filter, sizeof(filter), "common_pid == %d", gettid());
	write_trace_file(name, filter);
	snprintf(name, sizeof(name), "events/%s/enable", event);
	write_trace_file(name, "1");
}

uint64_t trace_count(const char *text)
{
	FILE *file = open_or_fail(TRACE "/trace", "r");
	uint64_t count = 0;
	char line[512];

	while (fgets(line, sizeof(line), file))
		count += *line != '#' && strstr(line, text);
	fclose(file);
	return count;
}

void trace_stop(void)
{
	remove_trace(0);
}

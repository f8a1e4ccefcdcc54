// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "../igt_shim.h"
#include "file.h"
#include "lockdown.h"
#include "trace.h"

#define TRACE "/sys/kernel/tracing/instances/ttm_huge_test"
/*
 * To know the names of processes in a trace, the kernel patches the scheduler when an event is
 * enabled, and again when none is any more. A processor that is emulated may then run into the
 * breakpoint of a patch that is over, and the kernel oopses. A trace is for one thread, whose
 * name is known.
 */
#define RECORDS_NAMES "/sys/kernel/tracing/options/record-cmd"
#define TRACE_LINE 512

static bool tracing;

static void write_trace_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), TRACE "/%s", name);
	file = fopen_unless_locked_down(path, "w");
	fputs(text, file);
	igt_assert_f(!fclose(file), "%s: %s\n", path, strerror(errno));
}

static void remove_trace(int signal)
{
	(void)signal;
	if (!tracing)
		return;
	rmdir(TRACE);
	write_file(RECORDS_NAMES, "1");
	tracing = false;
}

void trace_start(const char *event)
{
	char name[96], filter[32];

	igt_install_exit_handler(remove_trace);
	write_file(RECORDS_NAMES, "0");
	igt_assert_f(!mkdir(TRACE, 0700), "%s: %s\n", TRACE, strerror(errno));
	tracing = true;
	snprintf(name, sizeof(name), "events/%s/filter", event);
	snprintf(filter, sizeof(filter), "common_pid == %d", gettid());
	write_trace_file(name, filter);
	snprintf(name, sizeof(name), "events/%s/enable", event);
	write_trace_file(name, "1");
}

uint64_t trace_count_with(const char *text, const char *more)
{
	FILE *file = fopen_unless_locked_down(TRACE "/trace", "r");
	uint64_t count = 0;
	char line[TRACE_LINE];

	while (fgets(line, sizeof(line), file))
		count += *line != '#' && strstr(line, text) && strstr(line, more);
	fclose(file);
	return count;
}

uint64_t trace_count(const char *text)
{
	return trace_count_with(text, "");
}

/* What the only event of a name says. */
static void only_event(const char *name, char text[TRACE_LINE])
{
	FILE *file = fopen_unless_locked_down(TRACE "/trace", "r");
	char line[TRACE_LINE], start[32], *found;
	unsigned int count = 0;

	snprintf(start, sizeof(start), " %s: ", name);
	while (fgets(line, sizeof(line), file)) {
		found = *line == '#' ? NULL : strstr(line, start);
		if (!found)
			continue;
		strcpy(text, found + strlen(start));
		count++;
	}
	fclose(file);
	igt_assert_eq(count, 1);
}

struct traced_fault trace_only_fault(void)
{
	struct traced_fault fault = {};
	char text[TRACE_LINE] = "";

	only_event("pfnmap_fault", text);
	igt_assert_f(sscanf(text, "address=%" SCNx64 " write=%u level=%7s entries=%" SCNu64
			    " at %" SCNx64 " pfn=%" SCNx64 " more=%" SCNu64
			    " reason=%23s ret=%x ns=%" SCNu64,
			    &fault.address, &fault.write, fault.level, &fault.entries,
			    &fault.start, &fault.pfn, &fault.more, fault.reason,
			    &fault.result, &fault.ns) == 10,
		     "trace: bad line '%s'\n", text);
	return fault;
}

struct traced_zap trace_only_zap(void)
{
	struct traced_zap zap = {};
	char text[TRACE_LINE] = "";

	only_event("pfnmap_zap", text);
	igt_assert_f(sscanf(text, "address=%" SCNx64 " size=%" SCNx64 " puds=%" SCNu64
			    " pmds=%" SCNu64 " ptes=%" SCNu64 " reason=%7s ns=%" SCNu64,
			    &zap.address, &zap.size, &zap.levels.entries[HUGE_PUD],
			    &zap.levels.entries[HUGE_PMD], &zap.levels.entries[HUGE_PTE],
			    zap.reason, &zap.ns) == 7,
		     "trace: bad line '%s'\n", text);
	return zap;
}

struct traced_record trace_only_record(void)
{
	struct traced_record record = {};
	char text[TRACE_LINE] = "";

	only_event("ttm_huge_dirty", text);
	igt_assert_f(sscanf(text, "offset=%" SCNx64 " op=%7s page=%" SCNu64 " pages=%" SCNu64
			    " written=%" SCNu64 " ret=%d ns=%" SCNu64,
			    &record.offset, record.op, &record.page, &record.pages,
			    &record.written, &record.result, &record.ns) == 7,
		     "trace: bad line '%s'\n", text);
	return record;
}

void trace_stop(void)
{
	remove_trace(0);
}

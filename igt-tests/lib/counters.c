// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "../igt_shim.h"
#include "counters.h"
#include "huge_device.h"
#include "lockdown.h"

#define COUNTERS_FILE "ttm_huge_counters"
#define TRACE "/sys/kernel/tracing/instances/ttm_huge_test"

static bool tracing;

static FILE *open_or_fail(const char *path, const char *mode)
{
	FILE *file = fopen(path, mode);

	if (!file)
		skip_if_locked_down(errno, "debugfs and tracefs cannot be read");
	igt_assert_f(file, "%s: %s\n", path, strerror(errno));
	return file;
}

/* The names of the numbers: the words of each line, as the file has them. */
static const char * const names[COUNTERS] = {
	"level pte faults", "level pte entries",
	"level pmd faults", "level pmd entries",
	"level pud faults", "level pud entries",
	"reason largest faults",
	"reason kernel faults",
	"reason dirty_tracked faults",
	"reason policy faults",
	"reason vma_edge faults",
	"reason extent_edge faults",
	"reason misaligned_va faults",
	"reason misaligned_pfn faults",
	"reason caching faults",
	"reason populated faults",
};

#define FIRST_REASON 6

static unsigned int index_of(const char *name)
{
	unsigned int i = 0;

	while (i < COUNTERS && strcmp(names[i], name))
		i++;
	igt_assert_f(i < COUNTERS, "counters: '%s' is not known\n", name);
	return i;
}

static unsigned int index_of_reason(const char *reason)
{
	char name[64];

	snprintf(name, sizeof(name), "reason %s faults", reason);
	return index_of(name);
}

/* "level pte faults 1 entries 512": what is counted, and pairs of name and number. */
static void parse_line(char *line, struct counters *counters, bool *found)
{
	char what[48], name[64], *rest = line, *word, *number, *end;

	word = strsep(&rest, " ");
	snprintf(what, sizeof(what), "%s %s", word, rest ? strsep(&rest, " ") : "");
	igt_assert_f(rest, "counters: '%s' has no number\n", what);
	while ((word = strsep(&rest, " "))) {
		unsigned int i;

		snprintf(name, sizeof(name), "%s %s", what, word);
		i = index_of(name);
		igt_assert_f(!found[i], "counters: '%s' comes twice\n", name);
		found[i] = true;
		number = strsep(&rest, " ");
		igt_assert_f(number && *number, "counters: '%s' has no number\n", name);
		counters->values[i] = strtoull(number, &end, 10);
		igt_assert_f(!*end, "counters: '%s' is '%s'\n", name, number);
	}
}

struct counters counters_read(int fd)
{
	struct counters counters = {};
	struct huge_path path = huge_debugfs(fd, COUNTERS_FILE);
	FILE *file = open_or_fail(path.text, "r");
	bool found[COUNTERS] = {};
	char line[128];

	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		parse_line(line, &counters, found);
	}
	fclose(file);
	for (unsigned int i = 0; i < COUNTERS; i++)
		igt_assert_f(found[i], "%s: there is no '%s'\n", path.text, names[i]);
	return counters;
}

void counters_add_faults(struct counters *counters, enum huge_level level, uint64_t entries,
			 const char *reason, uint64_t faults)
{
	counters->values[2 * level] += faults;
	counters->values[2 * level + 1] += entries;
	counters->values[index_of_reason(reason)] += faults;
}

void counters_assert(int fd, const struct counters *expected)
{
	struct counters found = counters_read(fd);

	for (unsigned int i = 0; i < COUNTERS; i++)
		igt_assert_f(found.values[i] == expected->values[i],
			     "counters: '%s' is %" PRIu64 ", expected %" PRIu64 "\n", names[i],
			     found.values[i], expected->values[i]);
}

uint64_t counted_entries(int fd, enum huge_level level)
{
	return counters_read(fd).values[2 * level + 1];
}

uint64_t reason_count(int fd, const char *reason)
{
	struct counters counters = counters_read(fd);
	uint64_t sum = 0;

	if (reason)
		return counters.values[index_of_reason(reason)];
	for (unsigned int i = FIRST_REASON; i < COUNTERS; i++)
		sum += counters.values[i];
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

uint64_t trace_count_with(const char *text, const char *more)
{
	FILE *file = open_or_fail(TRACE "/trace", "r");
	uint64_t count = 0;
	char line[512];

	while (fgets(line, sizeof(line), file))
		count += *line != '#' && strstr(line, text) && strstr(line, more);
	fclose(file);
	return count;
}

uint64_t trace_count(const char *text)
{
	return trace_count_with(text, "");
}

static struct traced_fault parse_fault(const char *line)
{
	struct traced_fault fault = {};

	igt_assert_f(sscanf(strstr(line, "address="),
			    "address=%" SCNx64 " write=%u level=%7s entries=%" SCNu64
			    " at %" SCNx64 " pfn=%" SCNx64 " more=%" SCNu64
			    " reason=%23s ret=%x",
			    &fault.address, &fault.write, fault.level, &fault.entries,
			    &fault.start, &fault.pfn, &fault.more, fault.reason,
			    &fault.result) == 9,
		     "trace: bad line '%s'\n", line);
	return fault;
}

struct traced_fault trace_only_fault(void)
{
	FILE *file = open_or_fail(TRACE "/trace", "r");
	struct traced_fault fault = {};
	unsigned int count = 0;
	char line[512];

	while (fgets(line, sizeof(line), file)) {
		if (*line == '#' || !strstr(line, "pfnmap_fault: address="))
			continue;
		fault = parse_fault(line);
		count++;
	}
	fclose(file);
	igt_assert_eq(count, 1);
	return fault;
}

void trace_stop(void)
{
	remove_trace(0);
}

// SPDX-License-Identifier: MIT

#include <inttypes.h>
#include <stdbool.h>

#include "../igt_shim.h"
#include "counters.h"
#include "huge_device.h"
#include "lockdown.h"

#define COUNTERS_FILE "ttm_huge_counters"

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
	FILE *file = fopen_unless_locked_down(path.text, "r");
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

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>

#include "../igt_shim.h"
#include "lockdown.h"
#include "page_table.h"

#define FIELDS 9

/* The index of @name in @names; fails if it is not there. */
static int index_of(const char *name, const char * const *names, int count)
{
	for (int i = 0; i < count; i++) {
		if (!strcmp(name, names[i]))
			return i;
	}
	igt_assert_f(false, "page-table witness: unknown word '%s'\n", name);
	return -1;
}

/* Skips without debugfs; fails if only the file is missing. */
static int open_in_debugfs(int fd, const char *file)
{
	struct huge_path folder = huge_debugfs(fd, ""), path = huge_debugfs(fd, file);
	int opened = open_unless_locked_down(path.text), error = errno;

	igt_require_f(opened >= 0 || error != EACCES, "%s: needs root\n", path.text);
	igt_require_f(opened >= 0 || !access(folder.text, F_OK), "%s: debugfs is not there\n",
		      folder.text);
	igt_assert_f(opened >= 0, "%s: %s\n", path.text, strerror(error));
	return opened;
}

int page_table_open(int fd)
{
	return open_in_debugfs(fd, PAGE_TABLES);
}

/* Returns false for a hole. */
static bool parse_run(const char *line, struct page_run *run)
{
	static const char * const levels[] = { "pte", "pmd", "pud", "none" };
	static const char * const cachings[] = { "wb", "wc", "uc" };
	static const char * const specials[] = { "normal", "special" };
	static const char * const accesses[] = { "ro", "rw" };
	char level[8], pfn[24], caching[8], special[16], access[8], young[24], dirty[24];
	int fields = sscanf(line, "%16" SCNx64 " %16" SCNx64 " %7s %23s %7s %15s %7s %23s %23s",
			    &run->start, &run->end, level, pfn, caching, special, access,
			    young, dirty);

	igt_assert_f(fields == FIELDS && run->start < run->end,
		     "page-table witness: bad line '%s'\n", line);
	run->level = index_of(level, levels, 4);
	if (run->level == HUGE_LEVELS)
		return false;
	run->pfn = strtoull(pfn, NULL, 16);
	run->caching = index_of(caching, cachings, 3);
	run->special = index_of(special, specials, 2);
	run->writable = index_of(access, accesses, 2);
	run->young = strtoull(young, NULL, 10);
	run->dirty = strtoull(dirty, NULL, 10);
	return true;
}

static void append_run(struct page_table *table, const struct page_run *run)
{
	/* The capacity doubles when the count is a power of two. */
	if (!(table->count & (table->count - 1))) {
		size_t capacity = table->count ? 2 * table->count : 1;

		table->runs = realloc(table->runs, capacity * sizeof(*run));
		igt_assert(table->runs);
	}
	table->runs[table->count++] = *run;
}

struct page_table page_table_read_from(int witness)
{
	struct page_table table = {};
	FILE *stream = fdopen(dup(witness), "r");
	char line[160];
	struct page_run run;

	igt_assert(stream);
	rewind(stream);
	while (fgets(line, sizeof(line), stream)) {
		if (parse_run(line, &run))
			append_run(&table, &run);
	}
	igt_assert_f(!ferror(stream), "page-table witness: %s\n", strerror(errno));
	fclose(stream);
	return table;
}

void page_table_assert_covers(int witness, const char *address, uint64_t length)
{
	uint64_t at = (uintptr_t)address;
	FILE *stream = fdopen(dup(witness), "r");
	bool is_hole, was_hole = false;
	struct page_run run;
	char line[160];

	igt_assert(stream);
	rewind(stream);
	while (fgets(line, sizeof(line), stream)) {
		is_hole = !parse_run(line, &run);
		igt_assert_eq_u64(run.start, at);
		igt_assert_f(!is_hole || !was_hole, "two lines for one hole, up to %#" PRIx64 "\n",
			     run.end);
		at = run.end;
		was_hole = is_hole;
	}
	fclose(stream);
	igt_assert_eq_u64(at, (uintptr_t)address + length);
}

struct page_table page_table_read_of(const struct huge_bo *bo, pid_t pid)
{
	struct page_table table;
	int witness = page_table_open(bo->fd);

	igt_assert_f(dprintf(witness, "%d 0x%" PRIx64 " 0x%" PRIx64, pid, bo->offset,
			     bo->size) > 0, "page-table witness: %s\n", strerror(errno));
	table = page_table_read_from(witness);
	close(witness);
	return table;
}

struct page_table page_table_read(const struct huge_bo *bo)
{
	return page_table_read_of(bo, 0);
}

void page_table_free(struct page_table *table)
{
	free(table->runs);
	*table = (struct page_table){};
}

static uint64_t overlap(const struct page_run *run, uint64_t start, uint64_t end)
{
	uint64_t from = run->start > start ? run->start : start;
	uint64_t to = run->end < end ? run->end : end;

	return from < to ? to - from : 0;
}

struct huge_levels page_table_levels(const struct page_table *table,
				     const void *address, uint64_t length)
{
	struct huge_levels levels = {};
	uint64_t start = (uintptr_t)address;

	for (unsigned int i = 0; i < table->count; i++) {
		const struct page_run *run = &table->runs[i];
		uint64_t bytes = overlap(run, start, start + length);

		igt_assert_eq_u64(bytes % huge_level_size(run->level), 0);
		levels.entries[run->level] += bytes / huge_level_size(run->level);
	}
	return levels;
}

void page_table_assert_sound(const struct page_table *table)
{
	for (unsigned int i = 0; i < table->count; i++) {
		const struct page_run *run = &table->runs[i];
		uint64_t size = huge_level_size(run->level);

		igt_assert_f(run->special, "%s entry at %#" PRIx64 " is not special\n",
			     huge_level_name(run->level), run->start);
		igt_assert_f(run->start % size == 0 && run->end % size == 0 &&
			     run->pfn * HUGE_PAGE_SIZE % size == 0,
			     "%s entry at %#" PRIx64 ", pfn %#" PRIx64 " is not aligned\n",
			     huge_level_name(run->level), run->start, run->pfn);
	}
}

void page_table_assert_caching(const struct page_table *table, enum page_caching caching)
{
	igt_assert(table->count);
	for (unsigned int i = 0; i < table->count; i++)
		igt_assert_eq(table->runs[i].caching, caching);
}

const struct page_run *page_table_run_at(const struct page_table *table, uint64_t address)
{
	for (unsigned int i = 0; i < table->count; i++) {
		if (address >= table->runs[i].start && address < table->runs[i].end)
			return &table->runs[i];
	}
	igt_assert_f(false, "%#" PRIx64 " is not mapped\n", address);
	return NULL;
}

bool page_table_has_pfn(const struct page_table *table, uint64_t pfn)
{
	for (unsigned int i = 0; i < table->count; i++) {
		const struct page_run *run = &table->runs[i];
		uint64_t pages = (run->end - run->start) / HUGE_PAGE_SIZE;

		if (pfn >= run->pfn && pfn - run->pfn < pages)
			return true;
	}
	return false;
}

uint64_t page_table_young(const struct page_table *table)
{
	uint64_t young = 0;

	for (unsigned int i = 0; i < table->count; i++)
		young += table->runs[i].young;
	return young;
}

uint64_t page_table_dirty(const struct page_table *table)
{
	uint64_t dirty = 0;

	for (unsigned int i = 0; i < table->count; i++)
		dirty += table->runs[i].dirty;
	return dirty;
}

static bool runs_share_memory(const struct page_run *a, const struct page_run *b)
{
	return a->pfn < b->pfn + (b->end - b->start) / HUGE_PAGE_SIZE &&
	       b->pfn < a->pfn + (a->end - a->start) / HUGE_PAGE_SIZE;
}

void page_table_assert_disjoint(const struct page_table *a, const struct page_table *b)
{
	for (unsigned int i = 0; i < a->count; i++) {
		for (unsigned int j = 0; j < b->count; j++)
			igt_assert_f(!runs_share_memory(&a->runs[i], &b->runs[j]),
				     "pfn %#" PRIx64 " is still mapped at %#" PRIx64 "\n",
				     a->runs[i].pfn, b->runs[j].start);
	}
}

struct huge_levels huge_levels_of(const struct huge_bo *bo, const void *address, uint64_t length)
{
	struct page_table table = page_table_read(bo);
	struct huge_levels levels = page_table_levels(&table, address, length);

	page_table_assert_sound(&table);
	page_table_free(&table);
	return levels;
}

struct huge_levels huge_levels_of_all(const struct huge_bo *bo)
{
	struct page_table table = page_table_read(bo);
	struct huge_levels levels = page_table_levels(&table, NULL, UINT64_MAX);

	page_table_free(&table);
	return levels;
}

int levels_open(int fd)
{
	return open_in_debugfs(fd, LEVELS);
}

static struct huge_levels read_counted(int file)
{
	struct huge_levels levels;
	char text[128];
	ssize_t length = pread(file, text, sizeof(text) - 1, 0);

	igt_assert_f(length >= 0, "levels: %s\n", strerror(errno));
	text[length] = '\0';
	igt_assert_f(sscanf(text, "level pte entries %" SCNu64 " level pmd entries %" SCNu64
			    " level pud entries %" SCNu64, &levels.entries[HUGE_PTE],
			    &levels.entries[HUGE_PMD], &levels.entries[HUGE_PUD]) == HUGE_LEVELS,
		     "levels: bad text '%s'\n", text);
	return levels;
}

struct huge_levels huge_bo_levels(const struct huge_bo *bo)
{
	struct huge_levels levels;
	int file;

	if (!huge_counts())
		return huge_levels_of_all(bo);
	file = levels_open(bo->fd);
	igt_assert_f(dprintf(file, "%d %u", bo->fd, bo->handle) > 0, "levels: %s\n",
		     strerror(errno));
	levels = read_counted(file);
	close(file);
	return levels;
}

void huge_assert_used(const struct huge_bo *bo, uint64_t young, uint64_t dirty)
{
	struct page_table table = page_table_read(bo);

	igt_assert_eq_u64(page_table_young(&table), young);
	igt_assert_eq_u64(page_table_dirty(&table), dirty);
	page_table_free(&table);
}

void huge_assert_caching(const struct huge_bo *bo, enum page_caching caching)
{
	struct page_table table = page_table_read(bo);

	page_table_assert_caching(&table, caching);
	page_table_free(&table);
}

void huge_assert_writable(const struct huge_bo *bo, const void *address, uint64_t length,
			  bool writable)
{
	struct page_table table = page_table_read(bo);
	uint64_t start = (uintptr_t)address, found = 0;

	for (unsigned int i = 0; i < table.count; i++) {
		if (table.runs[i].writable == writable)
			found += overlap(&table.runs[i], start, start + length);
	}
	page_table_free(&table);
	igt_assert_eq_u64(found, length);
}

void huge_assert_mapped_at(const struct huge_bo *bo, const void *address, enum huge_level level,
			   const char *when)
{
	struct huge_levels found = huge_levels_of(bo, address, bo->size);
	struct huge_levels expected = huge_levels_at(level, bo->size);

	huge_assert_levels(&found, &expected, when);
}

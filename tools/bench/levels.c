// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same buffer object is mapped by in-tree TTM's fault handler, by ttm_huge at each level,
 * and last ahead of use. Each mapping is touched in one pass, with the timer ticks that fall
 * into it, and its contents and page tables are looked at.
 *
 * All is done to a small buffer object first, so that no page of this program faults during a
 * measurement. Files are opened and read, and memory is allocated, outside of what is timed.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "levels.h"
#include "measure/measure.h"
#include "measure/page_tables.h"
#include "prefault.h"
#include "results.h"
#include "subject.h"

#define WARM_UP_SIZE	MIB(4)

/* One way to map the buffer object. */
struct variant {
	const char *name;
	const char *max_level;
	unsigned int times;	/* adjacent mappings of the buffer object */
	bool ahead_of_use;
};

struct measurement {
	uint64_t address;
	uint64_t bytes;
	int64_t faults;
	int64_t mmap_ns;
	int64_t prefault_faults;
	int64_t prefault_ns;
	int64_t raw_ns;
	int64_t loop_ns;
	int64_t unmap_ns;
	uint64_t tables_before;
	uint64_t tables_after;
	struct entries entries;
	char *page_tables;
};

static const struct variant variants[] = {
	{ .name = "in-tree TTM", .max_level = "off", .times = 1 },
	{ .name = "ttm_huge", .max_level = "pud", .times = 1 },
	{ .name = "ttm_huge, PMD", .max_level = "pmd", .times = 1 },
	{ .name = "ttm_huge, PTE", .max_level = "pte", .times = 1 },
	{ .name = "ttm_huge, prefault", .max_level = "pud", .times = 2, .ahead_of_use = true },
};

#define NR_VARIANTS ARRAY_SIZE(variants)

static struct {
	uint64_t size;
	uint64_t alignment;
	struct measurement of[NR_VARIANTS];
} measured;

/* Files that are read before and after a measurement, and stay open. */
static int status_fd, page_tables_fd, levels_fd;

static uint64_t *nth_mapping(const struct subject *subject, uint64_t *map, unsigned int n)
{
	return map + n * (subject->size / sizeof(*map));
}

/* All mappings of the variant, as if they were one. */
static struct subject whole(const struct subject *subject, const struct variant *variant)
{
	struct subject all = *subject;

	all.size *= variant->times;
	return all;
}

/* The kernel chooses the address of a single mapping, as for any program. */
static void *choose_addresses(const struct subject *subject, const struct variant *variant)
{
	struct subject all = whole(subject, variant);

	if (variant->times > 1)
		all.alignment = subject->bo.alignment;
	return choose_address(&all);
}

static uint64_t *map_all(const struct subject *subject, const struct variant *variant,
			 void *address)
{
	uint64_t *map = map_subject(subject, address);

	for (unsigned int n = 1; n < variant->times; n++)
		map_subject(subject, nth_mapping(subject, map, n));
	return map;
}

/* Each variant writes to a word of its own in every page, so that all words stay readable. */
static unsigned int word_of(const struct variant *variant)
{
	return variant - variants;
}

static int64_t touch_ns(const struct subject *subject, const struct variant *variant,
			uint64_t *map)
{
	uint64_t start = now_ns();

	for (unsigned int n = 0; n < variant->times; n++)
		touch_pages(nth_mapping(subject, map, n), subject_pages(subject),
			    word_of(variant), NR_VARIANTS);
	return now_ns() - start;
}

/*
 * Takes the least of some passes, since a timer tick may fall into any of them.
 * Subtracting the least never makes a result look better than it is.
 */
static int64_t least_touch_ns(const struct subject *subject, const struct variant *variant,
			      uint64_t *map)
{
	int64_t least = INT64_MAX;

	for (int pass = 0; pass < LOOP_PASSES; pass++) {
		int64_t ns = touch_ns(subject, variant, map);

		if (ns < least)
			least = ns;
	}
	return least;
}

/* Checks through every mapping what this variant and those before it wrote. */
static void check_contents(const struct subject *subject, const struct variant *variant,
			   uint64_t *map)
{
	for (unsigned int n = 0; n < variant->times; n++) {
		for (const struct variant *one = variants; one <= variant; one++)
			check_pages(nth_mapping(subject, map, n), subject_pages(subject),
				    word_of(one), NR_VARIANTS);
	}
}

static uint64_t *measure_mmap(const struct subject *subject, const struct variant *variant,
			      void *address, struct measurement *measurement)
{
	int64_t faults_before = minor_faults();
	uint64_t start = now_ns();
	uint64_t *map = map_all(subject, variant, address);

	measurement->mmap_ns = now_ns() - start;
	measurement->faults = minor_faults() - faults_before;
	measurement->address = (uintptr_t)map;
	return map;
}

/* The kernel counts the calls by which the ioctl sets entries as faults, but none happens. */
static void measure_prefault(const struct subject *subject, const struct variant *variant,
			     uint64_t *map, struct measurement *measurement)
{
	struct subject all = whole(subject, variant);
	int64_t faults_before = minor_faults();
	uint64_t start = now_ns();

	prefault(&all, map);
	measurement->prefault_ns = now_ns() - start;
	measurement->prefault_faults = minor_faults() - faults_before;
}

static void measure_first_touch(const struct subject *subject, const struct variant *variant,
				uint64_t *map, struct measurement *measurement)
{
	int64_t faults_before = minor_faults();

	measurement->raw_ns = touch_ns(subject, variant, map);
	measurement->faults += minor_faults() - faults_before;
}

/* Looks at the entries that the first touch or the prefault has set. */
static void measure_populated(const struct subject *subject, const struct variant *variant,
			      uint64_t *map, struct measurement *measurement)
{
	if (variant->ahead_of_use)
		measure_prefault(subject, variant, map, measurement);
	else
		measure_first_touch(subject, variant, map, measurement);
	measurement->tables_after = page_table_bytes(status_fd);
	count_entries(levels_fd, &subject->bo, &measurement->entries);
	measurement->page_tables = read_page_tables(page_tables_fd, &subject->bo);
	if (variant->ahead_of_use)
		measure_first_touch(subject, variant, map, measurement);
}

static struct measurement measure(const struct subject *subject, const struct variant *variant)
{
	struct measurement measurement = {
		.bytes = whole(subject, variant).size,
		.prefault_faults = -1,
		.prefault_ns = -1,
	};
	void *address = choose_addresses(subject, variant);
	uint64_t *map, start;

	set_max_level(variant->max_level);
	settle();

	measurement.tables_before = page_table_bytes(status_fd);
	map = measure_mmap(subject, variant, address, &measurement);
	measure_populated(subject, variant, map, &measurement);
	measurement.loop_ns = least_touch_ns(subject, variant, map);
	check_contents(subject, variant, map);

	start = now_ns();
	unmap_bytes(map, measurement.bytes);
	measurement.unmap_ns = now_ns() - start;
	return measurement;
}

static void measure_variants(const struct device *device, uint64_t size)
{
	struct bo bo = create_bo(device, size, DRM_BIGBAR_PLACEMENT_VRAM, 0);
	struct subject subject = { .size = bo.size };

	take_bo(&subject, bo);
	measured.size = bo.size;
	measured.alignment = bo.alignment;
	for (unsigned int i = 0; i < NR_VARIANTS; i++) {
		free(measured.of[i].page_tables);
		measured.of[i] = measure(&subject, &variants[i]);
	}
	destroy_bo(&bo);
}

void measure_levels(uint64_t size)
{
	struct device device = open_device(DRIVER_NAME);

	status_fd = open_status();
	page_tables_fd = open_page_tables(&device);
	levels_fd = open_levels(&device);
	measure_variants(&device, WARM_UP_SIZE);
	measure_variants(&device, size);
	close(levels_fd);
	close(page_tables_fd);
	close(status_fd);
	close_device(&device);
}

static void print_entries(FILE *out, const struct measurement *measurement)
{
	fprintf(out, ",\n     \"entries\": {\"pud\": %lu, \"pmd\": %lu, \"pte\": %lu}",
		measurement->entries.pud, measurement->entries.pmd, measurement->entries.pte);
	fprintf(out, ",\n     \"page_tables\": ");
	print_page_tables(out, measurement->page_tables);
}

static void print_measurement(FILE *out, const struct variant *variant,
			      const struct measurement *measurement)
{
	fprintf(out, "    {\"name\": \"%s\", \"max_level\": \"%s\"", variant->name,
		variant->max_level);
	print_count_json(out, "bytes", measurement->bytes);
	print_count_json(out, "address", measurement->address);
	print_count_json(out, "faults", measurement->faults);
	print_count_json(out, "mmap_ns", measurement->mmap_ns);
	print_count_json(out, "prefault_faults", measurement->prefault_faults);
	print_count_json(out, "prefault_ns", measurement->prefault_ns);
	print_count_json(out, "first_touch_raw_ns", measurement->raw_ns);
	print_count_json(out, "loop_ns", measurement->loop_ns);
	print_count_json(out, "unmap_ns", measurement->unmap_ns);
	/* These may be negative: passes without a fault vary, and tables may be freed late. */
	fprintf(out, ",\n     \"first_touch_net_ns\": %ld",
		measurement->raw_ns - measurement->loop_ns);
	fprintf(out, ", \"page_table_bytes\": %ld",
		(int64_t)(measurement->tables_after - measurement->tables_before));
	print_entries(out, measurement);
	fputc('}', out);
}

void print_levels_json(FILE *out)
{
	if (!measured.size)
		return;
	fprintf(out, "  \"levels\": {\n    \"bo\": {\"size\": %lu, \"alignment\": %lu},\n",
		measured.size, measured.alignment);
	fprintf(out, "    \"loop_passes\": %d,\n    \"mappings\": [\n", LOOP_PASSES);
	for (unsigned int i = 0; i < NR_VARIANTS; i++) {
		print_measurement(out, &variants[i], &measured.of[i]);
		fprintf(out, "%s\n", i + 1 < NR_VARIANTS ? "," : "");
	}
	fprintf(out, "  ]},\n");
}

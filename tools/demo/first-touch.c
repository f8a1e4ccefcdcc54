// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what it costs to map VRAM and to touch all of it: through in-tree TTM's
 * fault handler, then through ttm_huge at each level, and last by a prefault ahead
 * of use, with the same buffer object in the same run.
 *
 * The clock is read right before and right after mmap(), the ioctl if there is one,
 * and the loop that writes. Files are opened and read, and memory is allocated,
 * outside of that. All is done to a small buffer object first, so that no page of
 * this program faults during a measurement.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "measure/bigbar.h"
#include "measure/measure.h"
#include "measure/page_tables.h"

#define DEFAULT_SIZE		(4ULL << 30)
#define WARM_UP_SIZE		(4ULL << 20)

struct request {
	uint64_t size;
	const char *output;
};

/* Files that are read before and after a measurement, and stay open. */
struct observers {
	int status_fd;
	int page_tables_fd;
};

/* One way to map a buffer object. */
struct way {
	const char *name;
	const char *max_level;
	unsigned int times;	/* adjacent mappings of the buffer object */
	bool prefault;
};

struct measurement {
	uint64_t address;
	uint64_t faults;
	uint64_t mmap_ns;
	uint64_t prefault_faults;
	uint64_t prefault_ns;
	uint64_t first_touch_raw_ns;
	uint64_t loop_ns;
	uint64_t unmap_ns;
	uint64_t page_table_bytes_before;
	uint64_t page_table_bytes_after;
	uint64_t entries[DRM_BIGBAR_LEVELS];
	char *page_tables;
};

static const struct way ways[] = {
	{ .name = "in-tree TTM", .max_level = "off", .times = 1 },
	{ .name = "ttm_huge", .max_level = "pud", .times = 1 },
	{ .name = "ttm_huge, PMD", .max_level = "pmd", .times = 1 },
	{ .name = "ttm_huge, PTE", .max_level = "pte", .times = 1 },
	{ .name = "ttm_huge, prefault", .max_level = "pud", .times = 2, .prefault = true },
};

static struct observers open_observers(const struct device *device)
{
	return (struct observers){
		.status_fd = open_status(),
		.page_tables_fd = open_page_tables(device),
	};
}

static void close_observers(const struct observers *observers)
{
	close(observers->status_fd);
	close(observers->page_tables_fd);
}

static uint64_t all_bytes(const struct bo *bo, unsigned int way)
{
	return bo->size * ways[way].times;
}

static uint64_t *nth_mapping(uint64_t *map, const struct bo *bo, unsigned int n)
{
	return map + n * (bo->size / sizeof(*map));
}

/* The kernel chooses the address of a single mapping, as for any program. */
static uint64_t *choose_address(const struct bo *bo, unsigned int way)
{
	if (ways[way].times == 1)
		return NULL;
	return reserve_addresses(all_bytes(bo, way), bo->alignment, 0);
}

static uint64_t *map_bo(const struct bo *bo, uint64_t *address)
{
	void *map = mmap(address, bo->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | (address ? MAP_FIXED : 0),
			 bo->device->fd, bo->offset);

	if (map == MAP_FAILED)
		err(EXIT_FAILURE, "cannot map %lu bytes of VRAM", bo->size);
	return map;
}

static uint64_t *map_all(const struct bo *bo, unsigned int way, uint64_t *address)
{
	uint64_t *map = map_bo(bo, address);

	for (unsigned int n = 1; n < ways[way].times; n++)
		map_bo(bo, nth_mapping(map, bo, n));
	return map;
}

static void prefault_range(const struct bo *bo, uint64_t *map, uint64_t size)
{
	uint64_t done;
	int error = bigbar_prefault(bo->device->bigbar, map, size, &done);

	if (error || done != size)
		errx(EXIT_FAILURE, "prefaulted %lu of %lu bytes: %s",
		     done, size, strerror(-error));
}

/* Each way writes to a word of its own in every page, so that all words stay readable. */
static void touch(uint64_t *map, uint64_t pages, unsigned int way)
{
	touch_pages(map, pages, way, ARRAY_SIZE(ways));
}

static uint64_t content(uint64_t page, unsigned int way)
{
	return touched_content(page, way, ARRAY_SIZE(ways));
}

static void verify(const uint64_t *map, uint64_t pages, unsigned int way)
{
	for (uint64_t page = 0; page < pages; page++) {
		uint64_t found = map[page * WORDS_PER_PAGE + way];

		if (found != content(page, way))
			errx(EXIT_FAILURE,
			     "page %lu: %s wrote %#lx, read back %#lx",
			     page, ways[way].name, content(page, way), found);
	}
}

static void touch_all(uint64_t *map, const struct bo *bo, unsigned int way)
{
	for (unsigned int n = 0; n < ways[way].times; n++)
		touch(nth_mapping(map, bo, n), bo->size / TOUCHED_PAGE_SIZE, way);
}

/* Verifies through every mapping what this way and the ways before it wrote. */
static void verify_all(uint64_t *map, const struct bo *bo, unsigned int way)
{
	uint64_t pages = bo->size / TOUCHED_PAGE_SIZE;

	for (unsigned int n = 0; n < ways[way].times; n++) {
		for (unsigned int earlier = 0; earlier <= way; earlier++)
			verify(nth_mapping(map, bo, n), pages, earlier);
	}
}

static uint64_t touch_ns(uint64_t *map, const struct bo *bo, unsigned int way)
{
	uint64_t start = now_ns();

	touch_all(map, bo, way);
	return now_ns() - start;
}

/*
 * Takes the least of some passes, since a timer tick may fall into any of them.
 * Subtracting the least never makes a result look better than it is.
 */
static uint64_t least_touch_ns(uint64_t *map, const struct bo *bo, unsigned int way)
{
	uint64_t least = ULLONG_MAX;

	for (int pass = 0; pass < LOOP_PASSES; pass++) {
		uint64_t ns = touch_ns(map, bo, way);

		if (ns < least)
			least = ns;
	}
	return least;
}

static uint64_t *measure_mmap(const struct bo *bo, unsigned int way, uint64_t *address,
			      struct measurement *measurement)
{
	uint64_t faults_before = minor_faults();
	uint64_t start = now_ns();
	uint64_t *map = map_all(bo, way, address);

	measurement->mmap_ns = now_ns() - start;
	measurement->faults += minor_faults() - faults_before;
	measurement->address = (uintptr_t)map;
	return map;
}

/* The kernel counts the calls by which the ioctl sets entries as faults, but none happens. */
static void measure_prefault(const struct bo *bo, unsigned int way, uint64_t *map,
			     struct measurement *measurement)
{
	uint64_t faults_before = minor_faults();
	uint64_t start = now_ns();

	prefault_range(bo, map, all_bytes(bo, way));
	measurement->prefault_ns = now_ns() - start;
	measurement->prefault_faults = minor_faults() - faults_before;
}

static void measure_first_touch(const struct bo *bo, unsigned int way, uint64_t *map,
				struct measurement *measurement)
{
	uint64_t faults_before = minor_faults();

	measurement->first_touch_raw_ns = touch_ns(map, bo, way);
	measurement->faults += minor_faults() - faults_before;
}

static void look_at_entries(const struct bo *bo, const struct observers *observers,
			    struct measurement *measurement)
{
	count_entries(bo, measurement->entries);
	measurement->page_tables = read_page_tables(observers->page_tables_fd, bo);
}

static void measure_unmap(const struct bo *bo, unsigned int way, uint64_t *map,
			  struct measurement *measurement)
{
	uint64_t start = now_ns();

	unmap_bytes(map, all_bytes(bo, way));
	measurement->unmap_ns = now_ns() - start;
}

static struct measurement measure(const struct bo *bo, unsigned int way,
				  const struct observers *observers)
{
	struct measurement measurement = {};
	uint64_t *address = choose_address(bo, way);
	uint64_t *map;

	set_max_level(ways[way].max_level);
	settle();

	measurement.page_table_bytes_before = page_table_bytes(observers->status_fd);
	map = measure_mmap(bo, way, address, &measurement);
	if (ways[way].prefault)
		measure_prefault(bo, way, map, &measurement);
	else
		measure_first_touch(bo, way, map, &measurement);
	measurement.page_table_bytes_after = page_table_bytes(observers->status_fd);

	look_at_entries(bo, observers, &measurement);
	if (ways[way].prefault)
		measure_first_touch(bo, way, map, &measurement);
	measurement.loop_ns = least_touch_ns(map, bo, way);
	verify_all(map, bo, way);

	measure_unmap(bo, way, map, &measurement);
	return measurement;
}

static void measure_ways(const struct device *device, uint64_t size,
			 const struct observers *observers,
			 struct bo *bo, struct measurement *measurements)
{
	*bo = create_bo(device, size, DRM_BIGBAR_PLACEMENT_VRAM, 0);
	for (unsigned int way = 0; way < ARRAY_SIZE(ways); way++)
		measurements[way] = measure(bo, way, observers);
	destroy_bo(bo);
}

static void free_measurements(struct measurement *measurements)
{
	for (unsigned int way = 0; way < ARRAY_SIZE(ways); way++)
		free(measurements[way].page_tables);
}

static void print_number(FILE *out, const char *name, int64_t number)
{
	fprintf(out, "      \"%s\": %ld,\n", name, number);
}

static void print_prefault(FILE *out, const struct measurement *measurement)
{
	print_number(out, "prefault_faults", measurement->prefault_faults);
	print_number(out, "prefault_ns", measurement->prefault_ns);
}

static void print_measurement(FILE *out, const struct bo *bo, unsigned int way,
			      const struct measurement *measurement)
{
	fprintf(out, "    {\n      \"name\": \"%s\",\n", ways[way].name);
	fprintf(out, "      \"max_level\": \"%s\",\n", ways[way].max_level);
	print_number(out, "bytes", all_bytes(bo, way));
	print_number(out, "address", measurement->address);
	print_number(out, "faults", measurement->faults);
	print_number(out, "mmap_ns", measurement->mmap_ns);
	if (ways[way].prefault)
		print_prefault(out, measurement);
	print_number(out, "first_touch_raw_ns", measurement->first_touch_raw_ns);
	print_number(out, "loop_ns", measurement->loop_ns);
	print_number(out, "first_touch_net_ns",
		     measurement->first_touch_raw_ns - measurement->loop_ns);
	print_number(out, "unmap_ns", measurement->unmap_ns);
	print_number(out, "page_table_bytes",
		     measurement->page_table_bytes_after -
		     measurement->page_table_bytes_before);
	fprintf(out, "      \"entries\": { \"pud\": %lu, \"pmd\": %lu, \"pte\": %lu },\n",
		measurement->entries[DRM_BIGBAR_LEVEL_PUD],
		measurement->entries[DRM_BIGBAR_LEVEL_PMD],
		measurement->entries[DRM_BIGBAR_LEVEL_PTE]);
	fprintf(out, "      \"page_tables\": ");
	print_page_tables(out, measurement->page_tables);
	fprintf(out, "\n    }");
}

static void print_results(FILE *out, const struct bo *bo, uint64_t clock_ns,
			  const struct measurement *measurements)
{
	struct utsname kernel;

	uname(&kernel);
	fprintf(out, "{\n  \"kernel\": \"%s\",\n", kernel.release);
	fprintf(out, "  \"clock\": { \"instructions\": %d, \"ns\": %lu },\n",
		CLOCK_CHECK_INSTRUCTIONS, clock_ns);
	fprintf(out, "  \"bo\": { \"size\": %lu, \"alignment\": %lu },\n",
		bo->size, bo->alignment);
	fprintf(out, "  \"loop_passes\": %d,\n  \"mappings\": [\n", LOOP_PASSES);
	for (unsigned int way = 0; way < ARRAY_SIZE(ways); way++) {
		print_measurement(out, bo, way, &measurements[way]);
		fprintf(out, "%s\n", way + 1 < ARRAY_SIZE(ways) ? "," : "");
	}
	fprintf(out, "  ]\n}\n");
}

/* Opens the file only now, so that an earlier error leaves no file, nor half of one. */
static void write_results(const char *path, const struct bo *bo, uint64_t clock_ns,
			  const struct measurement *measurements)
{
	FILE *out = fopen(path, "w");

	if (!out)
		err(EXIT_FAILURE, "cannot write %s", path);
	print_results(out, bo, clock_ns, measurements);
	if (ferror(out) || fclose(out))
		err(EXIT_FAILURE, "cannot write %s", path);
}

static void print_help(void)
{
	printf("Usage: first-touch [--size SIZE] --output FILE\n"
	       "Map a VRAM buffer object of the " DRIVER_NAME " driver through in-tree TTM,\n"
	       "through ttm_huge at each level, and ahead of use; write to every page each\n"
	       "time, and write the costs as JSON.\n"
	       "\n"
	       "  --size SIZE    bytes, or with the suffix K, M or G (default 4G)\n"
	       "  --output FILE  file for the JSON\n"
	       "  --help         this text\n");
}

static struct request parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "size", required_argument, NULL, 's' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct request request = { .size = DEFAULT_SIZE };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			request.size = parse_size(optarg);
			break;
		case 'o':
			request.output = optarg;
			break;
		case 'h':
			print_help();
			exit(EXIT_SUCCESS);
		default:
			exit(EXIT_FAILURE);
		}
	}
	if (!request.output || optind < argc)
		errx(EXIT_FAILURE, "--output FILE is needed, and no other argument; see --help");
	return request;
}

int main(int argc, char **argv)
{
	struct request request = parse_options(argc, argv);
	struct measurement measurements[ARRAY_SIZE(ways)];
	struct observers observers;
	struct device device;
	uint64_t clock_ns;
	struct bo bo;

	find_max_level();
	device = open_device(DRIVER_NAME);
	observers = open_observers(&device);
	clock_ns = clock_check_ns();

	measure_ways(&device, WARM_UP_SIZE, &observers, &bo, measurements);
	free_measurements(measurements);
	measure_ways(&device, request.size, &observers, &bo, measurements);

	write_results(request.output, &bo, clock_ns, measurements);

	free_measurements(measurements);
	close_observers(&observers);
	close_device(&device);
	return EXIT_SUCCESS;
}

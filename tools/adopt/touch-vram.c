// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the page faults on a driver's VRAM: maps buffer objects, writes to every page of them
 * and reads it back, with the module of that driver that is loaded.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <xf86drm.h>

#include "measure/gem.h"
#include "measure/measure.h"
#include "measure/page_tables.h"

#define SIZES		3
#define TIGHT		3

struct driver {
	const char *name;
	struct bo (*create)(const struct device *device, uint64_t size);
	uint64_t sizes[SIZES];
	/*
	 * TIGHT of these fit into VRAM, but not if each begins at a multiple of its size rounded
	 * up to a power of two.
	 */
	struct bo (*create_tight)(const struct device *device, uint64_t size);
	uint64_t tight_size;
	/* Of a driver that has more to measure. */
	struct bo (*create_system)(const struct device *device, uint64_t size);
	void (*evict)(const struct device *device);
};

static const struct driver drivers[] = {
	{
		.name = "qxl",
		.create = create_qxl_surface,
		.sizes = { GIB(1), MIB(512), MIB(2) },
		/* Framebuffers are in a memory of 64 MiB. */
		.create_tight = create_qxl_framebuffer,
		.tight_size = MIB(17),
	},
	{
		.name = "radeon",
		.create = create_radeon_bo,
		.sizes = { MIB(64), MIB(32), MIB(2) },
		/* VRAM has 256 MiB, of which the driver uses a part. */
		.create_tight = create_radeon_bo,
		.tight_size = MIB(66),
	},
	{
		.name = "amdgpu",
		.create = create_amdgpu_vram_bo,
		.sizes = { GIB(1), MIB(32), MIB(2) },
		/* VRAM has 4 GiB, of which the driver uses a part. */
		.create_tight = create_amdgpu_vram_bo,
		.tight_size = MIB(1216),
		.create_system = create_amdgpu_gtt_bo,
		.evict = evict_amdgpu_vram,
	},
};

struct measurement {
	uint64_t size;
	uint64_t address;
	uint64_t faults;
	uint64_t page_table_bytes;
	uint64_t ns;		/* for the first touch of all pages */
	uint64_t again_ns;	/* for the second, which has no fault */
	char *page_tables;	/* NULL if the driver does not show them */
};

/* What is measured of a driver that has more than VRAM. */
struct more {
	struct measurement new_system;	/* the first mapping of system memory */
	struct measurement system;	/* another mapping of the same */
	struct measurement evicted;	/* a mapping of what was in VRAM, and was mapped there */
};

struct unbound {
	uint64_t pages;
	uint64_t shown;
	uint64_t left;
};

static uint64_t pages(const struct bo *bo)
{
	return bo->size / TOUCHED_PAGE_SIZE;
}

static uint64_t *map_bo(const struct bo *bo)
{
	uint64_t *map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			     bo->device->fd, bo->offset);

	if (map == MAP_FAILED)
		err(EXIT_FAILURE, "cannot map a BO of %lu bytes", bo->size);
	return map;
}

static uint64_t touch_ns(uint64_t *map, const struct bo *bo)
{
	uint64_t began = now_ns();

	touch_pages(map, pages(bo), 0, 1);
	return now_ns() - began;
}

/* Measures a mapping that has no entries. */
static struct measurement measure_map(uint64_t *map, const struct bo *bo, int status_fd)
{
	struct measurement measurement = { .size = bo->size, .address = (uintptr_t)map };
	uint64_t bytes, faults;
	int fd;

	bytes = page_table_bytes(status_fd);
	faults = minor_faults();
	measurement.ns = touch_ns(map, bo);
	measurement.faults = minor_faults() - faults;
	measurement.page_table_bytes = page_table_bytes(status_fd) - bytes;
	measurement.again_ns = touch_ns(map, bo);
	check_pages(map, pages(bo), 0, 1);

	fd = open_page_tables(bo->device);
	if (fd >= 0) {
		measurement.page_tables = read_page_tables(fd, bo);
		close(fd);
	}
	return measurement;
}

static struct measurement measure(const struct bo *bo, int status_fd)
{
	uint64_t *map = map_bo(bo);
	struct measurement measurement = measure_map(map, bo, status_fd);

	unmap_bytes(map, bo->size);
	settle();
	return measurement;
}

/* Maps it in VRAM, and measures the same mapping when it is there no more. */
static struct measurement measure_evicted(const struct driver *driver, const struct bo *bo,
					  int status_fd)
{
	struct measurement measurement;
	uint64_t *map = map_bo(bo);

	touch_pages(map, pages(bo), 1, 1);
	driver->evict(bo->device);
	measurement = measure_map(map, bo, status_fd);
	check_pages(map, pages(bo), 1, 1);
	unmap_bytes(map, bo->size);
	settle();
	return measurement;
}

static void take_driver_away(const struct device *device, const struct driver *driver)
{
	drmDevicePtr info;
	char address[32], path[64];
	int fd;

	if (drmGetDevice2(device->fd, 0, &info))
		errx(EXIT_FAILURE, "cannot tell the address of %s's device", driver->name);
	snprintf(address, sizeof(address), "%04x:%02x:%02x.%d",
		 info->businfo.pci->domain, info->businfo.pci->bus,
		 info->businfo.pci->dev, info->businfo.pci->func);
	drmFreeDevice(&info);

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/unbind", driver->name);
	fd = open_file(path, O_WRONLY);
	if (write(fd, address, strlen(address)) < 0)
		err(EXIT_FAILURE, "cannot unbind %s", address);
	close(fd);
}

/* Returns how many pages show what was written to them. */
static uint64_t count_showing(const uint64_t *map, const struct bo *bo)
{
	const volatile uint64_t *words = map;
	uint64_t showing = 0;

	for (uint64_t page = 0; page < pages(bo); page++)
		showing += words[page * WORDS_PER_PAGE] == touched_content(page, 0, 1);
	return showing;
}

/* Counts the pages that show VRAM before the driver is unbound, and after. */
static struct unbound unbind(const struct device *device, const struct driver *driver)
{
	struct bo bo = driver->create(device, driver->sizes[1]);
	uint64_t *map = map_bo(&bo);
	struct unbound found = { .pages = pages(&bo) };

	touch_pages(map, pages(&bo), 0, 1);
	found.shown = count_showing(map, &bo);
	take_driver_away(device, driver);
	found.left = count_showing(map, &bo);
	unmap_bytes(map, bo.size);
	return found;
}

static void print_measurement(FILE *out, struct measurement *measurement)
{
	fprintf(out, "    {\n      \"bytes\": %lu,\n      \"address\": %lu,\n",
		measurement->size, measurement->address);
	fprintf(out, "      \"faults\": %lu,\n      \"page_table_bytes\": %lu,\n",
		measurement->faults, measurement->page_table_bytes);
	fprintf(out, "      \"ns\": %lu,\n      \"again_ns\": %lu,\n",
		measurement->ns, measurement->again_ns);
	fprintf(out, "      \"page_tables\": ");
	if (measurement->page_tables)
		print_page_tables(out, measurement->page_tables);
	else
		fprintf(out, "null");
	fprintf(out, "\n    }");
}

static void print_measurements(FILE *out, const char *name, struct measurement *measurements,
			       unsigned int count)
{
	fprintf(out, ",\n  \"%s\": [\n", name);
	for (unsigned int i = 0; i < count; i++) {
		print_measurement(out, &measurements[i]);
		fprintf(out, "%s\n", i + 1 < count ? "," : "");
	}
	fprintf(out, "  ]");
}

static void print_more(FILE *out, struct more *more)
{
	print_measurements(out, "new_system", &more->new_system, 1);
	print_measurements(out, "system", &more->system, 1);
	print_measurements(out, "evicted", &more->evicted, 1);
}

static void print_results(FILE *out, const struct driver *driver, struct measurement *sizes,
			  struct measurement *tight, struct more *more)
{
	struct utsname kernel;
	char holder[64];

	uname(&kernel);
	snprintf(holder, sizeof(holder), "/sys/module/ttm_huge/holders/%s", driver->name);
	fprintf(out, "{\n  \"kernel\": \"%s\",\n  \"driver\": \"%s\",\n  \"uses_ttm_huge\": %s",
		kernel.release, driver->name, access(holder, F_OK) ? "false" : "true");
	fprintf(out, ",\n  \"counts_instructions\": %s",
		counts_instructions(clock_check_ns()) ? "true" : "false");
	print_measurements(out, "sizes", sizes, SIZES);
	print_measurements(out, "tight", tight, TIGHT);
	if (driver->create_system)
		print_more(out, more);
	fprintf(out, "\n}\n");
}

static FILE *open_output(const char *path)
{
	FILE *out = fopen(path, "w");

	if (!out)
		err(EXIT_FAILURE, "cannot write %s", path);
	return out;
}

static void close_output(FILE *out, const char *path)
{
	if (ferror(out) || fclose(out))
		err(EXIT_FAILURE, "cannot write %s", path);
}

/* After this, no page of this program faults while the first figure is measured. */
static void warm_up(const struct device *device, const struct driver *driver, int status_fd)
{
	struct bo bo = driver->create(device, driver->sizes[SIZES - 1]);

	free(measure(&bo, status_fd).page_tables);
	close_gem_bo(&bo);
}

static void measure_sizes(const struct device *device, const struct driver *driver,
			  int status_fd, struct measurement *measurements)
{
	for (unsigned int i = 0; i < SIZES; i++) {
		struct bo bo = driver->create(device, driver->sizes[i]);

		measurements[i] = measure(&bo, status_fd);
		close_gem_bo(&bo);
	}
}

/* Creates all of them before the first is measured: none may have evicted another one. */
static void measure_tight(const struct device *device, const struct driver *driver,
			  int status_fd, struct measurement *measurements)
{
	struct bo bos[TIGHT];

	for (unsigned int i = 0; i < TIGHT; i++)
		bos[i] = driver->create_tight(device, driver->tight_size);
	for (unsigned int i = 0; i < TIGHT; i++)
		measurements[i] = measure(&bos[i], status_fd);
	for (unsigned int i = 0; i < TIGHT; i++)
		close_gem_bo(&bos[i]);
}

/* In system memory there is what fits into a staging buffer; so is what is evicted. */
static void measure_more(const struct device *device, const struct driver *driver, int status_fd,
			 struct more *more)
{
	struct bo bo = driver->create_system(device, driver->sizes[1]);

	more->new_system = measure(&bo, status_fd);
	more->system = measure(&bo, status_fd);
	close_gem_bo(&bo);
	bo = driver->create(device, driver->sizes[1]);
	more->evicted = measure_evicted(driver, &bo, status_fd);
	close_gem_bo(&bo);
}

static void measure_all(const struct device *device, const struct driver *driver,
			const char *path)
{
	struct measurement sizes[SIZES], tight[TIGHT];
	int status_fd = open_status();
	struct more more = {};
	FILE *out;

	warm_up(device, driver, status_fd);
	measure_sizes(device, driver, status_fd, sizes);
	measure_tight(device, driver, status_fd, tight);
	if (driver->create_system)
		measure_more(device, driver, status_fd, &more);
	out = open_output(path);
	print_results(out, driver, sizes, tight, &more);
	close_output(out, path);
}

static void measure_unbind(const struct device *device, const struct driver *driver,
			   const char *path)
{
	struct unbound found = unbind(device, driver);
	FILE *out = open_output(path);

	fprintf(out, "{ \"pages\": %lu, \"shown\": %lu, \"left\": %lu }\n", found.pages,
		found.shown, found.left);
	close_output(out, path);
}

static const struct driver *find_driver(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (!strcmp(drivers[i].name, name))
			return &drivers[i];
	}
	errx(EXIT_FAILURE, "no buffer objects of '%s' are known: see --help", name);
}

static void print_help(void)
{
	printf("Usage: touch-vram [--unbind] --output FILE DRIVER\n"
	       "Map buffer objects in VRAM of DRIVER, qxl, radeon or amdgpu, of several sizes, and\n"
	       "three that just fit together; write to every page and read it back. Of amdgpu,\n"
	       "also in system memory, and one that is evicted while it is mapped. Write the\n"
	       "number of page faults, how long it took, and the page tables as JSON.\n"
	       "\n"
	       "  --unbind       instead, unbind the driver while a buffer object is mapped, and\n"
	       "                 write how many of its pages show VRAM after that\n"
	       "  --output FILE  file for the JSON\n"
	       "  --help         this text\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "unbind", no_argument, NULL, 'u' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	const struct driver *driver;
	const char *output = NULL;
	bool unbinds = false;
	struct device device;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'u':
			unbinds = true;
			break;
		case 'o':
			output = optarg;
			break;
		case 'h':
			print_help();
			return EXIT_SUCCESS;
		default:
			return EXIT_FAILURE;
		}
	}
	if (!output || optind != argc - 1)
		errx(EXIT_FAILURE, "--output FILE and a DRIVER are needed; see --help");

	driver = find_driver(argv[optind]);
	device = open_device(driver->name);
	if (unbinds)
		measure_unbind(&device, driver, output);
	else
		measure_all(&device, driver, output);
	close_device(&device);
	return EXIT_SUCCESS;
}

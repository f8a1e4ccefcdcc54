// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to map VRAM and to touch all of it, first through in-tree TTM's
 * fault handler, then through ttm_huge, level by level, and at last ahead of use:
 * the same buffer object, the same run.
 *
 * Between the two samples of a measurement there is nothing but mmap(), the ioctl
 * if there is one, and the loop that writes. All else that is looked at is opened,
 * read and allocated outside, and a small buffer object has gone the whole way
 * before, so that no page of this program faults inside.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <drm/bigbar_drm.h>
#include <xf86drm.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define DRIVER_NAME		"bigbar"
#define MAX_LEVEL_PATH		"/sys/module/ttm_huge/parameters/max_level"
#define PAGE_TABLES_PATH	"/sys/kernel/debug/dri/%u/ttm_huge_page_tables"

#define MAX_DEVICES		64
#define TOUCHED_PAGE_SIZE	4096
#define WORDS_PER_PAGE		(TOUCHED_PAGE_SIZE / sizeof(__u64))
#define DEFAULT_SIZE		(4ULL << 30)
#define WARM_UP_SIZE		(4ULL << 20)
#define LOOP_PASSES		5
#define CLOCK_CHECK_ITERATIONS	200000
#define CLOCK_CHECK_TRIES	5
#define CLOCK_CHECK_INSTRUCTIONS (6 * CLOCK_CHECK_ITERATIONS)

struct request {
	__u64 size;
	const char *output;
};

struct device {
	int fd;
	unsigned int minor;	/* of the primary node */
};

struct bo {
	const struct device *device;
	__u32 handle;
	__u64 size;
	__u64 alignment;
	__u64 offset;
};

/* Files that are read around a measurement, open all the time. */
struct observers {
	int status_fd;
	int page_tables_fd;
};

/* One way to map a buffer object. */
struct way {
	const char *name;
	const char *max_level;
	unsigned int times;	/* one mapping next to the other */
	bool prefault;
};

struct measurement {
	__u64 address;
	__u64 faults;
	__u64 mmap_ns;
	__u64 prefault_faults;
	__u64 prefault_ns;
	__u64 first_touch_raw_ns;
	__u64 loop_ns;
	__u64 unmap_ns;
	__u64 page_table_bytes_before;
	__u64 page_table_bytes_after;
	__u64 entries[DRM_BIGBAR_LEVELS];
	char *page_tables;
};

static const struct way ways[] = {
	{ .name = "in-tree TTM", .max_level = "off", .times = 1 },
	{ .name = "ttm_huge", .max_level = "pud", .times = 1 },
	{ .name = "ttm_huge, PMD", .max_level = "pmd", .times = 1 },
	{ .name = "ttm_huge, PTE", .max_level = "pte", .times = 1 },
	{ .name = "ttm_huge, prefault", .max_level = "pud", .times = 2, .prefault = true },
};

/* The module parameter as it was found, for a signal handler to put back. */
static struct {
	int fd;
	size_t length;
	char value[16];
} found_max_level = { .fd = -1 };

static void restore_max_level(void)
{
	ssize_t ret;

	if (found_max_level.fd < 0)
		return;
	ret = pwrite(found_max_level.fd, found_max_level.value,
		     found_max_level.length, 0);
	(void)ret;	/* on the way out, and nothing else to try */
}

static void restore_and_die(int signal_number)
{
	restore_max_level();
	raise(signal_number);	/* SA_RESETHAND: now with its default action */
}

static void restore_max_level_at_exit(void)
{
	static const int deadly[] = { SIGBUS, SIGSEGV, SIGHUP, SIGINT, SIGTERM };
	struct sigaction action = {
		.sa_handler = restore_and_die,
		.sa_flags = SA_RESETHAND,
	};

	if (atexit(restore_max_level))
		errx(EXIT_FAILURE, "cannot register the exit handler");
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++) {
		if (sigaction(deadly[i], &action, NULL))
			err(EXIT_FAILURE, "cannot catch signal %d", deadly[i]);
	}
}

static void find_max_level(void)
{
	ssize_t length;
	int fd = open(MAX_LEVEL_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(EXIT_FAILURE, "cannot open %s", MAX_LEVEL_PATH);
	length = pread(fd, found_max_level.value, sizeof(found_max_level.value), 0);
	if (length <= 0)
		err(EXIT_FAILURE, "cannot read %s", MAX_LEVEL_PATH);
	found_max_level.length = length;
	found_max_level.fd = fd;
}

static void set_max_level(const char *level)
{
	if (pwrite(found_max_level.fd, level, strlen(level), 0) < 0)
		err(EXIT_FAILURE, "cannot write '%s' to %s", level, MAX_LEVEL_PATH);
}

static bool is_driver(int fd, const char *name)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool same = version && !strcmp(version->name, name);

	drmFreeVersion(version);
	return same;
}

static int open_if_driver(const drmDevice *device, const char *name)
{
	int fd;

	if (!(device->available_nodes & 1 << DRM_NODE_PRIMARY))
		return -1;
	fd = open(device->nodes[DRM_NODE_PRIMARY], O_RDWR | O_CLOEXEC);
	if (fd < 0 || is_driver(fd, name))
		return fd;
	close(fd);
	return -1;
}

static unsigned int node_minor(int fd)
{
	struct stat node;

	if (fstat(fd, &node))
		err(EXIT_FAILURE, "cannot tell the minor of the DRM node");
	return minor(node.st_rdev);
}

static struct device open_device(const char *name)
{
	drmDevicePtr devices[MAX_DEVICES];
	int count = drmGetDevices2(0, devices, MAX_DEVICES);
	int fd = -1;

	if (count < 0)
		errx(EXIT_FAILURE, "cannot list DRM devices: %s", strerror(-count));
	for (int i = 0; i < count && fd < 0; i++)
		fd = open_if_driver(devices[i], name);
	drmFreeDevices(devices, count);
	if (fd < 0)
		errx(EXIT_FAILURE, "no DRM device with driver %s", name);
	return (struct device){ .fd = fd, .minor = node_minor(fd) };
}

static __u32 bo_handle(const struct device *device, __u64 *size)
{
	struct drm_bigbar_gem_create create = {
		.size = *size,
		.placement = DRM_BIGBAR_PLACEMENT_VRAM,
	};

	if (drmIoctl(device->fd, DRM_IOCTL_BIGBAR_GEM_CREATE, &create))
		err(EXIT_FAILURE, "cannot create %llu bytes in VRAM", *size);
	*size = create.size;
	return create.handle;
}

static __u64 bo_offset(const struct bo *bo)
{
	struct drm_bigbar_gem_mmap_offset mmap_offset = { .handle = bo->handle };

	if (drmIoctl(bo->device->fd, DRM_IOCTL_BIGBAR_GEM_MMAP_OFFSET, &mmap_offset))
		err(EXIT_FAILURE, "cannot get an mmap offset");
	return mmap_offset.offset;
}

static struct drm_bigbar_gem_info bo_info(const struct bo *bo)
{
	struct drm_bigbar_gem_info info = { .handle = bo->handle };

	if (drmIoctl(bo->device->fd, DRM_IOCTL_BIGBAR_GEM_INFO, &info))
		err(EXIT_FAILURE, "cannot get information on the BO");
	if (info.placement != DRM_BIGBAR_PLACEMENT_VRAM)
		errx(EXIT_FAILURE, "the BO is not in VRAM");
	return info;
}

static struct bo create_bo(const struct device *device, __u64 size)
{
	struct bo bo = { .device = device, .size = size };

	bo.handle = bo_handle(device, &bo.size);
	bo.offset = bo_offset(&bo);
	bo.alignment = bo_info(&bo).alignment;
	return bo;
}

static void destroy_bo(struct bo *bo)
{
	if (drmCloseBufferHandle(bo->device->fd, bo->handle))
		err(EXIT_FAILURE, "cannot close the BO");
}

static int open_observer(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		err(EXIT_FAILURE, "cannot open %s", path);
	return fd;
}

static struct observers open_observers(const struct device *device)
{
	char path[sizeof(PAGE_TABLES_PATH) + 10];

	snprintf(path, sizeof(path), PAGE_TABLES_PATH, device->minor);
	return (struct observers){
		.status_fd = open_observer("/proc/self/status", O_RDONLY),
		.page_tables_fd = open_observer(path, O_RDWR),
	};
}

static void close_observers(const struct observers *observers)
{
	close(observers->status_fd);
	close(observers->page_tables_fd);
}

/* Page tables of all levels but the top one: VmPTE counts PUD tables as well. */
static __u64 page_table_bytes(const struct observers *observers)
{
	static const char field[] = "\nVmPTE:";
	char status[8192];
	const char *found;
	ssize_t length = pread(observers->status_fd, status, sizeof(status) - 1, 0);

	if (length < 0)
		err(EXIT_FAILURE, "cannot read /proc/self/status");
	status[length] = '\0';
	found = strstr(status, field);
	if (!found)
		errx(EXIT_FAILURE, "no VmPTE in /proc/self/status");
	return strtoull(found + strlen(field), NULL, 10) * 1024;
}

static void select_page_tables(int fd, const struct bo *bo)
{
	char selection[64];
	int length = snprintf(selection, sizeof(selection), "0 0x%llx", bo->offset);

	if (write(fd, selection, length) != length)
		err(EXIT_FAILURE, "cannot select the page tables of the BO");
}

static char *read_all(int fd)
{
	size_t room = 4096, length = 0;
	char *text = NULL;
	ssize_t count;

	do {
		room *= 2;
		text = realloc(text, room);
		if (!text)
			errx(EXIT_FAILURE, "no memory for %zu bytes of text", room);
		while ((count = pread(fd, text + length, room - length - 1, length)) > 0)
			length += count;
		if (count < 0)
			err(EXIT_FAILURE, "cannot read the page tables");
	} while (length == room - 1);

	text[length] = '\0';
	return text;
}

static char *page_tables(const struct observers *observers, const struct bo *bo)
{
	select_page_tables(observers->page_tables_fd, bo);
	return read_all(observers->page_tables_fd);
}

static __u64 minor_faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		err(EXIT_FAILURE, "cannot count faults");
	return usage.ru_minflt;
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/*
 * How long a known number of instructions takes. FPATAN is slow on every
 * processor and slower when emulated, except by a clock that counts
 * instructions: to that it is one like any other.
 */
static __u64 known_instructions_ns(void)
{
	__u64 left = CLOCK_CHECK_ITERATIONS;
	__u64 start = now_ns();

	asm volatile("1:	fldpi\n"
		     "	fld1\n"
		     "	fpatan\n"
		     "	fstp	%%st(0)\n"
		     "	decq	%0\n"
		     "	jnz	1b\n"
		     : "+r" (left) : : "st", "st(1)", "cc");
	return now_ns() - start;
}

/* The least of some tries: what an interrupt executes counts, too. */
static __u64 clock_check_ns(void)
{
	__u64 least = ULLONG_MAX;

	for (int i = 0; i < CLOCK_CHECK_TRIES; i++) {
		__u64 ns = known_instructions_ns();

		if (ns < least)
			least = ns;
	}
	return least;
}

static __u64 all_bytes(const struct bo *bo, unsigned int way)
{
	return bo->size * ways[way].times;
}

static __u64 *nth_mapping(__u64 *map, const struct bo *bo, unsigned int n)
{
	return map + n * (bo->size / sizeof(*map));
}

static void unmap_bytes(void *map, __u64 size)
{
	if (size && munmap(map, size))
		err(EXIT_FAILURE, "cannot unmap %llu bytes", size);
}

/* An aligned range of addresses that MAP_FIXED may replace. */
static __u64 *reserve_addresses(__u64 size, __u64 alignment)
{
	char *range = mmap(NULL, size + alignment, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	__u64 head;

	if (range == MAP_FAILED)
		err(EXIT_FAILURE, "cannot reserve %llu bytes of addresses", size);
	head = -(uintptr_t)range % alignment;
	unmap_bytes(range, head);
	unmap_bytes(range + head + size, alignment - head);
	return (__u64 *)(range + head);
}

/* The kernel chooses the address of a single mapping, as for any program. */
static __u64 *choose_address(const struct bo *bo, unsigned int way)
{
	if (ways[way].times == 1)
		return NULL;
	return reserve_addresses(all_bytes(bo, way), bo->alignment);
}

static __u64 *map_bo(const struct bo *bo, __u64 *address)
{
	void *map = mmap(address, bo->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | (address ? MAP_FIXED : 0),
			 bo->device->fd, bo->offset);

	if (map == MAP_FAILED)
		err(EXIT_FAILURE, "cannot map %llu bytes of VRAM", bo->size);
	return map;
}

static __u64 *map_all(const struct bo *bo, unsigned int way, __u64 *address)
{
	__u64 *map = map_bo(bo, address);

	for (unsigned int n = 1; n < ways[way].times; n++)
		map_bo(bo, nth_mapping(map, bo, n));
	return map;
}

static void prefault_range(const struct bo *bo, __u64 *map, __u64 size)
{
	struct drm_bigbar_prefault range = {
		.address = (uintptr_t)map,
		.length = size,
	};

	if (drmIoctl(bo->device->fd, DRM_IOCTL_BIGBAR_PREFAULT, &range))
		err(EXIT_FAILURE, "prefaulted %llu of %llu bytes", range.done, size);
	if (range.done != size)
		errx(EXIT_FAILURE, "prefaulted %llu of %llu bytes", range.done, size);
}

/* Different for each page and way, and never the zero of a new BO. */
static __u64 content(__u64 page, unsigned int way)
{
	return (page + 1) * ARRAY_SIZE(ways) + way;
}

/*
 * Each way has a word of its own in every page: what it wrote stays readable.
 * Never inlined, so that the loop that is subtracted is the loop that was timed.
 */
static __attribute_noinline__ void touch(__u64 *map, __u64 pages, unsigned int way)
{
	for (__u64 page = 0; page < pages; page++)
		map[page * WORDS_PER_PAGE + way] = content(page, way);
}

static void verify(const __u64 *map, __u64 pages, unsigned int way)
{
	for (__u64 page = 0; page < pages; page++) {
		__u64 found = map[page * WORDS_PER_PAGE + way];

		if (found != content(page, way))
			errx(EXIT_FAILURE,
			     "page %llu: %s wrote %#llx, read back %#llx",
			     page, ways[way].name, content(page, way), found);
	}
}

static void touch_all(__u64 *map, const struct bo *bo, unsigned int way)
{
	for (unsigned int n = 0; n < ways[way].times; n++)
		touch(nth_mapping(map, bo, n), bo->size / TOUCHED_PAGE_SIZE, way);
}

/* Through every mapping, what this way and the ways before it wrote. */
static void verify_all(__u64 *map, const struct bo *bo, unsigned int way)
{
	__u64 pages = bo->size / TOUCHED_PAGE_SIZE;

	for (unsigned int n = 0; n < ways[way].times; n++) {
		for (unsigned int earlier = 0; earlier <= way; earlier++)
			verify(nth_mapping(map, bo, n), pages, earlier);
	}
}

static __u64 touch_ns(__u64 *map, const struct bo *bo, unsigned int way)
{
	__u64 start = now_ns();

	touch_all(map, bo, way);
	return now_ns() - start;
}

/*
 * The least of some passes, since a timer tick may fall into any of them:
 * to subtract the least never flatters.
 */
static __u64 least_touch_ns(__u64 *map, const struct bo *bo, unsigned int way)
{
	__u64 least = ULLONG_MAX;

	for (int pass = 0; pass < LOOP_PASSES; pass++) {
		__u64 ns = touch_ns(map, bo, way);

		if (ns < least)
			least = ns;
	}
	return least;
}

/*
 * The kernel frees the page tables of an earlier mapping some time after its
 * munmap(), by RCU: not while we measure.
 */
static void settle(void)
{
	sleep(1);
}

static __u64 *measure_mmap(const struct bo *bo, unsigned int way, __u64 *address,
			   struct measurement *measurement)
{
	__u64 faults_before = minor_faults();
	__u64 start = now_ns();
	__u64 *map = map_all(bo, way, address);

	measurement->mmap_ns = now_ns() - start;
	measurement->faults += minor_faults() - faults_before;
	measurement->address = (uintptr_t)map;
	return map;
}

/* The calls by which the ioctl sets entries count as faults, but raise none. */
static void measure_prefault(const struct bo *bo, unsigned int way, __u64 *map,
			     struct measurement *measurement)
{
	__u64 faults_before = minor_faults();
	__u64 start = now_ns();

	prefault_range(bo, map, all_bytes(bo, way));
	measurement->prefault_ns = now_ns() - start;
	measurement->prefault_faults = minor_faults() - faults_before;
}

static void measure_first_touch(const struct bo *bo, unsigned int way, __u64 *map,
				struct measurement *measurement)
{
	__u64 faults_before = minor_faults();

	measurement->first_touch_raw_ns = touch_ns(map, bo, way);
	measurement->faults += minor_faults() - faults_before;
}

static void look_at_entries(const struct bo *bo, const struct observers *observers,
			    struct measurement *measurement)
{
	struct drm_bigbar_gem_info info = bo_info(bo);

	memcpy(measurement->entries, info.entries, sizeof(info.entries));
	measurement->page_tables = page_tables(observers, bo);
}

static void measure_unmap(const struct bo *bo, unsigned int way, __u64 *map,
			  struct measurement *measurement)
{
	__u64 start = now_ns();

	unmap_bytes(map, all_bytes(bo, way));
	measurement->unmap_ns = now_ns() - start;
}

static struct measurement measure(const struct bo *bo, unsigned int way,
				  const struct observers *observers)
{
	struct measurement measurement = {};
	__u64 *address = choose_address(bo, way);
	__u64 *map;

	set_max_level(ways[way].max_level);
	settle();

	measurement.page_table_bytes_before = page_table_bytes(observers);
	map = measure_mmap(bo, way, address, &measurement);
	if (ways[way].prefault)
		measure_prefault(bo, way, map, &measurement);
	else
		measure_first_touch(bo, way, map, &measurement);
	measurement.page_table_bytes_after = page_table_bytes(observers);

	look_at_entries(bo, observers, &measurement);
	if (ways[way].prefault)
		measure_first_touch(bo, way, map, &measurement);
	measurement.loop_ns = least_touch_ns(map, bo, way);
	verify_all(map, bo, way);

	measure_unmap(bo, way, map, &measurement);
	return measurement;
}

static void measure_ways(const struct device *device, __u64 size,
			 const struct observers *observers,
			 struct bo *bo, struct measurement *measurements)
{
	*bo = create_bo(device, size);
	for (unsigned int way = 0; way < ARRAY_SIZE(ways); way++)
		measurements[way] = measure(bo, way, observers);
	destroy_bo(bo);
}

static void free_measurements(struct measurement *measurements)
{
	for (unsigned int way = 0; way < ARRAY_SIZE(ways); way++)
		free(measurements[way].page_tables);
}

static void print_lines(FILE *out, char *text)
{
	const char *separator = "";

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strpbrk(line, "\"\\"))
			errx(EXIT_FAILURE, "unexpected line of page tables: %s", line);
		fprintf(out, "%s\n        \"%s\"", separator, line);
		separator = ",";
	}
}

static void print_number(FILE *out, const char *name, __s64 number)
{
	fprintf(out, "      \"%s\": %lld,\n", name, number);
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
	fprintf(out, "      \"entries\": { \"pud\": %llu, \"pmd\": %llu, \"pte\": %llu },\n",
		measurement->entries[DRM_BIGBAR_LEVEL_PUD],
		measurement->entries[DRM_BIGBAR_LEVEL_PMD],
		measurement->entries[DRM_BIGBAR_LEVEL_PTE]);
	fprintf(out, "      \"page_tables\": [");
	print_lines(out, measurement->page_tables);
	fprintf(out, "\n      ]\n    }");
}

static void print_results(FILE *out, const struct bo *bo, __u64 clock_ns,
			  const struct measurement *measurements)
{
	struct utsname kernel;

	uname(&kernel);
	fprintf(out, "{\n  \"kernel\": \"%s\",\n", kernel.release);
	fprintf(out, "  \"clock\": { \"instructions\": %d, \"ns\": %llu },\n",
		CLOCK_CHECK_INSTRUCTIONS, clock_ns);
	fprintf(out, "  \"bo\": { \"size\": %llu, \"alignment\": %llu },\n",
		bo->size, bo->alignment);
	fprintf(out, "  \"loop_passes\": %d,\n  \"mappings\": [\n", LOOP_PASSES);
	for (unsigned int way = 0; way < ARRAY_SIZE(ways); way++) {
		print_measurement(out, bo, way, &measurements[way]);
		fprintf(out, "%s\n", way + 1 < ARRAY_SIZE(ways) ? "," : "");
	}
	fprintf(out, "  ]\n}\n");
}

/* Opened only now: after an error there is no file, and not half of one. */
static void write_results(const char *path, const struct bo *bo, __u64 clock_ns,
			  const struct measurement *measurements)
{
	FILE *out = fopen(path, "w");

	if (!out)
		err(EXIT_FAILURE, "cannot write %s", path);
	print_results(out, bo, clock_ns, measurements);
	if (ferror(out) || fclose(out))
		err(EXIT_FAILURE, "cannot write %s", path);
}

static __u64 parse_size(const char *text)
{
	static const char suffixes[] = "KMG";
	unsigned int shift = 0;
	const char *suffix;
	__u64 size;
	char *end;

	errno = 0;
	size = strtoull(text, &end, 10);
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix) {
		shift = 10 * (suffix - suffixes + 1);
		end++;
	}
	if (errno || end == text || *end || *text == '-' ||
	    !size || size > ULLONG_MAX >> shift)
		errx(EXIT_FAILURE, "not a size: %s", text);
	return size << shift;
}

static void print_help(void)
{
	printf("Usage: first-touch [--size SIZE] --output FILE\n"
	       "Map a VRAM buffer object of the " DRIVER_NAME " driver through in-tree TTM,\n"
	       "through ttm_huge at each level, and ahead of use; write to every page each\n"
	       "time, and write what it cost as JSON.\n"
	       "\n"
	       "  --size SIZE    bytes, or with the suffix K, M or G (default 4G)\n"
	       "  --output FILE  where the JSON goes\n"
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
	__u64 clock_ns;
	struct bo bo;

	find_max_level();
	restore_max_level_at_exit();
	device = open_device(DRIVER_NAME);
	observers = open_observers(&device);
	clock_ns = clock_check_ns();

	measure_ways(&device, WARM_UP_SIZE, &observers, &bo, measurements);
	free_measurements(measurements);
	measure_ways(&device, request.size, &observers, &bo, measurements);

	write_results(request.output, &bo, clock_ns, measurements);

	free_measurements(measurements);
	close_observers(&observers);
	close(device.fd);
	return EXIT_SUCCESS;
}

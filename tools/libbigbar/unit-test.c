// SPDX-License-Identifier: MIT
/*
 * Tests of libbigbar without a device: its arithmetic; its mappings, of files in memory in the
 * place of dma-bufs; and its ioctls, which end here in place of the kernel. A line for each
 * test, and the sums at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define PAGE KIB(4)

static unsigned int passed, failed;
static bool is_good;

/* Notes that the test has failed, and goes on. */
#define CHECK(condition) do {							\
	if (!(condition)) {							\
		printf("      line %d: not so: %s\n", __LINE__, #condition);	\
		is_good = false;						\
	}									\
} while (0)

/* A test cannot go on. */
#define NEED(condition) do {							\
	if (!(condition)) {							\
		printf("FAIL  line %d: not so: %s\n", __LINE__, #condition);	\
		exit(EXIT_FAILURE);						\
	}									\
} while (0)

static uint64_t random_number(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return state >> 16;
}

static void test_level(void)
{
	CHECK(libbigbar_level(PAGE, PAGE) == PAGE);
	CHECK(libbigbar_level(MIB(2) - PAGE, PAGE) == PAGE);
	CHECK(libbigbar_level(MIB(2), PAGE) == MIB(2));
	CHECK(libbigbar_level(GIB(1) - PAGE, PAGE) == MIB(2));
	CHECK(libbigbar_level(GIB(1), PAGE) == GIB(1));
	CHECK(libbigbar_level(GIB(700), PAGE) == GIB(1));
	/* As on other architectures. */
	CHECK(libbigbar_level(MIB(512) - KIB(64), KIB(64)) == KIB(64));
	CHECK(libbigbar_level(MIB(512), KIB(64)) == MIB(512));
}

static void test_congruent(void)
{
	for (int i = 0; i < 100000; i++) {
		uint64_t alignment = PAGE << random_number() % 19;
		uint64_t lowest = random_number() / PAGE * PAGE;
		uint64_t place = random_number() / PAGE * PAGE;
		uint64_t found = libbigbar_congruent(lowest, alignment, place);

		CHECK(found >= lowest && found - lowest < alignment);
		CHECK(found % alignment == place % alignment);
		CHECK(libbigbar_is_congruent(found, alignment, place));
		CHECK(libbigbar_congruent(found, alignment, place) == found);
		CHECK(alignment == PAGE ||
		      !libbigbar_is_congruent(found + PAGE, alignment, place));
	}
}

static void test_range(void)
{
	const uint64_t most = -PAGE;

	CHECK(libbigbar_is_range(0, MIB(8), MIB(8), PAGE));
	CHECK(libbigbar_is_range(MIB(8) - PAGE, PAGE, MIB(8), PAGE));
	CHECK(!libbigbar_is_range(0, 0, MIB(8), PAGE));
	CHECK(!libbigbar_is_range(0, MIB(8) + PAGE, MIB(8), PAGE));
	CHECK(!libbigbar_is_range(PAGE, MIB(8), MIB(8), PAGE));
	CHECK(!libbigbar_is_range(MIB(8), PAGE, MIB(8), PAGE));
	CHECK(!libbigbar_is_range(PAGE, most, MIB(8), PAGE));
	CHECK(!libbigbar_is_range(most, PAGE, MIB(8), PAGE));
	CHECK(!libbigbar_is_range(0, 1, MIB(8), PAGE));
	CHECK(!libbigbar_is_range(1, PAGE, MIB(8), PAGE));
	CHECK(!libbigbar_is_range(0, PAGE, 0, PAGE));
}

#define BITS 200

static bool has_bit(const uint64_t *bitmap, uint64_t bit)
{
	return bitmap[bit / 64] >> bit % 64 & 1;
}

/* The run at or after @from, bit by bit; its count is 0 if there is none. */
static uint64_t count_bits(const uint64_t *bitmap, uint64_t bits, uint64_t *from)
{
	uint64_t end;

	while (*from < bits && !has_bit(bitmap, *from))
		++*from;
	for (end = *from; end < bits && has_bit(bitmap, end); end++)
		;
	return end - *from;
}

static void check_runs(const uint64_t *bitmap, uint64_t bits)
{
	for (uint64_t from = 0; from <= bits; from++) {
		uint64_t begin = from, first = 1234, count = 1234;
		uint64_t expected = count_bits(bitmap, bits, &begin);
		bool found = libbigbar_next_run(bitmap, bits, from, &first, &count);

		CHECK(found == (expected != 0));
		CHECK(!found || (first == begin && count == expected));
	}
}

/* With long runs and short ones; what is past the end does not count. */
static void test_runs(void)
{
	uint64_t bitmap[4];

	for (int i = 0; i < 200; i++) {
		uint64_t bits = 1 + random_number() % BITS;

		for (int word = 0; word < 4; word++) {
			bitmap[word] = random_number() << 32 ^ random_number();
			bitmap[word] |= i % 3 == 1 ? random_number() << 32 : 0;
			bitmap[word] = i % 3 == 2 ? -(random_number() & 1) : bitmap[word];
		}
		check_runs(bitmap, bits);
	}
}

/* The addresses of this process that are in use, in pages. */
static uint64_t address_space(void)
{
	char text[256];
	int fd = open("/proc/self/statm", O_RDONLY);
	ssize_t length = read(fd, text, sizeof(text) - 1);

	NEED(length > 0);
	close(fd);
	text[length] = '\0';
	return strtoull(text, NULL, 10);
}

static int lowest_free_file(void)
{
	int fd = dup(STDOUT_FILENO);

	NEED(fd >= 0);
	close(fd);
	return fd;
}

static void test_reserve(void)
{
	uint64_t before = address_space();
	void *address;

	for (uint64_t alignment = PAGE; alignment <= GIB(1); alignment *= 2) {
		for (uint64_t shift = 0; shift <= MIB(2); shift += MIB(1)) {
			NEED(!bigbar_reserve(MIB(5), alignment, shift, &address));
			CHECK((uintptr_t)address % alignment == shift % alignment);
			CHECK(address_space() == before + MIB(5) / PAGE);
			CHECK(!munmap(address, MIB(5)));
			CHECK(address_space() == before);
		}
	}
}

static void test_reserve_refused(void)
{
	uint64_t before = address_space();
	void *address = &before;

	CHECK(bigbar_reserve(0, MIB(2), 0, &address) == -EINVAL);
	CHECK(bigbar_reserve(MIB(2) + 1, MIB(2), 0, &address) == -EINVAL);
	CHECK(bigbar_reserve(MIB(2), MIB(3), 0, &address) == -EINVAL);
	CHECK(bigbar_reserve(MIB(2), 0, 0, &address) == -EINVAL);
	CHECK(bigbar_reserve(MIB(2), MIB(2), 1, &address) == -EINVAL);
	CHECK(bigbar_reserve(-PAGE, MIB(2), 0, &address) == -ENOMEM);
	CHECK(bigbar_reserve(UINT64_C(1) << 60, MIB(2), 0, &address) == -ENOMEM);
	CHECK(address == &before);
	CHECK(address_space() == before);
}

/* A file in memory, each page of which begins with its number and one. */
static int make_file(uint64_t size)
{
	int fd = memfd_create("dma-buf", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	NEED(fd >= 0 && !ftruncate(fd, size));
	for (uint64_t page = 0; page < size / PAGE && page < 4096; page++) {
		uint64_t number = page + 1;

		NEED(pwrite(fd, &number, sizeof(number), page * PAGE) == sizeof(number));
	}
	return fd;
}

/* Whether a mapping shows what make_file() has written, from page @first on. */
static bool shows(const struct bigbar_map *map, uint64_t first)
{
	const char *address = bigbar_map_address(map);

	for (uint64_t page = 0; page < bigbar_map_length(map) / PAGE; page++) {
		if (*(const uint64_t *)(address + page * PAGE) != first + page + 1)
			return false;
	}
	return true;
}

static struct bigbar_map *map_file(int fd, uint64_t start, uint64_t length)
{
	struct bigbar_map *map;

	NEED(!bigbar_dma_buf_map(fd, start, length, PROT_READ | PROT_WRITE, &map));
	return map;
}

static void check_alignment(uint64_t size, uint64_t start, uint64_t length, uint64_t alignment)
{
	uint64_t before = address_space();
	int file = lowest_free_file(), fd = make_file(size);
	struct bigbar_map *map = map_file(fd, start, length);

	CHECK((uintptr_t)bigbar_map_address(map) % alignment == start % alignment);
	CHECK(address_space() == before + length / PAGE);
	CHECK(!bigbar_unmap(map));
	close(fd);
	CHECK(address_space() == before);
	CHECK(lowest_free_file() == file);
}

static void test_dma_buf_address(void)
{
	check_alignment(GIB(3), 0, GIB(3), GIB(1));
	check_alignment(GIB(3), GIB(1) + MIB(6), GIB(1), GIB(1));
	/* A part can grow later. */
	check_alignment(GIB(3), MIB(512) + PAGE, MIB(1), GIB(1));
	check_alignment(GIB(1) - PAGE, MIB(3), MIB(9), MIB(2));
	check_alignment(MIB(2), MIB(1), MIB(1), MIB(2));
	check_alignment(MIB(1), PAGE, PAGE, PAGE);
}

static void test_dma_buf_contents(void)
{
	int fd = make_file(MIB(8));
	struct bigbar_map *map = map_file(fd, MIB(3), MIB(2));
	uint64_t number = 0;

	CHECK(bigbar_map_length(map) == MIB(2));
	CHECK(shows(map, MIB(3) / PAGE));
	*(uint64_t *)bigbar_map_address(map) = 77;
	CHECK(pread(fd, &number, sizeof(number), MIB(3)) == sizeof(number) && number == 77);
	CHECK(!bigbar_unmap(map));
	close(fd);
}

static void test_dma_buf_refused(void)
{
	uint64_t before = address_space();
	int file = lowest_free_file(), fd = make_file(MIB(8)), pipe_of[2];
	struct bigbar_map *map = NULL;

	NEED(!pipe(pipe_of));
	CHECK(bigbar_dma_buf_map(fd, 0, MIB(8) + PAGE, PROT_READ, &map) == -EINVAL);
	CHECK(bigbar_dma_buf_map(fd, MIB(8), PAGE, PROT_READ, &map) == -EINVAL);
	CHECK(bigbar_dma_buf_map(fd, 0, 0, PROT_READ, &map) == -EINVAL);
	CHECK(bigbar_dma_buf_map(fd, 1, PAGE, PROT_READ, &map) == -EINVAL);
	CHECK(bigbar_dma_buf_map(pipe_of[0], 0, PAGE, PROT_READ, &map) == -ESPIPE);
	CHECK(bigbar_dma_buf_map(-1, 0, PAGE, PROT_READ, &map) == -EBADF);
	NEED(!fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	CHECK(bigbar_dma_buf_map(fd, 0, PAGE, PROT_WRITE, &map) == -EPERM);
	CHECK(!map);
	close(fd);
	close(pipe_of[0]);
	close(pipe_of[1]);
	CHECK(address_space() == before);
	CHECK(lowest_free_file() == file);
}

static char *end_of(const struct bigbar_map *map)
{
	return (char *)bigbar_map_address(map) + bigbar_map_length(map);
}

/* Takes a page after a mapping, or returns NULL if there is something already. */
static char *take_page_after(const struct bigbar_map *map)
{
	void *page = mmap(end_of(map), PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

static bool is_free_behind(const struct bigbar_map *map, uint64_t length)
{
	void *found = mmap(end_of(map), length, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
			   -1, 0);

	return found != MAP_FAILED && !munmap(found, length);
}

#define TRIES 16

/*
 * A mapping of the first 2 MiB with as much free after it. The kernel takes addresses from
 * above: it is below another mapping, which goes then.
 */
static struct bigbar_map *map_below_free(int fd)
{
	for (int i = 0; i < TRIES; i++) {
		struct bigbar_map *above = map_file(fd, 0, MIB(8));
		struct bigbar_map *map = map_file(fd, 0, MIB(2));

		NEED(!bigbar_unmap(above));
		if (is_free_behind(map, MIB(2)))
			return map;
	}
	NEED(!"no mapping with free addresses after it");
	return NULL;
}

static void test_grow_in_place(void)
{
	int fd = make_file(MIB(8));
	struct bigbar_map *map = map_below_free(fd);
	void *address = bigbar_map_address(map);
	uint64_t before = address_space();

	/* The file's own number is closed: the mapping has a copy. */
	close(fd);
	CHECK(!bigbar_map_grow(map, MIB(4)));
	CHECK(bigbar_map_address(map) == address);
	CHECK(bigbar_map_length(map) == MIB(4));
	CHECK(shows(map, 0));
	CHECK(address_space() == before + MIB(2) / PAGE);
	CHECK(!bigbar_unmap(map));
	CHECK(address_space() == before - MIB(2) / PAGE);
}

static void test_grow_elsewhere(void)
{
	int fd = make_file(MIB(8));
	struct bigbar_map *map = map_below_free(fd);
	void *address = bigbar_map_address(map);
	char *after = take_page_after(map);
	uint64_t before = address_space();

	NEED(after);
	*after = 1;
	CHECK(!bigbar_map_grow(map, MIB(8)));
	CHECK(bigbar_map_address(map) != address);
	CHECK((uintptr_t)bigbar_map_address(map) % MIB(2) == 0);
	CHECK(shows(map, 0));
	CHECK(*after == 1);
	CHECK(address_space() == before + MIB(6) / PAGE);
	CHECK(!bigbar_unmap(map));
	munmap(after, PAGE);
	close(fd);
}

/* With the length that it has: it is mapped anew, as it was made. */
static void test_grow_entries(void)
{
	int fd = make_file(MIB(8));
	struct bigbar_map *map = map_file(fd, MIB(2), MIB(4));
	char *address = bigbar_map_address(map);
	uint64_t before = address_space();

	NEED(!mprotect(address, MIB(4), PROT_NONE));
	CHECK(!bigbar_map_grow(map, MIB(4)));
	CHECK(bigbar_map_address(map) == address);
	CHECK(shows(map, MIB(2) / PAGE));
	*address = 5;
	CHECK(address_space() == before);
	CHECK(!bigbar_unmap(map));
	close(fd);
}

static void test_grow_refused(void)
{
	int fd = make_file(MIB(8));
	struct bigbar_map *map = map_below_free(fd);
	char *address = bigbar_map_address(map);
	uint64_t before = address_space();

	CHECK(bigbar_map_grow(map, MIB(1)) == -EINVAL);
	CHECK(bigbar_map_grow(map, MIB(8) + PAGE) == -EINVAL);
	CHECK(bigbar_map_grow(map, MIB(2) + 1) == -EINVAL);
	NEED(!fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	CHECK(bigbar_map_grow(map, MIB(4)) == -EPERM);
	CHECK(bigbar_map_address(map) == address);
	CHECK(bigbar_map_length(map) == MIB(2));
	CHECK(shows(map, 0));
	*address = 5;
	CHECK(is_free_behind(map, MIB(2)));
	CHECK(address_space() == before);
	CHECK(!bigbar_unmap(map));
	close(fd);
}

/* What stands in for the driver, and what it has seen. */
static struct {
	const char *name;
	int fails;		/* the errno value of the next call, or 0 */
	unsigned int signals;	/* that end a prefault, each after a page */
	unsigned int calls;
	uint64_t begun[8];	/* where each call of a prefault began */
	uint64_t record[4096];
	uint64_t taken;		/* the pages of the record, in order, up to here */
} driver;

static int fail(int error)
{
	errno = error;
	return -1;
}

static void tell_string(char *to, __kernel_size_t *length, const char *text)
{
	if (to)
		memcpy(to, text, *length);
	*length = strlen(text);
}

static int tell_version(struct drm_version *version)
{
	tell_string(version->name, &version->name_len, driver.name);
	tell_string(version->date, &version->date_len, "0");
	tell_string(version->desc, &version->desc_len, "a stand-in");
	return 0;
}

static int prefault(struct drm_bigbar_prefault *arg)
{
	driver.begun[driver.calls++] = arg->done;
	if (driver.calls > driver.signals) {
		arg->done = arg->length;
		return 0;
	}
	arg->done += PAGE;
	return fail(EINTR);
}

static int take(struct drm_bigbar_gem_dirty *arg)
{
	uint64_t words = (arg->nr_pages + 63) / 64, *from = driver.record + arg->first_page / 64;

	CHECK(arg->first_page == driver.taken && arg->first_page % 64 == 0);
	CHECK(arg->nr_pages <= 32768);
	driver.taken += arg->nr_pages;
	memcpy((void *)(uintptr_t)arg->bitmap, from, words * sizeof(*from));
	memset(from, 0, words * sizeof(*from));
	return 0;
}

static int create(struct drm_bigbar_gem_create *arg)
{
	arg->size = (arg->size + PAGE - 1) / PAGE * PAGE;
	arg->handle = 7;
	return 0;
}

static int tell_info(struct drm_bigbar_gem_info *arg)
{
	arg->size = MIB(3);
	arg->alignment = MIB(4);
	arg->placement = DRM_BIGBAR_PLACEMENT_VRAM;
	arg->flags = DRM_BIGBAR_GEM_CREATE_CONTIGUOUS;
	return 0;
}

static int call_driver(unsigned long request, void *argument)
{
	switch (request) {
	case DRM_IOCTL_VERSION:
		return tell_version(argument);
	case DRM_IOCTL_BIGBAR_GEM_CREATE:
		return create(argument);
	case DRM_IOCTL_BIGBAR_GEM_MMAP_OFFSET:
		((struct drm_bigbar_gem_mmap_offset *)argument)->offset = MIB(4);
		return 0;
	case DRM_IOCTL_BIGBAR_GEM_INFO:
		return tell_info(argument);
	case DRM_IOCTL_BIGBAR_GEM_DIRTY:
		return take(argument);
	case DRM_IOCTL_BIGBAR_PREFAULT:
		return prefault(argument);
	case DRM_IOCTL_GEM_CLOSE:
		CHECK(((struct drm_gem_close *)argument)->handle == 7);
		return 0;
	}
	return fail(ENOTTY);
}

/* libdrm calls this in place of the C library's. */
int ioctl(int fd, unsigned long request, ...)
{
	int error = driver.fails;
	va_list arguments;
	void *argument;

	(void)fd;
	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	driver.fails = 0;
	return error ? fail(error) : call_driver(request, argument);
}

/* A device whose file is in memory, and a buffer object at 4 MiB of it. */
static struct bigbar_bo *make_bo(uint64_t size, struct bigbar_device **device)
{
	struct bigbar_bo *bo;
	int fd = make_file(MIB(16));

	memset(&driver, 0, sizeof(driver));
	driver.name = "bigbar";
	NEED(!bigbar_device_open_fd(fd, device));
	close(fd);
	NEED(!bigbar_bo_create(*device, size, DRM_BIGBAR_PLACEMENT_VRAM, 0, &bo));
	return bo;
}

static void free_bo(struct bigbar_bo *bo, struct bigbar_device *device)
{
	CHECK(!bigbar_bo_free(bo));
	bigbar_device_close(device);
}

static void test_device_refused(void)
{
	struct bigbar_device *device = NULL;
	int file = lowest_free_file(), fd = make_file(PAGE);

	driver.name = "vgem";
	CHECK(bigbar_device_open_fd(fd, &device) == -ENODEV);
	driver.fails = ENODEV;
	CHECK(bigbar_device_open_fd(fd, &device) == -ENODEV);
	CHECK(bigbar_device_open("/dev/null", &device) == -ENODEV);
	CHECK(bigbar_device_open("/no/such/node", &device) == -ENOENT);
	CHECK(bigbar_device_open_fd(-1, &device) == -EBADF);
	CHECK(!device);
	close(fd);
	CHECK(lowest_free_file() == file);
}

static void test_bo(void)
{
	struct bigbar_device *device;
	struct bigbar_bo *bo = make_bo(MIB(3) - 1, &device), *none = NULL;
	struct bigbar_bo_info info = {};
	uint64_t offset = 0;

	CHECK(bigbar_bo_handle(bo) == 7);
	CHECK(!bigbar_bo_mmap_offset(bo, &offset) && offset == MIB(4));
	CHECK(!bigbar_bo_query_info(bo, &info));
	CHECK(info.size == MIB(3) && info.alignment == MIB(4));
	CHECK(info.placement == DRM_BIGBAR_PLACEMENT_VRAM);
	CHECK(info.flags == DRM_BIGBAR_GEM_CREATE_CONTIGUOUS);
	driver.fails = ENOMEM;
	CHECK(bigbar_bo_create(device, PAGE, 0, 0, &none) == -ENOMEM);
	CHECK(!none);
	free_bo(bo, device);
}

static void test_bo_map(void)
{
	struct bigbar_device *device;
	struct bigbar_bo *bo = make_bo(MIB(8), &device);
	struct bigbar_map *map = NULL;

	CHECK(bigbar_bo_map(bo, MIB(8), PAGE, PROT_READ, &map) == -EINVAL);
	driver.fails = ENOENT;
	CHECK(bigbar_bo_map(bo, 0, PAGE, PROT_READ, &map) == -ENOENT);
	CHECK(!map);
	NEED(!bigbar_bo_map(bo, MIB(1), MIB(2), PROT_READ, &map));
	CHECK(shows(map, MIB(5) / PAGE));
	CHECK(!bigbar_map_grow(map, MIB(7)));
	CHECK(bigbar_map_length(map) == MIB(7));
	CHECK(shows(map, MIB(5) / PAGE));
	CHECK(!bigbar_unmap(map));
	free_bo(bo, device);
}

static void test_prefault(void)
{
	struct bigbar_device *device;
	struct bigbar_bo *bo = make_bo(MIB(1), &device);
	uint64_t done = 0;

	driver.signals = 3;
	CHECK(!bigbar_prefault(device, NULL, MIB(1), &done));
	CHECK(done == MIB(1));
	CHECK(driver.calls == 4);
	for (unsigned int call = 0; call < 4; call++)
		CHECK(driver.begun[call] == call * PAGE);
	driver.calls = 0;
	driver.fails = EFAULT;
	CHECK(bigbar_prefault(device, NULL, MIB(1), &done) == -EFAULT);
	CHECK(done == 0 && driver.calls == 0);
	CHECK(!bigbar_prefault(device, NULL, MIB(1), NULL));
	free_bo(bo, device);
}

#define PAGES 100000

/* Runs over the ends of windows, and one at the end. */
static void fill_record(void)
{
	memset(driver.record, 0, sizeof(driver.record));
	for (uint64_t page = 0; page < PAGES; page++) {
		if (page % 1000 < 3 || (page >= 32760 && page < 32770) || page >= PAGES - 9)
			driver.record[page / 64] |= UINT64_C(1) << page % 64;
	}
}

/* The run at or after @from, but not into the next window. */
static uint64_t expected_run(const uint64_t *record, uint64_t *from)
{
	uint64_t count = count_bits(record, PAGES, from);
	uint64_t left = 32768 - *from % 32768;

	return count < left ? count : left;
}

static void check_record(struct bigbar_dirty *dirty)
{
	static uint64_t record[4096];
	uint64_t page = 0, first, pages;

	memcpy(record, driver.record, sizeof(record));
	driver.fails = ENODATA;
	CHECK(bigbar_dirty_next(dirty, &first, &pages) == -ENODATA);
	while (bigbar_dirty_next(dirty, &first, &pages) == 1) {
		uint64_t expected = expected_run(record, &page);

		CHECK(first == page && pages == expected);
		page = first + pages;
	}
	CHECK(!expected_run(record, &page));
	CHECK(driver.taken == PAGES);
	CHECK(bigbar_dirty_next(dirty, &first, &pages) == 0);
}

static void test_dirty(void)
{
	struct bigbar_device *device;
	struct bigbar_bo *bo = make_bo(PAGES * PAGE, &device);
	struct bigbar_dirty *dirty;

	fill_record();
	NEED(!bigbar_dirty_begin(bo, &dirty));
	check_record(dirty);
	bigbar_dirty_end(dirty);
	free_bo(bo, device);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "what the largest entry maps that fits", test_level },
	{ "an address moves to the next that is congruent, and no further", test_congruent },
	{ "what is no range of pages inside an object is told", test_range },
	{ "runs of bits are found wherever they begin and end", test_runs },
	{ "as many addresses are reserved as asked for, aligned and shifted", test_reserve },
	{ "what cannot be reserved leaves nothing behind", test_reserve_refused },
	{ "a dma-buf has an address that its largest entries fit", test_dma_buf_address },
	{ "a part of a dma-buf shows its contents", test_dma_buf_contents },
	{ "what is not in a dma-buf is refused, and leaves nothing behind", test_dma_buf_refused },
	{ "a mapping grows where it is if there is room", test_grow_in_place },
	{ "a mapping moves if there is none, and touches nobody's", test_grow_elsewhere },
	{ "a mapping is made anew where it is", test_grow_entries },
	{ "a mapping that cannot grow is as it was", test_grow_refused },
	{ "another driver's device is refused, and no file stays open", test_device_refused },
	{ "a buffer object is what the driver made", test_bo },
	{ "a buffer object is mapped from where it begins in the file", test_bo_map },
	{ "a prefault goes on after signals, and not from the start", test_prefault },
	{ "the record is taken by windows, once, and in order", test_dirty },
};

int main(void)
{
	/* So that memory of the process is there before it is counted. */
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	free(malloc(KIB(64)));
	NEED(sysconf(_SC_PAGESIZE) == (long)PAGE);
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		is_good = true;
		tests[i].run();
		printf("%s  %s\n", is_good ? "pass" : "FAIL", tests[i].name);
		if (is_good)
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: MIT
/*
 * Tests of libbigbar with a device, one in each call: whether its mappings have entries as
 * large as it says, by the number of page faults. igt-tests/bigbar_library.c runs them.
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../measure/timer.h"
#include "libbigbar.h"

#define MIB(n) ((uint64_t)(n) << 20)

#define PAGE 4096
#define READ_WRITE (PROT_READ | PROT_WRITE)

/* PMD entries for 64 MiB take one fault or two; PTEs take 32, one for each table. */
#define SIZE MIB(64)
#define FEW_FAULTS 8

static void need(int error, const char *what)
{
	if (error)
		errx(EXIT_FAILURE, "cannot %s: %s", what, strerror(-error));
}

static void check(bool condition, const char *what)
{
	if (!condition)
		errx(EXIT_FAILURE, "not so: %s", what);
}

static struct bigbar_bo *make_bo(struct bigbar_device *device, uint64_t size, uint32_t flags)
{
	struct bigbar_bo *bo;

	need(bigbar_bo_create(device, size, DRM_BIGBAR_PLACEMENT_VRAM, flags, &bo),
	     "make a buffer object");
	return bo;
}

static struct bigbar_map *map_bo(const struct bigbar_bo *bo, uint64_t length)
{
	struct bigbar_map *map;

	need(bigbar_bo_map(bo, 0, length, READ_WRITE, &map), "map a buffer object");
	return map;
}

static volatile uint64_t *page_of(const struct bigbar_map *map, uint64_t page)
{
	return (uint64_t *)((char *)bigbar_map_address(map) + page * PAGE);
}

static void write_pages(const struct bigbar_map *map, uint64_t bytes)
{
	for (uint64_t page = 0; page < bytes / PAGE; page++)
		*page_of(map, page) = page + 1;
}

static bool has_pages(const struct bigbar_map *map, uint64_t bytes)
{
	for (uint64_t page = 0; page < bytes / PAGE; page++) {
		if (*page_of(map, page) != page + 1)
			return false;
	}
	return true;
}

static uint64_t count_faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		err(EXIT_FAILURE, "cannot count page faults");
	return usage.ru_minflt + usage.ru_majflt;
}

/* The page faults that reading all of it takes. */
static uint64_t faults_of(const struct bigbar_map *map)
{
	uint64_t before = count_faults();

	for (uint64_t page = 0; page < bigbar_map_length(map) / PAGE; page++)
		(void)*page_of(map, page);
	return count_faults() - before;
}

/* Takes the addresses after a mapping; returns NULL if somebody has them. */
static void *take_after(const struct bigbar_map *map, uint64_t length)
{
	char *end = (char *)bigbar_map_address(map) + bigbar_map_length(map);
	void *found = mmap(end, length, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
			   -1, 0);

	return found == MAP_FAILED ? NULL : found;
}

#define MOST_ROUNDS 20

/*
 * A mapping of the first half, with addresses for the other half free after it. The kernel
 * takes addresses from above: it is below another mapping, which goes then.
 */
static struct bigbar_map *map_below_free(const struct bigbar_bo *bo)
{
	for (int round = 0; round < MOST_ROUNDS; round++) {
		struct bigbar_map *above = map_bo(bo, SIZE);
		struct bigbar_map *map = map_bo(bo, SIZE / 2);
		void *after;

		need(bigbar_unmap(above), "unmap the mapping above");
		after = take_after(map, SIZE / 2);
		if (after) {
			munmap(after, SIZE / 2);
			return map;
		}
	}
	errx(EXIT_FAILURE, "there is no mapping with free addresses after it");
}

/* It has PTEs while writes are tracked. Longer, it has large entries, and its contents. */
static void grow(struct bigbar_bo *bo, struct bigbar_map *map)
{
	need(bigbar_dirty_start(bo), "record writes");
	write_pages(map, SIZE / 2);
	need(bigbar_dirty_stop(bo), "end the record");
	check(faults_of(map) > FEW_FAULTS, "without growing, it still has small entries");
	need(bigbar_map_grow(map, SIZE), "grow");
	check(bigbar_map_length(map) == SIZE, "it is longer");
	check(faults_of(map) <= FEW_FAULTS, "it has large entries");
	check(has_pages(map, SIZE / 2), "it has its contents");
	check(*page_of(map, SIZE / PAGE - 1) == 0, "the rest is new");
}

static void test_grow_in_place(struct bigbar_device *device)
{
	struct bigbar_bo *bo = make_bo(device, SIZE, DRM_BIGBAR_GEM_CREATE_TRACKABLE);
	struct bigbar_map *map = map_below_free(bo);
	void *address = bigbar_map_address(map);

	grow(bo, map);
	check(bigbar_map_address(map) == address, "it is where it was");
	need(bigbar_unmap(map), "unmap it");
	need(bigbar_bo_free(bo), "free it");
}

static void test_grow_elsewhere(struct bigbar_device *device)
{
	struct bigbar_bo *bo = make_bo(device, SIZE, DRM_BIGBAR_GEM_CREATE_TRACKABLE);
	struct bigbar_map *map = map_bo(bo, SIZE / 2);
	void *address = bigbar_map_address(map);

	/* If this fails, they are somebody's already. */
	take_after(map, PAGE);
	grow(bo, map);
	check(bigbar_map_address(map) != address, "it is elsewhere");
	need(bigbar_unmap(map), "unmap it");
	need(bigbar_bo_free(bo), "free it");
}

/* A dma-buf that shows a buffer object. */
static void test_dma_buf(struct bigbar_device *device)
{
	struct bigbar_bo *bo = make_bo(device, SIZE, 0);
	struct bigbar_map *map = map_bo(bo, SIZE), *same;
	uint64_t done;
	int fd;

	write_pages(map, SIZE);
	need(bigbar_bo_export(bo, &fd), "export it");
	need(bigbar_dma_buf_map(fd, 0, SIZE, READ_WRITE, &same), "map the dma-buf");
	close(fd);
	check(faults_of(same) <= FEW_FAULTS, "the dma-buf has large entries");
	check(has_pages(same, SIZE), "it shows the buffer object");
	need(bigbar_map_grow(same, SIZE), "map it anew");
	need(bigbar_prefault(device, bigbar_map_address(same), SIZE, &done), "map it ahead of use");
	check(done == SIZE, "all of it is mapped ahead of use");
	need(bigbar_unmap(same), "unmap the dma-buf");
	need(bigbar_unmap(map), "unmap it");
	need(bigbar_bo_free(bo), "free it");
}

static volatile sig_atomic_t nr_signals;

static void count_signal(int signal)
{
	(void)signal;
	nr_signals++;
}

/* By PTEs, a prefault takes many steps, between which signals end it. */
static void test_prefault(struct bigbar_device *device)
{
	struct bigbar_bo *bo = make_bo(device, MIB(256), DRM_BIGBAR_GEM_CREATE_NO_HUGE);
	const struct sigaction action = { .sa_handler = count_signal };

	if (sigaction(SIGALRM, &action, NULL))
		err(EXIT_FAILURE, "cannot catch signals");
	for (int round = 0; round < MOST_ROUNDS && !nr_signals; round++) {
		struct bigbar_map *map = map_bo(bo, MIB(256));
		uint64_t done;

		/* The first access waits until the buffer object has been cleared. */
		(void)*page_of(map, 0);
		set_timer(1000);
		need(bigbar_prefault(device, bigbar_map_address(map), MIB(256), &done),
		     "map it ahead of use");
		set_timer(0);
		check(done == MIB(256), "all of it is mapped");
		check(faults_of(map) <= FEW_FAULTS, "it takes no faults after that");
		need(bigbar_unmap(map), "unmap it");
	}
	check(nr_signals, "signals came");
	need(bigbar_bo_free(bo), "free it");
}

static const struct {
	const char *name;
	void (*run)(struct bigbar_device *device);
} tests[] = {
	{ "grow-in-place", test_grow_in_place },
	{ "grow-elsewhere", test_grow_elsewhere },
	{ "dma-buf", test_dma_buf },
	{ "prefault", test_prefault },
};

int main(int argc, char **argv)
{
	struct bigbar_device *device;

	if (argc != 3)
		errx(2, "which test on which device? For example: guest-test NODE dma-buf");
	/* What is counted are faults on buffer objects, none on this program's code and stack. */
	if (mlockall(MCL_CURRENT))
		err(EXIT_FAILURE, "cannot keep the program in memory");
	need(bigbar_device_open(argv[1], &device), "open the device");
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		if (strcmp(argv[2], tests[i].name))
			continue;
		tests[i].run(device);
		bigbar_device_close(device);
		printf("%s: good\n", argv[2]);
		return EXIT_SUCCESS;
	}
	errx(2, "there is no test '%s'", argv[2]);
}

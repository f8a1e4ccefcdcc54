// SPDX-License-Identifier: MIT

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/huge_device.h"
#include "lib/pattern.h"
#include "lib/plug.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge unplug
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: driver
 * Functionality: hot unplug
 * Description: The device goes while programs have it mapped, and use it. They
 *	live on, on memory that means nothing; the device that comes back works.
 */
IGT_TEST_DESCRIPTION("The device is unbound while mapped and faulting");

/* The device is back, does its work, and nothing of the time before is left. */
static void assert_works_again(void)
{
	struct pattern pattern;
	struct huge_bo bo;
	int fd;

	device_plug();
	fd = huge_open_when_there();
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	bo = huge_vram_bo(fd, MIB(2) + KIB(4));
	pattern = pattern_of(huge_bo_map(&bo), bo.size, 61);
	pattern_write(&pattern);
	huge_bo_move(&bo, HUGE_SYSTEM);
	pattern_assert(&pattern);
}

static void assert_gone(const struct huge_bo *bo)
{
	struct huge_bo other;
	uint64_t done;

	igt_assert_eq(huge_bo_try_create(bo->fd, KIB(4), HUGE_VRAM, 0, &other), ENODEV);
	igt_assert_eq(huge_bo_try_move(bo, HUGE_SYSTEM), ENODEV);
	igt_assert_eq(huge_prefault(bo->fd, NULL, 0, &done), ENODEV);
	igt_assert(mmap(NULL, bo->size, PROT_READ, MAP_SHARED, bo->fd, bo->offset) == MAP_FAILED);
	igt_assert_eq(errno, ENODEV);
}

/* Whatever a page holds now, it can be read and written. */
static void assert_usable(char *address, uint64_t size, uint64_t stride)
{
	for (uint64_t at = 0; at < size; at += stride) {
		igt_assert_eq(signal_of_reading(address + at), 0);
		igt_assert_eq(signal_of_writing(address + at, at + 1), 0);
		igt_assert_eq_u64(*(volatile uint64_t *)(address + at), at + 1);
	}
}

static void assert_survives(struct huge_bo bo, char *address)
{
	struct pattern pattern = pattern_of(address, bo.size, 62);

	pattern.stride = pattern.pages / 16;
	pattern_write(&pattern);
	device_unplug(bo.fd);
	assert_usable(address, bo.size, bo.size / 16);
	assert_gone(&bo);
	huge_release_all();
	assert_works_again();
}

/**
 * SUBTEST: mapped-%s
 * Description: A program that has VRAM mapped by %arg[1] entries reads and writes
 *	on without a signal when the device is gone; ioctls and mmap() fail with
 *	ENODEV. The device that is bound again works, and nothing is leaked.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mapped(enum huge_level level)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);

	assert_survives(bo, address);
}

/**
 * SUBTEST: tracked
 * Description: The same while writes are tracked.
 */
static void test_tracked(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), HUGE_TRACKABLE, &address);

	huge_dirty_start(&bo);
	assert_survives(bo, address);
}

/**
 * SUBTEST: system-memory
 * Description: The same for a buffer object in system memory.
 */
static void test_system_memory(void)
{
	struct huge_bo bo = huge_bo_create(huge_open(), MIB(4), HUGE_SYSTEM, HUGE_SYSTEM_WB);

	assert_survives(bo, huge_bo_map(&bo));
}

#define WRITERS 2
#define WRITING_MS 300
/* On a busy host. */
#define WRITING_LIMIT_SECONDS 60

struct writer {
	pthread_t thread;
	struct pattern pattern;
	volatile uint64_t rounds;
};

static volatile bool stop_writers;

/* Mapped anew each time, so that there are faults all the time. */
static void *write_on(void *argument)
{
	struct writer *writer = argument;

	while (!stop_writers) {
		pattern_write(&writer->pattern);
		madvise(writer->pattern.address, writer->pattern.pages * HUGE_PAGE_SIZE,
			writer->rounds % 2 ? MADV_RANDOM : MADV_NORMAL);
		writer->rounds++;
	}
	return NULL;
}

static void assert_writers_live(struct writer *writers)
{
	for (int i = 0; i < WRITERS; i++) {
		uint64_t before = writers[i].rounds;
		double end = seconds_now() + WRITING_LIMIT_SECONDS;

		while (writers[i].rounds < before + 2 && seconds_now() < end)
			usleep(1000);
		igt_assert_lt_u64(before + 1, writers[i].rounds);
	}
}

/* Its moves make the writers fault again and again; it ends when they fail. */
static void *move_on(void *argument)
{
	const struct huge_bo *bo = argument;

	while (!huge_bo_try_move(bo, HUGE_SYSTEM) && !huge_bo_try_move(bo, HUGE_VRAM))
		usleep(1000);
	return NULL;
}

/**
 * SUBTEST: faulting
 * Description: Threads fault, write, and move the buffer object, while the device
 *	goes. The writers go on.
 */
static void test_faulting(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(8), 0, &address);
	struct writer writers[WRITERS] = {};
	const uint64_t share = bo.size / WRITERS;
	pthread_t mover;

	stop_writers = false;
	for (int i = 0; i < WRITERS; i++) {
		writers[i].pattern = pattern_of(address + i * share, share, 63);
		igt_assert_eq(pthread_create(&writers[i].thread, NULL, write_on, &writers[i]), 0);
	}
	igt_assert_eq(pthread_create(&mover, NULL, move_on, &bo), 0);
	usleep(1000 * WRITING_MS);
	device_unplug(bo.fd);
	pthread_join(mover, NULL);
	assert_writers_live(writers);
	stop_writers = true;
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	assert_gone(&bo);
	huge_release_all();
	assert_works_again();
}

static uint64_t page_table_kib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long long kib = 0;
	char line[128];

	igt_assert(status);
	while (fgets(line, sizeof(line), status) && sscanf(line, "VmPTE: %llu", &kib) != 1)
		;
	fclose(status);
	return kib;
}

/**
 * SUBTEST: one-page-a-fault
 * Description: After unplug a fault on a mapping of 4 GiB maps a page or a few,
 *	and not all of the mapping, which would take long.
 */
static void test_one_page_a_fault(void)
{
	int fd = huge_open();
	struct huge_bo bo;
	uint64_t before, faults;
	char *address;

	igt_require_f(huge_vram(fd).size >= GIB(4), "less than 4 GiB of VRAM\n");
	bo = huge_vram_bo(fd, GIB(4));
	address = huge_bo_map(&bo);
	device_unplug(fd);
	before = page_table_kib();
	faults = page_faults();
	for (int i = 0; i < 4; i++)
		*(volatile char *)(address + i * GIB(1) + MIB(5)) = 1;
	igt_assert_lte_u64(4, page_faults() - faults);
	/* A table or two for each; a million pages would be 8 MiB. */
	igt_assert_lte_u64(page_table_kib() - before, 64);
	huge_release_all();
	assert_works_again();
}

static void clean_up(void)
{
	device_plug();
	huge_release_all();
	huge_close(huge_open_when_there());
}

static const struct level_subtest level_subtests[] = {
	{ "mapped", "Unbound while mapped", test_mapped },
};

static const struct subtest subtests[] = {
	{ "tracked", "Unbound while writes are tracked", test_tracked },
	{ "system-memory", "Unbound while system memory is mapped", test_system_memory },
	{ "faulting", "Unbound while threads fault", test_faulting },
	{ "one-page-a-fault", "No fault maps all of a mapping", test_one_page_a_fault },
};

int igt_main()
{
	igt_fixture()
		huge_close(huge_open());

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

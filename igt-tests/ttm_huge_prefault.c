// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/alarm.h"
#include "lib/cpu.h"
#include "lib/huge_device.h"
#include "lib/memory.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge prefault
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: One call maps a range ahead of use, by the entries that faults would set;
 *	accesses after it take no fault. The call tells how far it got.
 */
IGT_TEST_DESCRIPTION("A range is mapped ahead of use by one call");

/* The call and both of its results. */
static void assert_prefault(int fd, void *address, uint64_t length, int error, uint64_t done)
{
	uint64_t found = ~UINT64_C(0);

	igt_assert_eq(huge_prefault(fd, address, length, &found), error);
	igt_assert_eq_u64(found, done);
}

static void assert_no_fault_in(char *address, uint64_t length)
{
	struct pattern pattern = pattern_of(address, length, 41);

	pattern.stride = pattern.pages > 1024 ? pattern.pages / 1024 : 1;
	igt_assert_eq_u64(pattern_write_counting_faults(&pattern), 0);
	pattern_assert(&pattern);
}

/**
 * SUBTEST: level-%s
 * Description: A buffer object is mapped by %arg[1] entries in one call. The entries are
 *	not young, and writes take no fault then. A second call does nothing.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_level(enum huge_level level)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);

	assert_prefault(bo.fd, address, bo.size, 0, bo.size);
	huge_assert_mapped_at(&bo, address, level, "prefaulted");
	/* Nothing has been accessed; but the PTE for the address of a fault is set young. */
	huge_assert_used(&bo, level == HUGE_PTE, 0);
	assert_no_fault_in(address, bo.size);
	assert_prefault(bo.fd, address, bo.size, 0, bo.size);
	huge_assert_mapped_at(&bo, address, level, "prefaulted again");
}

/**
 * SUBTEST: four-gib
 * Description: One call maps 4 GiB by four PUD entries.
 */
static void test_four_gib(void)
{
	int fd = huge_open();
	struct huge_bo bo;
	char *address;

	igt_require_f(huge_vram(fd).size >= GIB(4), "less than 4 GiB of VRAM\n");
	bo = huge_vram_bo(fd, GIB(4));
	address = huge_bo_map(&bo);
	assert_prefault(fd, address, bo.size, 0, bo.size);
	huge_assert_mapped_at(&bo, address, huge_largest_level(), "prefaulted");
	assert_no_fault_in(address, bo.size);
}

struct shift_case {
	const char *name;
	const char *what;
	uint64_t size;
	uint64_t shift;
	enum huge_level level;
};

/* Several, because page tables that are allocated one after the other are mostly neighbours. */
#define SHIFTED_MAPPINGS 8

static const struct shift_case shift_cases[] = {
	{ "4k", "a page off, by PTE entries", MIB(64), KIB(4), HUGE_PTE },
	{ "2m", "2 MiB off, by PMD entries", GIB(1), MIB(2), HUGE_PMD },
};

/**
 * SUBTEST: shifted-%s
 * Description: A mapping at an address %arg[1], which takes many steps in one call. Neither
 *	an entry before the mapping, at the beginning of a page table, nor what follows that
 *	table in memory is taken for the end of the mapping.
 *
 * arg[1]:
 *
 * @4k: a page off, by PTE entries
 * @2m: 2 MiB off, by PMD entries
 */
static void test_shifted(const struct shift_case *c)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), c->size);
	struct huge_bo front = huge_vram_bo(bo.fd, c->shift);
	char *addresses[SHIFTED_MAPPINGS];

	for (unsigned int i = 0; i < SHIFTED_MAPPINGS; i++) {
		char *area = huge_reserve(c->size + c->shift, GIB(1));

		addresses[i] = huge_bo_map_at(&bo, area + c->shift, 0, c->size);
		*(volatile char *)huge_bo_map_at(&front, area, 0, front.size) = 1;
	}
	for (unsigned int i = 0; i < SHIFTED_MAPPINGS; i++) {
		assert_prefault(bo.fd, addresses[i], bo.size, 0, bo.size);
		huge_assert_mapped_at(&bo, addresses[i], c->level, "prefaulted");
		assert_no_fault_in(addresses[i], bo.size);
	}
}

/**
 * SUBTEST: part
 * Description: Only the range and its cheap neighbours are mapped: the PUD entry of the
 *	second GiB is set, and that of the first is not. A range that begins amid what that
 *	entry maps, and ends 2 MiB past it, is mapped to its end.
 */
static void test_part(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(GIB(2) + MIB(2), 0, &address);
	const struct huge_levels nothing = {}, one = huge_levels_at(huge_largest_level(), GIB(1));
	struct huge_levels found;

	assert_prefault(bo.fd, address + GIB(1) + MIB(3), MIB(5), 0, MIB(5));
	found = huge_levels_of(&bo, address, GIB(1));
	huge_assert_levels(&found, &nothing, "first GiB");
	found = huge_levels_of(&bo, address + GIB(1), GIB(1));
	huge_assert_levels(&found, &one, "second GiB");

	assert_prefault(bo.fd, address + GIB(1) + MIB(3), GIB(1) - MIB(1), 0, GIB(1) - MIB(1));
	assert_no_fault_in(address + GIB(2), MIB(2));
}

/**
 * SUBTEST: partly-mapped
 * Description: A range in which some PTEs and PMD entries are already set is mapped as a
 *	whole, and those entries stay.
 */
static void test_partly_mapped(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(32), 0, &address);
	struct pattern some = pattern_of(address, bo.size, 42);
	struct huge_levels found;

	igt_assert_eq(madvise(address, bo.size, MADV_RANDOM), 0);
	some.stride = MIB(6) / HUGE_PAGE_SIZE;
	pattern_write(&some);
	igt_assert_eq(madvise(address + MIB(2), MIB(2), MADV_NOHUGEPAGE), 0);
	*(volatile char *)(address + MIB(2) + KIB(64)) = 1;
	found = huge_levels_of(&bo, address, bo.size);
	igt_assert_lte_u64(1, found.entries[HUGE_PTE]);
	igt_assert_lt_u64(found.entries[HUGE_PMD], 16);

	assert_prefault(bo.fd, address, bo.size, 0, bo.size);
	found = huge_levels_of(&bo, address, bo.size);
	igt_assert_eq_u64(found.entries[HUGE_PMD], 15);
	igt_assert_eq_u64(found.entries[HUGE_PTE], 512);
	pattern_assert(&some);
	assert_no_fault_in(address, bo.size);
}

/**
 * SUBTEST: random
 * Description: After MADV_RANDOM, one call maps all pages of a range, one in each step. What
 *	follows a page table in memory, which may be anything, is not taken for entries.
 */
static void test_random(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(32), HUGE_SINGLE_PAGES, &address);

	igt_assert_eq(madvise(address, bo.size, MADV_RANDOM), 0);
	/* Page tables are allocated from this memory. Read as entries, it would be present. */
	memory_make_dirty(2 * bo.size);
	assert_prefault(bo.fd, address, bo.size, 0, bo.size);
	huge_assert_mapped_at(&bo, address, HUGE_PTE, "prefaulted");
	assert_no_fault_in(address, bo.size);
}

/**
 * SUBTEST: two-mappings
 * Description: One call maps a range over two adjacent mappings, which are of two buffer
 *	objects, the second of another client.
 */
static void test_two_mappings(void)
{
	struct huge_bo first = huge_vram_bo(huge_open(), MIB(4));
	struct huge_bo second = huge_vram_bo(huge_open(), MIB(2));
	char *area = huge_reserve(MIB(6), MIB(4));

	huge_bo_map_at(&first, area, 0, first.size);
	huge_bo_map_at(&second, area + first.size, 0, second.size);
	assert_prefault(first.fd, area + MIB(1), MIB(4), 0, MIB(4));
	huge_assert_mapped_at(&first, area, HUGE_PMD, "first");
	huge_assert_mapped_at(&second, area + first.size, HUGE_PMD, "second");
	assert_no_fault_in(area, MIB(6));
}

/**
 * SUBTEST: far
 * Description: One call maps a range across the border between two page tables of the
 *	highest level, of which neither is there, because no other mapping is near.
 */
static void test_far(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), FAR_SIZE);

	huge_bo_map_at(&bo, FAR_BORDER, 0, bo.size);
	assert_prefault(bo.fd, FAR_BORDER, bo.size, 0, bo.size);
	huge_assert_mapped_at(&bo, FAR_BORDER, HUGE_PMD, "prefaulted");
	assert_no_fault_in(FAR_BORDER, bo.size);
}

/**
 * SUBTEST: system-memory
 * Description: A buffer object in system memory that was never touched is mapped by one
 *	call.
 */
static void test_system_memory(void)
{
	struct huge_bo bo = huge_bo_create(huge_open(), MIB(8), HUGE_SYSTEM, HUGE_SYSTEM_WB);
	char *address = huge_bo_map(&bo);

	assert_prefault(bo.fd, address, bo.size, 0, bo.size);
	assert_no_fault_in(address, bo.size);
	huge_bo_move(&bo, HUGE_VRAM);
	assert_prefault(bo.fd, address, bo.size, 0, bo.size);
	assert_no_fault_in(address, bo.size);
}

/**
 * SUBTEST: tracked
 * Description: While writes are tracked, a prefault is not recorded as a write, and a write
 *	after it is recorded.
 */
static void test_tracked(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), HUGE_TRACKABLE, &address);
	const uint64_t pages = bo.size / HUGE_PAGE_SIZE;
	uint64_t record[16];

	huge_dirty_start(&bo);
	assert_prefault(bo.fd, address, bo.size, 0, bo.size);
	huge_assert_mapped_at(&bo, address, HUGE_PMD, "prefaulted");
	igt_assert_eq(huge_dirty_try_take(&bo, 0, pages, record), 0);
	igt_assert(is_zero(record, sizeof(record)));
	*(volatile char *)address = 1;
	igt_assert_eq(huge_dirty_try_take(&bo, 0, pages, record), 0);
	igt_assert_eq_u64(record[0], 1);
}

/**
 * SUBTEST: bad-range
 * Description: Ranges that are not page aligned, or wrap, are refused before anything is
 *	mapped; a length of 0 is no error.
 */
static void test_bad_range(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	const struct huge_levels nothing = {};
	struct huge_levels found;

	assert_prefault(bo.fd, address + 1, KIB(4), EINVAL, 0);
	assert_prefault(bo.fd, address, KIB(4) + 1, EINVAL, 0);
	assert_prefault(bo.fd, address, -(uint64_t)KIB(4), EINVAL, 0);
	assert_prefault(bo.fd, address, -(uint64_t)(uintptr_t)address, EINVAL, 0);
	assert_prefault(bo.fd, address, 0, 0, 0);
	found = huge_levels_of(&bo, address, bo.size);
	huge_assert_levels(&found, &nothing, "nothing mapped");
}

/**
 * SUBTEST: outside
 * Description: A range runs into a hole (ENOMEM) or into a mapping of something else
 *	(EINVAL), or begins there, or is past the addresses of user space (ENOMEM). What
 *	lies before is mapped and counted.
 */
static void test_outside(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));
	char *area = huge_reserve(MIB(6), MIB(2));
	char *address = huge_bo_map_at(&bo, area + MIB(2), 0, bo.size), *hole = address + bo.size;

	assert_prefault(bo.fd, area, KIB(4), EINVAL, 0);
	assert_prefault(bo.fd, address, MIB(4), EINVAL, bo.size);
	igt_assert_eq(munmap(hole, MIB(2)), 0);
	assert_prefault(bo.fd, hole, KIB(4), ENOMEM, 0);
	assert_prefault(bo.fd, address, MIB(4), ENOMEM, bo.size);
	assert_prefault(bo.fd, address + MIB(1), MIB(2), ENOMEM, MIB(1));
	assert_prefault(bo.fd, (char *)(UINT64_C(1) << 62), KIB(4), ENOMEM, 0);
	huge_assert_mapped_at(&bo, address, HUGE_PMD, "before the hole");
}

/**
 * SUBTEST: unreadable
 * Description: A part that is not readable is EFAULT, whether it had entries before it
 *	became unreadable or not.
 */
static void test_unreadable(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), 0, &address);

	igt_assert_eq(mprotect(address + MIB(2), MIB(2), PROT_NONE), 0);
	assert_prefault(bo.fd, address + MIB(2), MIB(2), EFAULT, 0);
	assert_prefault(bo.fd, address, MIB(4), EFAULT, MIB(2));
	igt_assert_eq(mprotect(address, MIB(2), PROT_NONE), 0);
	assert_prefault(bo.fd, address, MIB(2), EFAULT, 0);
}

#define SIGNAL_TRIES 20

/* Repeated, because a signal can come too early if this process did not get to run. */
static uint64_t interrupt_prefault(const struct huge_bo *bo, char *address)
{
	uint64_t done;

	for (int tries = 0; tries < SIGNAL_TRIES; tries++) {
		huge_bo_map_at(bo, address, 0, bo->size);
		alarm_start(alarm_ignore, 3000, 0);
		if (huge_prefault(bo->fd, address, bo->size, &done) == EINTR && done)
			return done;
	}
	igt_assert_f(false, "no signal came during the prefault\n");
	return 0;
}

/**
 * SUBTEST: signal
 * Description: A signal interrupts a prefault, which returns EINTR. What was done by then
 *	is counted and mapped, and a second call does the rest.
 */
static void test_signal(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), GIB(1));
	/* A page off: many steps. */
	char *address = huge_reserve(bo.size + KIB(4), GIB(1)) + KIB(4);
	struct huge_levels found;
	uint64_t done;

	huge_bo_await_idle(&bo);
	done = interrupt_prefault(&bo, address);
	found = huge_levels_of(&bo, address, done);
	igt_info("interrupted after %llu bytes\n", (unsigned long long)done);
	igt_assert_lt_u64(done, bo.size);
	igt_assert_eq_u64(done % HUGE_PAGE_SIZE, 0);
	igt_assert_eq_u64(found.entries[HUGE_PTE], done / HUGE_PAGE_SIZE);
	assert_prefault(bo.fd, address + done, bo.size - done, 0, bo.size - done);
	assert_no_fault_in(address, bo.size);
}

static void stop_signals(int signal)
{
	(void)signal;
	alarm_stop();
}

#define TIMER_ROUNDS 10
#define ENOUGH_SIGNALS 1000
/* What a page table of PTEs maps: one step maps it, and the next gets past it. */
#define TABLE_SIZE MIB(2)
/* In some of them, a signal comes during the call. */
#define TABLE_ROUNDS 500

/* A call that has got to the end of its range is no error, whatever signals have come. */
static void assert_end_is_no_error(const struct huge_bo *bo, char *address)
{
	/* In microseconds: more than a signal takes. */
	alarm_start(alarm_ignore, 400, 400);
	for (int i = 0; i < TABLE_ROUNDS; i++) {
		huge_bo_map_at(bo, address, 0, bo->size);
		assert_prefault(bo->fd, address + TABLE_SIZE - KIB(4), TABLE_SIZE, 0, TABLE_SIZE);
	}
	alarm_stop();
}

/**
 * SUBTEST: timer
 * Description: A timer sends signals all the time, as in a profiler. The call is repeated
 *	until the range is mapped: each call makes progress, also if the signal comes at its
 *	beginning, and begins where the previous one has stopped. A call that maps all of
 *	its range succeeds.
 */
static void test_timer(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(256));
	/* A page off: many steps. */
	char *address = huge_reserve(bo.size + KIB(4), GIB(1)) + KIB(4);
	uint64_t done = 0, before, interrupted = 0;
	int error;

	huge_bo_await_idle(&bo);
	igt_install_exit_handler(stop_signals);
	for (int i = 0; i < TIMER_ROUNDS && interrupted < ENOUGH_SIGNALS; i++) {
		huge_bo_map_at(&bo, address, 0, bo.size);
		/* The intervals differ, to come at different points of a step. */
		alarm_start(alarm_ignore, 400 + 7 * i, 400 + 7 * i);
		done = 0;
		do {
			before = done;
			error = huge_prefault_rest(bo.fd, address, bo.size, &done);
			interrupted += error == EINTR;
			igt_assert_lt_u64(before, done);
		} while (error == EINTR);
		alarm_stop();
		igt_assert_eq(error, 0);
		igt_assert_eq_u64(done, bo.size);
		assert_no_fault_in(address, bo.size);
	}
	igt_info("interrupted %llu times\n", (unsigned long long)interrupted);
	igt_assert(interrupted);
	assert_end_is_no_error(&bo, address);
}

/**
 * SUBTEST: rest
 * Description: The part that the caller says is done is skipped; its length has to be page
 *	aligned and inside the range.
 */
static void test_rest(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(6));
	/* A page off, so that there are only PTEs. */
	char *address = huge_reserve(bo.size + KIB(4), GIB(1)) + KIB(4);
	const uint64_t rest = MIB(4) - KIB(4);
	uint64_t done = rest;
	struct huge_levels found;

	huge_bo_map_at(&bo, address, 0, bo.size);
	igt_assert_eq(huge_prefault_rest(bo.fd, address, bo.size, &done), 0);
	igt_assert_eq_u64(done, bo.size);
	found = huge_levels_of(&bo, address, bo.size);
	igt_assert_eq_u64(found.entries[HUGE_PTE], (bo.size - rest) / HUGE_PAGE_SIZE);
	igt_assert_eq(huge_prefault_rest(bo.fd, address, bo.size, &done), 0);
	igt_assert_eq_u64(done, bo.size);
	done = 1;
	igt_assert_eq(huge_prefault_rest(bo.fd, address, bo.size, &done), EINVAL);
	igt_assert_eq_u64(done, 0);
	done = bo.size + HUGE_PAGE_SIZE;
	igt_assert_eq(huge_prefault_rest(bo.fd, address, bo.size, &done), EINVAL);
	igt_assert_eq_u64(done, 0);
}

/* One mmap() and munmap() of another thread, and the size of page tables before and after. */
struct progress {
	uint64_t before;
	uint64_t after;
};

#define MOST_MMAPS 8192
#define LEAST_MMAPS 4
#define LATENCY_TRIES 20

static struct {
	int status;
	cpu_set_t cpus;
	bool is_over;
	uint64_t base;
	unsigned int count;
	struct progress mmaps[MOST_MMAPS];
} mapper;

/* In KiB. The kernel counts page tables without any lock that prefault could hold. */
static uint64_t page_tables(void)
{
	char text[4096] = "", *line;

	if (pread(mapper.status, text, sizeof(text) - 1, 0) < 0)
		return 0;
	line = strstr(text, "VmPTE:");
	return line ? strtoull(line + strlen("VmPTE:"), NULL, 10) : 0;
}

/* Calls that ended before the prefault began are not recorded. */
static void *map_again_and_again(void *unused)
{
	(void)unused;
	run_on_nth_cpu(&mapper.cpus, 1);
	while (!__atomic_load_n(&mapper.is_over, __ATOMIC_RELAXED)) {
		struct progress progress = { .before = page_tables() };
		void *mapped = mmap(NULL, KIB(4), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		/* Takes the mmap lock, too. */
		munmap(mapped, KIB(4));
		progress.after = page_tables();
		if (progress.after > mapper.base && mapper.count < MOST_MMAPS)
			mapper.mmaps[mapper.count++] = progress;
	}
	return NULL;
}

/*
 * Returns whether some calls began after the prefault had mapped something, and ended
 * before it had mapped all; and whether no call waited for more than a quarter of the
 * prefault, also of those that began before it or ended after it.
 */
static bool mmaps_in_midst(const struct huge_bo *bo)
{
	/* An address without page tables; a page off, so that there are many steps. */
	char *address = huge_reserve(bo->size + KIB(4), GIB(1)) + KIB(4);
	unsigned int count = 0;
	uint64_t final, longest = 0;
	pthread_t thread;

	huge_bo_map_at(bo, address, 0, bo->size);
	mapper.base = page_tables();
	mapper.count = 0;
	mapper.is_over = false;
	igt_assert_eq(pthread_create(&thread, NULL, map_again_and_again, NULL), 0);
	assert_prefault(bo->fd, address, bo->size, 0, bo->size);
	final = page_tables();
	__atomic_store_n(&mapper.is_over, true, __ATOMIC_RELAXED);
	igt_assert_eq(pthread_join(thread, NULL), 0);
	/* The kernel's count must show the page tables, or what follows means nothing. */
	igt_assert_lte_u64(mapper.base + bo->size / MIB(2) * 4, final);
	for (unsigned int i = 0; i < mapper.count; i++) {
		const struct progress *progress = &mapper.mmaps[i];

		if (progress->before > mapper.base && progress->after < final)
			count++;
		if (progress->after - progress->before > longest)
			longest = progress->after - progress->before;
	}
	igt_info("%u times, meanwhile at most %llu of %llu page tables were made\n", count,
		 (unsigned long long)longest / 4,
		 (unsigned long long)(final - mapper.base) / 4);
	return count >= LEAST_MMAPS && longest <= (final - mapper.base) / 4;
}

/**
 * SUBTEST: lets-others-map
 * Description: While one thread prefaults a GiB by PTEs, another thread maps and unmaps: it
 *	waits neither for the end of the prefault nor for long.
 */
static void test_lets_others_map(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), GIB(1));
	bool in_midst = false;

	/* On one CPU the threads would wait for each other, whichever has the lock. */
	mapper.cpus = cpus_allowed();
	igt_require_f(CPU_COUNT(&mapper.cpus) > 1, "there is one CPU\n");
	run_on_nth_cpu(&mapper.cpus, 0);
	mapper.status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	igt_assert_fd(mapper.status);
	/* Repeated, because the other thread may not get to run. */
	for (int tries = 0; tries < LATENCY_TRIES && !in_midst; tries++)
		in_midst = mmaps_in_midst(&bo);
	close(mapper.status);
	run_on_cpus(&mapper.cpus);
	igt_assert(in_midst);
}

/* A mapping that a thread moves to and fro. */
static struct {
	char *from;
	char *to;
	uint64_t size;
	bool begins;
} moved;

/* Holds the mmap lock for long: to an address that is a page off, entries move one by one. */
static void *move_again_and_again(void *unused)
{
	(void)unused;
	__atomic_store_n(&moved.begins, true, __ATOMIC_RELAXED);
	for (;;) {
		char *from = moved.from;

		if (mremap(from, moved.size, moved.size, MREMAP_MAYMOVE | MREMAP_FIXED, moved.to) ==
		    MAP_FAILED)
			_exit(1);
		moved.from = moved.to;
		moved.to = from;
	}
	return NULL;
}

/* A process in which each step of the prefault waits for the mmap lock again. */
static pid_t start_hindered_prefault(const struct huge_bo *bo, char *address)
{
	pid_t pid = fork_child();
	pthread_t thread;
	uint64_t done;

	if (pid)
		return pid;
	close_files_but(bo->fd);
	if (pthread_create(&thread, NULL, move_again_and_again, NULL))
		_exit(1);
	while (!__atomic_load_n(&moved.begins, __ATOMIC_RELAXED))
		usleep(1000);
	/* Until it is killed: one prefault may be over before the parent looks. */
	while (mmap(address, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, bo->fd,
		    bo->offset) != MAP_FAILED)
		huge_prefault(bo->fd, address, bo->size, &done);
	_exit(1);
}

/* Several, because some wait at the beginning of the call and not in the middle. */
#define KILLED 15

/**
 * SUBTEST: killed
 * Description: A process waits for the mmap lock in the middle of a prefault, because
 *	another thread moves a mapping all the time. It dies when it is killed.
 */
static void test_killed(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(256));
	/* A page off: many steps, and many entries to move. */
	char *area = huge_reserve(3 * bo.size + KIB(8), GIB(1)) + KIB(4);
	char *address = huge_bo_map_at(&bo, area + 2 * bo.size + KIB(4), 0, bo.size);

	moved.from = huge_bo_map_at(&bo, area, 0, bo.size);
	moved.to = area + bo.size + KIB(4);
	moved.size = bo.size;
	assert_prefault(bo.fd, moved.from, bo.size, 0, bo.size);
	for (unsigned int i = 0; i < KILLED; i++) {
		pid_t pid = start_hindered_prefault(&bo, address);

		await_sleep_in_driver(pid);
		igt_assert_eq(kill(pid, SIGKILL), 0);
		igt_assert_f(child_ends(pid), "the process does not end\n");
	}
}

static const struct level_subtest level_subtests[] = {
	{ "level", "One call maps the buffer object", test_level },
};

static void clean_up(void)
{
	alarm_stop();
	kill_children();
	munmap(FAR_BORDER, FAR_SIZE);
	huge_release_all();
}

static const struct subtest subtests[] = {
	{ "four-gib", "4 GiB by four PUD entries", test_four_gib },
	{ "part", "A part of a mapping", test_part },
	{ "partly-mapped", "Some entries are there already", test_partly_mapped },
	{ "random", "Single pages after MADV_RANDOM", test_random },
	{ "two-mappings", "Two mappings that follow each other", test_two_mappings },
	{ "far", "Far from all other mappings", test_far },
	{ "system-memory", "System memory", test_system_memory },
	{ "tracked", "No write is recorded", test_tracked },
	{ "bad-range", "Invalid ranges", test_bad_range },
	{ "outside", "Holes and mappings of something else", test_outside },
	{ "unreadable", "No access", test_unreadable },
	{ "signal", "A signal in the middle", test_signal },
	{ "timer", "Signals by a timer", test_timer },
	{ "rest", "From where the previous call has stopped", test_rest },
	{ "lets-others-map", "Another thread's mmap() meanwhile", test_lets_others_map },
	{ "killed", "Killed while waiting for the mmap lock", test_killed },
};

int igt_main()
{
	igt_fixture()
		huge_close(huge_open());

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), huge_release_all);

	for (unsigned int i = 0; i < COUNT_OF(shift_cases); i++) {
		igt_describe_f("An address %s", shift_cases[i].what);
		igt_subtest_f("shifted-%s", shift_cases[i].name)
			test_shifted(&shift_cases[i]);
		igt_fixture()
			huge_release_all();
	}

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

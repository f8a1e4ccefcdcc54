// SPDX-License-Identifier: MIT

#include <errno.h>
#include <sys/mman.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/contention.h"
#include "lib/huge_device.h"
#include "lib/memory.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge data
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: What is written through a mapping is what is read back: through
 *	other mappings, in other processes, after moves and eviction, and while
 *	faults and moves contend. New buffer objects are zero.
 */
IGT_TEST_DESCRIPTION("Data of huge mappings through sharing, moves, eviction and fork");

/* One word in 64 MiB is enough to recognize a GiB. */
#define SPARSE_STRIDE (MIB(64) / HUGE_PAGE_SIZE)

static struct pattern same_at(const struct pattern *pattern, void *address)
{
	struct pattern same = *pattern;

	same.address = address;
	return same;
}

/**
 * SUBTEST: two-mappings-%s
 * Description: Two mappings by %arg[1] entries, and a child process, see what is
 *	written through either.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_two_mappings(enum huge_level level)
{
	char *first, *second;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), 0, &first);
	struct pattern by_first = pattern_of(first, bo.size, 5), seen;

	second = huge_bo_map(&bo);
	igt_assert(first != second);
	pattern_write(&by_first);
	seen = same_at(&by_first, second);
	pattern_assert(&seen);

	seen.seed = 6;
	pattern_write(&seen);
	by_first.seed = 6;
	pattern_assert(&by_first);
	huge_assert_mapped_at(&bo, first, level, "first mapping");
	huge_assert_mapped_at(&bo, second, level, "second mapping");

	by_first.seed = 7;
	igt_fork(child, 1)
		pattern_write(&by_first);
	igt_waitchildren();
	seen.seed = 7;
	pattern_assert(&seen);
}

/**
 * SUBTEST: move-%s
 * Description: Data survive a move to system memory and back. A mapping that was not
 *	touched in between is mapped by %arg[1] entries again. One that was touched may have
 *	kept lower page tables, and has %arg[1] entries after it is mapped again.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_move(enum huge_level level)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);
	struct pattern untouched = pattern_of(address, bo.size, 8);
	struct pattern touched = same_at(&untouched, huge_bo_map(&bo));
	const struct huge_levels nothing = {};
	struct huge_levels found;

	pattern_write(&untouched);
	pattern_assert(&touched);
	huge_bo_move(&bo, HUGE_SYSTEM);
	igt_assert_eq(huge_bo_placement(&bo), HUGE_SYSTEM);
	found = huge_bo_levels(&bo);
	huge_assert_levels(&found, &nothing, "after the move");
	pattern_assert(&touched);
	touched.seed = 9;
	pattern_write(&touched);

	huge_bo_move(&bo, HUGE_VRAM);
	igt_assert_eq(huge_bo_placement(&bo), HUGE_VRAM);
	untouched.seed = 9;
	pattern_assert(&untouched);
	huge_assert_mapped_at(&bo, untouched.address, level, "untouched, back in VRAM");
	pattern_assert(&touched);
	huge_assert_caching(&bo, PAGE_WC);

	huge_bo_map_at(&bo, touched.address, 0, bo.size);
	pattern_assert(&touched);
	huge_assert_mapped_at(&bo, touched.address, level, "touched, mapped again");
}

/**
 * SUBTEST: caching-%s
 * Description: Entries are write-combining in VRAM and %arg[1] in system memory,
 *	after every move.
 *
 * arg[1]:
 *
 * @wb: cached
 * @wc: write-combining
 */
static void test_caching(enum huge_system_caching caching)
{
	const enum page_caching in_system = caching == HUGE_SYSTEM_WC ? PAGE_WC : PAGE_WB;
	struct huge_bo bo = huge_bo_create(huge_open(), MIB(3), HUGE_SYSTEM, caching);
	struct pattern pattern = pattern_of(huge_bo_map(&bo), bo.size, 11);

	pattern_write(&pattern);
	huge_assert_caching(&bo, in_system);
	for (int round = 0; round < 3; round++) {
		huge_bo_move(&bo, HUGE_VRAM);
		pattern_assert(&pattern);
		huge_assert_caching(&bo, PAGE_WC);
		huge_bo_move(&bo, HUGE_SYSTEM);
		pattern_assert(&pattern);
		huge_assert_caching(&bo, in_system);
	}
}

static uint64_t available_memory(void)
{
	unsigned long long kilobytes = 0;
	FILE *meminfo = fopen("/proc/meminfo", "r");
	char line[128];

	igt_assert(meminfo);
	while (fgets(line, sizeof(line), meminfo) &&
	       sscanf(line, "MemAvailable: %llu", &kilobytes) != 1)
		;
	fclose(meminfo);
	return KIB(kilobytes);
}

/* Few enough pages to compare the page frames of two buffer objects one by one. */
#define ZERO_SIZE MIB(16)
#define ZERO_TRIES 128
/* Memory that has to be left for everything else. */
#define ZERO_SPARE MIB(512)

/* Returns the entries of a buffer object that a client has filled and freed. */
static struct page_table dirty_memory(enum huge_placement placement,
				      enum huge_system_caching caching)
{
	int fd = huge_open();
	struct huge_bo bo = huge_bo_create(fd, ZERO_SIZE, placement, caching);
	void *address = huge_bo_map(&bo);
	struct page_table table;

	memset(address, 0xa5, bo.size);
	table = page_table_read(&bo);
	huge_unmap(address, bo.size);
	huge_bo_destroy(&bo);
	huge_vram_used_settled(fd, 0);
	huge_close(fd);
	return table;
}

static uint64_t reused_pages(const struct huge_bo *bo, const struct page_table *dirty)
{
	struct page_table table = page_table_read(bo);
	uint64_t reused = 0;

	for (unsigned int i = 0; i < table.count; i++) {
		const struct page_run *run = &table.runs[i];

		for (uint64_t n = 0; n < (run->end - run->start) / HUGE_PAGE_SIZE; n++)
			reused += page_table_has_pfn(dirty, run->pfn + n);
	}
	page_table_free(&table);
	return reused;
}

/*
 * Unless some of the memory is used again, the subtest shows nothing. Buffer objects that
 * were read are kept, so that the next try gets other memory.
 */
static void assert_zero_until_reused(enum huge_placement first, enum huge_placement then,
				     enum huge_system_caching caching)
{
	struct page_table dirty = dirty_memory(then, caching);
	int fd = huge_open();
	uint64_t reused = 0;

	for (int tries = 0; tries < ZERO_TRIES && !reused; tries++) {
		struct huge_bo bo = huge_bo_create(fd, ZERO_SIZE, first, caching);
		void *address = huge_bo_map(&bo);

		if (then == HUGE_SYSTEM && available_memory() < ZERO_SPARE)
			break;
		if (first != then)
			huge_bo_move(&bo, then);
		igt_assert(is_zero(address, bo.size));
		reused = reused_pages(&bo, &dirty);
		huge_unmap(address, bo.size);
	}
	page_table_free(&dirty);
	igt_info("%llu pages of the other client used again\n", (unsigned long long)reused);
	igt_assert_lt_u64(0, reused);
}

/**
 * SUBTEST: zero-vram
 * Description: A new buffer object in VRAM that held another client's data reads
 *	as zero.
 */
static void test_zero_vram(void)
{
	assert_zero_until_reused(HUGE_VRAM, HUGE_VRAM, HUGE_SYSTEM_WB);
}

/**
 * SUBTEST: zero-moved-to-vram
 * Description: A buffer object that moves to VRAM before it was ever touched
 *	reads as zero.
 */
static void test_zero_moved_to_vram(void)
{
	assert_zero_until_reused(HUGE_SYSTEM, HUGE_VRAM, HUGE_SYSTEM_WB);
}

/**
 * SUBTEST: zero-system
 * Description: A new buffer object in system memory reads as zero.
 */
static void test_zero_system(void)
{
	assert_zero_until_reused(HUGE_SYSTEM, HUGE_SYSTEM, HUGE_SYSTEM_WB);
}

/**
 * SUBTEST: zero-system-wc
 * Description: A new buffer object in write-combining system memory reads as zero.
 */
static void test_zero_system_wc(void)
{
	assert_zero_until_reused(HUGE_SYSTEM, HUGE_SYSTEM, HUGE_SYSTEM_WC);
}

/**
 * SUBTEST: zero-system-sync
 * Description: A new buffer object in system memory reads as zero, also if the driver makes
 *	moves when they are asked for, and leaves clearing to TTM.
 */
static void test_zero_system_sync(void)
{
	async_moves_set("N");
	assert_zero_until_reused(HUGE_SYSTEM, HUGE_SYSTEM, HUGE_SYSTEM_WB);
}

#define MAX_EVICTION_BOS 32

static int first_in_system(const struct huge_bo *bos, int count)
{
	int i = 0;

	while (i < count && huge_bo_placement(&bos[i]) == HUGE_VRAM)
		i++;
	return i;
}

/**
 * SUBTEST: eviction
 * Description: One more buffer object than VRAM holds evicts another one; the data and the
 *	mappings of all stay.
 */
static void test_eviction(void)
{
	int fd = huge_open(), count = huge_vram(fd).size / GIB(1) + 1, evicted;
	struct huge_bo bos[MAX_EVICTION_BOS];
	struct pattern patterns[MAX_EVICTION_BOS];

	igt_require_f(count <= MAX_EVICTION_BOS, "VRAM is too large to fill\n");
	igt_require_f(memory_line("MemAvailable") > GIB(1) + MIB(256),
		      "not enough system memory\n");
	for (int i = 0; i < count; i++) {
		bos[i] = huge_vram_bo(fd, GIB(1));
		patterns[i] = pattern_of(huge_bo_map(&bos[i]), bos[i].size, 100 + i);
		patterns[i].stride = SPARSE_STRIDE;
		pattern_write(&patterns[i]);
		huge_assert_mapped_at(&bos[i], patterns[i].address, huge_largest_level(),
				      "when new");
	}

	evicted = first_in_system(bos, count);
	igt_assert_lt(evicted, count);
	igt_assert_lte_u64(huge_vram(fd).used, huge_vram(fd).size);
	for (int i = 0; i < count; i++)
		pattern_assert(&patterns[i]);
	huge_assert_caching(&bos[evicted], PAGE_WB);
}

#define CONTENTION_WORKERS 2

/**
 * SUBTEST: contended-faults
 * Description: Threads fault on a buffer object, write and verify, while it moves
 *	to and fro between VRAM and system memory.
 */
static void test_contended_faults(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(8), 0, &address);
	const uint64_t share = bo.size / CONTENTION_WORKERS;
	struct worker workers[CONTENTION_WORKERS] = {};

	for (int i = 0; i < CONTENTION_WORKERS; i++) {
		workers[i].work = work_by_touching;
		workers[i].bo = &bo;
		workers[i].pattern = pattern_of(address + i * share, share, 0);
	}
	contend(workers, CONTENTION_WORKERS);
	for (int i = 0; i < CONTENTION_WORKERS; i++)
		pattern_assert(&workers[i].pattern);
}

static void verify_as_child(int socket, const struct huge_bo *bo, const struct pattern *pattern,
			    enum huge_level level)
{
	/* By entries that fork() has copied, or that faults set here. */
	pattern_assert(pattern);
	huge_assert_mapped_at(bo, pattern->address, level, "child");
	pass_turn(socket);

	await_turn(socket);
	pattern_assert(pattern);
	pass_turn(socket);

	await_turn(socket);
	pattern_assert(pattern);
	huge_assert_caching(bo, PAGE_WC);
}

/**
 * SUBTEST: fork-%s
 * Description: A child sees the same data through the mapping by %arg[1] entries
 *	that it got from its parent, also after the parent moved the buffer
 *	object away, wrote, and moved it back.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_fork(enum huge_level level)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);
	struct pattern pattern = pattern_of(address, bo.size, 12);
	int sockets[2];

	/* Few pages: in system memory each is an entry, and there are two processes. */
	pattern.stride = pattern.pages / 16;
	pattern_write(&pattern);
	/* Here, because a child could not skip the subtest if page tables cannot be read. */
	huge_assert_mapped_at(&bo, address, level, "parent");
	make_turns(sockets);
	igt_fork(child, 1) {
		close(sockets[0]);
		verify_as_child(sockets[1], &bo, &pattern, level);
	}
	close(sockets[1]);

	await_turn(sockets[0]);
	huge_bo_move(&bo, HUGE_SYSTEM);
	pass_turn(sockets[0]);
	await_turn(sockets[0]);
	huge_bo_move(&bo, HUGE_VRAM);
	pass_turn(sockets[0]);
	igt_waitchildren();
	close(sockets[0]);
	pattern_assert(&pattern);
}

/* The kernel reads the page for us: EFAULT instead of a signal. */
static bool is_mapped(const void *page)
{
	int ends[2];
	bool mapped;

	igt_assert_eq(pipe(ends), 0);
	mapped = write(ends[1], page, 1) == 1;
	igt_assert(mapped || errno == EFAULT);
	close(ends[0]);
	close(ends[1]);
	return mapped;
}

/**
 * SUBTEST: partial-unmap-%s
 * Description: A part of a mapping by %arg[1] entries is unmapped: it cannot be accessed,
 *	what lies around it keeps its data, and the hole can be mapped again.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_partial_unmap(enum huge_level level)
{
	char *address, *hole;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);
	const uint64_t hole_size = huge_level_size(level ? level - 1 : HUGE_PTE);
	const uint64_t hole_start = bo.size / 2;
	struct pattern all = pattern_of(address, bo.size, 13), before, after;
	const struct huge_levels nothing = {};
	struct huge_levels found;

	pattern_write(&all);
	hole = address + hole_start;
	huge_unmap(hole, hole_size);

	found = huge_levels_of(&bo, hole, hole_size);
	huge_assert_levels(&found, &nothing, "hole");
	igt_assert(is_mapped(hole - HUGE_PAGE_SIZE));
	igt_assert(!is_mapped(hole));
	igt_assert(!is_mapped(hole + hole_size - HUGE_PAGE_SIZE));
	igt_assert(is_mapped(hole + hole_size));

	before = all;
	before.pages = hole_start / HUGE_PAGE_SIZE;
	pattern_assert(&before);
	after = all;
	after.address = hole + hole_size;
	after.first_page = (hole_start + hole_size) / HUGE_PAGE_SIZE;
	after.pages = all.pages - after.first_page;
	pattern_assert(&after);

	huge_bo_map_at(&bo, hole, hole_start, hole_size);
	pattern_assert(&all);
}

static void clean_up(void)
{
	async_moves_restore();
	huge_release_all();
}

static const struct level_subtest level_cases[] = {
	{ "two-mappings", "Two mappings and a child see the same data", test_two_mappings },
	{ "move", "Data and levels survive a move to system memory and back", test_move },
	{ "fork", "A child's mapping follows moves", test_fork },
	{ "partial-unmap", "A hole in a huge mapping", test_partial_unmap },
};

static const struct subtest cases[] = {
	{ "zero-vram", "New VRAM is zero", test_zero_vram },
	{ "zero-moved-to-vram", "VRAM is zero after a move before any access",
	  test_zero_moved_to_vram },
	{ "zero-system", "New system memory is zero", test_zero_system },
	{ "zero-system-wc", "New write-combining memory is zero", test_zero_system_wc },
	{ "zero-system-sync", "New system memory is zero, cleared by TTM", test_zero_system_sync },
	{ "eviction", "More buffer objects than VRAM holds", test_eviction },
	{ "contended-faults", "Faults while the buffer object moves", test_contended_faults },
};

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		async_moves_save();
	}

	run_level_subtests(level_cases, COUNT_OF(level_cases), huge_release_all);

	for (enum huge_system_caching caching = HUGE_SYSTEM_WB; caching <= HUGE_SYSTEM_WC;
	     caching++) {
		igt_describe("Caching of entries after each move");
		igt_subtest_f("caching-%s", caching == HUGE_SYSTEM_WC ? "wc" : "wb")
			test_caching(caching);
		igt_fixture()
			huge_release_all();
	}

	run_subtests(cases, COUNT_OF(cases), clean_up);
}

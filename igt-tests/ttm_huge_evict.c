// SPDX-License-Identifier: MIT

#include <pthread.h>
#include <sys/mman.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/huge_device.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/remap.h"
#include "lib/subtest.h"
#include "lib/zapper.h"

/**
 * TEST: ttm huge evict
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: When a buffer object leaves its memory, no page table of any process points
 *	there any more; when the buffer object is back, it is mapped as before.
 */
IGT_TEST_DESCRIPTION("No stale entry after moves, eviction and swapping");

#define WORDS 16

/* A child that has the mapping from its parent, and compares its contents when asked. */
struct reader {
	pid_t pid;
	int socket;
};

static struct reader reader;

static void answer(int socket, const struct pattern *pattern)
{
	char byte;

	while (read(socket, &byte, 1) == 1) {
		bool matches = pattern_matches(pattern);

		if (write(socket, &matches, 1) != 1)
			break;
	}
	_exit(0);
}

static void start_reader(const struct pattern *pattern)
{
	int sockets[2];

	make_turns(sockets);
	reader.pid = fork_child();
	if (!reader.pid) {
		close(sockets[0]);
		answer(sockets[1], pattern);
	}
	close(sockets[1]);
	reader.socket = sockets[0];
}

static void assert_reader_matches(void)
{
	bool matches = false;

	pass_turn(reader.socket);
	igt_assert_eq(read(reader.socket, &matches, 1), 1);
	igt_assert_f(matches, "the child reads wrong data\n");
}

/* A buffer object that parent and child have mapped, and where it was. */
struct scene {
	struct huge_bo bo;
	char *address;
	struct pattern pattern;
	struct page_table left;
};

static struct scene make_scene(uint64_t size, enum huge_placement placement,
			       enum huge_system_caching caching)
{
	struct scene scene = { .bo = huge_bo_create(huge_open(), size, placement, caching) };

	scene.address = huge_bo_map(&scene.bo);
	scene.pattern = pattern_of(scene.address, size, 51);
	scene.pattern.stride = scene.pattern.pages / WORDS;
	pattern_write(&scene.pattern);
	start_reader(&scene.pattern);
	assert_reader_matches();
	/* fork() may have removed entries of either side: faults set them again. */
	pattern_assert(&scene.pattern);
	scene.left = page_table_read(&scene.bo);
	igt_assert(scene.left.count);
	return scene;
}

static void assert_nothing_mapped(const struct scene *scene, pid_t pid)
{
	struct page_table table = page_table_read_of(&scene->bo, pid);

	igt_assert_eq(table.count, 0);
	page_table_free(&table);
}

static void assert_not_where_it_was(const struct scene *scene, pid_t pid)
{
	struct page_table table = page_table_read_of(&scene->bo, pid);

	igt_assert(table.count);
	page_table_assert_sound(&table);
	page_table_assert_disjoint(&scene->left, &table);
	page_table_free(&table);
}

/* No entry points to the memory that was left, and all data are in the new one. */
static void assert_left(const struct scene *scene)
{
	assert_nothing_mapped(scene, 0);
	assert_nothing_mapped(scene, reader.pid);
	assert_reader_matches();
	assert_nothing_mapped(scene, 0);
	assert_not_where_it_was(scene, reader.pid);
	pattern_assert(&scene->pattern);
	assert_not_where_it_was(scene, 0);
}

static void assert_levels_of(const struct scene *scene, pid_t pid, enum huge_level level,
			     const char *when)
{
	struct page_table table = page_table_read_of(&scene->bo, pid);
	struct huge_levels found = page_table_levels(&table, scene->address, scene->bo.size);
	struct huge_levels expected = huge_levels_at(level, scene->bo.size);

	page_table_assert_sound(&table);
	page_table_assert_caching(&table, PAGE_WC);
	huge_assert_levels(&found, &expected, when);
	page_table_free(&table);
}

/**
 * SUBTEST: move-%s
 * Description: A buffer object that parent and child have mapped by %arg[1]
 *	entries moves away: neither has an entry of the VRAM that it left, and entries
 *	of system memory are cached. When it is back, a process that did not touch it
 *	meanwhile has it mapped as before at once; one that did, after mapping it
 *	again.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_move(enum huge_level level)
{
	struct scene scene = make_scene(huge_size_for_level(level), HUGE_VRAM, HUGE_SYSTEM_WB);

	assert_levels_of(&scene, 0, level, "parent at first");
	assert_levels_of(&scene, reader.pid, level, "child at first");
	huge_bo_move(&scene.bo, HUGE_SYSTEM);
	assert_nothing_mapped(&scene, 0);
	assert_nothing_mapped(&scene, reader.pid);
	pattern_assert(&scene.pattern);
	assert_not_where_it_was(&scene, 0);
	huge_assert_caching(&scene.bo, PAGE_WB);
	assert_nothing_mapped(&scene, reader.pid);

	huge_bo_move(&scene.bo, HUGE_VRAM);
	assert_nothing_mapped(&scene, 0);
	assert_reader_matches();
	assert_levels_of(&scene, reader.pid, level, "child, back");
	pattern_assert(&scene.pattern);
	igt_assert_eq(ttm_huge_remap(scene.address, scene.bo.size, PROT_READ | PROT_WRITE,
				     scene.bo.fd, scene.bo.offset), 0);
	pattern_assert(&scene.pattern);
	assert_levels_of(&scene, 0, level, "parent, mapped again");
}

/**
 * SUBTEST: pressure
 * Description: VRAM gets full and a buffer object that parent and child have
 *	mapped is evicted: neither has an entry of the VRAM that it left, which
 *	belongs to another buffer object now. Moved back, it is huge again.
 */
static void test_pressure(void)
{
	struct scene scene = make_scene(MIB(4), HUGE_VRAM, HUGE_SYSTEM_WB);
	int fd = huge_open();
	struct huge_bo filler = huge_vram_rest(fd), other;
	struct pattern by_other;

	/* No access in between: that would make it the last to be evicted. */
	other = huge_vram_bo(fd, scene.bo.size);
	igt_assert_eq(huge_bo_placement(&scene.bo), HUGE_SYSTEM);
	by_other = pattern_of(huge_bo_map(&other), other.size, 52);
	pattern_write(&by_other);
	assert_left(&scene);
	pattern_assert(&by_other);

	huge_bo_destroy(&filler);
	huge_bo_move(&scene.bo, HUGE_VRAM);
	assert_reader_matches();
	igt_assert_eq(ttm_huge_remap(scene.address, scene.bo.size, PROT_READ | PROT_WRITE,
				     scene.bo.fd, scene.bo.offset), 0);
	pattern_assert(&scene.pattern);
	assert_levels_of(&scene, 0, HUGE_PMD, "back");
	pattern_assert(&by_other);
}

/**
 * SUBTEST: caching-after-pud
 * Description: A mapping that had a PUD entry of VRAM maps system memory by cached PTEs:
 *	the caching that huge entries need must not be left in the mapping.
 */
static void test_caching_after_pud(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(HUGE_PUD), 0, &address);

	*(volatile uint64_t *)address = 1;
	huge_assert_mapped_at(&bo, address, HUGE_PUD, "VRAM");
	huge_bo_move(&bo, HUGE_SYSTEM);
	max_level_set("pte");
	igt_assert_eq_u64(*(volatile uint64_t *)address, 1);
	huge_assert_caching(&bo, PAGE_WB);
}

static void assert_share_nothing(const struct huge_bo *a, const struct huge_bo *b)
{
	struct page_table of_a = page_table_read(a), of_b = page_table_read(b);

	igt_assert(of_a.count && of_b.count);
	page_table_assert_disjoint(&of_a, &of_b);
	page_table_free(&of_a);
	page_table_free(&of_b);
}

/**
 * SUBTEST: swap-%s
 * Description: A buffer object in system memory, %arg[1], that parent and child have mapped
 *	is swapped out by TTM, because another one needs the memory that TTM may use:
 *	neither process has an entry of the pages that it left. When it is touched it comes
 *	back with its data, with entries as large and cached as before; the other one is
 *	swapped out for it.
 *
 * arg[1]:
 *
 * @wb: cached
 * @wc: write-combining
 */
static void test_swap(enum huge_system_caching caching)
{
	struct scene scene = make_scene(MIB(4), HUGE_SYSTEM, caching);
	struct scene other = { .bo = huge_bo_create(huge_open(), MIB(4), HUGE_SYSTEM, caching) };

	huge_assert_mapped_at(&scene.bo, scene.address, HUGE_PMD, "at first");
	/* Room for one and a half of them. */
	ttm_pages_limit_set(scene.pattern.pages + scene.pattern.pages / 2);
	other.address = huge_bo_map(&other.bo);
	other.pattern = pattern_of(other.address, other.bo.size, 53);
	pattern_write(&other.pattern);
	assert_nothing_mapped(&scene, 0);
	assert_nothing_mapped(&scene, reader.pid);

	pattern_assert(&scene.pattern);
	assert_nothing_mapped(&other, 0);
	assert_reader_matches();
	huge_assert_mapped_at(&scene.bo, scene.address, HUGE_PMD, "back");
	huge_assert_caching(&scene.bo, caching == HUGE_SYSTEM_WC ? PAGE_WC : PAGE_WB);

	ttm_pages_limit_restore();
	pattern_assert(&other.pattern);
	assert_share_nothing(&scene.bo, &other.bo);
	huge_bo_move(&scene.bo, HUGE_VRAM);
	assert_reader_matches();
	pattern_assert(&scene.pattern);
}

static void clean_up(void)
{
	if (reader.pid)
		close(reader.socket);
	reader.pid = 0;
	kill_children();
	ttm_pages_limit_restore();
	max_level_restore();
	huge_release_all();
}

#define ZAPS_AT_ONCE	100
#define ZAPPED_SECONDS	3
/* With a mutant, it takes so many zaps until one comes during a fault. */
#define LEAST_ZAPPED	300

/* Zaps all mappings of the device until @is_over is set. */
struct zapper {
	int fd;			/* of the device */
	bool is_over;
	uint64_t zaps;
	int error;
};

static void *zap_all(void *argument)
{
	struct zapper *zapper = argument;

	while (!__atomic_load_n(&zapper->is_over, __ATOMIC_RELAXED) && !zapper->error) {
		zapper->error = zap_all_mappings(zapper->fd, ZAPS_AT_ONCE);
		zapper->zaps += ZAPS_AT_ONCE;
	}
	return NULL;
}

/* Maps it again each time: after a zap there may be a page table in place of a huge entry. */
static void touch_anew(const struct huge_bo *bo, struct pattern *pattern, uint64_t seed)
{
	huge_bo_map_at(bo, pattern->address, 0, bo->size);
	pattern->seed = seed;
	pattern_write(pattern);
	pattern_assert(pattern);
}

static uint64_t touch_while_zapped(struct scene *scene, struct scene *moving)
{
	double end = seconds_now() + ZAPPED_SECONDS;
	uint64_t rounds = 0;

	while (seconds_now() < end || rounds < LEAST_ZAPPED) {
		touch_anew(&scene->bo, &scene->pattern, rounds);
		if (rounds++ % 100)
			continue;
		huge_bo_move(&moving->bo, HUGE_SYSTEM);
		pattern_assert(&moving->pattern);
		huge_bo_move(&moving->bo, HUGE_VRAM);
		pattern_assert(&moving->pattern);
	}
	return rounds;
}

/**
 * SUBTEST: zapped-%s
 * Description: All mappings of the device are zapped again and again, with no reservation
 *	held, while %arg[1] entries are set for one buffer object and another moves: data
 *	are right, and the kernel finds no broken page table.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_zapped(enum huge_level level)
{
	struct scene scene = {}, moving = {};
	struct zapper zapper = {};
	uint64_t rounds, faults;
	pthread_t thread;

	zapper_require();
	huge_require_level(level);
	scene.bo = huge_mapped_bo(huge_size_for_level(level), 0, &scene.address);
	scene.pattern = pattern_of(scene.address, huge_level_size(level), 1);
	scene.pattern.stride = scene.pattern.pages;
	moving.bo = huge_mapped_bo(MIB(4), 0, &moving.address);
	moving.pattern = pattern_of(moving.address, moving.bo.size, 7);
	pattern_write(&moving.pattern);

	zapper.fd = moving.bo.fd;
	faults = page_faults();
	igt_assert_eq(pthread_create(&thread, NULL, zap_all, &zapper), 0);
	rounds = touch_while_zapped(&scene, &moving);
	__atomic_store_n(&zapper.is_over, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	faults = page_faults() - faults;

	igt_info("%llu rounds, %llu zaps, %llu faults\n", (unsigned long long)rounds,
		 (unsigned long long)zapper.zaps, (unsigned long long)faults);
	igt_assert_eq(zapper.error, 0);
	igt_assert_lte_u64(LEAST_ZAPPED, zapper.zaps);
	igt_assert_lt_u64(rounds, faults);
	touch_anew(&scene.bo, &scene.pattern, 0);
	huge_assert_mapped_at(&scene.bo, scene.address, level, "at the end");
}

static const struct level_subtest level_subtests[] = {
	{ "move", "No stale entry after a move", test_move },
	{ "zapped", "Zapped by another thread while entries are set", test_zapped },
};

static const struct subtest subtests[] = {
	{ "caching-after-pud", "Caching where a PUD entry was", test_caching_after_pud },
	{ "pressure", "No stale entry after eviction", test_pressure },
};

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		ttm_pages_limit_save();
		max_level_save();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);

	for (enum huge_system_caching caching = HUGE_SYSTEM_WB; caching <= HUGE_SYSTEM_WC;
	     caching++) {
		igt_describe("No stale entry after swapping");
		igt_subtest_f("swap-%s", caching == HUGE_SYSTEM_WC ? "wc" : "wb")
			test_swap(caching);
		igt_fixture()
			clean_up();
	}

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/file.h"
#include "lib/huge_device.h"
#include "lib/page_table.h"
#include "lib/subtest.h"
#include "lib/window.h"

/**
 * TEST: ttm huge windows
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: One thread is paused at each instruction of the code that sets, moves or
 *	removes entries, while another thread does something that sets or removes them, too.
 *	Data and entries are right after that.
 */
IGT_TEST_DESCRIPTION("What else happens at each instruction of a fault");

/* Fewer would mean that the functions have not been executed. */
#define LEAST_INSTRUCTIONS 30

/* A buffer object that is mapped twice: once for the race, and once to check its contents. */
struct scene {
	struct huge_bo bo;
	enum huge_level level;
	char *address;
	char *other;
	char *to;		/* where it may be moved, by mremap() */
	uint64_t value;		/* of the last round */
	uint64_t record;	/* what was taken meanwhile */
	int error;
};

static struct scene scene;

static volatile uint64_t *first_word(char *address)
{
	return (volatile uint64_t *)address;
}

static volatile uint64_t *last_word(char *address)
{
	return (volatile uint64_t *)(address + scene.bo.size - sizeof(uint64_t));
}

/* More than one entry of the level, except for PUD entries. */
static uint64_t size_for(enum huge_level level)
{
	static const uint64_t sizes[] = { KIB(64), MIB(4), GIB(1) };

	return sizes[level];
}

static void make_scene_of(enum huge_level level, uint64_t size, unsigned int flags)
{
	windows_require();
	huge_require_level(level);
	scene = (struct scene){ .level = level };
	scene.bo = huge_mapped_bo(size, flags, &scene.address);
	scene.other = huge_bo_map(&scene.bo);
}

static void make_scene(enum huge_level level, unsigned int flags)
{
	make_scene_of(level, size_for(level), flags);
}

static void touch_first(void)
{
	*first_word(scene.address) = scene.value;
}

static void touch_last(void)
{
	*last_word(scene.address) = ~scene.value;
}

/* Compares what both have written; both mappings must show the same memory. */
static void check_first(void)
{
	igt_assert_eq_u64(*first_word(scene.other), scene.value);
	*first_word(scene.other) = scene.value + 1;
	igt_assert_eq_u64(*first_word(scene.address), scene.value + 1);
}

static void check_last(void)
{
	igt_assert_eq_u64(*last_word(scene.other), ~scene.value);
	*last_word(scene.other) = scene.value;
	igt_assert_eq_u64(*last_word(scene.address), scene.value);
}

/* A page table of PTEs would keep the entries small: each round begins with a new mapping. */
static void renew_mapping(void)
{
	huge_bo_map_at(&scene.bo, scene.address, 0, scene.bo.size);
	scene.value += 2;
}

static void check_both(void)
{
	check_first();
	check_last();
	huge_assert_mapped_at(&scene.bo, scene.address, scene.level, "after two faults");
}

/* For all functions of a list that ends with NULL, if the kernel has and executes them. */
static void go_through(const char * const *functions, const struct race *race)
{
	unsigned int instructions = 0;

	for (; *functions; functions++)
		instructions += windows_go_through(*functions, race);
	igt_assert_lte(LEAST_INSTRUCTIONS, instructions);
}

/* The functions that set entries; each level has some of them. */
static const char * const fault_functions[] = {
	"pfnmap_fault",
	"pfnmap_look_at_slot",
	"pfnmap_insert_huge",
	"pfnmap_insert_neighbour_pmds",
	"pfnmap_insert_ptes",
	"pfnmap_insert_neighbour_ptes",
	NULL
};

/**
 * SUBTEST: fault-fault-%s
 * Description: At each instruction of a fault that sets a %arg[1] entry, another thread
 *	makes a fault for the same page table.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_fault_fault(enum huge_level level)
{
	static const struct race race = {
		.renew = renew_mapping,
		.paused = touch_first,
		.meanwhile = touch_last,
		.check = check_both,
	};

	make_scene(level, 0);
	go_through(fault_functions, &race);
}

static void renew_placement(void)
{
	huge_bo_move(&scene.bo, HUGE_VRAM);
	renew_mapping();
}

static void move_away(void)
{
	scene.error = huge_bo_try_move(&scene.bo, HUGE_SYSTEM);
}

static void check_moved(void)
{
	igt_assert_eq(scene.error, 0);
	check_first();
}

static void go_through_fault_and_move(enum huge_level level)
{
	static const struct race race = {
		.renew = renew_placement,
		.paused = touch_first,
		.meanwhile = move_away,
		.check = check_moved,
	};

	make_scene(level, 0);
	go_through(fault_functions, &race);
}

/**
 * SUBTEST: fault-move-pte
 * Description: At each instruction of a fault that sets PTEs, the buffer object moves: no
 *	entry of its old memory is left.
 */
static void test_fault_move_pte(void)
{
	go_through_fault_and_move(HUGE_PTE);
}

/**
 * SUBTEST: fault-move-pmd
 * Description: The same with PMD entries. To move as much as a PUD entry maps would take
 *	too long.
 */
static void test_fault_move_pmd(void)
{
	go_through_fault_and_move(HUGE_PMD);
}

#define ZAPPER "/sys/kernel/debug/zapper"

static void require_zapper(void)
{
	igt_require_f(!access(ZAPPER, W_OK), "the module zapper is not loaded\n");
}

/* Zaps all mappings of the device, as a driver does when it resets the device. */
static void zap(void)
{
	char text[64];

	snprintf(text, sizeof(text), "%d 1", scene.bo.fd);
	scene.error = write_file(ZAPPER, text);
}

static void check_zapped(void)
{
	igt_assert_eq(scene.error, 0);
	check_first();
}

/**
 * SUBTEST: fault-zap-%s
 * Description: At each instruction of a fault that sets a %arg[1] entry, all entries of the
 *	device are removed. The kernel finds no broken page table.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_fault_zap(enum huge_level level)
{
	static const struct race race = {
		.renew = renew_mapping,
		.paused = touch_first,
		.meanwhile = zap,
		.check = check_zapped,
	};

	require_zapper();
	make_scene(level, 0);
	go_through(fault_functions, &race);
}

/**
 * SUBTEST: zap-fault-%s
 * Description: At each instruction by which the kernel removes entries, a fault sets a
 *	%arg[1] entry. The kernel finds no broken page table.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_zap_fault(enum huge_level level)
{
	/* Which of these is inlined into another depends on the kernel. */
	static const char * const functions[] = {
		"zap_pmd_range", "zap_pud_range", "zap_p4d_range", "__zap_vma_range",
		"unmap_page_range", NULL
	};
	static const struct race race = {
		.renew = renew_mapping,
		.paused = zap,
		.meanwhile = touch_first,
		.check = check_zapped,
	};

	require_zapper();
	make_scene(level, 0);
	go_through(functions, &race);
}

static void renew_entry(void)
{
	scene.value += 2;
	touch_first();
}

static void move_mapping(void)
{
	char *from = scene.address;

	scene.address = mremap(from, scene.bo.size, scene.bo.size, MREMAP_MAYMOVE | MREMAP_FIXED,
			       scene.to);
	scene.to = from;
}

static void check_missed_none(void)
{
	uint64_t faults = page_faults();

	igt_assert_eq(scene.error, 0);
	igt_assert(scene.address != MAP_FAILED);
	igt_assert_eq_u64(*first_word(scene.address), scene.value);
	igt_assert_lt_u64(faults, page_faults());
	check_first();
}

/**
 * SUBTEST: mremap-zap-%s
 * Description: At each instruction by which mremap() moves what one %arg[1] entry maps, all
 *	entries of the device are removed: the next access takes a fault.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mremap_zap(enum huge_level level)
{
	static const char * const functions[] = {
		"move_page_tables", "move_pgt_entry", "move_huge_pmd", "move_ptes", NULL
	};
	static const struct race race = {
		.renew = renew_entry,
		.paused = move_mapping,
		.meanwhile = zap,
		.check = check_missed_none,
	};

	require_zapper();
	make_scene_of(level, huge_level_size(level), 0);
	scene.to = huge_reserve(scene.bo.size, GIB(1));
	go_through(functions, &race);
}

#define WRITTEN_PAGE 3

static volatile uint64_t *written_word(void)
{
	return first_word(scene.address + WRITTEN_PAGE * HUGE_PAGE_SIZE);
}

static void write_page(void)
{
	*written_word() = scene.value;
}

static uint64_t pages(void)
{
	return scene.bo.size / HUGE_PAGE_SIZE;
}

static void take(void)
{
	scene.error = huge_dirty_try_take(&scene.bo, 0, pages(), &scene.record);
}

/* The previous round may not have been checked, if there was no pause. */
static void renew_value(void)
{
	take();
	igt_assert_eq(scene.error, 0);
	scene.value++;
	scene.record = 0;
}

/* The write is in one of the two records, and a later write is in the next. */
static void check_record(void)
{
	const uint64_t expected = UINT64_C(1) << WRITTEN_PAGE;
	uint64_t meanwhile = scene.record;

	igt_assert_eq(scene.error, 0);
	take();
	igt_assert_eq(scene.error, 0);
	igt_assert_eq_u64(meanwhile | scene.record, expected);
	igt_assert_eq_u64(*written_word(), scene.value);
	write_page();
	take();
	igt_assert_eq(scene.error, 0);
	igt_assert_eq_u64(scene.record, expected);
}

static void read_page(void)
{
	renew_value();
	(void)*written_word();
}

/**
 * SUBTEST: write-take
 * Description: At each instruction of a fault that records a write, the record is taken:
 *	the write is in that record or in the next. The same holds for a page that was read
 *	before.
 */
static void test_write_take(void)
{
	static const char * const functions[] = {
		"ttm_huge_fault_reserved", "pfnmap_fault", "pfnmap_make_writable",
		"ttm_huge_dirty_pfn_mkwrite", NULL
	};
	static const struct race unread = {
		.renew = renew_value,
		.paused = write_page,
		.meanwhile = take,
		.check = check_record,
	};
	static const struct race have_read = {
		.renew = read_page,
		.paused = write_page,
		.meanwhile = take,
		.check = check_record,
	};

	make_scene(HUGE_PTE, HUGE_TRACKABLE);
	huge_dirty_start(&scene.bo);
	go_through(functions, &unread);
	go_through(functions, &have_read);
}

static void clean_up(void)
{
	windows_end();
	huge_release_all();
}

static const struct level_subtest level_subtests[] = {
	{ "fault-fault", "Another fault at each instruction of a fault", test_fault_fault },
	{ "fault-zap", "All is zapped at each instruction of a fault", test_fault_zap },
	{ "mremap-zap", "All is zapped at each instruction of mremap()", test_mremap_zap },
	{ "zap-fault", "A fault at each instruction of a zap", test_zap_fault },
};

static const struct subtest subtests[] = {
	{ "fault-move-pte", "A move at each instruction of a fault", test_fault_move_pte },
	{ "fault-move-pmd", "A move at each instruction of a fault", test_fault_move_pmd },
	{ "write-take", "The record is taken while a write is recorded", test_write_take },
};

int igt_main()
{
	igt_fixture()
		huge_close(huge_open());

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/counters.h"
#include "lib/huge_device.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/subtest.h"
#include "lib/window.h"
#include "lib/zapper.h"

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
	uint64_t length;	/* of what is moved there */
	uint64_t value;		/* of the last round */
	uint64_t record;	/* what was taken meanwhile */
	uint64_t pud_entries;	/* that the device had counted before the round */
	int error;
};

static struct scene scene;

/*
 * For calls that lock a mapping and then remove entries of it. Nothing locks the mapping of
 * the other buffer object: a fault on it shows that the pause is long enough for one.
 */
struct lock_scene {
	char *locked;			/* 2 GiB, of which the second has no entry */
	struct huge_bo free_bo;
	char *free;
	unsigned int let_through;	/* faults on the free mapping that came to an end */
	bool got_through;		/* the fault on the locked one did */
};

static struct lock_scene lock_scene;

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
	scene.length = scene.bo.size;
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

/*
 * Where the kernel puts nothing by itself, so that a place that is left stays free: for
 * mappings of up to 2 GiB, from low to high addresses.
 */
#define PLACES 3
#define PLACE_SIZE GIB(4)

static char *place(unsigned int n)
{
	return (char *)(uintptr_t)(GIB(16 * 1024) + n * PLACE_SIZE);
}

/*
 * Who removes entries goes from mapping to mapping, in the order in which they were made. At
 * an entry it waits for the paused processor, which has to flush its TLB. So the other mapping
 * has none: the pause would be over before the mapping comes that the round is about.
 */
static void empty_other(void)
{
	huge_bo_map_at(&scene.bo, scene.other, 0, scene.bo.size);
}

/* A page table of PTEs would keep the entries small: each round begins with a new mapping. */
static void renew_mapping(void)
{
	empty_other();
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
	huge_assert_caching(&scene.bo, PAGE_WB);
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
 *	entry of its old memory is left, and none is cached as that was.
 */
static void test_fault_move_pte(void)
{
	go_through_fault_and_move(HUGE_PTE);
}

/**
 * SUBTEST: fault-move-pmd
 * Description: As in fault-move-pte, with PMD entries. To move as much as a PUD entry maps
 *	would take too long.
 */
static void test_fault_move_pmd(void)
{
	go_through_fault_and_move(HUGE_PMD);
}

static void zap(void)
{
	scene.error = zap_all_mappings(scene.bo.fd, 1);
}

static void check_zapped(void)
{
	igt_assert_eq(scene.error, 0);
	check_first();
	huge_assert_caching(&scene.bo, PAGE_WC);
}

/**
 * SUBTEST: fault-zap-%s
 * Description: At each instruction of a fault that sets a %arg[1] entry, all entries of the
 *	device are removed. The kernel finds no broken page table, and all entries that
 *	there are after that are write-combining.
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

	zapper_require();
	make_scene(level, 0);
	go_through(fault_functions, &race);
}

/* The functions by which the kernel removes entries; it depends on the kernel which are inlined. */
static const char * const zap_functions[] = {
	"zap_pmd_range", "zap_pud_range", "zap_p4d_range", "__zap_vma_range",
	"unmap_page_range", NULL
};

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
	static const struct race race = {
		.renew = renew_mapping,
		.paused = zap,
		.meanwhile = touch_first,
		.check = check_zapped,
	};

	zapper_require();
	make_scene(level, 0);
	go_through(zap_functions, &race);
}

static void renew_entry(void)
{
	empty_other();
	scene.value += 2;
	touch_first();
}

static void move_mapping(void)
{
	char *from = scene.address;

	scene.address = mremap(from, scene.length, scene.length, MREMAP_MAYMOVE | MREMAP_FIXED,
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

	zapper_require();
	make_scene_of(level, huge_level_size(level), 0);
	scene.to = huge_reserve(scene.bo.size, GIB(1));
	/* The kernel finds this mapping before the one that moves, wherever that is. */
	huge_bo_map_at(&scene.bo, place(0), 0, scene.bo.size);
	go_through(functions, &race);
	igt_assert_eq(munmap(place(0), scene.bo.size), 0);
}

static void make_lock_scene(void)
{
	windows_require();
	huge_require_level(HUGE_PUD);
	scene = (struct scene){ .bo = huge_vram_bo(huge_open(), GIB(2)), .length = GIB(1) };
	lock_scene = (struct lock_scene){ .locked = place(0) };
	lock_scene.free_bo = huge_mapped_bo(KIB(64), 0, &lock_scene.free);
	huge_bo_await_idle(&lock_scene.free_bo);
}

/* The first GiB has an entry, which is what the call removes. */
static void renew_locked(void)
{
	huge_bo_map_at(&lock_scene.free_bo, lock_scene.free, 0, lock_scene.free_bo.size);
	huge_bo_map_at(&scene.bo, lock_scene.locked, 0, scene.bo.size);
	*first_word(lock_scene.locked) = 1;
}

static void touch_free_and_locked(void)
{
	*first_word(lock_scene.free) = 1;
	lock_scene.let_through += windows_is_paused();
	*last_word(lock_scene.locked) = 1;
	lock_scene.got_through = windows_is_paused();
}

static void split_first_gib(void)
{
	char *page = lock_scene.locked + GIB(1) / 2;

	scene.error = madvise(page, HUGE_PAGE_SIZE, MADV_DONTFORK) ? errno : 0;
}

static void check_waited(void)
{
	igt_assert_eq(scene.error, 0);
	igt_assert(scene.address != MAP_FAILED);
	igt_assert_f(!lock_scene.got_through, "a fault did not wait\n");
}

static void go_through_locked(void (*paused)(void))
{
	const struct race race = {
		.renew = renew_locked,
		.paused = paused,
		.meanwhile = touch_free_and_locked,
		.check = check_waited,
	};

	go_through(zap_functions, &race);
	igt_assert_lt(0, lock_scene.let_through);
}

/**
 * SUBTEST: split-fault
 * Description: A mapping is split inside a PUD entry. At each instruction by which that entry
 *	is removed, faults on all of the mapping wait until it is split, so that none sets the
 *	entry again. Faults on another mapping do not wait.
 */
static void test_split_fault(void)
{
	make_lock_scene();
	go_through_locked(split_first_gib);
}

/**
 * SUBTEST: mremap-fault-other
 * Description: mremap() moves a mapping, and removes the PUD entry of another one that shows
 *	the same memory. At each instruction by which it does so, and until it is done, faults
 *	on that other mapping wait. Faults on a mapping of other memory do not wait.
 */
static void test_mremap_fault_other(void)
{
	make_lock_scene();
	/* At a higher address than the other mapping, which is then the first to be emptied. */
	scene.address = huge_bo_map_at(&scene.bo, place(1), 0, scene.length);
	scene.to = place(2);
	go_through_locked(move_mapping);
}

/* What a fault executes before it has the buffer object, and directly after that. */
static const char * const early_functions[] = {
	"ttm_huge_pte_fault", "ttm_huge_fault", "ttm_huge_vm_reserve", "pfnmap_look_at_slot",
	NULL
};

static void renew_counted(void)
{
	renew_mapping();
	scene.pud_entries = counted_entries(scene.bo.fd, HUGE_PUD);
}

static void make_table(void)
{
	int error = max_level_try("pmd");

	touch_last();
	scene.error = max_level_try("pud");
	if (error)
		scene.error = error;
}

static void check_counted(void)
{
	uint64_t counted = counted_entries(scene.bo.fd, HUGE_PUD) - scene.pud_entries;
	struct huge_levels found = huge_levels_of(&scene.bo, scene.address, scene.bo.size);

	igt_assert_eq(scene.error, 0);
	igt_assert_eq_u64(counted, found.entries[HUGE_PUD]);
	check_first();
	check_last();
}

/**
 * SUBTEST: fault-table
 * Description: At each instruction at the beginning of a fault that would set a PUD entry,
 *	another fault puts a page table there. As many PUD entries are counted as there are.
 */
static void test_fault_table(void)
{
	static const struct race race = {
		.renew = renew_counted,
		.paused = touch_first,
		.meanwhile = make_table,
		.check = check_counted,
	};

	make_scene(HUGE_PUD, 0);
	go_through(early_functions, &race);
}

static void renew_read_only(void)
{
	renew_mapping();
	igt_assert_eq(mprotect(scene.address, scene.bo.size, PROT_READ), 0);
}

static void read_first(void)
{
	(void)*first_word(scene.address);
}

static void read_last(void)
{
	(void)*last_word(scene.address);
}

static void check_clean(void)
{
	huge_assert_used(&scene.bo, 1, 0);
}

/**
 * SUBTEST: read-read
 * Description: At each instruction at the beginning of a fault by which a read sets a PMD
 *	entry of a read-only mapping, another read sets it: it is not marked as written.
 */
static void test_read_read(void)
{
	static const struct race race = {
		.renew = renew_read_only,
		.paused = read_first,
		.meanwhile = read_last,
		.check = check_clean,
	};

	make_scene_of(HUGE_PMD, huge_level_size(HUGE_PMD), 0);
	go_through(early_functions, &race);
}

#define WRITTEN_PAGE 3
#define RECORDED_PAGES 64

static volatile uint64_t *written_word(void)
{
	return first_word(scene.address + WRITTEN_PAGE * HUGE_PAGE_SIZE);
}

static void write_page(void)
{
	*written_word() = scene.value;
}

/* No more than the record, one word, has bits for. */
static uint64_t pages(void)
{
	const uint64_t pages = scene.bo.size / HUGE_PAGE_SIZE;

	return pages < RECORDED_PAGES ? pages : RECORDED_PAGES;
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

static void renew_huge_read_page(void)
{
	renew_mapping();
	read_page();
}

/**
 * SUBTEST: write-read
 * Description: A write to a page that is mapped by a read-only PMD entry, because
 *	writes are tracked, has the entry removed and asks for a PTE. At each
 *	instruction at the beginning of its fault, a read sets the PMD entry again. The
 *	write is done and recorded.
 */
static void test_write_read(void)
{
	static const struct race race = {
		.renew = renew_huge_read_page,
		.paused = write_page,
		.meanwhile = read_last,
		.check = check_record,
	};

	make_scene_of(HUGE_PMD, huge_level_size(HUGE_PMD), HUGE_TRACKABLE);
	huge_dirty_start(&scene.bo);
	go_through(early_functions, &race);
}

static void clean_up(void)
{
	windows_end();
	munmap(place(0), PLACES * PLACE_SIZE);
	max_level_restore();
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
	{ "split-fault", "A fault at each instruction of a split", test_split_fault },
	{ "mremap-fault-other", "A fault on another mapping at each instruction of mremap()",
	  test_mremap_fault_other },
	{ "fault-table", "A page table comes at each instruction of a fault", test_fault_table },
	{ "read-read", "Another read at each instruction of a read's fault", test_read_read },
	{ "write-take", "The record is taken while a write is recorded", test_write_take },
	{ "write-read", "A read at each instruction of a tracked write", test_write_read },
};

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		max_level_save();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

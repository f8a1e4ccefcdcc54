// SPDX-License-Identifier: MIT

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/border.h"
#include "lib/huge_device.h"
#include "lib/leaks.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge borders
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: Sizes of exactly what one huge entry maps, a page less and a page more, in
 *	each operation: data are right, entries are as large as possible, and nothing else
 *	is mapped. The file 'borders' says which subtest covers what.
 */
IGT_TEST_DESCRIPTION("Sizes of exactly one huge entry, a page less and a page more");

static const struct huge_levels nothing;

/* Populates the new scene by touching it. */
static void populate(const struct border_scene *scene)
{
	border_check(scene, "at first");
}

static uint64_t faults_of_touching(const struct border_view *view)
{
	static char warm_page[HUGE_PAGE_SIZE] __attribute__((aligned(4096)));
	const struct border_view warm = { .address = warm_page, .length = sizeof(warm_page) };
	uint64_t before;

	/* Code and stack are in memory before anything is counted. */
	border_touch(&warm);
	(void)page_faults();
	before = page_faults();
	border_touch(view);
	return page_faults() - before;
}

/**
 * SUBTEST: map-%s
 * Description: A mapping of %arg[1] takes one fault for each page table.
 *
 * arg[1]:
 *
 * @below-pmd: a page less than one PMD
 * @pmd: one PMD
 * @above-pmd: a page more than one PMD
 * @below-pud: a page less than one PUD
 * @pud: one PUD
 * @above-pud: a page more than one PUD
 */
static void try_map(struct border_scene *scene, unsigned int round)
{
	(void)round;
	border_assert_levels(scene, &nothing, "not touched");
	for (unsigned int i = 0; i < scene->count; i++) {
		struct huge_mapping mapping = border_mapping(scene, &scene->views[i]);
		uint64_t expected = huge_expected_faults(&mapping);
		uint64_t faults = faults_of_touching(&scene->views[i]);

		igt_assert_f(faults == expected, "%s: %llu faults, expected %llu\n", scene->name,
			     (unsigned long long)faults, (unsigned long long)expected);
	}
	border_check(scene, "touched");
}

/* What the child has mapped: without the part that fork() leaves out, if there is one. */
static void in_child(const struct border_scene *scene, bool is_part)
{
	igt_assert_f(!border_found(scene).entries[HUGE_PMD],
		     "%s: the child begins with PMD entries\n", scene->name);
	if (is_part)
		border_assert_gone(scene, &scene->target, "child");
	border_check(scene, "child");
}

/**
 * SUBTEST: fork-%s
 * Description: A process has a mapping of %arg[1] and forks. The child has the mapping,
 *	too, but not a part that fork() is to leave out.
 *
 * arg[1]:
 *
 * @below-pmd: a page less than one PMD
 * @pmd: one PMD
 * @above-pmd: a page more than one PMD
 * @below-pud: a page less than one PUD
 * @pud: one PUD
 * @above-pud: a page more than one PUD
 */
static void try_fork(struct border_scene *scene, unsigned int round)
{
	const struct border_view target = scene->target;
	bool is_part = border_is_part(scene);
	struct border_scene of_child;

	(void)round;
	populate(scene);
	of_child = *scene;
	if (is_part) {
		igt_assert_eq(madvise(target.address, target.length, MADV_DONTFORK), 0);
		border_cut(scene, &target, false);
		border_cut(&of_child, &target, true);
	}
	igt_fork(child, 1)
		in_child(&of_child, is_part);
	igt_waitchildren();
	border_renew(scene);
	border_check(scene, "parent");
}

/**
 * SUBTEST: mremap-%s
 * Description: A mapping of %arg[1] moves to another address: all of it is there, and
 *	nothing is left at the old address.
 *
 * arg[1]:
 *
 * @below-pmd: a page less than one PMD
 * @pmd: one PMD
 * @above-pmd: a page more than one PMD
 * @below-pud: a page less than one PUD
 * @pud: one PUD
 * @above-pud: a page more than one PUD
 */
static void try_mremap(struct border_scene *scene, unsigned int round)
{
	const struct border_view from = scene->target;
	struct border_view to = from;

	(void)round;
	populate(scene);
	to.address = border_room(from.address, from.length);
	igt_assert(mremap(from.address, from.length, from.length, MREMAP_MAYMOVE | MREMAP_FIXED,
			  to.address) == to.address);
	border_cut(scene, &from, true);
	border_add(scene, &to);
	border_assert_gone(scene, &from, "moved");
	border_check(scene, "moved");
	border_renew(scene);
	border_assert_data(scene, "moved and written");
}

static void unmap(struct border_scene *scene, const struct border_view *part)
{
	igt_assert_eq(munmap(part->address, part->length), 0);
	border_cut(scene, part, true);
	border_assert_gone(scene, part, "munmap()");
	border_check(scene, "munmap()");
}

/* A new border between two entries, and not inside one, leaves both. */
static void cut(struct border_scene *scene, const struct border_view *part)
{
	struct huge_levels before = border_expected(scene), after;

	border_cut(scene, part, false);
	after = border_expected(scene);
	if (huge_levels_equal(&before, &after))
		border_assert_levels(scene, &after, "a border between entries");
}

static void protect(struct border_scene *scene, const struct border_view *part)
{
	char *last = part->address + part->length - HUGE_PAGE_SIZE;

	igt_assert_eq(mprotect(part->address, part->length, PROT_READ), 0);
	cut(scene, part);
	igt_assert_f(signal_of_writing(part->address, 0) == SIGSEGV &&
		     signal_of_writing(last, 0) == SIGSEGV,
		     "%s: what is read-only can be written\n", scene->name);
	border_check(scene, "mprotect()");
}

/* Advice that does not change what faults do. */
static void advise(struct border_scene *scene, const struct border_view *part)
{
	igt_assert_eq(madvise(part->address, part->length, MADV_DONTFORK), 0);
	cut(scene, part);
	border_check(scene, "madvise()");
}

static void (* const splits[])(struct border_scene *scene, const struct border_view *part) = {
	protect, advise, unmap,
};

#define SPLITS COUNT_OF(splits)

static struct border_view page_of(const struct border_view *view, uint64_t at)
{
	return (struct border_view){
		.address = view->address + at,
		.start = view->start + at,
		.length = HUGE_PAGE_SIZE,
	};
}

/**
 * SUBTEST: split-%s
 * Description: In a mapping of %arg[1], the first page, one in the middle and the last page
 *	are split off by mprotect() and madvise(), or unmapped by munmap(), in each order. A
 *	part of a mapping is split off or unmapped as a whole.
 *
 * arg[1]:
 *
 * @below-pmd: a page less than one PMD
 * @pmd: one PMD
 * @above-pmd: a page more than one PMD
 * @below-pud: a page less than one PUD
 * @pud: one PUD
 * @above-pud: a page more than one PUD
 */
static void try_split(struct border_scene *scene, unsigned int round)
{
	const struct border_view target = scene->target;
	const uint64_t pages = target.length / HUGE_PAGE_SIZE;
	const uint64_t places[SPLITS] = { 0, pages / 2, pages - 1 };

	populate(scene);
	if (border_is_part(scene)) {
		splits[round](scene, &target);
		return;
	}
	for (unsigned int i = 0; i < SPLITS; i++) {
		struct border_view page = page_of(&target, places[(i + round) % SPLITS] *
							   HUGE_PAGE_SIZE);

		splits[i](scene, &page);
	}
}

/**
 * SUBTEST: unmap-%s
 * Description: A mapping of %arg[1] is unmapped, and mapped again at the same address: no
 *	entry was left there.
 *
 * arg[1]:
 *
 * @below-pmd: a page less than one PMD
 * @pmd: one PMD
 * @above-pmd: a page more than one PMD
 * @below-pud: a page less than one PUD
 * @pud: one PUD
 * @above-pud: a page more than one PUD
 */
static void try_unmap(struct border_scene *scene, unsigned int round)
{
	const struct border_view target = scene->target;
	struct huge_levels before, after;

	(void)round;
	populate(scene);
	unmap(scene, &target);
	before = border_found(scene);
	igt_assert(mmap(target.address, target.length, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED_NOREPLACE, scene->bo.fd,
			scene->bo.offset + target.start) == target.address);
	border_add(scene, &target);
	after = border_found(scene);
	igt_assert_f(huge_levels_equal(&before, &after), "%s: entries were left\n", scene->name);
	border_check(scene, "mapped again");
}

static struct huge_levels expected_of_prefault(const struct border_scene *scene)
{
	const struct border_view *target = &scene->target, *view = scene->views;
	struct huge_mapping mapping = border_mapping(scene, view);
	uint64_t from = target->address - view->address;

	return huge_expected_levels_around(&mapping, from, from + target->length);
}

/**
 * SUBTEST: prefault-%s
 * Description: A mapping of %arg[1] is prefaulted: accesses take no fault, and nothing else
 *	is mapped except for the neighbours that a fault maps.
 *
 * arg[1]:
 *
 * @below-pmd: a page less than one PMD
 * @pmd: one PMD
 * @above-pmd: a page more than one PMD
 * @below-pud: a page less than one PUD
 * @pud: one PUD
 * @above-pud: a page more than one PUD
 */
static void try_prefault(struct border_scene *scene, unsigned int round)
{
	const struct border_view *target = &scene->target;
	struct huge_levels expected = expected_of_prefault(scene);
	uint64_t done, faults;

	(void)round;
	igt_assert_eq(huge_prefault(scene->bo.fd, target->address, target->length, &done), 0);
	igt_assert_f(done == target->length, "%s: %llu of %llu bytes\n", scene->name,
		     (unsigned long long)done, (unsigned long long)target->length);
	border_assert_levels(scene, &expected, "prefaulted");
	faults = faults_of_touching(target);
	igt_assert_f(!faults, "%s: %llu faults are left\n", scene->name,
		     (unsigned long long)faults);
	border_check(scene, "prefaulted and touched");
}

static void move(struct border_scene *scene, enum huge_placement placement, const char *when)
{
	huge_bo_move(&scene->bo, placement);
	border_assert_levels(scene, &nothing, when);
}

/* Through another mapping: the scene's own would keep small entries if touched here. */
static void assert_moved_data(const struct border_scene *scene)
{
	struct border_scene witness = *scene;

	witness.count = 0;
	border_add(&witness, &(struct border_view){
		.address = huge_bo_map(&scene->bo),
		.length = scene->bo.size,
	});
	border_assert_data(&witness, "in system memory");
	huge_unmap(witness.views[0].address, scene->bo.size);
}

/**
 * SUBTEST: evict-%s
 * Description: The buffer object of a mapping of %arg[1] leaves VRAM and comes back: each
 *	time the entries of all its mappings are removed. A mapping with a part has become
 *	three mappings before.
 *
 * arg[1]:
 *
 * @below-pmd: a page less than one PMD
 * @pmd: one PMD
 * @above-pmd: a page more than one PMD
 * @below-pud: a page less than one PUD
 * @pud: one PUD
 * @above-pud: a page more than one PUD
 */
static void try_evict(struct border_scene *scene, unsigned int round)
{
	const struct border_view target = scene->target;

	(void)round;
	populate(scene);
	if (border_is_part(scene))
		advise(scene, &target);
	move(scene, HUGE_SYSTEM, "moved away");
	assert_moved_data(scene);
	move(scene, HUGE_VRAM, "moved back");
	border_check(scene, "back");
}

/*
 * Borders that are not sizes of entries
 */

/**
 * SUBTEST: address-hint-taken
 * Description: A hint that is in use is ignored: what is mapped there stays, and the
 *	address is as good as without a hint.
 */
static void test_hint_taken(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2) + HUGE_PAGE_SIZE);
	char *taken = huge_bo_map(&bo), *found;

	found = mmap(taken + HUGE_PAGE_SIZE, bo.size, PROT_READ, MAP_SHARED, bo.fd, bo.offset);
	igt_assert(found != MAP_FAILED);
	igt_assert(found >= taken + bo.size || found + bo.size <= taken);
	igt_assert_eq_u64((uintptr_t)found % bo.alignment, 0);
	igt_assert_eq(signal_of_writing(taken, 1), 0);
	igt_assert_eq_u64(*(volatile uint64_t *)found, 1);
	igt_assert_eq(munmap(found, bo.size), 0);
}

/**
 * SUBTEST: address-noreplace
 * Description: With MAP_FIXED_NOREPLACE an address range that is in use is refused, even if
 *	by one page only, and one that is free is taken as it is, aligned or not.
 */
static void test_noreplace(void)
{
	const int flags = MAP_SHARED | MAP_FIXED_NOREPLACE;
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));
	char *room = border_room(NULL, 2 * bo.size) + HUGE_PAGE_SIZE;

	igt_assert(mmap(room, bo.size, PROT_READ, flags, bo.fd, bo.offset) == room);
	igt_assert(mmap(room + bo.size - HUGE_PAGE_SIZE, bo.size, PROT_READ, flags, bo.fd,
			bo.offset) == MAP_FAILED);
	igt_assert_eq(errno, EEXIST);
	igt_assert_eq(signal_of_reading(room + bo.size - HUGE_PAGE_SIZE), 0);
	igt_assert_eq(signal_of_reading(room + bo.size), SIGSEGV);
	igt_assert(mmap(room + bo.size, bo.size, PROT_READ, flags, bo.fd, bo.offset) ==
		   room + bo.size);
	igt_assert_eq(munmap(room, 2 * bo.size), 0);
}

static void assert_no_mmap(const struct huge_bo *bo, uint64_t start, uint64_t length, int error)
{
	igt_assert(mmap(NULL, length, PROT_READ, MAP_SHARED, bo->fd, bo->offset + start) ==
		   MAP_FAILED);
	igt_assert_eq(errno, error);
}

/**
 * SUBTEST: address-too-long
 * Description: A mapping longer than the address space is refused, whatever is added to its
 *	length to align it; so is one that is a page longer than its buffer object, or ends
 *	a page past its end.
 */
static void test_too_long(void)
{
	static const uint64_t short_of_all[] = {
		HUGE_PAGE_SIZE, MIB(2), GIB(1) - HUGE_PAGE_SIZE, GIB(1), GIB(1) + HUGE_PAGE_SIZE,
	};
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));

	for (unsigned int i = 0; i < COUNT_OF(short_of_all); i++)
		assert_no_mmap(&bo, 0, -short_of_all[i], ENOMEM);
	assert_no_mmap(&bo, 0, bo.size + HUGE_PAGE_SIZE, EINVAL);
	assert_no_mmap(&bo, HUGE_PAGE_SIZE, bo.size, EINVAL);
	assert_no_mmap(&bo, bo.size, HUGE_PAGE_SIZE, EINVAL);
	huge_bo_map_part(&bo, bo.size - HUGE_PAGE_SIZE, HUGE_PAGE_SIZE, PROT_READ);
}

static uint64_t system_memory(void)
{
	return sysconf(_SC_PHYS_PAGES) * HUGE_PAGE_SIZE;
}

static void assert_no_bo(int fd, uint64_t size, enum huge_placement placement, int error)
{
	struct huge_bo bo;

	igt_assert_eq(huge_bo_try_create(fd, size, placement, 0, &bo), error);
}

/* Mapped as a whole, with a word in the first and last page and some in between. */
static struct pattern fill(const struct huge_bo *bo)
{
	struct pattern pattern = pattern_of(huge_bo_map(bo), bo->size, 71);

	pattern.stride = (pattern.pages - 1) / 8;
	while ((pattern.pages - 1) % pattern.stride)
		pattern.stride--;
	pattern_write(&pattern);
	return pattern;
}

/**
 * SUBTEST: size-all-vram
 * Description: One buffer object gets all of VRAM, by the largest entries, contiguous or
 *	not. A page more than VRAM is refused, and no other buffer object is evicted for it.
 */
static void test_all_vram(void)
{
	int fd = huge_open();
	const uint64_t size = huge_vram(fd).size;
	struct huge_bo bo = huge_bo_create(fd, MIB(2), HUGE_VRAM, 0);
	struct pattern pattern;

	assert_no_bo(fd, size + HUGE_PAGE_SIZE, HUGE_VRAM, ENOMEM);
	igt_assert_eq(huge_bo_placement(&bo), HUGE_VRAM);
	huge_bo_destroy(&bo);
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	bo = huge_bo_create(fd, size, HUGE_VRAM, HUGE_CONTIGUOUS);
	igt_assert_eq_u64(huge_vram(fd).used, size);
	huge_bo_destroy(&bo);
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	bo = huge_vram_bo(fd, size);
	igt_assert_eq_u64(huge_vram(fd).used, size);
	pattern = fill(&bo);
	border_touch(&(struct border_view){ .address = pattern.address, .length = size });
	pattern_assert(&pattern);
	huge_assert_mapped_at(&bo, pattern.address, huge_largest_level(), "all of VRAM");
}

/**
 * SUBTEST: size-all-memory
 * Description: A buffer object as large as VRAM and system memory together is too large for
 *	either (ENOMEM), and one that is a page larger is always refused (E2BIG).
 */
static void test_all_memory(void)
{
	int fd = huge_open();
	const uint64_t both = huge_vram(fd).size + system_memory();

	for (enum huge_placement placement = HUGE_SYSTEM; placement <= HUGE_VRAM; placement++) {
		assert_no_bo(fd, both, placement, ENOMEM);
		assert_no_bo(fd, both + HUGE_PAGE_SIZE, placement, E2BIG);
	}
	assert_no_bo(fd, system_memory() + HUGE_PAGE_SIZE, HUGE_SYSTEM, ENOMEM);
}

/**
 * SUBTEST: move-too-large
 * Description: A buffer object is in the larger one of VRAM and system memory. A move to
 *	the other one, which is smaller than the buffer object, is refused; data and
 *	mappings stay. All of its memory is free when it is destroyed.
 */
static void test_move_too_large(void)
{
	int fd = huge_open();
	const struct in_use at_first = in_use_now(fd);
	const uint64_t vram = huge_vram(fd).size;
	bool from_vram = vram > system_memory();
	enum huge_placement from = from_vram ? HUGE_VRAM : HUGE_SYSTEM;
	struct huge_levels before, after;
	struct pattern pattern;
	struct in_use left;
	struct huge_bo bo;

	bo = huge_bo_create(fd, from_vram ? vram : vram + HUGE_PAGE_SIZE, from, 0);
	pattern = fill(&bo);
	before = huge_levels_of(&bo, pattern.address, bo.size);
	igt_assert_eq(huge_bo_try_move(&bo, from_vram ? HUGE_SYSTEM : HUGE_VRAM), ENOMEM);
	after = huge_levels_of(&bo, pattern.address, bo.size);
	huge_assert_levels(&after, &before, "not moved");
	igt_assert_eq(huge_bo_placement(&bo), from);
	pattern_assert(&pattern);
	huge_unmap(pattern.address, bo.size);
	huge_bo_destroy(&bo);
	left = in_use_beyond(&at_first, fd);
	igt_assert_eq_u64(left.bos, 0);
	igt_assert_eq_u64(left.vram, 0);
}

static const struct subtest subtests[] = {
	{ "address-hint-taken", "A hint that is in use", test_hint_taken },
	{ "address-noreplace", "MAP_FIXED_NOREPLACE, in use and free", test_noreplace },
	{ "address-too-long", "Longer than addresses, longer than the buffer object",
	  test_too_long },
	{ "size-all-vram", "All of VRAM, and a page more", test_all_vram },
	{ "size-all-memory", "As large as all memory, and a page more", test_all_memory },
	{ "move-too-large", "Moved to where it does not fit", test_move_too_large },
};

struct operation {
	const char *name;
	const char *what;
	unsigned int rounds;
	void (*run)(struct border_scene *scene, unsigned int round);
	bool together;		/* on all things of a buffer object at once */
};

static const struct operation operations[] = {
	{ "map", "Mapped and touched", 1, try_map, false },
	{ "fork", "In child and parent", 1, try_fork, false },
	{ "mremap", "Moved to another address", 1, try_mremap, false },
	{ "split", "Single pages become mappings, or none", SPLITS, try_split, false },
	{ "unmap", "Unmapped, and mapped again", 1, try_unmap, false },
	{ "prefault", "Mapped ahead of use", 1, try_prefault, false },
	{ "evict", "Moved to system memory and back", 1, try_evict, true },
};

static void run_rounds(const struct operation *operation, struct border_scene *scene,
		       const struct border_thing *things, unsigned int count,
		       const struct border_size *size)
{
	for (unsigned int round = 0; round < operation->rounds; round++) {
		for (unsigned int i = 0; i < count; i++)
			border_map(scene, &things[i], size);
		operation->run(scene, round);
		border_unmap(scene);
	}
}

/* Things share one buffer object: to clear a GiB for each would take long. */
static void run_group(int fd, const struct operation *operation,
		      const struct border_thing *things, unsigned int count,
		      const struct border_size *size)
{
	struct border_scene *scene = border_make(fd, things->bo_size(size));
	const unsigned int at_once = operation->together ? count : 1;

	for (unsigned int i = 0; i < count; i += at_once)
		run_rounds(operation, scene, &things[i], at_once, size);
	border_destroy(scene);
}

static void run_operation(const struct operation *operation, const struct border_size *size)
{
	int fd = huge_open();
	unsigned int first = 0, end;

	for (; first < border_thing_count; first = end) {
		const struct border_thing *things = &border_things[first];

		end = first + 1;
		while (end < border_thing_count && border_things[end].bo_size == things->bo_size)
			end++;
		run_group(fd, operation, things, end - first, size);
	}
}

static void clean_up(void)
{
	border_release();
	huge_release_all();
}

int igt_main()
{
	const struct operation *operation;
	const struct border_size *size;

	igt_fixture()
		huge_close(huge_open());

	for_each_case(operation, operations) {
		for_each_case(size, border_sizes) {
			igt_describe(operation->what);
			igt_subtest_f("%s-%s", operation->name, size->name)
				run_operation(operation, size);
			igt_fixture()
				clean_up();
		}
	}
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

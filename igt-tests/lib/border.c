// SPDX-License-Identifier: MIT

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "../igt_shim.h"
#include "access.h"
#include "border.h"
#include "page_table.h"
#include "pattern.h"

#define PMD MIB(2)
#define PUD GIB(1)
/* Number of pages with known contents, besides those at the borders. */
#define STEPS 16
#define USER_ADDRESSES (UINT64_C(1) << 47)

const struct border_size border_sizes[BORDER_SIZES] = {
	{ "below-pmd", HUGE_PMD, PMD - HUGE_PAGE_SIZE },
	{ "pmd", HUGE_PMD, PMD },
	{ "above-pmd", HUGE_PMD, PMD + HUGE_PAGE_SIZE },
	{ "below-pud", HUGE_PUD, PUD - HUGE_PAGE_SIZE },
	{ "pud", HUGE_PUD, PUD },
	{ "above-pud", HUGE_PUD, PUD + HUGE_PAGE_SIZE },
};

static struct border_scene current;

bool border_is_part(const struct border_scene *scene)
{
	for (unsigned int i = 0; i < scene->count; i++) {
		if (scene->views[i].address == scene->target.address)
			return scene->views[i].length != scene->target.length;
	}
	return true;
}

void border_add(struct border_scene *scene, const struct border_view *view)
{
	igt_assert_lt(scene->count, BORDER_VIEWS);
	scene->views[scene->count++] = *view;
}

static void add_piece(struct border_scene *scene, const struct border_view *whole,
		      char *from, char *to)
{
	struct border_view piece = {
		.address = from,
		.start = whole->start + (from - whole->address),
		.length = to - from,
	};

	if (piece.length)
		border_add(scene, &piece);
}

void border_cut(struct border_scene *scene, const struct border_view *part, bool hole)
{
	char *end = part->address + part->length;
	struct border_view whole;
	unsigned int i = 0;

	while (i < scene->count && (part->address < scene->views[i].address ||
				    end > scene->views[i].address + scene->views[i].length))
		i++;
	igt_assert_lt(i, scene->count);
	whole = scene->views[i];
	scene->views[i] = scene->views[--scene->count];
	add_piece(scene, &whole, whole.address, part->address);
	if (!hole)
		add_piece(scene, &whole, part->address, end);
	add_piece(scene, &whole, end, whole.address + whole.length);
}

char *border_room(const char *like, uint64_t length)
{
	char *area = mmap(NULL, length + 2 * PUD, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	igt_assert_f(area != MAP_FAILED, "no address space: %s\n", strerror(errno));
	igt_assert_eq(munmap(area, length + 2 * PUD), 0);
	return area + (((uintptr_t)like - (uintptr_t)area) & (PUD - 1));
}

/* Fences take all addresses except for a gap: pieces from large to small. */
#define FENCES 4096
#define LARGEST_FENCE (UINT64_C(1) << 46)
#define SMALLEST_FENCE MIB(1)

static struct border_view fences[FENCES];
static unsigned int fence_count;

static bool add_fence(uint64_t length)
{
	char *area = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			  -1, 0);

	if (area == MAP_FAILED || fence_count == FENCES)
		return false;
	fences[fence_count++] = (struct border_view){ .address = area, .length = length };
	return true;
}

static void remove_fences(void)
{
	while (fence_count) {
		fence_count--;
		munmap(fences[fence_count].address, fences[fence_count].length);
	}
}

static char *map_at(struct border_scene *scene, char *address, uint64_t start, uint64_t length,
		    int flags)
{
	struct border_view view = { .start = start, .length = length };
	int error = 0;

	view.address = mmap(address, length, PROT_READ | PROT_WRITE, MAP_SHARED | flags,
			    scene->bo.fd, scene->bo.offset + start);
	if (view.address == MAP_FAILED) {
		error = errno;
		/* The message below needs addresses, too. */
		remove_fences();
	}
	igt_assert_f(view.address != MAP_FAILED, "%s: mmap: %s\n", scene->name, strerror(error));
	border_add(scene, &view);
	return view.address;
}

/*
 * The things
 */

static uint64_t exact_size(const struct border_size *size)
{
	return size->bytes;
}

/* Room for an entry before it, and for more than a page after it. */
static uint64_t larger_size(const struct border_size *size)
{
	return 2 * huge_level_size(size->level) + PMD;
}

static uint64_t size_and_two_pages(const struct border_size *size)
{
	return size->bytes + 2 * HUGE_PAGE_SIZE;
}

static void map_bo(struct border_scene *scene, const struct border_size *size)
{
	map_at(scene, NULL, 0, size->bytes, 0);
}

static void map_mapping(struct border_scene *scene, const struct border_size *size)
{
	map_at(scene, NULL, huge_level_size(size->level), size->bytes, 0);
}

static void map_larger(struct border_scene *scene, const struct border_size *size)
{
	(void)size;
	map_at(scene, NULL, 0, scene->bo.size, 0);
}

static void map_inner(struct border_scene *scene, const struct border_size *size)
{
	map_at(scene, NULL, HUGE_PAGE_SIZE, size->bytes, 0);
}

static void map_twice(struct border_scene *scene, const struct border_size *size)
{
	map_at(scene, NULL, 0, size->bytes, 0);
	map_at(scene, NULL, 0, size->bytes, 0);
}

static void map_beside(struct border_scene *scene, const struct border_size *size)
{
	const uint64_t start = huge_level_size(size->level), rest = start + size->bytes;
	char *room = border_room(NULL, scene->bo.size);

	map_at(scene, room + start, start, size->bytes, MAP_FIXED_NOREPLACE);
	map_at(scene, room + rest, rest, scene->bo.size - rest, MAP_FIXED_NOREPLACE);
}

static void map_hint(struct border_scene *scene, const struct border_size *size)
{
	char *hint = border_room(NULL, size->bytes + PUD) + HUGE_PAGE_SIZE;
	char *found = map_at(scene, hint, 0, size->bytes, 0);

	igt_assert_f(found == hint, "%s: mapped at %p, and %p was free\n", scene->name, found,
		     hint);
}

/* The gap begins @pages pages past an address that is aligned for PUD entries. */
static char *leave_gap(uint64_t length, unsigned int pages)
{
	struct border_view *first = &fences[0];
	char *gap, *end;

	for (uint64_t fence = LARGEST_FENCE; fence >= SMALLEST_FENCE; fence /= 2) {
		while (add_fence(fence))
			;
	}
	igt_assert_lt(0, fence_count);
	igt_assert_lt(fence_count, FENCES);
	gap = first->address + (-(uintptr_t)first->address & (PUD - 1)) + pages * HUGE_PAGE_SIZE;
	end = first->address + first->length;
	igt_assert_eq(munmap(gap, length), 0);
	first->length = gap - first->address;
	fences[fence_count++] = (struct border_view){
		.address = gap + length,
		.length = end - gap - length,
	};
	return gap;
}

static void map_in_gap(struct border_scene *scene, const struct border_size *size,
		       uint64_t length, unsigned int pages, uint64_t at)
{
	char *gap = leave_gap(length, pages), *found;

	found = map_at(scene, NULL, 0, size->bytes, 0);
	remove_fences();
	igt_assert_f(found == gap + at, "%s: mapped at %p, in a gap that begins at %p\n",
		     scene->name, found, gap);
}

static void map_tight(struct border_scene *scene, const struct border_size *size)
{
	map_in_gap(scene, size, size->bytes, 1, 0);
}

/*
 * Neither end of the gap is aligned: the kernel has to find the aligned address inside. A
 * buffer object that is too small for a huge entry is aligned, too, to be in one page
 * table.
 */
static void map_padded(struct border_scene *scene, const struct border_size *size)
{
	const uint64_t alignment = size->bytes < PMD ? PMD :
				   huge_expected_alignment(size->bytes);

	map_in_gap(scene, size, size->bytes + alignment - HUGE_PAGE_SIZE, 2,
		   alignment - 2 * HUGE_PAGE_SIZE);
}

const struct border_thing border_things[] = {
	{ "bo", exact_size, map_bo, false },
	{ "twice", exact_size, map_twice, false },
	{ "hint", exact_size, map_hint, false },
	{ "tight", exact_size, map_tight, false },
	{ "padded", exact_size, map_padded, false },
	{ "inner", size_and_two_pages, map_inner, false },
	{ "mapping", larger_size, map_mapping, false },
	{ "beside", larger_size, map_beside, false },
	{ "part", larger_size, map_larger, true },
};

const unsigned int border_thing_count = sizeof(border_things) / sizeof(*border_things);

/*
 * Scenes
 */

static void add_word(struct border_scene *scene, uint64_t byte)
{
	igt_assert_lt(scene->word_count, BORDER_WORDS);
	scene->words[scene->word_count++] = byte / HUGE_PAGE_SIZE;
}

/* Pages on both sides of a border. */
static void add_words_around(struct border_scene *scene, uint64_t border)
{
	uint64_t from = border < 2 * HUGE_PAGE_SIZE ? 0 : border - 2 * HUGE_PAGE_SIZE;

	for (uint64_t at = from; at < border + 2 * HUGE_PAGE_SIZE && at < scene->bo.size;
	     at += HUGE_PAGE_SIZE)
		add_word(scene, at);
}

static void choose_words(struct border_scene *scene)
{
	const struct border_view *target = &scene->target;
	const uint64_t step = scene->bo.size / STEPS / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE;

	for (uint64_t at = 0; at < scene->bo.size; at += step)
		add_word(scene, at);
	add_words_around(scene, 0);
	add_words_around(scene, target->start);
	add_words_around(scene, target->start + target->length / 2);
	add_words_around(scene, target->start + target->length);
	add_words_around(scene, scene->bo.size);
}

static struct pattern word_of(const struct border_scene *scene, char *address, uint64_t page)
{
	struct pattern word = pattern_of(address, HUGE_PAGE_SIZE, scene->seed);

	word.first_page = page;
	return word;
}

/* Through a mapping of the whole buffer object that is not a part of the scene. */
static void write_words(const struct border_scene *scene)
{
	char *whole = huge_bo_map(&scene->bo);

	for (unsigned int i = 0; i < scene->word_count; i++) {
		uint64_t page = scene->words[i];
		struct pattern word = word_of(scene, whole + page * HUGE_PAGE_SIZE, page);

		pattern_write(&word);
	}
	huge_unmap(whole, scene->bo.size);
}

void border_renew(struct border_scene *scene)
{
	scene->seed++;
	write_words(scene);
}

struct border_scene *border_make(int fd, uint64_t bo_size)
{
	current = (struct border_scene){ .bo = huge_vram_bo(fd, bo_size) };
	igt_assert_f(huge_vram_used_settled(fd, bo_size) == bo_size,
		     "not as much VRAM in use as a buffer object of %llu bytes\n",
		     (unsigned long long)bo_size);
	return &current;
}

/* Sets the target: the view, or a part of it. */
static void aim(struct border_scene *scene, const struct border_view *view,
		const struct border_thing *thing, const struct border_size *size)
{
	const uint64_t start = thing->is_part ? huge_level_size(size->level) : 0;

	scene->target = (struct border_view){
		.address = view->address + start,
		.start = view->start + start,
		.length = size->bytes,
	};
}

void border_map(struct border_scene *scene, const struct border_thing *thing,
		const struct border_size *size)
{
	const unsigned int first = scene->count;
	const size_t used = first ? strlen(scene->name) : 0;

	/* Things that are mapped together are named together. */
	snprintf(scene->name + used, sizeof(scene->name) - used, "%s%s %s", first ? ", " : "",
		 thing->name, size->name);
	thing->map(scene, size);
	aim(scene, &scene->views[first], thing, size);
	scene->word_count = 0;
	choose_words(scene);
	border_renew(scene);
}

void border_unmap(struct border_scene *scene)
{
	while (scene->count) {
		const struct border_view *view = &scene->views[--scene->count];

		igt_assert_eq(munmap(view->address, view->length), 0);
	}
}

void border_destroy(struct border_scene *scene)
{
	huge_bo_destroy(&scene->bo);
	scene->bo.size = 0;
}

void border_release(void)
{
	remove_fences();
	for (unsigned int i = 0; i < current.count; i++)
		munmap(current.views[i].address, current.views[i].length);
	current.count = 0;
}

/* What is mapped, and what should be mapped */

void border_touch(const struct border_view *view)
{
	const char *end = view->address + view->length;
	const char *at = view->address;

	while (at < end) {
		(void)*(volatile const char *)at;
		at = (const char *)(((uintptr_t)at | (PMD - 1)) + 1);
	}
}

struct huge_mapping border_mapping(const struct border_scene *scene,
				   const struct border_view *view)
{
	return (struct huge_mapping){
		.address = (uintptr_t)view->address,
		.start = view->start,
		.length = view->length,
		.alignment = scene->bo.alignment,
		.max_level = huge_largest_level(),
	};
}

struct huge_levels border_found(const struct border_scene *scene)
{
	return huge_levels_of(&scene->bo, NULL, USER_ADDRESSES);
}

static void assert_all_levels(const struct border_scene *scene, const struct page_table *table,
			      const struct huge_levels *expected, const char *when)
{
	struct huge_levels found = page_table_levels(table, NULL, USER_ADDRESSES);
	char what[160];

	snprintf(what, sizeof(what), "%s, %s", scene->name, when);
	huge_assert_levels(&found, expected, what);
}

void border_assert_levels(const struct border_scene *scene, const struct huge_levels *expected,
			  const char *when)
{
	struct page_table table = page_table_read(&scene->bo);

	assert_all_levels(scene, &table, expected, when);
	page_table_free(&table);
}

static void assert_words_of(const struct border_scene *scene, const struct border_view *view,
			    const char *when)
{
	for (unsigned int i = 0; i < scene->word_count; i++) {
		uint64_t at = scene->words[i] * HUGE_PAGE_SIZE;
		struct pattern word;

		if (at < view->start || at >= view->start + view->length)
			continue;
		word = word_of(scene, view->address + at - view->start, scene->words[i]);
		igt_assert_f(pattern_matches(&word), "%s, %s: wrong data in page %llu\n",
			     scene->name, when, (unsigned long long)scene->words[i]);
	}
}

void border_assert_data(const struct border_scene *scene, const char *when)
{
	for (unsigned int i = 0; i < scene->count; i++)
		assert_words_of(scene, &scene->views[i], when);
}

void border_assert_gone(const struct border_scene *scene, const struct border_view *view,
			const char *when)
{
	const char *last = view->address + view->length - HUGE_PAGE_SIZE;

	igt_assert_f(signal_of_reading(view->address) == SIGSEGV &&
		     signal_of_reading(last) == SIGSEGV,
		     "%s, %s: what was removed can be read\n", scene->name, when);
}

/* No entry reaches past an end of a view: page_table_levels() asserts that. */
static void assert_views(const struct border_scene *scene, const struct page_table *table,
			 const char *when)
{
	char what[160];

	for (unsigned int i = 0; i < scene->count; i++) {
		const struct border_view *view = &scene->views[i];
		struct huge_mapping mapping = border_mapping(scene, view);
		struct huge_levels expected = huge_expected_levels(&mapping);
		struct huge_levels found = page_table_levels(table, view->address, view->length);

		snprintf(what, sizeof(what), "%s, %s, from page %llu on", scene->name, when,
			 (unsigned long long)(view->start / HUGE_PAGE_SIZE));
		huge_assert_levels(&found, &expected, what);
	}
}

struct huge_levels border_expected(const struct border_scene *scene)
{
	struct huge_levels sum = {};

	for (unsigned int i = 0; i < scene->count; i++) {
		struct huge_mapping mapping = border_mapping(scene, &scene->views[i]);
		struct huge_levels levels = huge_expected_levels(&mapping);

		huge_levels_add(&sum, &levels);
	}
	return sum;
}

void border_check(const struct border_scene *scene, const char *when)
{
	struct huge_levels expected = border_expected(scene);
	struct page_table table;

	igt_info("%s, %s\n", scene->name, when);
	for (unsigned int i = 0; i < scene->count; i++)
		border_touch(&scene->views[i]);
	border_assert_data(scene, when);
	/* Only once, because a GiB of PTEs takes long to read. */
	table = page_table_read(&scene->bo);
	page_table_assert_sound(&table);
	assert_views(scene, &table, when);
	assert_all_levels(scene, &table, &expected, when);
	page_table_free(&table);
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <xf86drm.h>

#include "bigbar_drm.h"
#include "igt_shim.h"
#include "lib/access.h"
#include "lib/bigbar_ioctl.h"
#include "lib/cgroup.h"
#include "lib/huge_device.h"
#include "lib/known_kernel.h"
#include "lib/memory.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/remap.h"
#include "lib/subtest.h"
#include "lib/trace.h"

/**
 * TEST: ttm huge dirty
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: write tracking
 * Description: Writes to a buffer object are recorded by single pages: all pages that are
 *	written and no others. Entries stay huge where nothing is written.
 */
IGT_TEST_DESCRIPTION("Write tracking by single pages under huge mappings");

#define MAX_PAGES (GIB(2) / HUGE_PAGE_SIZE)
#define BITS 64
#define WRITE_SECONDS 60	/* more than any write takes */

/* With one more word, which the driver must not change. */
struct record {
	uint64_t words[MAX_PAGES / BITS + 1];
};

/* Too large for a stack. */
static struct record record;

static uint64_t pages_of(const struct huge_bo *bo)
{
	return bo->size / HUGE_PAGE_SIZE;
}

/* Bits past the last page must be cleared. */
static void take_window(const struct huge_bo *bo, uint64_t first, uint64_t pages)
{
	memset(&record, 0xff, sizeof(record));
	igt_assert_eq(huge_dirty_try_take(bo, first, pages, record.words), 0);
	if (pages % BITS)
		igt_assert_eq_u64(record.words[pages / BITS] >> pages % BITS, 0);
	igt_assert_eq_u64(record.words[(pages + BITS - 1) / BITS], UINT64_MAX);
}

static void take(const struct huge_bo *bo)
{
	take_window(bo, 0, pages_of(bo));
}

static bool is_recorded(uint64_t page)
{
	return record.words[page / BITS] >> page % BITS & 1;
}

/* The record holds these pages, in ascending order, and no others. */
static void assert_recorded(const struct huge_bo *bo, const uint64_t *pages, unsigned int count)
{
	unsigned int found = 0;

	take(bo);
	for (uint64_t page = 0; page < pages_of(bo); page++) {
		if (!record.words[page / BITS]) {
			page += BITS - 1;
			continue;
		}
		if (!is_recorded(page))
			continue;
		igt_assert_f(found < count && pages[found] == page,
			     "page %llu is recorded\n", (unsigned long long)page);
		found++;
	}
	igt_assert_f(found == count, "%u of %u pages are recorded\n", found, count);
}

static void assert_none_recorded(const struct huge_bo *bo)
{
	assert_recorded(bo, NULL, 0);
}

static volatile uint64_t *word_of(char *address, uint64_t page)
{
	return (volatile uint64_t *)(address + page * HUGE_PAGE_SIZE);
}

static void write_pages(char *address, const uint64_t *pages, unsigned int count)
{
	/* A write whose entry never becomes writable is repeated for ever. */
	igt_set_timeout(WRITE_SECONDS, "a write");
	for (unsigned int i = 0; i < count; i++)
		*word_of(address, pages[i]) = pages[i] + 1;
	igt_reset_timeout();
}

static void read_sparsely(char *address, const struct huge_bo *bo)
{
	const uint64_t stride = pages_of(bo) > 512 ? 256 : 1;

	for (uint64_t page = 0; page < pages_of(bo); page += stride)
		(void)*word_of(address, page);
}

static struct huge_bo tracked_bo(uint64_t size, char **address)
{
	struct huge_bo bo = huge_mapped_bo(size, HUGE_TRACKABLE, address);

	huge_dirty_start(&bo);
	return bo;
}

/* First and last page, both sides of the middle, and one alone. */
#define FIVE_PAGES(bo) { 0, 5, pages_of(bo) / 2 - 1, pages_of(bo) / 2, pages_of(bo) - 1 }

/**
 * SUBTEST: exact-%s
 * Description: A buffer object is mapped by %arg[1] entries when the tracking begins.
 *	Exactly the pages that are written are recorded, whether they were read before or
 *	not; reads are not recorded. A record that was taken is empty, and pages that are
 *	written again are recorded again.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_exact(enum huge_level level)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), HUGE_TRACKABLE, &address);
	const uint64_t pages[] = FIVE_PAGES(&bo);

	write_pages(address, pages, COUNT_OF(pages));
	huge_assert_mapped_at(&bo, address, level, "not tracked");
	huge_dirty_start(&bo);
	assert_none_recorded(&bo);
	write_pages(address, pages, 3);
	assert_recorded(&bo, pages, 3);
	read_sparsely(address, &bo);
	assert_none_recorded(&bo);
	write_pages(address, pages, COUNT_OF(pages));
	assert_recorded(&bo, pages, COUNT_OF(pages));
	assert_none_recorded(&bo);
	write_pages(address, pages, COUNT_OF(pages));
	assert_recorded(&bo, pages, COUNT_OF(pages));
	huge_dirty_stop(&bo);
	write_pages(address, pages, COUNT_OF(pages));
	huge_dirty_start(&bo);
	assert_none_recorded(&bo);
}

/**
 * SUBTEST: take-part
 * Description: A record that is taken in parts has each page in its part, and the parts
 *	that have not been taken stay.
 */
static void test_take_part(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(MIB(4), &address);
	const uint64_t pages[] = { 63, 64, 127, 128, 1000 };
	uint64_t word = 0;

	write_pages(address, pages, COUNT_OF(pages));
	igt_assert_eq(huge_dirty_try_take(&bo, 64, 63, &word), 0);
	igt_assert_eq_u64(word, 1);
	igt_assert_eq(huge_dirty_try_take(&bo, 64, 64, &word), 0);
	igt_assert_eq_u64(word, UINT64_C(1) << 63);
	assert_recorded(&bo, (const uint64_t[]){ 63, 128, 1000 }, 3);
}

/**
 * SUBTEST: take-into-itself
 * Description: A record is taken into a page of the buffer object itself that has not been
 *	written to. The call does not wait for itself, and what it writes is recorded, too.
 */
static void test_take_into_itself(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(MIB(4), &address);
	const uint64_t pages[] = FIVE_PAGES(&bo), into = 700;
	int status;
	pid_t pid;

	write_pages(address, pages, COUNT_OF(pages));
	pid = fork_child();
	if (!pid)
		_exit(huge_dirty_try_take(&bo, 0, pages_of(&bo),
					  (uint64_t *)word_of(address, into)));
	igt_assert_f(child_ends_with(pid, &status), "it waits for itself\n");
	igt_assert(WIFEXITED(status));
	igt_assert_eq(WEXITSTATUS(status), 0);
	igt_assert_eq_u64(*word_of(address, into), 1 << pages[0] | 1 << pages[1]);
	assert_recorded(&bo, &into, 1);
}

/* Two page tables and a part of a third; the last word of the record is not full. */
#define WINDOW_BO_PAGES (2 * 512 + 5 * BITS + 37)
#define WINDOW_BO_TABLES 3

struct window_case {
	const char *name;
	const char *what;
	uint64_t first;
	uint64_t pages;
};

static const struct window_case window_cases[] = {
	{ "whole", "the whole buffer object", 0, WINDOW_BO_PAGES },
	{ "one-page", "one page", BITS, 1 },
	{ "second-word", "the second word", BITS, BITS },
	{ "part-of-word", "a word and a part of the next", 2 * BITS, BITS + 7 },
	{ "to-table-end", "the words up to the end of a page table", 512 - 2 * BITS, 2 * BITS },
	{ "over-table-end", "the words around the end of a page table", 512 - BITS, 2 * BITS },
	{ "second-table", "the second page table", 512, 512 },
	{ "three-tables", "the end of a page table, another, the beginning of a third", 512 - BITS,
	  512 + 2 * BITS },
	{ "from-second-word", "all but the first word", BITS, WINDOW_BO_PAGES - BITS },
	{ "last-word", "the last word, which is not full", WINDOW_BO_PAGES - 37, 37 },
};

static void write_range(char *address, uint64_t first, uint64_t end)
{
	for (uint64_t page = first; page < end; page++)
		*word_of(address, page) = page + 1;
}

static uint64_t faults_of_writing(char *address, uint64_t first, uint64_t end)
{
	uint64_t before = page_faults();

	write_range(address, first, end);
	return page_faults() - before;
}

/* Whether the kernel has what it takes to record writes by the CPU's dirty bits. */
static bool has_dirty_bits(void)
{
	return known_kernel_is_configured("MAPPING_DIRTY_HELPERS") &&
	       known_kernel_is_configured("MMU_NOTIFIER");
}

static uint64_t table_of(const char *address, uint64_t page)
{
	return (uintptr_t)word_of((char *)address, page) / MIB(2);
}

/*
 * Writes to each page in order. With dirty bits that is a fault for each page table, and one
 * for the first page, from which it cannot be known that others follow.
 */
static void write_tracked(char *address, uint64_t first, uint64_t end, bool by_bits)
{
	uint64_t faults = faults_of_writing(address, first, end);

	if (by_bits)
		igt_assert_lte_u64(faults,
				   table_of(address, end - 1) - table_of(address, first) + 2);
	else
		igt_assert_eq_u64(faults, end - first);
}

/* Takes a part of the record, which must have the pages from @from to @to and no others. */
static void assert_range_taken(const struct huge_bo *bo, uint64_t first, uint64_t pages,
			       uint64_t from, uint64_t to)
{
	take_window(bo, first, pages);
	for (uint64_t page = first; page < first + pages; page++)
		igt_assert_f(is_recorded(page - first) == (page >= from && page < to),
			     "page %llu is %srecorded\n", (unsigned long long)page,
			     is_recorded(page - first) ? "" : "not ");
}

/* Writes to the first page of the window and another: an error of one page or one table shows. */
static void assert_pairs(const struct huge_bo *bo, char *address, const struct window_case *c)
{
	const uint64_t others[] = { 0, 1, BITS - 1, BITS, 511, 512, 513, c->pages - 1 };

	for (unsigned int i = 0; i < COUNT_OF(others); i++) {
		for (int round = 0; round < 3 && others[i] < c->pages; round++) {
			write_range(address, c->first, c->first + 1);
			write_range(address, c->first + others[i], c->first + others[i] + 1);
			take_window(bo, c->first, c->pages);
			for (uint64_t page = 0; page < c->pages; page++)
				igt_assert_eq(is_recorded(page), !page || page == others[i]);
		}
	}
	assert_range_taken(bo, c->first, c->pages, 0, 0);
}

static void check_window(const struct window_case *c, const struct huge_bo *bo, char *address,
			 bool by_bits)
{
	const uint64_t end = c->first + c->pages;

	igt_assert_eq_u64(faults_of_writing(address, 0, WINDOW_BO_PAGES),
			  by_bits ? WINDOW_BO_TABLES : WINDOW_BO_PAGES);
	igt_assert_eq_u64(faults_of_writing(address, 0, WINDOW_BO_PAGES), 0);
	assert_range_taken(bo, c->first, c->pages, c->first, end);
	igt_assert_eq_u64(faults_of_writing(address, 0, c->first), 0);
	igt_assert_eq_u64(faults_of_writing(address, end, WINDOW_BO_PAGES), 0);
	write_tracked(address, c->first, end, by_bits);
	assert_range_taken(bo, c->first, c->pages, c->first, end);
	assert_pairs(bo, address, c);

	take(bo);
	for (uint64_t page = 0; page < WINDOW_BO_PAGES; page++)
		igt_assert_eq(is_recorded(page), page < c->first || page >= end);
	write_tracked(address, 0, WINDOW_BO_PAGES, by_bits);
	assert_range_taken(bo, 0, WINDOW_BO_PAGES, 0, WINDOW_BO_PAGES);
}

/**
 * SUBTEST: window-%s
 * Description: All pages are written, with one fault for each page table, and a part of the
 *	record is taken: %arg[1]. Pages in that part are recorded again when they are written
 *	again, with no more faults. The other pages stay in the record, and stay writable
 *	without a fault. If the CPU's dirty bits are not asked for, or the kernel cannot
 *	collect them, each write to a page that is not recorded takes a fault.
 *
 * arg[1]:
 *
 * @whole:		the whole buffer object
 * @one-page:		one page
 * @second-word:	the second word
 * @part-of-word:	a word and a part of the next
 * @to-table-end:	the words up to the end of a page table
 * @over-table-end:	the words around the end of a page table
 * @second-table:	the second page table
 * @three-tables:	the end of a page table, another, the beginning of a third
 * @from-second-word:	all but the first word
 * @last-word:		the last word, which is not full
 */
static void test_window(const struct window_case *c)
{
	char *address;
	struct huge_bo bo = tracked_bo(WINDOW_BO_PAGES * HUGE_PAGE_SIZE, &address);

	check_window(c, &bo, address, has_dirty_bits());
	huge_dirty_stop(&bo);
	igt_assert_eq(bigbar_dirty_start_by_faults(bo.fd, bo.handle), 0);
	check_window(c, &bo, address, false);
}

/**
 * SUBTEST: windows-in-turn
 * Description: A record that is taken word by word, from the last to the first, has
 *	each page once.
 */
static void test_windows_in_turn(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(WINDOW_BO_PAGES * HUGE_PAGE_SIZE, &address);
	uint64_t first = WINDOW_BO_PAGES - WINDOW_BO_PAGES % BITS;

	write_range(address, 0, WINDOW_BO_PAGES);
	assert_range_taken(&bo, first, WINDOW_BO_PAGES % BITS, first, WINDOW_BO_PAGES);
	while (first) {
		first -= BITS;
		assert_range_taken(&bo, first, BITS, first, first + BITS);
	}
	assert_none_recorded(&bo);
}

#define NEIGHBOURS 3

/**
 * SUBTEST: neighbours
 * Description: Three tracked buffer objects of odd sizes, whose offsets follow each other,
 *	each have a record of their own. Taking the record of one, or starting and stopping
 *	its tracking, does not change the records and the entries of the others.
 */
static void test_neighbours(void)
{
	static const uint64_t pages[NEIGHBOURS] = { 13, 16, 11 };
	struct huge_bo bos[NEIGHBOURS];
	char *addresses[NEIGHBOURS];
	int fd = huge_open();

	for (int i = 0; i < NEIGHBOURS; i++) {
		bos[i] = huge_bo_create(fd, pages[i] * HUGE_PAGE_SIZE, HUGE_VRAM, HUGE_TRACKABLE);
		addresses[i] = huge_bo_map(&bos[i]);
		huge_dirty_start(&bos[i]);
		write_range(addresses[i], i, pages[i]);
	}
	assert_range_taken(&bos[1], 0, pages[1], 1, pages[1]);
	huge_dirty_start(&bos[1]);
	huge_dirty_stop(&bos[1]);
	for (int i = 0; i < NEIGHBOURS; i += 2) {
		igt_assert_eq_u64(faults_of_writing(addresses[i], i, pages[i]), 0);
		assert_range_taken(&bos[i], 0, pages[i], i, pages[i]);
		write_tracked(addresses[i], i, pages[i], has_dirty_bits());
		assert_range_taken(&bos[i], 0, pages[i], i, pages[i]);
	}
	igt_assert_eq(huge_dirty_try_take(&bos[1], 0, pages[1], record.words), ENODATA);
}

/**
 * SUBTEST: new-bo
 * Description: A new buffer object that has the offset of one that was tracked is not
 *	tracked.
 */
static void test_new_bo(void)
{
	int fd = huge_open();
	struct huge_bo old = huge_bo_create(fd, MIB(4), HUGE_VRAM, HUGE_TRACKABLE), bo;

	huge_dirty_start(&old);
	huge_bo_destroy(&old);
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	bo = huge_bo_create(fd, MIB(4), HUGE_VRAM, HUGE_TRACKABLE);
	igt_assert_eq_u64(bo.offset, old.offset);
	igt_assert_eq(huge_dirty_try_take(&bo, 0, pages_of(&bo), record.words), ENODATA);
}

/**
 * SUBTEST: two-mappings
 * Description: Writes through either of two mappings are recorded, and again
 *	through both after the record was taken.
 */
static void test_two_mappings(void)
{
	char *first, *second;
	struct huge_bo bo = tracked_bo(MIB(4), &first);
	const uint64_t pages[] = FIVE_PAGES(&bo);

	second = huge_bo_map(&bo);
	write_pages(first, pages, 2);
	write_pages(second, pages + 2, 3);
	assert_recorded(&bo, pages, COUNT_OF(pages));
	write_pages(first, pages, COUNT_OF(pages));
	write_pages(second, pages, COUNT_OF(pages));
	assert_recorded(&bo, pages, COUNT_OF(pages));
	write_pages(second, pages, 2);
	write_pages(first, pages + 2, 3);
	assert_recorded(&bo, pages, COUNT_OF(pages));
}

/**
 * SUBTEST: fork
 * Description: Writes of a child are recorded after the parent has taken the record,
 *	although the child was forked while the pages were writable.
 */
static void test_fork(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(MIB(4), &address);
	const uint64_t pages[] = FIVE_PAGES(&bo);
	int sockets[2];

	write_pages(address, pages, COUNT_OF(pages));
	make_turns(sockets);
	igt_fork(child, 1) {
		await_turn(sockets[1]);
		write_pages(address, pages, 3);
		pass_turn(sockets[1]);
	}
	assert_recorded(&bo, pages, COUNT_OF(pages));
	pass_turn(sockets[0]);
	await_turn(sockets[0]);
	assert_recorded(&bo, pages, 3);
	write_pages(address, pages, 1);
	assert_recorded(&bo, pages, 1);
	igt_waitchildren();
	close(sockets[0]);
	close(sockets[1]);
}

/**
 * SUBTEST: debugger
 * Description: What is written through /proc/PID/mem is recorded, also across
 *	pages; what is read is not.
 */
static void test_debugger(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(MIB(4), &address);
	const off_t page = HUGE_PAGE_SIZE, start = (uintptr_t)address;
	const uint64_t written[2] = { 1, 2 };
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	uint64_t seen[2];

	igt_assert_fd(fd);
	igt_assert_eq(pread(fd, seen, sizeof(seen), start + 9 * page), sizeof(seen));
	assert_none_recorded(&bo);
	igt_assert_eq(pwrite(fd, written, 8, start + 700 * page), 8);
	assert_recorded(&bo, (const uint64_t[]){ 700 }, 1);
	igt_assert_eq(pwrite(fd, written, sizeof(written), start + 8 * page - 8), sizeof(written));
	close(fd);
	assert_recorded(&bo, (const uint64_t[]){ 7, 8 }, 2);
	igt_assert_eq_u64(*word_of(address, 700), 1);
	igt_assert_eq_u64(*word_of(address, 8), 2);
}

struct debugger_case {
	uint64_t at;		/* in the mapping */
	uint64_t length;
	uint64_t first;		/* page of the buffer object */
	uint64_t pages;
};

/* A mapping of pages 70 to 99 of a buffer object of 100. */
#define PART_FIRST 70
#define PART_PAGES 30

static const struct debugger_case debugger_cases[] = {
	{ 0, 1, PART_FIRST, 1 },
	{ 0, HUGE_PAGE_SIZE, PART_FIRST, 1 },
	{ HUGE_PAGE_SIZE - 1, 1, PART_FIRST, 1 },
	{ HUGE_PAGE_SIZE - 1, 2, PART_FIRST, 2 },
	{ 5 * HUGE_PAGE_SIZE + 8, HUGE_PAGE_SIZE, PART_FIRST + 5, 2 },
	{ 5 * HUGE_PAGE_SIZE, 3 * HUGE_PAGE_SIZE, PART_FIRST + 5, 3 },
	{ (PART_PAGES - 1) * HUGE_PAGE_SIZE + 8, 8, PART_FIRST + PART_PAGES - 1, 1 },
	{ (PART_PAGES - 2) * HUGE_PAGE_SIZE, 2 * HUGE_PAGE_SIZE, PART_FIRST + PART_PAGES - 2, 2 },
};

/**
 * SUBTEST: debugger-part
 * Description: Writes through /proc/PID/mem to a mapping of the last part of a buffer
 *	object are recorded by their place in the buffer object: bytes at both ends of
 *	pages, ranges across pages, and whole pages. So are the process's own writes to such
 *	a mapping.
 */
static void test_debugger_part(void)
{
	static char data[3 * HUGE_PAGE_SIZE];
	static const uint64_t written[] = { PART_FIRST + 3, PART_FIRST + 9 };
	const struct debugger_case *c;
	struct huge_bo bo = huge_bo_create(huge_open(), 100 * HUGE_PAGE_SIZE, HUGE_VRAM,
					   HUGE_TRACKABLE);
	char *address = huge_bo_map_part(&bo, PART_FIRST * HUGE_PAGE_SIZE,
					 PART_PAGES * HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE);
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	igt_assert_fd(fd);
	memset(data, 0x5a, sizeof(data));
	huge_dirty_start(&bo);
	for_each_case(c, debugger_cases) {
		igt_assert_eq_u64(pwrite(fd, data, c->length, (uintptr_t)address + c->at),
				  c->length);
		assert_range_taken(&bo, 0, pages_of(&bo), c->first, c->first + c->pages);
		igt_assert(!memcmp(address + c->at, data, c->length));
		assert_none_recorded(&bo);
	}
	close(fd);

	/* A fault, and a write to a neighbour that the fault has mapped. */
	address = huge_bo_map_part(&bo, PART_FIRST * HUGE_PAGE_SIZE, PART_PAGES * HUGE_PAGE_SIZE,
				   PROT_READ | PROT_WRITE);
	*word_of(address, 3) = 1;
	*word_of(address, 9) = 1;
	assert_recorded(&bo, written, COUNT_OF(written));
}

/**
 * SUBTEST: move
 * Description: The record outlives moves to system memory and back, and writes
 *	are recorded in both.
 */
static void test_move(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(MIB(4), &address);
	const uint64_t pages[] = FIVE_PAGES(&bo);

	write_pages(address, pages, 2);
	huge_bo_move(&bo, HUGE_SYSTEM);
	read_sparsely(address, &bo);
	write_pages(address, pages + 2, 2);
	huge_bo_move(&bo, HUGE_VRAM);
	write_pages(address, pages + 4, 1);
	assert_recorded(&bo, pages, COUNT_OF(pages));
	read_sparsely(address, &bo);
	assert_none_recorded(&bo);
	huge_bo_move(&bo, HUGE_SYSTEM);
	assert_none_recorded(&bo);
	write_pages(address, pages, COUNT_OF(pages));
	assert_recorded(&bo, pages, COUNT_OF(pages));
}

/* The half without the write still has the entries that the reads have set. */
static void assert_half_read_only(const struct huge_bo *bo, const char *half,
				  enum huge_level level)
{
	struct huge_levels expected = huge_levels_at(level, bo->size / 2);
	struct huge_levels found = huge_levels_of(bo, half, bo->size / 2);

	huge_assert_levels(&found, &expected, "where nothing is written");
	huge_assert_writable(bo, half, bo->size / 2, false);
}

/**
 * SUBTEST: huge-elsewhere-%s
 * Description: While writes are tracked, reads set read-only %arg[1] entries. A write makes
 *	only its page writable. It adds at most one page table of PTEs, and leaves the huge
 *	entries elsewhere. A write through another mapping that was read before is recorded,
 *	too.
 *
 * arg[1]:
 *
 * @pmd: PMD
 * @pud: PUD
 */
static void test_huge_elsewhere(enum huge_level level)
{
	char *address, *other;
	struct huge_bo bo = tracked_bo(2 * huge_level_size(level), &address);
	const uint64_t pages[] = { 7 };
	struct huge_levels found;
	struct page_table table;
	uint64_t writable = 0;

	huge_require_level(level);
	read_sparsely(address, &bo);
	huge_assert_mapped_at(&bo, address, level, "read");
	write_pages(address, pages, 1);
	(void)*word_of(address, 6);
	assert_half_read_only(&bo, address + bo.size / 2, level);
	found = huge_levels_of(&bo, address, bo.size);
	igt_assert_lte_u64(found.entries[HUGE_PTE], 512);
	table = page_table_read(&bo);
	for (unsigned int i = 0; i < table.count; i++) {
		if (table.runs[i].writable)
			writable += table.runs[i].end - table.runs[i].start;
	}
	page_table_free(&table);
	igt_assert_eq_u64(writable, HUGE_PAGE_SIZE);

	/* A huge entry of another mapping maps the page of the record, too. */
	other = huge_bo_map(&bo);
	read_sparsely(other, &bo);
	huge_assert_mapped_at(&bo, other, level, "another mapping, read");
	assert_recorded(&bo, pages, 1);
	assert_half_read_only(&bo, address + bo.size / 2, level);
	read_sparsely(other, &bo);
	write_pages(other, pages, 1);
	assert_recorded(&bo, pages, 1);
}

/**
 * SUBTEST: stop-%s
 * Description: When the tracking stops, all entries are removed. A mapping in which
 *	tracking had set small entries has writable %arg[1] entries after it is mapped
 *	again.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_stop(enum huge_level level)
{
	char *address;
	struct huge_bo bo = tracked_bo(huge_size_for_level(level), &address);
	const uint64_t pages[] = FIVE_PAGES(&bo);
	const struct huge_levels nothing = {};
	struct huge_levels found;

	write_pages(address, pages, COUNT_OF(pages));
	assert_recorded(&bo, pages, COUNT_OF(pages));
	read_sparsely(address, &bo);
	huge_dirty_stop(&bo);
	found = huge_levels_of(&bo, address, bo.size);
	huge_assert_levels(&found, &nothing, "stopped");
	igt_assert_eq(ttm_huge_remap(address, bo.size, PROT_READ | PROT_WRITE, bo.fd, bo.offset),
		      0);
	for (unsigned int i = 0; i < COUNT_OF(pages); i++)
		igt_assert_eq_u64(*word_of(address, pages[i]), pages[i] + 1);
	read_sparsely(address, &bo);
	write_pages(address, pages, COUNT_OF(pages));
	huge_assert_mapped_at(&bo, address, level, "mapped again");
}

/* In one page table: two in order, which make writes count as dense, and others alone. */
static const uint64_t dense_pages[] = { 0, 1, 100, 300, 511 };

/* All but the first two take no fault, if the CPU's dirty bits record them. */
static void write_densely(char *address)
{
	uint64_t before, faults = 0;

	/* Twice, so that no page of the program itself has to be copied after a fork(). */
	for (unsigned int count = 2; count <= COUNT_OF(dense_pages);
	     count += COUNT_OF(dense_pages) - 2) {
		before = page_faults();
		write_pages(address, dense_pages, count);
		faults = page_faults() - before;
	}
	if (has_dirty_bits())
		igt_assert_eq_u64(faults, 0);
}

static void remove_by_munmap(const struct huge_bo *bo, char *address)
{
	huge_unmap(address, bo->size);
}

static void remove_part(const struct huge_bo *bo, char *address)
{
	(void)bo;
	igt_assert_eq(munmap(address + 50 * HUGE_PAGE_SIZE, 300 * HUGE_PAGE_SIZE), 0);
}

static void remove_by_mmap(const struct huge_bo *bo, char *address)
{
	igt_assert_eq(ttm_huge_remap(address, bo->size, PROT_READ | PROT_WRITE, bo->fd,
				     bo->offset), 0);
}

/* There and back, in pieces that have to be split off. */
static void remove_by_mremap(const struct huge_bo *bo, char *address)
{
	const uint64_t part = 200 * HUGE_PAGE_SIZE;
	char *other = huge_reserve(bo->size, MIB(2));

	igt_assert(mremap(address, part, part, MREMAP_MAYMOVE | MREMAP_FIXED, other) == other);
	igt_assert(mremap(other, part, part, MREMAP_MAYMOVE | MREMAP_FIXED, address) ==
		   address);
}

static void remove_protected(const struct huge_bo *bo, char *address)
{
	igt_assert_eq(mprotect(address, bo->size, PROT_NONE), 0);
	huge_unmap(address, bo->size);
}

static void remove_by_split(const struct huge_bo *bo, char *address)
{
	(void)bo;
	igt_assert_eq(mprotect(address + 50 * HUGE_PAGE_SIZE, 100 * HUGE_PAGE_SIZE, PROT_READ), 0);
}

static void remove_by_fork(const struct huge_bo *bo, char *address)
{
	int status;
	pid_t pid = fork_child();

	(void)bo;
	(void)address;
	if (!pid)
		_exit(0);
	igt_assert(child_ends_with(pid, &status));
}

static void remove_by_move(const struct huge_bo *bo, char *address)
{
	(void)address;
	huge_bo_move(bo, HUGE_SYSTEM);
}

struct removal {
	const char *name;
	const char *what;
	void (*remove)(const struct huge_bo *bo, char *address);
};

static const struct removal removals[] = {
	{ "munmap", "munmap()", remove_by_munmap },
	{ "part", "munmap() of a part", remove_part },
	{ "mmap", "another mapping in the place of the first", remove_by_mmap },
	{ "mremap", "mremap() of a part, and back", remove_by_mremap },
	{ "protected", "mprotect() and munmap()", remove_protected },
	{ "split", "mprotect() of a part", remove_by_split },
	{ "fork", "fork()", remove_by_fork },
	{ "move", "a move to system memory", remove_by_move },
};

/**
 * SUBTEST: removed-%s
 * Description: Pages of one page table are written, two in order and some without a fault.
 *	Then their entries are removed or changed, before the record is taken: by %arg[1].
 *	Exactly the pages that were written are in the record. So are writes to the same
 *	pages through another mapping, in the next record.
 *
 * arg[1]:
 *
 * @munmap:	munmap()
 * @part:	munmap() of a part
 * @mmap:	another mapping in the place of the first
 * @mremap:	mremap() of a part, and back
 * @protected:	mprotect() and munmap()
 * @split:	mprotect() of a part
 * @fork:	fork()
 * @move:	a move to system memory
 */
static void test_removed(const struct removal *removal)
{
	char *address;
	struct huge_bo bo = tracked_bo(MIB(4), &address);

	write_densely(address);
	removal->remove(&bo, address);
	assert_recorded(&bo, dense_pages, COUNT_OF(dense_pages));
	assert_none_recorded(&bo);

	address = huge_bo_map(&bo);
	write_densely(address);
	assert_recorded(&bo, dense_pages, COUNT_OF(dense_pages));
	write_pages(address, dense_pages, COUNT_OF(dense_pages));
	assert_recorded(&bo, dense_pages, COUNT_OF(dense_pages));
	assert_none_recorded(&bo);
}

/**
 * SUBTEST: removed-exit
 * Description: A process maps a buffer object, writes to pages of one page table, two in order
 *	and some without a fault, and ends. Exactly these pages are in the record.
 */
static void test_removed_exit(void)
{
	struct huge_bo bo = huge_bo_create(huge_open(), MIB(4), HUGE_VRAM, HUGE_TRACKABLE);

	huge_dirty_start(&bo);
	igt_fork(child, 1)
		write_densely(huge_bo_map(&bo));
	igt_waitchildren();
	assert_recorded(&bo, dense_pages, COUNT_OF(dense_pages));
	assert_none_recorded(&bo);
}

/**
 * SUBTEST: fork-dense
 * Description: The pages of a small buffer object can be written without a fault when a child
 *	is forked. What the child writes to other pages before it ends is in the record, and
 *	so are the parent's writes.
 */
static void test_fork_dense(void)
{
	const uint64_t pages[] = { 0, 1, 10, 20 };
	char *address;
	struct huge_bo bo = tracked_bo(64 * HUGE_PAGE_SIZE, &address);

	write_pages(address, pages, 2);
	igt_fork(child, 1)
		write_pages(address, pages + 2, 2);
	igt_waitchildren();
	assert_recorded(&bo, pages, COUNT_OF(pages));
	write_pages(address, pages, COUNT_OF(pages));
	assert_recorded(&bo, pages, COUNT_OF(pages));
}

/**
 * SUBTEST: read-first
 * Description: All pages of a small buffer object are read, then some are written. Exactly those
 *	are recorded, and one fault suffices for all of them.
 */
static void test_read_first(void)
{
	const uint64_t pages[] = { 0, 1, 10, 20, 63 };
	char *address;
	struct huge_bo bo = tracked_bo(64 * HUGE_PAGE_SIZE, &address);
	uint64_t faults;

	read_sparsely(address, &bo);
	faults = page_faults();
	write_pages(address, pages, COUNT_OF(pages));
	faults = page_faults() - faults;
	igt_assert_eq_u64(faults, has_dirty_bits() ? 1 : COUNT_OF(pages));
	assert_recorded(&bo, pages, COUNT_OF(pages));
	write_pages(address, pages, COUNT_OF(pages));
	assert_recorded(&bo, pages, COUNT_OF(pages));
}

/*
 * Two pages in order show that writes are dense, and the pages that follow take no fault, also
 * when their record was taken. When only few were written again, each takes a fault again.
 */
static void assert_dense_for_a_while(const struct huge_bo *bo, char *address)
{
	const bool by_bits = has_dirty_bits();
	const uint64_t few[] = { 210, 220 }, alone[] = { 300, 350 };

	igt_assert_eq_u64(faults_of_writing(address, 200, 256), by_bits ? 2 : 56);
	assert_range_taken(bo, 0, pages_of(bo), 200, 256);
	igt_assert_eq_u64(faults_of_writing(address, 200, 256), by_bits ? 0 : 56);
	assert_range_taken(bo, 0, pages_of(bo), 200, 256);
	write_pages(address, few, COUNT_OF(few));
	assert_recorded(bo, few, COUNT_OF(few));
	for (unsigned int i = 0; i < COUNT_OF(alone); i++)
		igt_assert_eq_u64(faults_of_writing(address, alone[i], alone[i] + 1), 1);
	assert_recorded(bo, alone, COUNT_OF(alone));
}

/**
 * SUBTEST: sparse
 * Description: Each write to a page alone takes one fault, and another one when its record has
 *	been taken. It is recorded each time. A page that was not in the part of the
 *	record that was taken stays writable. With the CPU's dirty bits, pages that are written
 *	in order take no fault from the third on, until few pages are written between two
 *	records.
 */
static void test_sparse(void)
{
	const uint64_t pages[] = { 3, 70, 515, 700 };
	char *address;
	struct huge_bo bo = tracked_bo(MIB(4), &address);

	for (int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < COUNT_OF(pages); i++)
			igt_assert_eq_u64(faults_of_writing(address, pages[i], pages[i] + 1), 1);
		write_pages(address, pages, COUNT_OF(pages));
		assert_range_taken(&bo, 0, BITS, pages[0], pages[0] + 1);
		igt_assert_eq_u64(faults_of_writing(address, pages[1], pages[1] + 1), 0);
		assert_recorded(&bo, pages + 1, COUNT_OF(pages) - 1);
	}
	assert_dense_for_a_while(&bo, address);
}

/* A mapping of the same memory from a file that can only be read. */
static void *map_read_only(const struct huge_bo *bo)
{
	void *reader;
	int to_read;

	igt_assert_eq(drmPrimeHandleToFD(bo->fd, bo->handle, O_CLOEXEC, &to_read), 0);
	reader = mmap(NULL, bo->size, PROT_READ, MAP_SHARED, to_read, 0);
	igt_assert(reader != MAP_FAILED);
	close(to_read);
	return reader;
}

/**
 * SUBTEST: read-only-mapping
 * Description: While a buffer object is mapped from a file that can only be read, all writes
 *	through a mapping that was made later are recorded: the pages in order, and those of
 *	them that are written again.
 */
static void test_read_only_mapping(void)
{
	const uint64_t again[] = { 3, 70, 200 };
	char *address;
	struct huge_bo bo = huge_bo_create(huge_open(), MIB(2), HUGE_VRAM, HUGE_TRACKABLE);
	void *reader = map_read_only(&bo);

	address = huge_bo_map(&bo);
	huge_dirty_start(&bo);
	for (int round = 0; round < 3; round++) {
		write_range(address, 0, pages_of(&bo));
		assert_range_taken(&bo, 0, pages_of(&bo), 0, pages_of(&bo));
		write_pages(address, again, COUNT_OF(again));
		assert_recorded(&bo, again, COUNT_OF(again));
	}
	assert_none_recorded(&bo);
	munmap(reader, bo.size);
}

/* Few, so that a page is soon read again after it was written and its record was taken. */
#define RACE_PAGES 64
#define RACE_SECONDS 3
#define RACE_LEAST_ROUNDS 10
#define RACE_WRITERS 3

static volatile bool stop_writers;

/* Maps @bo anew after each round, unless it is NULL. */
struct writer {
	pthread_t thread;
	char *address;
	uint64_t first;
	const struct huge_bo *bo;
};

/*
 * Each page holds a counter that only grows. There are more writers than processors, so
 * that they are preempted anywhere, also in the middle of a fault.
 */
static void *count_up(void *argument)
{
	struct writer *writer = argument;
	uint64_t page = writer->first;

	while (!stop_writers) {
		(*word_of(writer->address, page))++;
		page += RACE_WRITERS;
		if (page < RACE_PAGES)
			continue;
		page = writer->first;
		if (writer->bo)
			ttm_huge_remap(writer->address, writer->bo->size, PROT_READ | PROT_WRITE,
				       writer->bo->fd, writer->bo->offset);
	}
	return NULL;
}

/* Sets read-only entries again as soon as entries are removed. */
static void *keep_reading(void *address)
{
	while (!stop_writers) {
		for (uint64_t page = 0; page < RACE_PAGES; page++)
			(void)*word_of(address, page);
	}
	return NULL;
}

static uint64_t copy_recorded(const struct huge_bo *bo, char *address, uint64_t *shadow)
{
	uint64_t copied = 0;

	take(bo);
	for (uint64_t page = 0; page < RACE_PAGES; page++) {
		if (!is_recorded(page))
			continue;
		shadow[page] = *word_of(address, page);
		copied++;
	}
	return copied;
}

/* @address is where the pages are read; the writers have it, too, or remove theirs. */
static void race(const struct huge_bo *bo, char *address, bool remove)
{
	static uint64_t shadow[RACE_PAGES];
	struct writer writers[RACE_WRITERS];
	pthread_t reader;
	double end = seconds_now() + RACE_SECONDS;
	uint64_t rounds = 0, copied = 0;

	memset(shadow, 0, sizeof(shadow));
	stop_writers = false;
	for (int i = 0; i < RACE_WRITERS; i++) {
		writers[i] = (struct writer){
			.address = remove ? huge_bo_map(bo) : address,
			.first = i,
			.bo = remove ? bo : NULL,
		};
		igt_assert_eq(pthread_create(&writers[i].thread, NULL, count_up, &writers[i]), 0);
	}
	igt_assert_eq(pthread_create(&reader, NULL, keep_reading, address), 0);
	while (seconds_now() < end || rounds < RACE_LEAST_ROUNDS) {
		copied += copy_recorded(bo, address, shadow);
		rounds++;
	}
	stop_writers = true;
	for (int i = 0; i < RACE_WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	pthread_join(reader, NULL);
	copied += copy_recorded(bo, address, shadow);

	igt_info("%llu records, %llu pages copied\n", (unsigned long long)rounds,
		 (unsigned long long)copied);
	igt_assert_lte_u64(RACE_PAGES, copied);
	for (uint64_t page = 0; page < RACE_PAGES; page++)
		igt_assert_f(shadow[page] == *word_of(address, page),
			     "page %llu: a write was lost\n", (unsigned long long)page);
}

/**
 * SUBTEST: race
 * Description: Threads write and read without a pause while the record is taken
 *	again and again, and the recorded pages are copied. After the last record
 *	the copy is complete: a write is in one record or in the next, and never
 *	lost.
 */
static void test_race(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(RACE_PAGES * HUGE_PAGE_SIZE, &address);

	race(&bo, address, false);
}

/**
 * SUBTEST: race-faults
 * Description: The same while a mapping that can only be read keeps the driver from recording
 *	writes by dirty bits: each write to a page that is not recorded takes a fault.
 */
static void test_race_faults(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(RACE_PAGES * HUGE_PAGE_SIZE, &address);
	void *reader = map_read_only(&bo);

	race(&bo, address, false);
	munmap(reader, bo.size);
}

/**
 * SUBTEST: race-removed
 * Description: The same with writers that map the buffer object anew again and again, each in
 *	the place of its last mapping: a write is not lost with the mapping.
 */
static void test_race_removed(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(RACE_PAGES * HUGE_PAGE_SIZE, &address);

	race(&bo, address, true);
}

/* START and STOP apply to the whole buffer object. */
static void assert_takes_no_range(const struct huge_bo *bo, uint32_t op)
{
	struct drm_bigbar_gem_dirty bad[] = {
		{ .first_page = BITS }, { .nr_pages = 1 }, { .bitmap = (uintptr_t)&record },
	};

	for (unsigned int i = 0; i < COUNT_OF(bad); i++) {
		bad[i].handle = bo->handle;
		bad[i].op = op;
		igt_assert_eq(ioctl(bo->fd, DRM_IOCTL_BIGBAR_GEM_DIRTY, &bad[i]), -1);
		igt_assert_eq(errno, EINVAL);
	}
}

/* A part of the record begins at the first page of a word. */
static void assert_takes_whole_words(const struct huge_bo *bo)
{
	for (uint64_t page = 1; page < BITS; page *= 2) {
		igt_assert_eq(huge_dirty_try_take(bo, page, BITS, record.words), EINVAL);
		igt_assert_eq(huge_dirty_try_take(bo, BITS + page, BITS, record.words), EINVAL);
	}
}

/**
 * SUBTEST: bad-input
 * Description: Bad input returns its documented error, and changes neither the record nor
 *	what the caller passes for it.
 */
static void test_bad_input(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), HUGE_TRACKABLE, &address);
	struct huge_bo other = huge_vram_bo(bo.fd, MIB(4));
	const uint64_t all = pages_of(&bo), pages[] = FIVE_PAGES(&bo);
	struct drm_bigbar_gem_dirty arg = {
		.handle = bo.handle,
		.op = DRM_BIGBAR_DIRTY_START_BY_BITS + 1,
	};

	memset(&record, 0xa5, sizeof(record));
	igt_assert_eq(huge_dirty_try_take(&bo, 0, all, record.words), ENODATA);
	igt_assert_eq(huge_dirty_try_take(&other, 0, all, record.words), EINVAL);
	for (uint64_t i = 0; i <= all / BITS; i++)
		igt_assert_eq_u64(record.words[i], 0xa5a5a5a5a5a5a5a5);
	huge_dirty_start(&bo);
	write_pages(address, pages, COUNT_OF(pages));

	igt_assert_eq(huge_dirty_try_take(&bo, 0, all + 1, record.words), EINVAL);
	igt_assert_eq(huge_dirty_try_take(&bo, 64, all, record.words), EINVAL);
	assert_takes_whole_words(&bo);
	igt_assert_eq(huge_dirty_try_take(&bo, all, 1, record.words), EINVAL);
	igt_assert_eq(huge_dirty_try_take(&bo, -UINT64_C(64), 128, record.words), EINVAL);
	igt_assert_eq(huge_dirty_try_take(&bo, 64, UINT64_MAX, record.words), EINVAL);
	igt_assert_eq(huge_dirty_try_take(&bo, 0, 0, record.words), EINVAL);
	igt_assert_eq(ioctl(bo.fd, DRM_IOCTL_BIGBAR_GEM_DIRTY, &arg), -1);
	igt_assert_eq(errno, EINVAL);
	assert_takes_no_range(&bo, DRM_BIGBAR_DIRTY_START);
	assert_takes_no_range(&bo, DRM_BIGBAR_DIRTY_START_BY_BITS);
	assert_takes_no_range(&bo, DRM_BIGBAR_DIRTY_STOP);
	arg = (struct drm_bigbar_gem_dirty){ .handle = 0x7fffffff };
	igt_assert_eq(ioctl(bo.fd, DRM_IOCTL_BIGBAR_GEM_DIRTY, &arg), -1);
	igt_assert_eq(errno, ENOENT);
	arg.handle = other.handle;
	igt_assert_eq(ioctl(bo.fd, DRM_IOCTL_BIGBAR_GEM_DIRTY, &arg), -1);
	igt_assert_eq(errno, EINVAL);
	assert_recorded(&bo, pages, COUNT_OF(pages));

	/* The exception, as documented: after EFAULT the record is lost. */
	write_pages(address, pages, COUNT_OF(pages));
	igt_assert_eq(huge_dirty_try_take(&bo, 0, all, (uint64_t *)8), EFAULT);
	assert_none_recorded(&bo);
	write_pages(address, pages, 1);
	assert_recorded(&bo, pages, 1);
}

/**
 * SUBTEST: start-again
 * Description: Starting the tracking again begins with an empty record; stopping it twice
 *	does nothing.
 */
static void test_start_again(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(MIB(4), &address);
	const uint64_t pages[] = FIVE_PAGES(&bo);

	write_pages(address, pages, COUNT_OF(pages));
	huge_dirty_start(&bo);
	assert_none_recorded(&bo);
	write_pages(address, pages, COUNT_OF(pages));
	assert_recorded(&bo, pages, COUNT_OF(pages));
	/* Also when only a part of the record was taken. */
	write_pages(address, pages, COUNT_OF(pages));
	take_window(&bo, 0, BITS);
	write_pages(address, pages, 1);
	huge_dirty_start(&bo);
	assert_none_recorded(&bo);
	write_pages(address, pages, COUNT_OF(pages));
	assert_recorded(&bo, pages, COUNT_OF(pages));
	huge_dirty_stop(&bo);
	write_pages(address, pages, COUNT_OF(pages));
	huge_dirty_stop(&bo);
	igt_assert_eq_u64(faults_of_writing(address, 0, 1), 0);
}

/* The allocator reuses first the memory that was freed last. */
#define FULL_RECORDS 8

/**
 * SUBTEST: new-record
 * Description: A record begins empty, although its memory held a record with all bits set
 *	before: TAKE must not show what the kernel had there.
 */
static void test_new_record(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), HUGE_TRACKABLE, &address);

	for (int i = 0; i < FULL_RECORDS; i++) {
		huge_dirty_start(&bo);
		assert_none_recorded(&bo);
		write_range(address, 0, pages_of(&bo));
		huge_dirty_stop(&bo);
	}
}

#define RECORD_BOS 128
#define RECORD_ROUNDS 4
#define RECORD_BO_SIZE GIB(1)
#define RECORD_SIZE (RECORD_BO_SIZE / HUGE_PAGE_SIZE / 8)

/* For a buffer object that is large, and has no memory because it is not touched. */
static void make_records(int fd)
{
	struct huge_bo bo = huge_bo_create(fd, RECORD_BO_SIZE, HUGE_SYSTEM, HUGE_TRACKABLE);

	for (int round = 0; round < RECORD_ROUNDS; round++) {
		huge_dirty_start(&bo);
		igt_assert_eq(huge_dirty_try_take(&bo, 0, pages_of(&bo), record.words), 0);
		huge_dirty_start(&bo);
		huge_dirty_stop(&bo);
	}
	huge_dirty_start(&bo);
	huge_bo_destroy(&bo);
}

/**
 * SUBTEST: records-freed
 * Description: The memory of a record is freed when the tracking starts again, when it
 *	stops, and when the buffer object is destroyed.
 */
static void test_records_freed(void)
{
	int fd = huge_open();
	uint64_t before, after;

	make_records(fd);
	before = memory_of_kernel();
	for (int i = 0; i < RECORD_BOS; i++)
		make_records(fd);
	after = memory_of_kernel();
	igt_info("%lld KiB more in use than before\n", (long long)(after - before) / 1024);
	/* One record left for each would be twice as much. */
	igt_assert_lt_u64(after, before + RECORD_BOS * RECORD_SIZE / 2);
}

#define CHARGED_BOS 64

/**
 * SUBTEST: records-charged
 * Description: The memory of a record is charged to the control group of the process that
 *	starts the tracking.
 */
static void test_records_charged(void)
{
	struct huge_bo bos[CHARGED_BOS];
	int fd = huge_open();

	cgroup_make("memory");
	for (int i = 0; i < CHARGED_BOS; i++)
		bos[i] = huge_bo_create(fd, RECORD_BO_SIZE, HUGE_SYSTEM, HUGE_TRACKABLE);
	igt_fork(child, 1) {
		uint64_t before, after;

		cgroup_enter();
		before = cgroup_memory();
		for (int i = 0; i < CHARGED_BOS; i++)
			huge_dirty_start(&bos[i]);
		after = cgroup_memory();
		igt_info("%llu KiB more\n", (long long)(after - before) / 1024);
		/* Less, because each CPU has some memory charged ahead of use. */
		igt_assert_lte_u64(before + CHARGED_BOS * RECORD_SIZE / 2, after);
	}
	igt_waitchildren();
}

/* What nothing else allocates: a bit for each page. */
#define TAKEN_BYTES 88

/**
 * SUBTEST: take-charged
 * Description: The memory that taking a record needs for as long as it lasts is charged to
 *	the caller, too.
 */
static void test_take_charged(void)
{
	char *address;
	struct huge_bo bo = tracked_bo(TAKEN_BYTES * 8 * HUGE_PAGE_SIZE, &address);

	trace_start("kmem/kmalloc");
	take(&bo);
	igt_assert_lt_u64(0, trace_count_with("bytes_req=88 ", "GFP_KERNEL_ACCOUNT"));
	trace_stop();
}

static void clean_up(void)
{
	trace_stop();
	kill_children();
	huge_release_all();
	cgroup_remove();
}

static const struct level_subtest level_subtests[] = {
	{ "exact", "Exactly what is written is recorded", test_exact },
	{ "stop", "Entries grow again after tracking", test_stop },
};

static const struct subtest subtests[] = {
	{ "take-part", "A record taken in parts", test_take_part },
	{ "take-into-itself", "A record taken into its buffer object", test_take_into_itself },
	{ "new-bo", "A new buffer object with the offset of another", test_new_bo },
	{ "windows-in-turn", "A record taken word by word", test_windows_in_turn },
	{ "neighbours", "Buffer objects side by side", test_neighbours },
	{ "two-mappings", "Writes through two mappings", test_two_mappings },
	{ "fork", "Writes of a child", test_fork },
	{ "debugger", "Writes through /proc/PID/mem", test_debugger },
	{ "debugger-part", "The same to a mapping of a part", test_debugger_part },
	{ "move", "The record outlives moves", test_move },
	{ "removed-exit", "Writes of a process that has ended", test_removed_exit },
	{ "fork-dense", "Writes of a child where one fault suffices for many", test_fork_dense },
	{ "read-first", "Pages that were read before", test_read_first },
	{ "sparse", "Single pages", test_sparse },
	{ "read-only-mapping", "A mapping that can only be read", test_read_only_mapping },
	{ "race", "No write is lost while the record is taken", test_race },
	{ "race-faults", "No write is lost where each takes a fault", test_race_faults },
	{ "race-removed", "No write is lost while mappings go", test_race_removed },
	{ "bad-input", "Bad input", test_bad_input },
	{ "start-again", "Started and stopped twice", test_start_again },
	{ "new-record", "A record where another one was", test_new_record },
	{ "records-freed", "The memory of records is freed", test_records_freed },
	{ "records-charged", "Control group of the memory of records", test_records_charged },
	{ "take-charged", "Memory for taking a record is charged", test_take_charged },
};

int igt_main()
{
	const struct window_case *window;
	const struct removal *removal;

	igt_fixture()
		huge_close(huge_open());

	for_each_case(window, window_cases) {
		igt_describe_f("A part of the record is taken: %s", window->what);
		igt_subtest_f("window-%s", window->name)
			test_window(window);
		igt_fixture()
			huge_release_all();
	}

	for_each_case(removal, removals) {
		igt_describe_f("Entries are removed after writes: %s", removal->what);
		igt_subtest_f("removed-%s", removal->name)
			test_removed(removal);
		igt_fixture()
			clean_up();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), huge_release_all);

	for (enum huge_level level = HUGE_PMD; level < HUGE_LEVELS; level++) {
		igt_describe("Entries stay huge where nothing is written");
		igt_subtest_f("huge-elsewhere-%s", huge_level_name(level))
			test_huge_elsewhere(level);
		igt_fixture()
			huge_release_all();
	}

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

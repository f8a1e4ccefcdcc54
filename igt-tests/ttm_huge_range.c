// SPDX-License-Identifier: MIT

#include <sys/mman.h>
#include <sys/prctl.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/counters.h"
#include "lib/file.h"
#include "lib/hold.h"
#include "lib/huge_device.h"
#include "lib/memory.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/scatter.h"
#include "lib/subtest.h"
#include "lib/trace.h"

/**
 * TEST: ttm huge range
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: A fault maps as much around its address as is cheap, and no more than it was
 *	asked for; where it maps less, it names the reason. The same holds for scattered
 *	VRAM and for system memory.
 */
IGT_TEST_DESCRIPTION("What one fault maps, and why not more");

#define ENTRIES_PER_TABLE 512
#define FAULT_NOPAGE 0x100	/* VM_FAULT_NOPAGE: entries are set */
#define FAULT_SECONDS 60	/* more than any fault takes */

static void write_page(char *address, uint64_t page)
{
	*(volatile uint64_t *)(address + page * HUGE_PAGE_SIZE) = ~page;
}

static void assert_page(const char *address, uint64_t page)
{
	igt_assert_eq_u64(*(const volatile uint64_t *)(address + page * HUGE_PAGE_SIZE), ~page);
}

/* The number of entries, and how many of them are young and dirty. */
static void assert_used(const struct huge_bo *bo, enum huge_level level, uint64_t entries,
			uint64_t young, uint64_t dirty)
{
	const struct huge_levels expected = huge_levels_at(level, entries * huge_level_size(level));
	struct page_table table = page_table_read(bo);
	struct huge_levels found = page_table_levels(&table, NULL, UINT64_MAX);

	page_table_assert_sound(&table);
	huge_assert_levels(&found, &expected, "used");
	page_table_free(&table);
	huge_assert_used(bo, young, dirty);
}

static void assert_entries(const struct huge_bo *bo, enum huge_level level, uint64_t entries)
{
	assert_used(bo, level, entries, 1, 1);
}

/* Each entry maps memory of its own. */
static void assert_apart(char *address, enum huge_level level, uint64_t entries)
{
	const uint64_t pages = huge_level_size(level) / HUGE_PAGE_SIZE;

	for (uint64_t i = 0; i < entries; i++)
		write_page(address, i * pages);
	for (uint64_t i = 0; i < entries; i++)
		assert_page(address, i * pages);
}

struct around_case {
	const char *name;
	const char *what;
	uint64_t size;
	enum huge_level level;
	uint64_t entries;
};

static const struct around_case around_cases[] = {
	{ "64k", "64 KiB: all 16 PTEs", KIB(64), HUGE_PTE, 16 },
	{ "1m", "1 MiB: all 256 PTEs", MIB(1), HUGE_PTE, 256 },
	{ "34m", "34 MiB: all 17 PMDs", MIB(34), HUGE_PMD, 17 },
	{ "1g", "1 GiB: one PUD", GIB(1), HUGE_PUD, 1 },
	{ "2g", "2 GiB: one PUD, no neighbour", GIB(2), HUGE_PUD, 1 },
};

/**
 * SUBTEST: around-%s
 * Description: One write to a page in the middle maps what is cheap: %arg[1]. Only the
 *	entry of that page is marked young and dirty.
 *
 * arg[1]:
 *
 * @64k:	64 KiB: all 16 PTEs
 * @1m:		1 MiB: all 256 PTEs
 * @34m:	34 MiB: all 17 PMDs
 * @1g:		1 GiB: one PUD
 * @2g:		2 GiB: one PUD, no neighbour
 */
static void test_around(const struct around_case *c)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(c->size, 0, &address);
	const uint64_t page = bo.size / HUGE_PAGE_SIZE / 2 + 1;

	write_page(address, page);
	if (c->level <= huge_largest_level())
		assert_entries(&bo, c->level, c->entries);
	else
		assert_entries(&bo, HUGE_PMD, ENTRIES_PER_TABLE);
	assert_page(address, page);
	assert_apart(address, c->level, c->entries);
}

/**
 * SUBTEST: part
 * Description: A fault in a mapping of the middle of a buffer object maps nothing before
 *	that mapping and nothing after it, where other memory is mapped.
 */
static void test_part(void)
{
	const uint64_t beside = KIB(16);
	char *whole, *area, *part;
	struct huge_bo bo = huge_mapped_bo(KIB(64), 0, &whole);
	struct pattern pattern = pattern_of(whole, bo.size, 27);

	pattern_write(&pattern);
	/* Inside one page table. */
	area = huge_reserve(bo.size, bo.size);
	igt_assert_eq(mprotect(area, bo.size, PROT_READ), 0);
	part = huge_bo_map_at(&bo, area + beside, beside, bo.size - 2 * beside);
	pattern.address = part;
	pattern.first_page = beside / HUGE_PAGE_SIZE;
	pattern.pages = (bo.size - 2 * beside) / HUGE_PAGE_SIZE;
	pattern_assert(&pattern);
	igt_assert(is_zero(area, beside));
	igt_assert(is_zero(area + bo.size - beside, beside));
}

static void assert_read_through(uint64_t size, unsigned int flags, int prot,
				enum huge_level level, uint64_t entries)
{
	struct huge_bo bo = huge_bo_create(huge_open(), size, HUGE_VRAM, flags);
	char *address = huge_bo_map_part(&bo, 0, bo.size, prot);

	trace_start("pfnmap/pfnmap_fault");
	(void)*(volatile const char *)(address + 5 * HUGE_PAGE_SIZE);
	igt_assert_eq(trace_only_fault().write, 0);
	trace_stop();
	assert_used(&bo, level, entries, 1, 0);
}

/**
 * SUBTEST: only-read
 * Description: One read maps as much as a write. It marks the entry of its page young and
 *	no entry dirty, and the trace shows a read. The same holds where the mapping is
 *	read-only, and where writes could be tracked.
 */
static void test_only_read(void)
{
	assert_read_through(KIB(64), 0, PROT_READ | PROT_WRITE, HUGE_PTE, 16);
	assert_read_through(KIB(64), 0, PROT_READ, HUGE_PTE, 16);
	assert_read_through(MIB(8), 0, PROT_READ, HUGE_PMD, 4);
	if (!huge_has_flags(HUGE_TRACKABLE))
		return;
	assert_read_through(KIB(64), HUGE_TRACKABLE, PROT_READ, HUGE_PTE, 16);
	assert_read_through(MIB(8), HUGE_TRACKABLE, PROT_READ, HUGE_PMD, 4);
}

static void assert_written_through(uint64_t size, enum huge_level level, uint64_t entries)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(size, HUGE_TRACKABLE, &address);

	write_page(address, bo.size / HUGE_PAGE_SIZE / 2);
	assert_entries(&bo, level, entries);

	huge_assert_writable(&bo, address, bo.size, true);
	assert_apart(address, level, entries);
	assert_used(&bo, level, entries, entries, entries);
}

/**
 * SUBTEST: trackable
 * Description: Where writes could be tracked, but are not, one write maps as much as
 *	elsewhere, and marks only the entry of its page. All of the entries are writable
 *	afterwards.
 */
static void test_trackable(void)
{
	igt_require_f(huge_has_flags(HUGE_TRACKABLE), "the driver cannot track writes\n");
	assert_written_through(KIB(64), HUGE_PTE, 16);
	assert_written_through(MIB(34), HUGE_PMD, 17);
}

/**
 * SUBTEST: random-%s
 * Description: After MADV_RANDOM a fault sets the one %arg[1] entry that covers its
 *	address, and no neighbours. After MADV_NORMAL another fault sets the missing
 *	entries, and leaves the first one as it is.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_random(enum huge_level level)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(2 * huge_size_for_level(level), 0, &address);
	const uint64_t page = bo.size / HUGE_PAGE_SIZE / 2 + 1;

	igt_assert_eq(madvise(address, bo.size, MADV_RANDOM), 0);
	write_page(address, page);
	assert_entries(&bo, level, 1);
	assert_page(address, page);

	igt_assert_eq(madvise(address, bo.size, MADV_NORMAL), 0);
	(void)*(volatile const char *)address;
	assert_used(&bo, level, bo.size / huge_level_size(level), 2, 1);
	assert_page(address, page);
	assert_apart(address, level, bo.size / huge_level_size(level));
}

/**
 * SUBTEST: full-table
 * Description: A GiB cannot be mapped by a PUD entry, because its address is off by 2 MiB.
 *	A write sets all PMD entries of the PMD table that lie in the mapping.
 */
static void test_full_table(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), GIB(1));
	char *area = huge_reserve(GIB(1) + MIB(2), GIB(1));
	char *address = huge_bo_map_at(&bo, area + MIB(2), 0, bo.size);

	write_page(address, 5);
	assert_entries(&bo, HUGE_PMD, ENTRIES_PER_TABLE - 1);
	assert_apart(address, HUGE_PMD, ENTRIES_PER_TABLE - 1);
}

#define MIXED_SIZE (GIB(1) + MIB(6) + KIB(12))

struct mixed_case {
	const char *name;
	const char *what;
	uint64_t start;
	uint64_t length;
	uint64_t shift;
};

static const struct mixed_case mixed_cases[] = {
	{ "whole", "as a whole", 0, MIXED_SIZE, 0 },
	{ "tail", "its last 6 MiB + 12 KiB", GIB(1), MIB(6) + KIB(12), 0 },
	{ "around-gib", "around the end of the first GiB", GIB(1) - MIB(3), MIB(7), 0 },
	{ "from-page-1", "without its first page", KIB(4), MIB(5), 0 },
	{ "shifted-4k", "at an address 4 KiB off", GIB(1) - MIB(2), MIB(8), KIB(4) },
	{ "shifted-2m", "at an address 2 MiB off", 0, MIXED_SIZE, MIB(2) },
};

/* Every page of a small mapping, a page for each MiB of a large one, and the last page. */
static void write_each_entry(const struct huge_mapping *mapping)
{
	struct pattern pattern = pattern_of((char *)mapping->address, mapping->length, 21);

	pattern.first_page = mapping->start / HUGE_PAGE_SIZE;
	if (mapping->length > MIB(16))
		pattern.stride = MIB(1) / HUGE_PAGE_SIZE;
	pattern_write(&pattern);
	write_page((char *)mapping->address, mapping->length / HUGE_PAGE_SIZE - 1);
	pattern.pages--;
	pattern_assert(&pattern);
}

/**
 * SUBTEST: mixed-%s
 * Description: A buffer object of 1 GiB + 6 MiB + 12 KiB, mapped %arg[1], has entries of
 *	all sizes, each as large as the address, the offset and the ends of the mapping
 *	allow.
 *
 * arg[1]:
 *
 * @whole:		as a whole
 * @tail:		its last 6 MiB + 12 KiB
 * @around-gib:		around the end of the first GiB
 * @from-page-1:	without its first page
 * @shifted-4k:		at an address 4 KiB off
 * @shifted-2m:		at an address 2 MiB off
 */
static void test_mixed(const struct mixed_case *c)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIXED_SIZE);
	char *area = huge_reserve(GIB(3), GIB(1));
	char *address = area + c->start % GIB(1) + c->shift;
	struct huge_mapping mapping = {
		.address = (uintptr_t)address,
		.start = c->start,
		.length = c->length,
		.alignment = bo.alignment,
		.max_level = huge_largest_level(),
	};
	struct huge_levels expected = huge_expected_levels(&mapping), found;

	huge_bo_map_at(&bo, address, c->start, c->length);
	write_each_entry(&mapping);
	found = huge_levels_of(&bo, address, c->length);
	huge_assert_levels(&found, &expected, c->what);
}

/* The number of entries of the level that were added; asserts that there are no others. */
static uint64_t entries_added(const struct page_table *before, const struct page_table *after,
			      enum huge_level level)
{
	struct huge_levels added = page_table_levels(after, NULL, UINT64_MAX);
	struct huge_levels old = page_table_levels(before, NULL, UINT64_MAX);

	for (enum huge_level other = HUGE_PTE; other < HUGE_LEVELS; other++) {
		added.entries[other] -= old.entries[other];
		igt_assert_f(other == level || !added.entries[other],
			     "there are other %s entries than before\n", huge_level_name(other));
	}
	igt_assert_lt_u64(0, added.entries[level]);
	return added.entries[level];
}

/* In all mappings of the buffer object. */
static uint64_t mapped_entries(const struct huge_bo *bo)
{
	struct page_table table = page_table_read(bo);
	struct huge_levels levels = page_table_levels(&table, NULL, UINT64_MAX);
	uint64_t entries = 0;

	for (enum huge_level level = HUGE_PTE; level < HUGE_LEVELS; level++)
		entries += levels.entries[level];
	page_table_free(&table);
	return entries;
}

static void assert_trace_has_run(const struct traced_fault *fault, const struct page_run *run,
				 uint64_t address)
{
	igt_assert_eq_u64(fault->pfn + (address - fault->start) / HUGE_PAGE_SIZE,
			  run->pfn + (address - run->start) / HUGE_PAGE_SIZE);
	igt_assert(!strcmp(huge_level_name(run->level), fault->level));
}

/* Compares all that the trace says of a write to the page with the page table. */
static void assert_trace(const struct page_table *table, uint64_t page, enum huge_level level,
			 uint64_t entries, const char *reason)
{
	struct traced_fault fault = trace_only_fault();
	uint64_t last = fault.start + (fault.entries - 1) * huge_level_size(level);
	const struct page_run *run = page_table_run_at(table, page);

	igt_assert_eq(run->level, level);
	igt_assert(run->writable && run->young && run->dirty);
	igt_assert_eq_u64(fault.address, page);
	igt_assert_eq(fault.write, 1);
	igt_assert_f(!strcmp(fault.reason, reason), "the trace says %s\n", fault.reason);
	igt_assert_eq_u64(fault.entries + fault.more, entries);
	igt_assert_eq(fault.result, FAULT_NOPAGE);
	igt_assert_lte_u64(fault.start, page);
	igt_assert_lt_u64(page, last + huge_level_size(level));
	assert_trace_has_run(&fault, run, page);
	assert_trace_has_run(&fault, page_table_run_at(table, fault.start), fault.start);
	assert_trace_has_run(&fault, page_table_run_at(table, last), last);
}

/* One write, and what the page table, the trace and the counters show after it. */
static void assert_reason(const struct huge_bo *bo, char *page, enum huge_level level,
			  const char *reason)
{
	struct counters expected = counters_read(bo->fd);
	struct page_table before = page_table_read(bo), after;
	uint64_t entries;

	trace_start("pfnmap/pfnmap_fault");
	write_page(page, 0);
	after = page_table_read(bo);
	page_table_assert_sound(&after);
	entries = entries_added(&before, &after, level);
	assert_trace(&after, (uintptr_t)page, level, entries, reason);
	trace_stop();
	counters_add_faults(&expected, level, entries, reason, 1);
	counters_assert(bo->fd, &expected);
	page_table_free(&before);
	page_table_free(&after);
	assert_page(page, 0);
}

/* For a buffer object that fills the holes, from large to small. */
static void assert_scattered(const struct huge_bo *bo, char *address)
{
	struct pattern pattern = pattern_of(address, bo->size, 22);
	uint64_t faults = reason_count(bo->fd, NULL);
	struct page_table table;
	struct huge_levels found;

	pattern_write(&pattern);
	igt_assert_eq_u64(reason_count(bo->fd, NULL), faults);
	table = page_table_read(bo);
	page_table_assert_sound(&table);
	found = page_table_levels(&table, address, bo->size);
	huge_assert_levels(&found, &scattered_levels, "scattered");
	igt_assert_lte(SCATTER_HOLES_64K, table.count);
	page_table_free(&table);

	pattern.address = huge_bo_map(bo);
	pattern_assert(&pattern);
	huge_bo_move(bo, HUGE_SYSTEM);
	pattern_assert(&pattern);
}

/* Creating the contiguous buffer object evicts @first, which keeps its data. */
static void assert_contiguous(int fd, const struct huge_bo *first, enum huge_placement placement)
{
	struct pattern evicted = pattern_of(huge_bo_map(first), first->size, 23);
	struct huge_bo bo;
	struct pattern pattern;
	struct page_table table;

	pattern_write(&evicted);
	bo = huge_bo_create(fd, SCATTERED_SIZE, placement, HUGE_CONTIGUOUS);
	huge_bo_move(&bo, HUGE_VRAM);
	pattern = pattern_of(huge_bo_map(&bo), bo.size, 24);
	pattern_write(&pattern);
	table = page_table_read(&bo);
	igt_assert_lt(0, table.count);
	for (unsigned int i = 1; i < table.count; i++)
		igt_assert_eq_u64(table.runs[i].pfn, table.runs[i - 1].pfn +
				  (table.runs[i].start - table.runs[i - 1].start) / HUGE_PAGE_SIZE);
	page_table_free(&table);
	igt_assert_eq(huge_bo_placement(first), HUGE_SYSTEM);
	pattern_assert(&evicted);
	pattern_assert(&pattern);
}

/* In a buffer object that fills all holes, the offset of the first block below 2 MiB. */
#define SMALL_BLOCKS (SCATTER_HOLES_2M * MIB(2))

/* In VRAM that is full except for holes; the buffer object fills all of them. */
static struct huge_bo scattered_bo(int fd, struct huge_bo *beside)
{
	struct huge_bo bo;

	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	*beside = scatter_vram(fd).kept[0];
	bo = huge_vram_bo(fd, SCATTERED_SIZE);
	igt_assert_eq_u64(huge_vram(fd).used, huge_vram(fd).size);
	return bo;
}

/* One fault fills each page table, and marks one of the entries. */
static void assert_fault_a_table(const struct huge_bo *bo, char *address)
{
	const uint64_t small = (bo->size - SMALL_BLOCKS) / HUGE_PAGE_SIZE;
	uint64_t before = mapped_entries(bo);

	/* Neither in the first block of its page table nor in the last. */
	assert_reason(bo, address + SMALL_BLOCKS + KIB(200), HUGE_PTE, "extent_edge");
	igt_assert_eq_u64(mapped_entries(bo), before + ENTRIES_PER_TABLE);
	assert_reason(bo, address + MIB(2) + KIB(8), HUGE_PMD,
		      huge_largest_level() == HUGE_PUD ? "vma_edge" : "kernel");
	igt_assert_eq_u64(mapped_entries(bo), before + ENTRIES_PER_TABLE + SCATTER_HOLES_2M);
	assert_reason(bo, address + bo->size - HUGE_PAGE_SIZE, HUGE_PTE, "vma_edge");
	igt_assert_eq_u64(mapped_entries(bo), before + small + SCATTER_HOLES_2M);
}

/* After MADV_RANDOM a fault maps only the page that is touched. */
static void assert_scattered_random(const struct huge_bo *bo)
{
	char *address = huge_bo_map_at(bo, huge_reserve(GIB(1), GIB(1)), 0, bo->size);
	uint64_t before = mapped_entries(bo);

	igt_assert_eq(madvise(address, bo->size, MADV_RANDOM), 0);
	write_page(address, 1);
	igt_assert_eq_u64(mapped_entries(bo), before + 1);
	write_page(address + SMALL_BLOCKS, 1);
	igt_assert_eq_u64(mapped_entries(bo), before + 2);
	huge_unmap(address, bo->size);
}

/**
 * SUBTEST: scattered
 * Description: VRAM is full except for holes of 2 MiB, 64 KiB and 4 KiB. A buffer object
 *	that fills all of them has the largest entries that each block allows, by one fault
 *	for each page table, and its data are right across the borders of the blocks.
 *	Another one of the same size that must be contiguous is contiguous, after the
 *	eviction of others.
 */
static void test_scattered(void)
{
	int fd = huge_open();
	struct huge_bo first, bo = scattered_bo(fd, &first);
	char *address = huge_bo_map_at(&bo, huge_reserve(GIB(1), GIB(1)), 0, bo.size);

	assert_fault_a_table(&bo, address);
	assert_scattered(&bo, address);
	assert_scattered_random(&bo);
	/* The buffer object has left VRAM; its pieces are free after the copy. */
	igt_assert_eq_u64(huge_vram_used_settled(fd, huge_vram(fd).size - SCATTERED_SIZE),
			  huge_vram(fd).size - SCATTERED_SIZE);
	assert_contiguous(fd, &first, HUGE_VRAM);
}

/* @touched lies in the middle, with many blocks before and after it. */
struct scattered_part_case {
	const char *name;
	const char *what;
	uint64_t start;
	uint64_t size;
	uint64_t touched;
};

/* The smallest blocks, single pages, come last. */
#define SINGLE_BLOCKS (SCATTERED_SIZE - SCATTER_HOLES_4K * KIB(4))

static const struct scattered_part_case scattered_part_cases[] = {
	{ "pmd", "two blocks of 2 MiB", MIB(2), MIB(4), MIB(5) },
	{ "pte", "from amid a block of 64 KiB on", SINGLE_BLOCKS - KIB(200),
	  KIB(200) + (SCATTER_HOLES_4K - 2) * KIB(4),
	  SINGLE_BLOCKS + SCATTER_HOLES_4K / 2 * KIB(4) },
	{ "end", "up to amid a block of 64 KiB", SMALL_BLOCKS, 5 * KIB(64) + KIB(20),
	  SMALL_BLOCKS + KIB(8) },
};

/**
 * SUBTEST: scattered-part-%s
 * Description: A part of a buffer object in many pieces of VRAM is mapped: %arg[1]. One
 *	fault in the middle of the mapping maps all of it, and nothing before or after it,
 *	where other memory is mapped.
 *
 * arg[1]:
 *
 * @pmd:	two blocks of 2 MiB
 * @pte:	from amid a block of 64 KiB on
 * @end:	up to amid a block of 64 KiB
 */
static void test_scattered_part(const struct scattered_part_case *c)
{
	struct huge_bo beside, bo = scattered_bo(huge_open(), &beside);
	struct pattern pattern = pattern_of(huge_bo_map(&bo), bo.size, 29);
	char *area = huge_reserve(GIB(1), GIB(1)), *part;
	uint64_t before;

	pattern_write(&pattern);
	before = mapped_entries(&bo);
	igt_assert_eq(mprotect(area, bo.size, PROT_READ), 0);
	part = huge_bo_map_at(&bo, area + c->start, c->start, c->size);
	pattern.address = part;
	pattern.first_page = c->start / HUGE_PAGE_SIZE;
	pattern.pages = c->size / HUGE_PAGE_SIZE;
	(void)*(volatile char *)(area + c->touched);
	igt_assert_eq_u64(mapped_entries(&bo), before + c->size /
			  (c->size < MIB(2) ? HUGE_PAGE_SIZE : MIB(2)));
	pattern_assert(&pattern);
	igt_assert(is_zero(area, c->start));
	igt_assert(is_zero(part + c->size, bo.size - c->start - c->size));
}

/**
 * SUBTEST: contiguous-moved
 * Description: A buffer object that must be contiguous moves to VRAM that is full except
 *	for holes, whose sizes add up to that of the buffer object. It is contiguous there,
 *	after the eviction of others.
 */
static void test_contiguous_moved(void)
{
	int fd = huge_open();
	struct huge_bo first;

	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	first = scatter_vram(fd).kept[0];
	assert_contiguous(fd, &first, HUGE_SYSTEM);
}

static void assert_caching_recorded(const struct huge_bo *bo, const char *asked)
{
	static const char * const max_levels[] = { "off", "pte", "pmd", "pud" };
	char *address = huge_bo_map(bo);

	write_page(address, 0);
	hold_caching(address, asked);
	huge_unmap(address, bo->size);
	for (unsigned int i = 0; i < COUNT_OF(max_levels); i++) {
		max_level_set(max_levels[i]);
		address = huge_bo_map(bo);
		igt_assert_eq(madvise(address, MIB(4), MADV_RANDOM), 0);
		write_page(address, 0);
		write_page(address + MIB(4), 0);
		huge_assert_caching(bo, PAGE_WC);
		huge_unmap(address, bo->size);
	}
	igt_assert(is_held());
	release_hold();
}

/**
 * SUBTEST: caching-recorded
 * Description: The driver asks for cached entries for VRAM, or for uncached ones. The
 *	entries are write-combining, as the kernel has it on record: a single page-table
 *	entry, its neighbours, huge entries, and those of TTM's own fault handler.
 */
static void test_caching_recorded(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), GIB(1));

	assert_caching_recorded(&bo, "cached");
	assert_caching_recorded(&bo, "uncached");
}

/**
 * SUBTEST: system-%s
 * Description: System memory that TTM's pool gave as blocks of 2 MiB is mapped
 *	by PMD entries, %arg[1].
 *
 * arg[1]:
 *
 * @wb: cached
 * @wc: write-combining
 */
static void test_system(enum huge_system_caching caching)
{
	struct huge_bo bo = huge_bo_create(huge_open(), MIB(8), HUGE_SYSTEM, caching);
	struct pattern pattern = pattern_of(huge_bo_map(&bo), bo.size, 25);

	pattern_write(&pattern);
	huge_assert_mapped_at(&bo, pattern.address, HUGE_PMD, "system memory");
	huge_assert_caching(&bo, caching == HUGE_SYSTEM_WC ? PAGE_WC : PAGE_WB);
	huge_bo_move(&bo, HUGE_VRAM);
	pattern_assert(&pattern);
	huge_assert_mapped_at(&bo, pattern.address, HUGE_PMD, "VRAM");
	huge_assert_caching(&bo, PAGE_WC);
	huge_bo_move(&bo, HUGE_SYSTEM);
	pattern_assert(&pattern);
	huge_assert_caching(&bo, caching == HUGE_SYSTEM_WC ? PAGE_WC : PAGE_WB);
}

/* The number of PMD entries that a fault sets in system memory; it looks at each page. */
#define SYSTEM_PMDS 8

/**
 * SUBTEST: system-middle
 * Description: One write in the middle of system memory sets the PMD entry that covers the
 *	page, and only as many of the PMD entries beside it as take little time.
 */
static void test_system_middle(void)
{
	struct huge_bo bo = huge_bo_create(huge_open(), (2 * SYSTEM_PMDS + 3) * MIB(2), HUGE_SYSTEM,
					   HUGE_SYSTEM_WB);
	char *address = huge_bo_map_at(&bo, huge_reserve(GIB(1), GIB(1)), 0, bo.size);
	const uint64_t page = (SYSTEM_PMDS + 3) * ENTRIES_PER_TABLE + ENTRIES_PER_TABLE / 2;
	const struct huge_levels expected = huge_levels_at(HUGE_PMD, SYSTEM_PMDS * MIB(2));
	struct page_table table;
	struct huge_levels found;

	write_page(address, page);
	assert_entries(&bo, HUGE_PMD, SYSTEM_PMDS);
	table = page_table_read(&bo);
	found = page_table_levels(&table, address + SYSTEM_PMDS * MIB(2), SYSTEM_PMDS * MIB(2));
	huge_assert_levels(&found, &expected, "around the page");
	page_table_free(&table);
	assert_page(address, page);

	write_page(address, bo.size / HUGE_PAGE_SIZE - 1);
	assert_used(&bo, HUGE_PMD, SYSTEM_PMDS + 3, 2, 2);
	assert_page(address, bo.size / HUGE_PAGE_SIZE - 1);
	assert_apart(address + SYSTEM_PMDS * MIB(2), HUGE_PMD, SYSTEM_PMDS + 3);
}

/* The first page frame that has an address of more than 32 bits. */
#define PFN_4G (GIB(4) / HUGE_PAGE_SIZE)

/**
 * SUBTEST: system-any-memory
 * Description: Memory past the first 4 GiB is used where there is some.
 */
static void test_system_any_memory(void)
{
	struct huge_bo bo = huge_bo_create(huge_open(), MIB(8), HUGE_SYSTEM, HUGE_SYSTEM_WB);
	struct pattern pattern = pattern_of(huge_bo_map(&bo), bo.size, 26);
	struct page_table table;
	uint64_t last = 0;

	/* More than the kernel keeps in reserve. */
	igt_require_f(memory_free_behind_4g() > MIB(256), "little memory past 4 GiB\n");
	pattern_write(&pattern);
	table = page_table_read(&bo);
	for (unsigned int i = 0; i < table.count; i++)
		last = table.runs[i].pfn > last ? table.runs[i].pfn : last;
	page_table_free(&table);
	igt_assert_lte_u64(PFN_4G, last);
}

#define PIECES_BOS 24

/*
 * Single pages that TTM's pool keeps when they are freed: a buffer object that gets them
 * later has its memory in pieces.
 */
static void fill_pool(int fd)
{
	struct huge_bo bos[PIECES_BOS];

	for (int i = 0; i < PIECES_BOS; i++) {
		char *address;

		bos[i] = huge_bo_create(fd, KIB(4), HUGE_SYSTEM, HUGE_SYSTEM_WC);
		address = huge_bo_map(&bos[i]);
		write_page(address, 0);
		huge_unmap(address, bos[i].size);
	}
	for (int i = 0; i < PIECES_BOS; i++)
		huge_bo_destroy(&bos[i]);
}

/* Returns whether the memory of a new buffer object is in more than one piece. */
static bool verify_pieces(int fd)
{
	struct huge_bo bo = huge_bo_create(fd, KIB(12), HUGE_SYSTEM, HUGE_SYSTEM_WC);
	struct pattern one_by_one = pattern_of(huge_bo_map(&bo), bo.size, bo.handle);
	struct pattern at_once = pattern_of(huge_bo_map(&bo), bo.size, bo.handle);
	struct page_table table;
	bool in_pieces;

	igt_assert_eq(madvise(one_by_one.address, bo.size, MADV_RANDOM), 0);
	pattern_write(&one_by_one);
	table = page_table_read(&bo);
	in_pieces = table.count > 1;
	page_table_free(&table);
	pattern_assert(&at_once);
	return in_pieces;
}

/**
 * SUBTEST: system-pieces
 * Description: System memory in pieces: what is written through entries that were
 *	set one by one is read through entries that one fault sets.
 */
static void test_system_pieces(void)
{
	int fd = huge_open(), in_pieces = 0;

	fill_pool(fd);
	for (int i = 0; i < PIECES_BOS; i++)
		in_pieces += verify_pieces(fd);
	igt_require_f(in_pieces, "all memory that there was is contiguous\n");
}

/* Prepares a fault that has a known reason; returns the page to write to. */
typedef char *(*scene_t)(struct huge_bo *bo);

static char *scene_largest(struct huge_bo *bo)
{
	char *address;

	*bo = huge_mapped_bo(GIB(1), 0, &address);
	return address;
}

static char *scene_pud(struct huge_bo *bo)
{
	huge_require_level(HUGE_PUD);
	return scene_largest(bo);
}

static char *scene_kernel(struct huge_bo *bo)
{
	igt_require_f(huge_largest_level() < HUGE_PUD,
		      "the core of this kernel asks for all entries there are\n");
	return scene_largest(bo);
}

static char *scene_max_level(struct huge_bo *bo)
{
	max_level_set("pmd");
	return scene_pud(bo);
}

static char *scene_nohugepage(struct huge_bo *bo)
{
	char *address = scene_largest(bo);

	igt_assert_eq(madvise(address, bo->size, MADV_NOHUGEPAGE), 0);
	return address;
}

static char *scene_no_huge_flag(struct huge_bo *bo)
{
	char *address;

	*bo = huge_mapped_bo(MIB(2), HUGE_SINGLE_PAGES, &address);
	return address;
}

static char *scene_thp_disable(struct huge_bo *bo)
{
	char *address = scene_largest(bo);

	igt_assert_eq(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
	return address;
}

static char *scene_vma_edge(struct huge_bo *bo)
{
	*bo = huge_vram_bo(huge_open(), MIB(2));
	return huge_bo_map_part(bo, KIB(4), MIB(1), PROT_READ | PROT_WRITE);
}

static char *scene_misaligned_va(struct huge_bo *bo)
{
	char *area = huge_reserve(MIB(8), MIB(2));

	*bo = huge_vram_bo(huge_open(), MIB(4));
	return (char *)huge_bo_map_at(bo, area + KIB(4), 0, bo->size) + MIB(2);
}

#define HALF_PMD MIB(1)
#define ROW 8

static uint64_t pfn_of(const struct huge_bo *bo)
{
	char *address = huge_bo_map(bo);
	struct page_table table;
	uint64_t pfn;

	write_page(address, 0);
	table = page_table_read(bo);
	pfn = page_table_run_at(&table, (uintptr_t)address)->pfn;
	page_table_free(&table);
	huge_unmap(address, bo->size);
	return pfn;
}

/* Frees two neighbours, of which the first is not aligned to what a PMD entry maps. */
static void free_unaligned(const struct huge_bo *row)
{
	uint64_t pfns[ROW];

	for (unsigned int i = 0; i < ROW; i++)
		pfns[i] = pfn_of(&row[i]);
	for (unsigned int i = 0; i < ROW * ROW; i++) {
		unsigned int first = i / ROW, second = i % ROW;

		if (pfns[first] % ENTRIES_PER_TABLE &&
		    pfns[second] == pfns[first] + HALF_PMD / HUGE_PAGE_SIZE) {
			huge_bo_destroy(&row[first]);
			huge_bo_destroy(&row[second]);
			return;
		}
	}
	igt_assert_f(false, "no two of a row are neighbours\n");
}

/* The buffer object gets all free VRAM: contiguous, and not aligned for a PMD entry. */
static char *scene_misaligned_pfn(struct huge_bo *bo)
{
	int fd = huge_open();
	struct huge_bo row[ROW];
	struct huge_vram vram;

	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	for (unsigned int i = 0; i < ROW; i++)
		row[i] = huge_vram_bo(fd, HALF_PMD);
	vram = huge_vram(fd);
	huge_vram_rest(fd);
	free_unaligned(row);
	igt_assert_eq_u64(huge_vram_used_settled(fd, vram.size - 2 * HALF_PMD),
			  vram.size - 2 * HALF_PMD);
	*bo = huge_vram_bo(fd, 2 * HALF_PMD);
	return huge_bo_map(bo);
}

static char *scene_populated(struct huge_bo *bo)
{
	char *address;

	*bo = huge_mapped_bo(MIB(4), 0, &address);
	igt_assert_eq(madvise(address, bo->size, MADV_RANDOM), 0);
	max_level_set("pte");
	write_page(address, 1);
	max_level_set("pud");
	return address;
}

/**
 * SUBTEST: beside-table
 * Description: A write beside a PMD slot that holds a page table sets a PMD entry for
 *	itself, and leaves the table as it is. The kernel would log a warning if the core
 *	were told that the table is an entry.
 */
static void test_beside_table(void)
{
	struct huge_bo bo;
	char *address = scene_populated(&bo);
	const struct huge_levels expected = {
		.entries = { [HUGE_PTE] = 1, [HUGE_PMD] = 1 },
	};
	struct huge_levels found;

	igt_assert_eq(madvise(address, bo.size, MADV_NORMAL), 0);
	write_page(address, ENTRIES_PER_TABLE);
	found = huge_levels_of(&bo, address, bo.size);
	huge_assert_levels(&found, &expected, "after a write beside a table");
	assert_page(address, 1);
	assert_page(address, ENTRIES_PER_TABLE);
}

static char *scene_dirty_tracked(struct huge_bo *bo)
{
	char *address;

	*bo = huge_mapped_bo(MIB(4), HUGE_TRACKABLE, &address);
	huge_dirty_start(bo);
	return address;
}

static void require_nopat(void)
{
	igt_require_f(kernel_parameter_given("nopat"), "the kernel was not booted with nopat\n");
}

/* Without PAT the core cannot give a huge entry the caching that VRAM has. */
static char *scene_caching(struct huge_bo *bo)
{
	require_nopat();
	return scene_largest(bo);
}

/**
 * SUBTEST: caching-asked
 * Description: Where the kernel has no record of how memory is cached, which needs nopat,
 *	entries have the caching that TTM asks for. All PTEs that a fault sets are
 *	write-combining as VRAM is, also where writes could be tracked. When the driver asks
 *	for cached entries, a huge entry is cached; the test does not make the driver
 *	reserve VRAM again before that, which would set the caching again.
 */
static void test_caching_asked(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), 0, &address);
	struct huge_bo trackable = huge_bo_create(bo.fd, MIB(4), HUGE_VRAM, HUGE_TRACKABLE);

	require_nopat();
	write_page(address, 1);
	assert_entries(&bo, HUGE_PTE, ENTRIES_PER_TABLE);
	huge_assert_caching(&bo, PAGE_WC);
	write_page(huge_bo_map(&trackable), 1);
	huge_assert_caching(&trackable, PAGE_WC);
	hold_caching(address, "cached");
	huge_bo_map_at(&bo, address, 0, bo.size);
	write_page(address, 1);
	assert_entries(&bo, HUGE_PMD, 2);
	huge_assert_caching(&bo, PAGE_WB);
	igt_assert(is_held());
}

struct reason_case {
	const char *name;
	const char *what;
	scene_t scene;
	const char *reason;
	enum huge_level level;
};

static const struct reason_case reason_cases[] = {
	{ "largest", "nothing", scene_pud, "largest", HUGE_PUD },
	{ "kernel", "the core", scene_kernel, "kernel", HUGE_PMD },
	{ "max-level", "the module parameter", scene_max_level, "policy", HUGE_PMD },
	{ "nohugepage", "MADV_NOHUGEPAGE", scene_nohugepage, "policy", HUGE_PTE },
	{ "thp-disable", "PR_SET_THP_DISABLE", scene_thp_disable, "policy", HUGE_PTE },
	{ "no-huge-flag", "the flag at creation", scene_no_huge_flag, "policy", HUGE_PTE },
	{ "vma-edge", "the end of the mapping", scene_vma_edge, "vma_edge", HUGE_PTE },
	{ "misaligned-va", "the user address", scene_misaligned_va, "misaligned_va", HUGE_PTE },
	{ "misaligned-pfn", "the memory", scene_misaligned_pfn, "misaligned_pfn", HUGE_PTE },
	{ "caching", "the caching", scene_caching, "caching", HUGE_PTE },
	{ "populated", "a page table", scene_populated, "populated", HUGE_PTE },
	{ "dirty-tracked", "write tracking", scene_dirty_tracked, "dirty_tracked", HUGE_PTE },
};

/**
 * SUBTEST: reason-%s
 * Description: What keeps a fault from setting larger entries is %arg[1]. Only the counter
 *	of that reason counts the fault, and the tracepoint names the reason. The entries
 *	have the level that is left, and their number and place are as counter and
 *	tracepoint say.
 *
 * arg[1]:
 *
 * @largest:		nothing
 * @kernel:		the core, which does not ask for larger ones
 * @max-level:		the module parameter
 * @nohugepage:		MADV_NOHUGEPAGE
 * @thp-disable:	PR_SET_THP_DISABLE
 * @no-huge-flag:	the flag at creation
 * @vma-edge:		the end of the mapping
 * @misaligned-va:	the user address
 * @misaligned-pfn:	the memory, which is contiguous
 * @caching:		the caching that a huge entry would have; needs nopat
 * @populated:		a page table that is already there
 * @dirty-tracked:	write tracking
 */
static void test_reason(const struct reason_case *c)
{
	struct huge_bo bo;
	char *page = c->scene(&bo);

	/* If the fault sets nothing, the access is repeated for ever. */
	igt_set_timeout(FAULT_SECONDS, "a fault");
	assert_reason(&bo, page, c->level, c->reason);
	igt_reset_timeout();
}

/**
 * SUBTEST: no-huge-flag
 * Description: A buffer object that was created with the flag for single pages is mapped by
 *	PTEs only, also after a move.
 */
static void test_no_huge_flag(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), HUGE_SINGLE_PAGES, &address);
	struct pattern pattern = pattern_of(address, bo.size, 26);

	pattern_write(&pattern);
	huge_assert_mapped_at(&bo, address, HUGE_PTE, "VRAM");
	huge_bo_move(&bo, HUGE_SYSTEM);
	pattern_assert(&pattern);
	huge_assert_mapped_at(&bo, address, HUGE_PTE, "system memory");
}

/* Fills all VRAM that is left, and destroys what is to leave a hole. */
static void fill_but_for(int fd, struct huge_bo *holes, unsigned int count)
{
	uint64_t used = huge_vram(fd).size;

	huge_vram_rest(fd);
	for (unsigned int i = 0; i < count; i++) {
		used -= holes[i].size;
		huge_bo_destroy(&holes[i]);
	}
	igt_assert_eq_u64(huge_vram_used_settled(fd, used), used);
}

/* VRAM is full except for single pages, none of which is beside another. */
static void fill_but_for_pages(int fd, struct huge_bo *pages, unsigned int count)
{
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	for (unsigned int i = 0; i < count; i++) {
		pages[i] = huge_vram_bo(fd, KIB(4));
		huge_vram_bo(fd, KIB(4));
	}
	fill_but_for(fd, pages, count);
}

#define SINGLE_HOLES 4

/**
 * SUBTEST: contiguous-small
 * Description: A buffer object of two pages that must be contiguous is so, though all that
 *	is free in VRAM is single pages.
 */
static void test_contiguous_small(void)
{
	struct huge_bo holes[SINGLE_HOLES], bo;
	int fd = huge_open();
	struct page_table table;
	char *address;

	fill_but_for_pages(fd, holes, SINGLE_HOLES);
	bo = huge_bo_create(fd, KIB(8), HUGE_VRAM, HUGE_CONTIGUOUS);
	address = huge_bo_map(&bo);
	write_page(address, 0);
	write_page(address, 1);
	table = page_table_read(&bo);
	igt_assert_eq(table.count, 1);
	page_table_free(&table);
}

/**
 * SUBTEST: scattered-pages
 * Description: A buffer object of 2 MiB is in as many pieces as a page table has entries,
 *	because all that was free in VRAM was single pages. One write to its first page maps
 *	all of them.
 */
static void test_scattered_pages(void)
{
	static struct huge_bo holes[ENTRIES_PER_TABLE];
	int fd = huge_open();
	struct page_table table;
	struct huge_bo bo;
	char *address;

	fill_but_for_pages(fd, holes, ENTRIES_PER_TABLE);
	bo = huge_vram_bo(fd, MIB(2));
	address = huge_bo_map(&bo);
	write_page(address, 0);
	assert_entries(&bo, HUGE_PTE, ENTRIES_PER_TABLE);
	table = page_table_read(&bo);
	igt_assert_eq(table.count, ENTRIES_PER_TABLE);
	page_table_free(&table);
	assert_apart(address, HUGE_PTE, ENTRIES_PER_TABLE);
}

/**
 * SUBTEST: unaligned-hole
 * Description: The hole of 3 MiB in VRAM begins amid 2 MiB. What needs 3 MiB is put into it in
 *	blocks, so that 2 MiB of it have a PMD entry.
 */
static void test_unaligned_hole(void)
{
	const struct huge_levels expected = { { [HUGE_PMD] = 1, [HUGE_PTE] = 256 } };
	static const uint64_t sizes[] = { MIB(2), MIB(1), MIB(1) };
	struct huge_bo row[COUNT_OF(sizes)], bo;
	int fd = huge_open();
	struct huge_levels found;
	struct pattern pattern;

	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	for (unsigned int i = 0; i < COUNT_OF(sizes); i++)
		row[i] = huge_vram_bo(fd, sizes[i]);
	fill_but_for(fd, row, 2);
	bo = huge_vram_bo(fd, MIB(3));
	pattern = pattern_of(huge_bo_map(&bo), bo.size, 30);
	pattern_write(&pattern);
	found = huge_levels_of(&bo, pattern.address, bo.size);
	huge_assert_levels(&found, &expected, "in a hole that is not aligned");
}

/* The kernel refuses an allocation rather than end a process to make room. */
static void assert_may_fail(void)
{
	igt_assert_lt_u64(0, trace_count("__GFP_RETRY_MAYFAIL"));
	trace_stop();
}

/* Not write-combining memory, which TTM may have in its pool. */
static void assert_fault_may_fail(int fd)
{
	struct huge_bo bo = huge_bo_create(fd, MIB(2), HUGE_SYSTEM, HUGE_SYSTEM_WB);
	char *address = huge_bo_map(&bo);

	trace_start("kmem/mm_page_alloc");
	write_page(address, 0);
	assert_may_fail();
}

/**
 * SUBTEST: memory-may-fail
 * Description: System memory for a fault, for a move, and for what a new buffer object pushes
 *	out of VRAM, is allocated so that a call fails before the OOM killer ends a process.
 */
static void test_memory_may_fail(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address), filler;

	write_page(address, 0);
	assert_fault_may_fail(bo.fd);
	trace_start("kmem/mm_page_alloc");
	huge_bo_move(&bo, HUGE_SYSTEM);
	assert_may_fail();
	huge_bo_move(&bo, HUGE_VRAM);
	filler = huge_vram_rest(bo.fd);
	huge_bo_await_idle(&filler);
	trace_start("kmem/mm_page_alloc");
	huge_vram_bo(bo.fd, MIB(2));
	assert_may_fail();
	igt_assert_eq(huge_bo_placement(&bo), HUGE_SYSTEM);
}

static void clean_up(void)
{
	igt_reset_timeout();
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	trace_stop();
	release_all_holds();
	max_level_restore();
	huge_release_all();
}

static const struct level_subtest level_subtests[] = {
	{ "random", "MADV_RANDOM narrows a fault to one entry", test_random },
};

static const struct subtest subtests[] = {
	{ "caching-recorded", "The caching on record differs from the one asked for",
	  test_caching_recorded },
	{ "caching-asked", "No caching is on record", test_caching_asked },
	{ "only-read", "What one read maps and marks", test_only_read },
	{ "trackable", "One write where writes could be tracked", test_trackable },
	{ "part", "Nothing beside a mapping of the middle", test_part },
	{ "full-table", "All PMDs of a table in one fault", test_full_table },
	{ "beside-table", "A write beside a page table", test_beside_table },
	{ "no-huge-flag", "A buffer object created for single pages", test_no_huge_flag },
	{ "scattered", "The largest entries that scattered VRAM allows", test_scattered },
	{ "contiguous-small", "Contiguous where single pages are free", test_contiguous_small },
	{ "scattered-pages", "A page table of single pages of VRAM", test_scattered_pages },
	{ "unaligned-hole", "Aligned blocks in a hole that is not", test_unaligned_hole },
	{ "memory-may-fail", "System memory may be refused", test_memory_may_fail },
	{ "contiguous-moved", "Contiguous after a move to scattered VRAM", test_contiguous_moved },
	{ "system-middle", "Entries around a page of system memory", test_system_middle },
	{ "system-any-memory", "Where system memory is", test_system_any_memory },
	{ "system-pieces", "Entries of system memory in pieces", test_system_pieces },
};

int igt_main()
{
	const struct around_case *around;
	const struct mixed_case *mixed;
	const struct reason_case *reason;
	const struct scattered_part_case *scattered_part;

	igt_fixture() {
		huge_close(huge_open());
		max_level_save();
	}

	for_each_case(around, around_cases) {
		igt_describe_f("One write maps %s", around->what);
		igt_subtest_f("around-%s", around->name)
			test_around(around);
		igt_fixture()
			clean_up();
	}

	for_each_case(mixed, mixed_cases) {
		igt_describe_f("Entries of all sizes, mapped %s", mixed->what);
		igt_subtest_f("mixed-%s", mixed->name)
			test_mixed(mixed);
		igt_fixture()
			clean_up();
	}

	for_each_case(scattered_part, scattered_part_cases) {
		igt_describe_f("A mapping of a part of scattered VRAM: %s", scattered_part->what);
		igt_subtest_f("scattered-part-%s", scattered_part->name)
			test_scattered_part(scattered_part);
		igt_fixture()
			clean_up();
	}

	for_each_case(reason, reason_cases) {
		igt_describe_f("What keeps entries small: %s", reason->what);
		igt_subtest_f("reason-%s", reason->name)
			test_reason(reason);
		igt_fixture()
			clean_up();
	}

	for (enum huge_system_caching caching = HUGE_SYSTEM_WB; caching <= HUGE_SYSTEM_WC;
	     caching++) {
		igt_describe("System memory by PMD entries");
		igt_subtest_f("system-%s", caching == HUGE_SYSTEM_WC ? "wc" : "wb")
			test_system(caching);
		igt_fixture()
			clean_up();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

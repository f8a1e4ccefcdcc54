// SPDX-License-Identifier: MIT

#include <limits.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "igt_shim.h"
#include "lib/bar.h"
#include "lib/counters.h"
#include "lib/huge_device.h"
#include "lib/known_kernel.h"
#include "lib/outside.h"
#include "lib/page_table.h"
#include "lib/plug.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge witness
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: The driver's page-table dump agrees with the page tables in memory. The
 *	witness is QEMU, which shows the guest's memory from outside: physical address,
 *	level, caching and all other bits are read without the driver, and compared with the
 *	driver's own dump. Skips without QEMU's monitor.
 */
IGT_TEST_DESCRIPTION("Page tables as QEMU sees them, and as the driver says they are");

/* Why a cell of the table is empty. */
#define NO_GIB "TTM allocates system memory in pieces of 4 MiB at most"

/**
 * struct cell - a cell of the table: memory by level
 * @name: of the subtest
 * @placement: of the buffer object,
 * @flags: and its flags,
 * @size: and its size
 * @level: of its entries, where kernel and CPU have it
 * @caching: of its entries
 * @empty: why there is no such mapping on any kernel
 *
 * Each cell is mapped read-only and writable. Where kernel or CPU do not have a level, as
 * lib/known_kernel.c says, the next smaller one has to be there instead.
 */
struct cell {
	const char *name;
	enum huge_placement placement;
	unsigned int flags;
	uint64_t size;
	enum huge_level level;
	enum page_caching caching;
	const char *empty;
};

static const struct cell cells[] = {
	{ "vram-pte", HUGE_VRAM, 0, KIB(64), HUGE_PTE, PAGE_WC, NULL },
	{ "vram-pmd", HUGE_VRAM, 0, MIB(4), HUGE_PMD, PAGE_WC, NULL },
	{ "vram-pud", HUGE_VRAM, 0, GIB(1), HUGE_PUD, PAGE_WC, NULL },
	{ "system-wb-pte", HUGE_SYSTEM, 0, KIB(64), HUGE_PTE, PAGE_WB, NULL },
	{ "system-wb-pmd", HUGE_SYSTEM, 0, MIB(4), HUGE_PMD, PAGE_WB, NULL },
	{ "system-wb-pud", HUGE_SYSTEM, 0, 0, HUGE_PUD, PAGE_WB, NO_GIB },
	{ "system-wc-pte", HUGE_SYSTEM, HUGE_SYSTEM_WC, KIB(64), HUGE_PTE, PAGE_WC, NULL },
	{ "system-wc-pmd", HUGE_SYSTEM, HUGE_SYSTEM_WC, MIB(4), HUGE_PMD, PAGE_WC, NULL },
	{ "system-wc-pud", HUGE_SYSTEM, HUGE_SYSTEM_WC, 0, HUGE_PUD, PAGE_WC, NO_GIB },
};

static void assert_run_equal(const struct page_run *outside, const struct page_run *dump)
{
	igt_assert_eq_u64(outside->start, dump->start);
	igt_assert_eq_u64(outside->end, dump->end);
	igt_assert_eq(outside->level, dump->level);
	igt_assert_eq_u64(outside->pfn, dump->pfn);
	igt_assert_eq(outside->caching, dump->caching);
	igt_assert_eq(outside->special, dump->special);
	igt_assert_eq(outside->writable, dump->writable);
	igt_assert_eq_u64(outside->young, dump->young);
	igt_assert_eq_u64(outside->dirty, dump->dirty);
}

/* The entries in memory, with which the driver's dump and its count must agree. */
static struct page_table read_agreed(const struct huge_bo *bo, const void *address,
				     uint64_t length)
{
	struct page_table outside = outside_read(address, length);
	struct huge_levels levels = page_table_levels(&outside, address, length);
	struct page_table dump = page_table_read(bo);
	struct huge_levels counted = huge_bo_levels(bo);

	for (unsigned int i = 0; i < outside.count && i < dump.count; i++)
		assert_run_equal(&outside.runs[i], &dump.runs[i]);
	igt_assert_eq(outside.count, dump.count);
	huge_assert_levels(&counted, &levels, "count of the driver");
	page_table_free(&dump);
	return outside;
}

static void assert_writable(const struct page_table *table, bool writable)
{
	for (unsigned int i = 0; i < table->count; i++)
		igt_assert_eq(table->runs[i].writable, writable);
}

/* All of the buffer object lies in the BAR, or none of it. */
static void assert_placement(const struct huge_bo *bo, const struct page_table *table,
			     enum huge_placement placement)
{
	struct bar bar = bar_of(bo->fd);

	igt_assert_eq_u64(bytes_in_bar(table, &bar), placement == HUGE_VRAM ? bo->size : 0);
}

static enum huge_level possible_level(enum huge_level level)
{
	enum huge_level largest = known_kernel_largest_level();

	return level < largest ? level : largest;
}

static void assert_mapping(const struct huge_bo *bo, const char *address,
			   const struct cell *cell, bool writable)
{
	struct page_table table = read_agreed(bo, address, bo->size);
	struct huge_levels found = page_table_levels(&table, address, bo->size);
	struct huge_levels expected = huge_levels_at(possible_level(cell->level), bo->size);

	huge_assert_levels(&found, &expected, "in memory");
	page_table_assert_sound(&table);
	page_table_assert_caching(&table, cell->caching);
	assert_writable(&table, writable);
	assert_placement(bo, &table, cell->placement);
	page_table_free(&table);
}

/* One access to the range of each entry of the level. */
static void read_all(const char *address, uint64_t size, enum huge_level level)
{
	for (uint64_t at = 0; at < size; at += huge_level_size(level))
		(void)*(volatile const char *)(address + at);
}

static void write_all(char *address, uint64_t size, enum huge_level level)
{
	for (uint64_t at = 0; at < size; at += huge_level_size(level))
		*(volatile char *)(address + at) = 1;
}

/**
 * SUBTEST: mapping-%s
 * Description: A buffer object, %arg[1], is mapped read-only, then made writable by
 *	mprotect(), and then mapped writable. Level, physical address, caching, access and
 *	all other bits of the entries in memory are right, and as the driver says.
 *
 * arg[1]:
 *
 * @vram-pte:		VRAM, PTEs
 * @vram-pmd:		VRAM, PMDs
 * @vram-pud:		VRAM, a PUD where kernel and CPU have one
 * @system-wb-pte:	cached system memory, PTEs
 * @system-wb-pmd:	cached system memory, PMDs
 * @system-wc-pte:	write-combining system memory, PTEs
 * @system-wc-pmd:	write-combining system memory, PMDs
 */
static void test_mapping(const struct cell *cell)
{
	struct huge_bo bo = huge_bo_create(huge_open(), cell->size, cell->placement, cell->flags);
	enum huge_level level = possible_level(cell->level);
	char *address = huge_bo_map_part(&bo, 0, bo.size, PROT_READ);

	read_all(address, bo.size, level);
	assert_mapping(&bo, address, cell, false);
	igt_assert_eq(mprotect(address, bo.size, PROT_READ | PROT_WRITE), 0);
	write_all(address, bo.size, level);
	assert_mapping(&bo, address, cell, true);
	huge_unmap(address, bo.size);
	address = huge_bo_map(&bo);
	write_all(address, bo.size, level);
	assert_mapping(&bo, address, cell, true);
}

static void assert_known_page(const char *page, enum huge_level level)
{
	struct page_table table = outside_read(page, HUGE_PAGE_SIZE);

	igt_assert_eq(table.count, 1);
	igt_assert_eq(table.runs[0].level, level);
	igt_assert_eq_u64(table.runs[0].pfn, pagemap_pfn(page));
	igt_assert_eq(table.runs[0].caching, PAGE_WB);
	igt_assert(!table.runs[0].special);
	page_table_free(&table);
}

static void assert_hole(const char *page)
{
	struct page_table table = outside_read(page, HUGE_PAGE_SIZE);

	igt_assert_eq(table.count, 0);
}

static char *map_anonymous(uint64_t size)
{
	char *area = huge_reserve(size, size);

	igt_assert_eq(mprotect(area, size, PROT_READ | PROT_WRITE), 0);
	return area;
}

/* Anonymous memory: the kernel says where each page is, and no driver is involved. */
static void assert_sees_anonymous_memory(void)
{
	char *area = map_anonymous(MIB(2));

	igt_assert_eq(madvise(area, MIB(2), MADV_HUGEPAGE), 0);
	assert_hole(area);
	*(volatile char *)area = 1;
	assert_known_page(area, HUGE_PMD);
	assert_known_page(area + KIB(12), HUGE_PMD);
	huge_release_all();

	area = map_anonymous(KIB(64));
	igt_assert_eq(madvise(area, KIB(64), MADV_NOHUGEPAGE), 0);
	*(volatile char *)(area + KIB(4)) = 1;
	assert_hole(area);
	assert_known_page(area + KIB(4), HUGE_PTE);
	assert_hole(area + KIB(8));
}

/* The BAR of a device without a driver, which a file in sysfs maps. */
static struct bar bar_without_driver(const char *name)
{
	char folder[PATH_MAX];
	struct bar bar = {};

	igt_assert_f(bar_folder_without_driver(1, folder),
		     "no device without a driver has a prefetchable BAR 2\n");
	snprintf(bar.path, sizeof(bar.path), "%s/%s", folder, name);
	return bar;
}

/* The driver shows only what is mapped from its own files. */
static void assert_dump_is_empty(void)
{
	int fd = huge_open(), dump = page_table_open(fd);
	struct page_table table = page_table_read_from(dump);

	igt_assert_eq(table.count, 0);
	page_table_free(&table);
	close(dump);
	huge_close(fd);
}

static void assert_sees_caching(const char *name, enum page_caching caching)
{
	const struct bar bar = bar_without_driver(name);
	char *address = bar_map(&bar, bar.phys, HUGE_PAGE_SIZE, PROT_READ);
	struct page_table table;

	table = outside_read(address, HUGE_PAGE_SIZE);
	igt_assert_eq(table.count, 1);
	igt_assert_eq(table.runs[0].caching, caching);
	igt_assert(table.runs[0].special);
	igt_assert(!table.runs[0].writable);
	page_table_free(&table);
	assert_dump_is_empty();
	munmap(address, HUGE_PAGE_SIZE);
}

/**
 * SUBTEST: itself
 * Description: The witness is right about memory that the kernel itself describes: a huge
 *	page and a small one, whose page frames are in /proc/self/pagemap, holes, and BARs
 *	that the PCI core maps with a known caching. The driver does not show these BARs as
 *	its own.
 */
static void test_itself(void)
{
	assert_sees_anonymous_memory();
	assert_sees_caching("resource2_wc", PAGE_WC);
	assert_sees_caching("resource2", PAGE_UC);
}

/* "largest" for the largest level that exists; else the kernel is the reason. */
static const char *reason_of(enum huge_level level)
{
	return level == HUGE_PUD ? "largest" : "kernel";
}

/**
 * SUBTEST: kernel
 * Description: A table says which entries this kernel, with its configuration and on this
 *	CPU, can have for 1 GiB of VRAM. These entries are in memory after one write, and
 *	the driver gives the right reason. Fails on a kernel that is not in the table.
 */
static void test_kernel(void)
{
	enum huge_level level = known_kernel_largest_level();
	struct huge_levels expected = huge_levels_at(level, GIB(1)), found;
	struct utsname uts;
	struct huge_bo bo;
	uint64_t reasons;
	char *address;

	igt_assert_eq(uname(&uts), 0);
	igt_assert_f(known_kernel_has_row(),
		     "%s is new: add a row for it to lib/known_kernel.c\n", uts.release);
	bo = huge_mapped_bo(GIB(1), 0, &address);
	reasons = reason_count(bo.fd, reason_of(level));
	*(volatile char *)address = 1;
	found = outside_levels_of(address, bo.size);
	huge_assert_levels(&found, &expected, "in memory");
	igt_assert_eq_u64(reason_count(bo.fd, reason_of(level)), reasons + 1);
}

/**
 * SUBTEST: bar
 * Description: A buffer object as large as VRAM is at the beginning of the BAR, page
 *	by page, in two mappings.
 */
static void test_bar(void)
{
	int fd = huge_open();
	struct bar bar = bar_of(fd);
	struct huge_bo bo = huge_bo_create(fd, huge_vram(fd).size, HUGE_VRAM, HUGE_CONTIGUOUS);

	igt_assert_eq_u64(bo.size, bar.size);
	for (int i = 0; i < 2; i++) {
		char *address = huge_bo_map(&bo);
		struct page_table table;

		read_all(address, bo.size, possible_level(HUGE_PUD));
		table = outside_read(address, bo.size);
		igt_assert_eq(table.count, 1);
		igt_assert_eq_u64(table.runs[0].start, (uintptr_t)address);
		igt_assert_eq_u64(table.runs[0].end, (uintptr_t)address + bo.size);
		igt_assert_eq_u64(table.runs[0].pfn, bar.phys / HUGE_PAGE_SIZE);
		page_table_free(&table);
	}
}

/**
 * SUBTEST: holes
 * Description: In a mapping with single entries in some places, of which one was written,
 *	the driver's dump has each entry and no other.
 */
static void test_holes(void)
{
	static const unsigned int pages[] = { 0, 3, 4, 9, 511, 512, 700 };
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), HUGE_SINGLE_PAGES, &address);
	struct page_table table;

	igt_assert_eq(madvise(address, bo.size, MADV_RANDOM), 0);
	for (unsigned int i = 0; i < COUNT_OF(pages); i++) {
		volatile char *page = address + pages[i] * HUGE_PAGE_SIZE;

		(void)*page;
		if (pages[i] == 9)
			*page = 1;
	}
	table = read_agreed(&bo, address, bo.size);
	igt_assert_eq_u64(page_table_levels(&table, address, bo.size).entries[HUGE_PTE],
			  COUNT_OF(pages));
	igt_assert_eq_u64(page_table_young(&table), COUNT_OF(pages));
	igt_assert_eq_u64(page_table_dirty(&table), 1);
	page_table_free(&table);
}

/* One entry was used, and is young and dirty. */
static void assert_used_once(const struct huge_bo *bo, const char *address)
{
	struct page_table table = read_agreed(bo, address, bo->size);

	igt_assert_eq_u64(page_table_young(&table), 1);
	igt_assert_eq_u64(page_table_dirty(&table), 1);
	page_table_free(&table);
}

/**
 * SUBTEST: neighbours
 * Description: Of all entries that one write sets, only one is young and dirty, and the
 *	driver's dump agrees.
 */
static void test_neighbours(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(KIB(64), 0, &address);

	*(volatile char *)(address + KIB(16)) = 1;
	assert_used_once(&bo, address);
}

static void assert_moved(const struct huge_bo *bo, char *address, enum huge_placement to)
{
	struct page_table table;

	huge_bo_move(bo, to);
	table = read_agreed(bo, address, bo->size);
	igt_assert_eq(table.count, 0);
	write_all(address, bo->size, HUGE_PTE);
	table = read_agreed(bo, address, bo->size);
	assert_placement(bo, &table, to);
	page_table_assert_caching(&table, to == HUGE_VRAM ? PAGE_WC : PAGE_WB);
	page_table_assert_sound(&table);
	page_table_free(&table);
}

/**
 * SUBTEST: moved
 * Description: After each move nothing is mapped until the next access; then the entries
 *	map the memory where the buffer object is now.
 */
static void test_moved(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2) + KIB(64), 0, &address);

	write_all(address, bo.size, HUGE_PTE);
	assert_moved(&bo, address, HUGE_SYSTEM);
	assert_moved(&bo, address, HUGE_VRAM);
}

/**
 * SUBTEST: mprotect-part
 * Description: A part of what one PMD entry maps becomes read-only: its entries are
 *	read-only, and the rest is mapped as before.
 */
static void test_mprotect_part(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), 0, &address);
	struct page_table part, table;

	write_all(address, bo.size, HUGE_PMD);
	igt_assert_eq(mprotect(address + KIB(64), KIB(64), PROT_READ), 0);
	write_all(address, KIB(64), HUGE_PTE);
	read_all(address + KIB(64), KIB(64), HUGE_PTE);
	write_all(address + KIB(128), bo.size - KIB(128), HUGE_PTE);
	part = outside_read(address + KIB(64), KIB(64));
	igt_assert_eq_u64(page_table_levels(&part, address, bo.size).entries[HUGE_PTE], 16);
	assert_writable(&part, false);
	table = read_agreed(&bo, address, bo.size);
	assert_placement(&bo, &table, HUGE_VRAM);
	page_table_free(&part);
	page_table_free(&table);
}

static void assert_only_writable(const struct page_table *table, const char *page)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < table->count; i++) {
		const struct page_run *run = &table->runs[i];
		bool is_page = run->start == (uintptr_t)page &&
			       run->end == (uintptr_t)page + HUGE_PAGE_SIZE;

		igt_assert_eq(run->writable, is_page);
		found += is_page;
	}
	igt_assert_eq(found, 1);
}

/**
 * SUBTEST: tracked
 * Description: While writes are tracked, pages that are only read are mapped read-only, and
 *	only a page that was written is writable.
 */
static void test_tracked(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), HUGE_TRACKABLE, &address);
	struct page_table table;

	huge_dirty_start(&bo);
	read_all(address, bo.size, HUGE_PTE);
	table = read_agreed(&bo, address, bo.size);
	assert_writable(&table, false);
	page_table_assert_caching(&table, PAGE_WC);
	page_table_free(&table);

	*(volatile char *)(address + KIB(32)) = 1;
	table = read_agreed(&bo, address, bo.size);
	assert_only_writable(&table, address + KIB(32));
	page_table_assert_caching(&table, PAGE_WC);
	assert_placement(&bo, &table, HUGE_VRAM);
	page_table_free(&table);
}

/* After an access, memory is mapped that is not in the BAR. */
static void assert_elsewhere(char *address, uint64_t size, const struct bar *bar)
{
	struct page_table table;

	write_all(address, size, HUGE_PTE);
	table = outside_read(address, size);
	igt_assert_lt(0, table.count);
	igt_assert_eq_u64(bytes_in_bar(&table, bar), 0);
	page_table_free(&table);
}

/**
 * SUBTEST: unplugged-%s
 * Description: After unplug nothing of the BAR is mapped, neither before nor after the
 *	mapping, which had %arg[1] entries, is accessed again.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_unplugged(enum huge_level level)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);
	uint64_t window = bo.size < MIB(2) ? bo.size : MIB(2);
	struct bar bar = bar_of(bo.fd);
	struct page_table table;

	write_all(address, bo.size, level);
	table = outside_read(address, bo.size);
	igt_assert_eq_u64(bytes_in_bar(&table, &bar), bo.size);
	page_table_free(&table);

	device_unplug(bo.fd);
	table = outside_read(address, bo.size);
	igt_assert_eq(table.count, 0);
	assert_elsewhere(address, window, &bar);
	assert_elsewhere(address + bo.size - window, window, &bar);
}

/* The end of four page-table levels; the kernel only maps past it if a hint asks for that. */
#define FOUR_LEVELS_END (UINT64_C(1) << 47)
#define FAR ((char *)(uintptr_t)(2 * FOUR_LEVELS_END))

/* Before and after a call that maps it ahead of use; it has no page table at first. */
static void assert_maps_ahead(const struct huge_bo *bo, char *address, const struct cell *cell)
{
	int witness = page_table_open(bo->fd);
	uint64_t done;

	page_table_assert_covers(witness, address, bo->size);
	if (huge_prefaults()) {
		igt_assert_eq(huge_prefault(bo->fd, address, bo->size, &done), 0);
		igt_assert_eq_u64(done, bo->size);
		assert_mapping(bo, address, cell, true);
		page_table_assert_covers(witness, address, bo->size);
		huge_bo_map_at(bo, address, 0, bo->size);
	}
	close(witness);
}

static void assert_maps_far(const struct cell *cell, bool is_free)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), cell->size);
	char *address = huge_bo_map_near(&bo, FAR);

	igt_assert_eq(address == FAR, is_free);
	igt_assert_lte_u64(FOUR_LEVELS_END, (uintptr_t)address);
	assert_maps_ahead(&bo, address, cell);
	write_all(address, bo.size, possible_level(cell->level));
	assert_mapping(&bo, address, cell, true);
	huge_release_all();
}

/**
 * SUBTEST: five-levels-%s
 * Description: Where page tables have five levels, VRAM is mapped by %arg[1] entries at an
 *	address that four levels do not reach: at the hint, or near it if the hint is in
 *	use. The driver's dump shows the mapping when it has no page table yet, and one call
 *	maps it ahead of use. Skips where page tables have four levels.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_five_levels(enum huge_level level)
{
	/* The cells of VRAM come first, by level. */
	const struct cell *cell = &cells[level];
	void *taken;

	igt_require_f(outside_has_five_levels(), "page tables have four levels\n");
	assert_maps_far(cell, true);
	taken = mmap(FAR, HUGE_PAGE_SIZE, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	igt_assert(taken == FAR);
	assert_maps_far(cell, false);
}

static void clean_up(void)
{
	munmap(FAR, HUGE_PAGE_SIZE);
	huge_release_all();
	device_plug();
}

static const struct subtest subtests[] = {
	{ "itself", "What the witness says of known memory", test_itself },
	{ "kernel", "What this kernel can have, by a table and in memory", test_kernel },
	{ "bar", "All of VRAM is at the beginning of the BAR", test_bar },
	{ "holes", "Single entries and holes", test_holes },
	{ "neighbours", "Entries beside the one that was used", test_neighbours },
	{ "moved", "After moves", test_moved },
	{ "mprotect-part", "After mprotect() of a part", test_mprotect_part },
	{ "tracked", "While writes are tracked", test_tracked },
};

static const struct level_subtest level_subtests[] = {
	{ "five-levels", "Past what four levels of page tables reach", test_five_levels },
	{ "unplugged", "After unplug", test_unplugged },
};

int igt_main()
{
	const struct cell *cell;

	igt_fixture() {
		huge_close(huge_open());
		outside_start();
	}

	run_subtests(subtests, COUNT_OF(subtests), clean_up);

	for_each_case(cell, cells) {
		if (cell->empty)
			continue;
		igt_describe_f("Witness and dump of %s", cell->name);
		igt_subtest_f("mapping-%s", cell->name)
			test_mapping(cell);
		igt_fixture()
			clean_up();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);

	igt_fixture()
		outside_stop();
}

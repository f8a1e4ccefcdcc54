// SPDX-License-Identifier: MIT

#include <errno.h>
#include <sys/mman.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/huge_device.h"
#include "lib/kernel_log.h"
#include "lib/lockdown.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge levels
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: Buffer objects in VRAM are mapped with the largest page-table
 *	entries that size, offset and address allow. Witnesses: the page tables,
 *	and the kernel's own count of page faults.
 */
IGT_TEST_DESCRIPTION("Largest page-table entries for mappings of VRAM");

struct size_case {
	const char *name;
	uint64_t size;
	struct huge_levels levels;
	uint64_t faults;
};

static const struct size_case size_cases[] = {
	{ "4k", KIB(4), { { [HUGE_PTE] = 1 } }, 1 },
	{ "64k", KIB(64), { { [HUGE_PTE] = 16 } }, 1 },
	{ "2m", MIB(2), { { [HUGE_PMD] = 1 } }, 1 },
	{ "2m-4k", MIB(2) + KIB(4), { { [HUGE_PMD] = 1, [HUGE_PTE] = 1 } }, 2 },
	{ "3m", MIB(3), { { [HUGE_PMD] = 1, [HUGE_PTE] = 256 } }, 2 },
	{ "1g", GIB(1), { { [HUGE_PUD] = 1 } }, 1 },
	{ "1536m", MIB(1536), { { [HUGE_PUD] = 1, [HUGE_PMD] = 256 } }, 2 },
	{ "4g", GIB(4), { { [HUGE_PUD] = 4 } }, 4 },
};

struct part_case {
	const char *name;
	const char *what;
	uint64_t size;
	uint64_t start;
	uint64_t length;
};

static const struct part_case part_cases[] = {
	{ "second-gib", "second GiB of four", GIB(4), GIB(1), GIB(1) },
	{ "around-gib", "a PMD before a PUD", GIB(2), GIB(1) - MIB(2), GIB(1) + MIB(2) },
	{ "two-pmds", "two PMDs in the middle", MIB(8), MIB(2), MIB(4) },
	{ "pmd-edges", "PTEs, a PMD and PTEs", MIB(8), MIB(1), MIB(4) },
	{ "one-page-off", "2 MiB from the second page", MIB(8), KIB(4), MIB(2) },
};

struct misaligned_case {
	const char *name;
	uint64_t size;
	uint64_t shift;
	struct huge_levels levels;
};

static const struct misaligned_case misaligned_cases[] = {
	{ "4k", MIB(4), KIB(4), { { [HUGE_PTE] = 1024 } } },
	{ "2m", GIB(1), MIB(2), { { [HUGE_PMD] = 512 } } },
};

struct max_level_case {
	const char *name;
	uint64_t size;
	struct huge_levels levels;
	uint64_t faults;
};

static const struct max_level_case max_level_cases[] = {
	{ "off", MIB(4), { { [HUGE_PTE] = 1024 } }, 1024 / TTM_PREFAULT_PAGES },
	{ "pte", MIB(4), { { [HUGE_PTE] = 1024 } }, 2 },
	{ "pmd", GIB(1), { { [HUGE_PMD] = 512 } }, 1 },
	{ "pud", GIB(1), { { [HUGE_PUD] = 1 } }, 1 },
};

static void assert_count_agrees(const struct huge_bo *bo, const struct huge_levels *levels)
{
	struct huge_levels counted = huge_bo_levels(bo);

	huge_assert_levels(&counted, levels, "count of the driver");
}

/* Every page is written; both witnesses and the driver's count must say the same. */
static void assert_touch(const struct huge_bo *bo, void *address, uint64_t length,
			 const struct huge_levels *levels, uint64_t max_faults)
{
	struct pattern pattern = pattern_of(address, length, 1);
	uint64_t faults = pattern_write_counting_faults(&pattern);
	struct huge_levels found = huge_levels_of(bo, address, length);

	igt_info("%llu faults, at most %llu promised\n", (unsigned long long)faults,
		 (unsigned long long)max_faults);
	huge_assert_levels(&found, levels, "page table");
	huge_assert_caching(bo, PAGE_WC);
	assert_count_agrees(bo, levels);
	igt_assert_lte_u64(1, faults);
	igt_assert_lte_u64(faults, max_faults);
}

static void assert_aligned(const struct huge_bo *bo, void *address)
{
	igt_assert_eq_u64(bo->alignment, huge_expected_alignment(bo->size));
	igt_assert_eq_u64(bo->offset % bo->alignment, 0);
	igt_assert_eq_u64((uintptr_t)address % bo->alignment, 0);
}

/**
 * SUBTEST: size-%s
 * Description: A buffer object of %arg[1] is mapped with the largest entries
 *	and the fewest faults.
 *
 * arg[1]:
 *
 * @4k:		4 KiB: one PTE
 * @64k:	64 KiB: 16 PTEs in one fault
 * @2m:		2 MiB: one PMD
 * @2m-4k:	2 MiB + 4 KiB: one PMD, one PTE
 * @3m:		3 MiB: one PMD, 256 PTEs in one fault
 * @1g:		1 GiB: one PUD
 * @1536m:	1.5 GiB: one PUD, 256 PMDs in one fault
 * @4g:		4 GiB: four PUDs
 */
static void test_size(const struct size_case *c)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), c->size);
	void *address = huge_bo_map(&bo);
	struct huge_levels levels;

	igt_assert_eq_u64(bo.size, c->size);
	assert_aligned(&bo, address);
	/*
	 * Without PUD entries, one fault sets all PMD entries in place of each: as many
	 * faults.
	 */
	levels = huge_possible_levels(c->levels);
	assert_touch(&bo, address, bo.size, &levels, c->faults);
}

/* The entries are the largest that are possible anywhere. */
static void assert_part(const struct huge_bo *bo, const struct part_case *c, char *address)
{
	struct huge_mapping mapping = {
		.start = c->start,
		.length = c->length,
		.alignment = bo->alignment,
		.max_level = huge_largest_level(),
	};
	struct huge_levels levels;

	/* The best address is congruent to the place in the buffer object. */
	mapping.address = c->start;
	levels = huge_expected_levels(&mapping);
	mapping.address = (uintptr_t)address;
	assert_touch(bo, address, c->length, &levels, huge_expected_faults(&mapping));
}

/**
 * SUBTEST: partial-%s
 * Description: A mapping of a part of a buffer object, %arg[1], at an address
 *	of the kernel's choice has the largest entries that the part allows.
 *
 * arg[1]:
 *
 * @second-gib:		second GiB of four
 * @around-gib:		a PMD before a PUD
 * @two-pmds:		two PMDs in the middle
 * @pmd-edges:		PTEs, a PMD and PTEs
 * @one-page-off:	2 MiB from the second page
 */
static void test_partial(const struct part_case *c)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), c->size);

	assert_part(&bo, c, huge_bo_map_part(&bo, c->start, c->length, PROT_READ | PROT_WRITE));
}

static uint64_t faults_of(char *address, uint64_t length)
{
	struct pattern pattern = pattern_of(address, length, 3);
	uint64_t faults = pattern_write_counting_faults(&pattern);

	pattern_assert(&pattern);
	return faults;
}

/* Not all architectures have it. */
#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif

/*
 * With MAP_32BIT the kernel takes the lowest free address of the second GiB, beginning at a
 * random place in its first 32 MiB.
 */
#define LOW		((char *)(uintptr_t)GIB(1))
#define LOW_TAKEN	MIB(64)

static void take_low(uint64_t length)
{
	igt_require_f(MAP_32BIT, "no way to have the kernel search from an address on\n");
	igt_assert(mmap(LOW, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			MAP_FIXED_NOREPLACE, -1, 0) == LOW);
}

/* At @expected, an offset from LOW. */
static char *map_low(const struct huge_bo *bo, uint64_t start, uint64_t length, uint64_t expected)
{
	char *found = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_32BIT, bo->fd,
			   bo->offset + start);

	igt_assert_f(found == LOW + expected, "%llu bytes from %llu on: mapped at %p\n",
		     (unsigned long long)length, (unsigned long long)start, found);
	return found;
}

/**
 * SUBTEST: partial-low
 * Description: As in partial, where the first free address is aligned for the whole buffer
 *	object, but not for the part.
 */
static void test_partial_low(void)
{
	const struct part_case *c;

	take_low(LOW_TAKEN);
	for_each_case(c, part_cases) {
		struct huge_bo bo;
		char *address;

		if (c->start % MIB(2) == 0)
			continue;
		bo = huge_vram_bo(huge_open(), c->size);
		address = map_low(&bo, c->start, c->length, LOW_TAKEN + c->start % MIB(2));
		assert_part(&bo, c, address);
		igt_assert_eq(munmap(address, c->length), 0);
	}
}

#define SMALL_PART KIB(64)

/**
 * SUBTEST: partial-low-small
 * Description: A part of 64 KiB, which is too small for a huge entry, is mapped. The first
 *	free address is one page past a multiple of 64 KiB, so only 60 KiB are left to the
 *	end of its page table. The part is placed in the next page table, and takes one
 *	fault. So does a part of 48 KiB, which would fit before the border but is aligned to
 *	64 KiB.
 */
static void test_partial_low_small(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), 2 * SMALL_PART);
	const uint64_t start = (HUGE_PAGE_SIZE - bo.offset) % SMALL_PART;
	char *address;

	take_low(LOW_TAKEN - SMALL_PART + HUGE_PAGE_SIZE);
	address = map_low(&bo, start, SMALL_PART, LOW_TAKEN);
	igt_assert_eq_u64(faults_of(address, SMALL_PART), 1);
	munmap(address, SMALL_PART);
	address = map_low(&bo, start, KIB(48), LOW_TAKEN);
	igt_assert_eq_u64(faults_of(address, KIB(48)), 1);
}

/**
 * SUBTEST: address-used-again
 * Description: One of two neighbouring mappings is unmapped, and made again: it gets its
 *	address back, which is aligned and free, although there is no room beside it.
 */
static void test_address_used_again(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));
	char *first;

	take_low(LOW_TAKEN);
	first = map_low(&bo, 0, bo.size, LOW_TAKEN);
	map_low(&bo, 0, bo.size, LOW_TAKEN + bo.size);
	igt_assert_eq(munmap(first, bo.size), 0);
	map_low(&bo, 0, bo.size, LOW_TAKEN);
}

/**
 * SUBTEST: misaligned-%s
 * Description: A mapping by MAP_FIXED at an address that is %arg[1] has smaller entries,
 *	and no wrong ones.
 *
 * arg[1]:
 *
 * @4k:	4 KiB off: PTEs only
 * @2m:	2 MiB off from 1 GiB alignment: PMDs only
 */
static void test_misaligned(const struct misaligned_case *c)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), c->size);
	char *area = huge_reserve(c->size + c->shift, bo.alignment);
	void *address = huge_bo_map_at(&bo, area + c->shift, 0, c->size);
	struct huge_mapping mapping = {
		.address = (uintptr_t)address,
		.length = c->size,
		.alignment = bo.alignment,
		.max_level = huge_largest_level(),
	};

	assert_touch(&bo, address, c->size, &c->levels, huge_expected_faults(&mapping));
}

/* What is written through one mapping is seen in another one. */
static void assert_writes_arrive(const struct huge_bo *bo, void *address)
{
	struct pattern written = pattern_of(address, bo->size, 2);
	struct pattern seen = written;

	pattern_write(&written);
	seen.address = huge_bo_map(bo);
	pattern_assert(&seen);
}

static void read_every_page(const char *address, uint64_t length)
{
	bool clears = huge_clears();

	for (uint64_t i = 0; i < length; i += HUGE_PAGE_SIZE) {
		char seen = *(volatile const char *)(address + i);

		igt_assert(!clears || !seen);
	}
}

/**
 * SUBTEST: read-then-write-%s
 * Description: Entries that a read fault has set stay %arg[1] entries when they are written
 *	through, and the data arrive.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_read_then_write(enum huge_level level)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), huge_size_for_level(level));
	char *address = huge_bo_map(&bo);

	read_every_page(address, bo.size);
	huge_assert_mapped_at(&bo, address, level, "after reading");
	assert_writes_arrive(&bo, address);
	huge_assert_mapped_at(&bo, address, level, "after writing");
	huge_assert_writable(&bo, address, bo.size, true);
}

static void protect(enum huge_level level, unsigned int flags)
{
	const uint64_t faults = flags & HUGE_TRACKABLE ? huge_size_for_level(level) /
							 huge_level_size(level) : 0;
	struct huge_bo bo = huge_bo_create(huge_open(), huge_size_for_level(level), HUGE_VRAM,
					   flags);
	char *address = huge_bo_map_part(&bo, 0, bo.size, PROT_READ);

	read_every_page(address, bo.size);
	huge_assert_mapped_at(&bo, address, level, "read-only");
	huge_assert_writable(&bo, address, bo.size, false);
	igt_assert_eq(mprotect(address, bo.size, PROT_READ | PROT_WRITE), 0);
	igt_assert_eq_u64(faults_of(address, bo.size), faults);
	assert_writes_arrive(&bo, address);
	huge_assert_mapped_at(&bo, address, level, "after mprotect() and writing");
	huge_assert_writable(&bo, address, bo.size, true);
}

/**
 * SUBTEST: protect-%s
 * Description: A read-only mapping of %arg[1] entries has no writable entry. After
 *	mprotect() it can be written, and the entries are as large as before. This takes a
 *	fault for each entry where writes could be tracked, and no fault elsewhere.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_protect(enum huge_level level)
{
	protect(level, 0);
	if (huge_has_flags(HUGE_TRACKABLE))
		protect(level, HUGE_TRACKABLE);
}

/**
 * SUBTEST: kernel-address
 * Description: Offsets and the addresses that the kernel chooses are aligned as the size of
 *	the buffer object asks, also when odd mappings lie between.
 */
static void test_kernel_address(void)
{
	static const uint64_t sizes[] = {
		KIB(4), MIB(3), KIB(12), KIB(64), MIB(2) + KIB(4), MIB(33), MIB(2), KIB(8),
	};
	int fd = huge_open();

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct huge_bo bo = huge_vram_bo(fd, sizes[i]);

		assert_aligned(&bo, huge_bo_map(&bo));
		huge_reserve(KIB(4), KIB(4));
	}
}

/**
 * SUBTEST: offset-used-again
 * Description: A new buffer object gets the offset of a destroyed one of the same size that
 *	lies between two others.
 */
static void test_offset_used_again(void)
{
	int fd = huge_open();
	struct huge_bo bos[3];
	uint64_t left;

	for (unsigned int i = 0; i < COUNT_OF(bos); i++)
		bos[i] = huge_vram_bo(fd, MIB(4));
	left = huge_vram(fd).used - MIB(4);
	huge_bo_destroy(&bos[1]);
	igt_assert_eq_u64(huge_vram_used_settled(fd, left), left);
	igt_assert_eq_u64(huge_vram_bo(fd, MIB(4)).offset, bos[1].offset);
}

/**
 * SUBTEST: max-level-%s
 * Description: With the module parameter max_level at %arg[1] no entry is larger.
 *
 * arg[1]:
 *
 * @off: off, in-tree TTM's own fault handler
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_max_level(const struct max_level_case *c)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), c->size);
	struct huge_levels levels = huge_possible_levels(c->levels);

	max_level_set(c->name);
	assert_touch(&bo, huge_bo_map(&bo), bo.size, &levels, c->faults);
}

/* In the order from large to small, so that each differs from the one before. */
static const char * const good_words[] = { "pud", "pmd", "pte", "off", "pmd\n", "off\n" };

static const char * const bad_words[] = {
	"\n", " ", "PUD", "Pmd", "huge", "pm", "pmds", "pmd x", "pmd,pte", " pmd", "pmd ",
	"pmd\n\n", "0", "2", "-1", "none", "offx", "max_level", "pud\tpmd",
	/* Names of larger levels, which no entry has, and what older kernels call these. */
	"p4d", "pgd", "unknown",
	"pudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpudpud",
};

/**
 * SUBTEST: max-level-words
 * Description: The module parameter max_level reads back as what was written, each
 *	level and off; any other word is EINVAL and leaves it as it was. All may read it.
 */
static void test_max_level_words(void)
{
	igt_assert_eq(max_level_mode(), 0644);
	for (unsigned int good = 0; good < COUNT_OF(good_words); good++) {
		char word[8];

		snprintf(word, sizeof(word), "%.3s\n", good_words[good]);
		max_level_set(good_words[good]);
		igt_assert_f(max_level_is(word), "not read back: '%s'\n", good_words[good]);
		for (unsigned int bad = 0; bad < COUNT_OF(bad_words); bad++) {
			igt_assert_f(max_level_try(bad_words[bad]) == EINVAL, "'%s'\n",
				     bad_words[bad]);
			igt_assert_f(max_level_is(word), "after '%s'\n", bad_words[bad]);
		}
	}
}

/**
 * SUBTEST: max-level-live
 * Description: A change of max_level applies to later faults: existing entries stay. Off
 *	applies to later mappings: existing mappings keep their fault handler, and mappings
 *	that were made while it was off keep TTM's, unless writes could be tracked.
 */
static void test_max_level_live(void)
{
	const uint64_t half = MIB(4);
	struct huge_bo bo = huge_vram_bo(huge_open(), 2 * half), other;
	char *first = huge_bo_map(&bo), *second = huge_bo_map(&bo), *ttm, *trackable;
	struct huge_levels found, pmds = huge_levels_at(HUGE_PMD, half);
	struct huge_levels ptes = huge_levels_at(HUGE_PTE, half);
	uint64_t done;

	igt_assert_eq(madvise(first, half, MADV_RANDOM), 0);
	igt_assert_eq_u64(faults_of(first, half), half / MIB(2));
	max_level_set("off");
	ttm = huge_bo_map(&bo);
	found = huge_levels_of(&bo, first, bo.size);
	huge_assert_levels(&found, &pmds, "with the parameter off");
	igt_assert_eq_u64(faults_of(first + half, half), half / MIB(2));
	found = huge_levels_of(&bo, first + half, half);
	huge_assert_levels(&found, &ptes, "mapped before, with the parameter off");
	igt_assert_eq_u64(faults_of(ttm, half), half / HUGE_PAGE_SIZE / TTM_PREFAULT_PAGES);
	other = huge_bo_create(bo.fd, half, HUGE_VRAM, HUGE_TRACKABLE);
	trackable = huge_bo_map_part(&other, 0, half, PROT_READ);

	max_level_set("pmd");
	/* The mapping is not accessed. */
	igt_assert_eq(huge_prefault(bo.fd, trackable, half, &done), 0);
	huge_assert_mapped_at(&other, trackable, HUGE_PMD, "trackable, mapped while it was off");
	huge_assert_used(&other, 0, 0);
	igt_assert_eq_u64(faults_of(second, bo.size), 1);
	huge_assert_mapped_at(&bo, second, HUGE_PMD, "mapped before, on again");
	igt_assert_eq_u64(faults_of(ttm + half, half), half / HUGE_PAGE_SIZE / TTM_PREFAULT_PAGES);
}

static uint64_t faults_of_reading(const char *address, uint64_t length)
{
	uint64_t before = page_faults();

	for (uint64_t at = 0; at < length; at += HUGE_PAGE_SIZE)
		(void)*(volatile const char *)(address + at);
	return page_faults() - before;
}

/* Faults of a read, of a write after it, of a write after mapping again, and of a write alone. */
struct access_faults {
	uint64_t read;
	uint64_t write;
	uint64_t anew;
	uint64_t write_first;
};

static struct access_faults access_faults_of(uint64_t size, unsigned int flags)
{
	struct huge_bo bo = huge_bo_create(huge_open(), size, HUGE_VRAM, flags);
	char *address = huge_bo_map(&bo), *other = huge_bo_map(&bo);
	struct access_faults faults;

	/*
	 * Has the code of this function in memory: the faults counted are those of the
	 * mapping.
	 */
	faults_of_reading((char *)&bo, 1);
	igt_assert_eq_u64(faults_of_reading((char *)&bo, 1), 0);
	faults.read = faults_of_reading(address, size);
	faults.write = faults_of(address, size);
	/* Mapping over it removes all entries, in less time than a move. */
	huge_bo_map_at(&bo, address, 0, size);
	faults.anew = faults_of(address, size);
	faults.write_first = faults_of(other, size);
	return faults;
}

/**
 * SUBTEST: trackable-%s
 * Description: A buffer object whose writes could be tracked, but are not, takes as many
 *	faults as any other, with %arg[1] entries: when it is read and then written, when it
 *	is written after it was mapped again, and when it is written first.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_trackable(enum huge_level level)
{
	const uint64_t size = level == HUGE_PUD ? GIB(1) : 4 * huge_level_size(level);
	struct access_faults plain, trackable;

	huge_require_level(level);
	plain = access_faults_of(size, 0);
	trackable = access_faults_of(size, HUGE_TRACKABLE);
	igt_assert_eq_u64(plain.read, 1);
	igt_assert_eq_u64(plain.write, 0);
	igt_assert_eq_u64(plain.anew, 1);
	igt_assert_eq_u64(plain.write_first, 1);
	igt_assert_eq_u64(trackable.read, plain.read);
	igt_assert_eq_u64(trackable.write, plain.write);
	igt_assert_eq_u64(trackable.anew, plain.anew);
	igt_assert_eq_u64(trackable.write_first, plain.write_first);
}

#define ALIGNED_VRAM	"/sys/kernel/debug/aligned_vram"
#define FOREIGN_VRAM	"/sys/kernel/debug/foreign_vram"
#define VRAM_COUNTERS	"/sys/kernel/debug/aligned_vram_device/ttm_huge_counters"
#define PMD_PAGES	512
#define PUD_PAGES	(512 * 512)

/*
 * An allocation of VRAM by a driver that uses TTM's range manager, which takes the smallest
 * hole, and the first place in it. Once page 0 and the page at 1.5 times PUD_PAGES are in
 * use, no hole has an aligned place for a PUD.
 */
struct allocation {
	const char *what;
	uint64_t pages;
	unsigned int alignment;
	bool is_kernels;	/* not to be mapped */
	int error;
	uint64_t start;
};

static const struct allocation allocations[] = {
	{ "a page", 1, 1, false, 0, 0 },
	{ "a PUD", PUD_PAGES, 1, false, 0, PUD_PAGES },
};

static const struct allocation tight_allocations[] = {
	{ "a page", 1, 1, false, 0, 0 },
	{ "a page in the middle", 1, 3 * PUD_PAGES / 2, false, 0, 3 * PUD_PAGES / 2 },
	{ "a PUD, which only gets a PMD's alignment", PUD_PAGES, 1, false, 0,
	  3 * PUD_PAGES / 2 + PMD_PAGES },
	{ "less than a PMD", PMD_PAGES - 1, 1, false, 0, 3 * PUD_PAGES / 2 + 1 },
	{ "more than a PMD, for the kernel", PMD_PAGES + 1, 0, true, 0,
	  5 * PUD_PAGES / 2 + PMD_PAGES },
	{ "as much after that", PMD_PAGES + 1, 0, true, 0,
	  5 * PUD_PAGES / 2 + 2 * PMD_PAGES + 1 },
	{ "a PMD", PMD_PAGES, 0, false, 0, 5 * PUD_PAGES / 2 + 4 * PMD_PAGES },
	{ "a PMD, for which the driver wants more", PMD_PAGES, 2 * PMD_PAGES, false, 0,
	  5 * PUD_PAGES / 2 + 6 * PMD_PAGES },
	{ "another PUD", PUD_PAGES, 1, false, 0, PMD_PAGES },
	{ "a third", PUD_PAGES, 1, false, ENOSPC, 0 },
};

/*
 * The CPU sees VRAM at an address that is a quarter past a multiple of a PUD's size: the
 * first place where a PUD entry fits is three quarters further on.
 */
#define APERTURE_BASE	MIB(256)

static const struct allocation aperture_allocations[] = {
	{ "a PUD", PUD_PAGES, 1, false, 0, 3 * PUD_PAGES / 4 },
	{ "another", PUD_PAGES, 1, false, 0, 7 * PUD_PAGES / 4 },
	{ "a third", PUD_PAGES, 1, false, ENOSPC, 0 },
	{ "a PMD", PMD_PAGES, 0, false, 0, 11 * PUD_PAGES / 4 },
};

/* A page takes the first place. */
static const struct allocation tight_aperture_allocations[] = {
	{ "a page", 1, 1, false, 0, 0 },
	{ "a page in the first place", 1, 3 * PUD_PAGES / 4, false, 0, 3 * PUD_PAGES / 4 },
	{ "a PUD", PUD_PAGES, 1, false, 0, 7 * PUD_PAGES / 4 },
	{ "another", PUD_PAGES, 1, false, ENOSPC, 0 },
};

/* Only a part of VRAM will do, from the first page of the first place on, or up to its last. */
static const struct allocation first_allocation = {
	"a PUD, at the first place", PUD_PAGES, 1, false, 0, 3 * PUD_PAGES / 4
};

/* Or past the start of that place, or before its end. */
static const struct allocation late_allocation = {
	"a PUD, past the first place", PUD_PAGES, 1, false, 0, 7 * PUD_PAGES / 4
};

static const struct allocation early_allocation = {
	"a PUD, before the end of the first place", PUD_PAGES, 1, false, 0, 0
};

/* The second place where a PUD entry fits ends where VRAM ends. */
#define EXACT_BASE	MIB(20)
#define EXACT_FIRST	(PUD_PAGES - 10 * PMD_PAGES)

static const struct allocation exact_allocations[] = {
	{ "a page", 1, 1, false, 0, 0 },
	{ "a page in the first place", 1, EXACT_FIRST, false, 0, EXACT_FIRST },
	{ "a PUD, up to the end", PUD_PAGES, 1, false, 0, PUD_PAGES + EXACT_FIRST },
};

/* Without any alignment, one after the other. */
static const struct allocation foreign_allocations[] = {
	{ "a page", 1, 1, false, 0, 0 },
	{ "a PMD", PMD_PAGES, 1, false, 0, 1 },
	{ "a PUD", PUD_PAGES, 1, false, 0, PMD_PAGES + 1 },
};

/* From a page on, and before another one, if that is not 0: the driver wants it there. */
static void allocate_between(int vram, const struct allocation *allocation, uint64_t from,
			     uint64_t to)
{
	char text[64], result[64] = "";
	unsigned long long start;
	unsigned int alignment;
	int error, fields;

	snprintf(text, sizeof(text), "%llu %u%s from %llu to %llu",
		 (unsigned long long)allocation->pages, allocation->alignment,
		 allocation->is_kernels ? " kernel" : "", (unsigned long long)from,
		 (unsigned long long)to);
	error = write(vram, text, strlen(text)) < 0 ? errno : 0;
	igt_assert_f(error == allocation->error, "%s: %s\n", allocation->what, strerror(error));
	if (error)
		return;
	igt_assert_lt(0, pread(vram, result, sizeof(result) - 1, 0));
	fields = sscanf(result, "%llu %u", &start, &alignment);
	igt_assert_eq(fields, 2);
	igt_assert_f(start == allocation->start, "%s: from page %llu on, expected %llu\n",
		     allocation->what, start, (unsigned long long)allocation->start);
	/* The alignment that the driver asked for is unchanged. */
	igt_assert_eq(alignment, allocation->alignment);
}

static int open_vram(const char *device, uint64_t base)
{
	int vram = open_unless_locked_down(device);

	igt_require_f(vram >= 0, "the module aligned_vram is not loaded\n");
	if (base)
		igt_assert_lt(0, dprintf(vram, "aperture %llu", (unsigned long long)base));
	return vram;
}

static void allocate_all_of(const char *device, uint64_t base, const struct allocation *rows,
			    unsigned int count)
{
	int vram = open_vram(device, base);

	for (unsigned int i = 0; i < count; i++)
		allocate_between(vram, &rows[i], 0, 0);
	close(vram);
}

/* The device exists as long as its file is open. */
static void assert_counters(const char *device, bool expected)
{
	int vram = open_unless_locked_down(device);

	igt_assert_lte(0, vram);
	igt_assert_eq(!access(VRAM_COUNTERS, F_OK), expected);
	close(vram);
}

static void allocate_all(uint64_t base, const struct allocation *rows, unsigned int count)
{
	allocate_all_of(ALIGNED_VRAM, base, rows, count);
}

static void allocate_wanted(const struct allocation *allocation, uint64_t from, uint64_t to)
{
	int vram = open_vram(ALIGNED_VRAM, APERTURE_BASE);

	allocate_between(vram, allocation, from, to);
	close(vram);
}

/**
 * SUBTEST: range-manager
 * Description: With a driver that uses TTM's range manager, VRAM is aligned for the largest
 *	entries where there is space for that, else for smaller ones, else as the driver
 *	asks. VRAM that is never mapped is aligned as the driver asks.
 */
static void test_range_manager(void)
{
	allocate_all(0, allocations, COUNT_OF(allocations));
	allocate_all(0, tight_allocations, COUNT_OF(tight_allocations));
}

/**
 * SUBTEST: range-manager-aperture
 * Description: As in range-manager, where the address at which the CPU sees VRAM is not
 *	aligned: a large enough allocation begins where a PUD entry fits, if the driver
 *	allows that place.
 */
static void test_range_manager_aperture(void)
{
	allocate_all(APERTURE_BASE, aperture_allocations, COUNT_OF(aperture_allocations));
	allocate_all(APERTURE_BASE, tight_aperture_allocations,
		     COUNT_OF(tight_aperture_allocations));
	allocate_all(EXACT_BASE, exact_allocations, COUNT_OF(exact_allocations));
	allocate_wanted(&first_allocation, 3 * PUD_PAGES / 4, 0);
	allocate_wanted(&first_allocation, 0, 7 * PUD_PAGES / 4);
	allocate_wanted(&late_allocation, 3 * PUD_PAGES / 4 + 1, 0);
	allocate_wanted(&early_allocation, 0, 7 * PUD_PAGES / 4 - 1);
}

/* The beginning of it. */
#define REFUSED_LINE "ttm_huge: a TTM device without "

/**
 * SUBTEST: range-manager-foreign
 * Description: A driver asks to align VRAM of a device that it has not set up for ttm_huge.
 *	ttm_huge finds no state of its own for the device, so VRAM is placed as by TTM, the
 *	device has no counters, and the kernel log says so.
 */
static void test_range_manager_foreign(void)
{
	kernel_log_expect(REFUSED_LINE ".* is refused");
	allocate_all_of(FOREIGN_VRAM, 0, foreign_allocations, COUNT_OF(foreign_allocations));
	assert_counters(ALIGNED_VRAM, true);
	assert_counters(FOREIGN_VRAM, false);
	/* Once for each time that ttm_huge is loaded, which is before the driver. */
	igt_assert_f(kernel_log_has_after("Initialized bigbar ", REFUSED_LINE),
		     "the kernel log does not say so\n");
}

/**
 * SUBTEST: far-border
 * Description: A mapping lies across the border between two page tables of the highest
 *	level, with no other mapping near: half of it is touched, then all. Both witnesses
 *	show its entries.
 */
static void test_far_border(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), FAR_SIZE);
	struct huge_levels half = huge_levels_at(HUGE_PMD, FAR_SIZE / 2), found;
	struct huge_levels all = huge_levels_at(HUGE_PMD, FAR_SIZE);

	huge_bo_map_at(&bo, FAR_BORDER, 0, bo.size);
	*(volatile char *)(FAR_BORDER + FAR_SIZE / 2) = 1;
	found = huge_levels_of(&bo, FAR_BORDER, bo.size);
	huge_assert_levels(&found, &half, "half is touched");
	assert_count_agrees(&bo, &half);
	assert_touch(&bo, FAR_BORDER, bo.size, &all, 1);
}

static void clean_up(void)
{
	munmap(FAR_BORDER, FAR_SIZE);
	munmap(LOW, GIB(1));
	max_level_restore();
	huge_release_all();
}

static const struct level_subtest level_subtests[] = {
	{ "trackable", "No more faults if writes could be tracked", test_trackable },
};

static const struct subtest subtests[] = {
	{ "partial-low", "Mappings of parts at the first free address", test_partial_low },
	{ "partial-low-small", "A small part at the first free address", test_partial_low_small },
	{ "address-used-again", "The address of a mapping that is gone", test_address_used_again },
	{ "range-manager", "VRAM that TTM's range manager hands out", test_range_manager },
	{ "range-manager-aperture", "VRAM at an address that is not aligned",
	  test_range_manager_aperture },
	{ "range-manager-foreign", "VRAM of a device that was not set up",
	  test_range_manager_foreign },
	{ "far-border", "Over the border between the largest page tables", test_far_border },
	{ "max-level-words", "What max_level can be set to", test_max_level_words },
	{ "max-level-live", "max_level and existing mappings", test_max_level_live },
};

int igt_main()
{
	const struct size_case *size;
	const struct part_case *part;
	const struct misaligned_case *misaligned;
	const struct max_level_case *max;

	igt_fixture() {
		huge_close(huge_open());
		max_level_save();
	}

	for_each_case(size, size_cases) {
		igt_describe_f("Largest entries, fewest faults for %s", size->name);
		igt_subtest_f("size-%s", size->name)
			test_size(size);
		igt_fixture()
			clean_up();
	}

	for_each_case(part, part_cases) {
		igt_describe_f("Mapping of a part: %s", part->what);
		igt_subtest_f("partial-%s", part->name)
			test_partial(part);
		igt_fixture()
			clean_up();
	}

	for_each_case(misaligned, misaligned_cases) {
		igt_describe_f("User address off by %s", misaligned->name);
		igt_subtest_f("misaligned-%s", misaligned->name)
			test_misaligned(misaligned);
		igt_fixture()
			clean_up();
	}

	for (enum huge_level level = HUGE_PTE; level < HUGE_LEVELS; level++) {
		igt_describe("A write after a read fault keeps the level");
		igt_subtest_f("read-then-write-%s", huge_level_name(level))
			test_read_then_write(level);
		igt_fixture()
			clean_up();

		igt_describe("mprotect() from read-only to writable keeps the level");
		igt_subtest_f("protect-%s", huge_level_name(level))
			test_protect(level);
		igt_fixture()
			clean_up();
	}

	igt_describe("Offset and address are aligned to the buffer object");
	igt_subtest("kernel-address")
		test_kernel_address();
	igt_fixture()
		clean_up();

	igt_describe("Offset of a buffer object that has been destroyed");
	igt_subtest("offset-used-again")
		test_offset_used_again();
	igt_fixture()
		clean_up();

	for_each_case(max, max_level_cases) {
		igt_describe_f("Module parameter max_level=%s", max->name);
		igt_subtest_f("max-level-%s", max->name)
			test_max_level(max);
		igt_fixture()
			clean_up();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

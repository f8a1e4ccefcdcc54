// SPDX-License-Identifier: MIT

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/debugger.h"
#include "lib/hold.h"
#include "lib/huge_device.h"
#include "lib/leaks.h"
#include "lib/memory.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/scatter.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge contents
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: A buffer object has its contents in every state that it can be in: swapped
 *	out, in many pieces of VRAM, mapped by TTM's own fault handler, read and written by
 *	a debugger.
 */
IGT_TEST_DESCRIPTION("Contents of buffer objects that are swapped out, scattered, debugged");

#define WORD sizeof(uint64_t)

/* The first and the last word of each page of a mapping; the words between them stay zero. */
struct contents {
	struct huge_bo bo;
	struct pattern first;
	struct pattern last;
};

static char *page_of(const struct contents *contents, uint64_t page)
{
	return (char *)contents->first.address + page * HUGE_PAGE_SIZE;
}

static void contents_write(const struct contents *contents)
{
	pattern_write(&contents->first);
	pattern_write(&contents->last);
}

static void contents_change(struct contents *contents)
{
	contents->first.seed += 2;
	contents->last.seed += 2;
}

static void contents_renew(struct contents *contents)
{
	contents_change(contents);
	contents_write(contents);
}

static void contents_assert(const struct contents *contents)
{
	pattern_assert(&contents->first);
	pattern_assert(&contents->last);
	for (uint64_t page = 0; page < contents->first.pages; page++)
		igt_assert(is_zero(page_of(contents, page) + WORD, HUGE_PAGE_SIZE - 2 * WORD));
}

static struct contents contents_at(const struct contents *contents, char *address)
{
	struct contents same = *contents;

	same.first.address = address;
	same.last.address = address + HUGE_PAGE_SIZE - WORD;
	return same;
}

static struct contents contents_of(const struct huge_bo *bo, char *address, uint64_t length)
{
	struct contents contents = {
		.bo = *bo,
		.first = pattern_of(NULL, length, 81),
		.last = pattern_of(NULL, length, 82),
	};

	return contents_at(&contents, address);
}

static struct contents make_contents(const struct huge_bo *bo)
{
	struct contents contents = contents_of(bo, huge_bo_map(bo), bo->size);

	contents_write(&contents);
	return contents;
}

/* More than a PMD entry maps, and no multiple of that. */
#define ODD_SIZE (MIB(4) + KIB(12))

static void assert_nothing_mapped(const struct huge_bo *bo)
{
	struct page_table table = page_table_read(bo);

	igt_assert_eq(table.count, 0);
	page_table_free(&table);
}

/*
 * TTM swaps the buffer object out when another one needs the memory that TTM may use. What
 * is swapped out is in shared memory of the kernel.
 */
static void swap_out(const struct huge_bo *bo, enum huge_system_caching caching)
{
	const uint64_t shared = memory_line("Shmem");
	struct huge_bo other = huge_bo_create(huge_open(), bo->size, HUGE_SYSTEM, caching);
	char *address = huge_bo_map(&other);

	/* Room for one and a half of them. */
	ttm_pages_limit_set(bo->size / HUGE_PAGE_SIZE * 3 / 2);
	memset(address, 0x5a, other.size);
	ttm_pages_limit_restore();
	igt_assert_lt_u64(shared + bo->size / 2, memory_line("Shmem"));
	assert_nothing_mapped(bo);
	huge_unmap(address, other.size);
	huge_bo_destroy(&other);
}

static void swapped_to_vram(struct contents *contents, enum huge_system_caching caching)
{
	huge_bo_move(&contents->bo, HUGE_VRAM);
	igt_assert_eq(huge_bo_placement(&contents->bo), HUGE_VRAM);
	contents_assert(contents);
	contents_renew(contents);
	huge_bo_move(&contents->bo, HUGE_SYSTEM);
	/* This time without an access before it is swapped out. */
	swap_out(&contents->bo, caching);
	huge_bo_move(&contents->bo, HUGE_VRAM);
	contents_assert(contents);
}

static void swapped_touched(struct contents *contents, enum huge_system_caching caching)
{
	contents_assert(contents);
	contents_renew(contents);
	swap_out(&contents->bo, caching);
	contents_assert(contents);
}

static void swapped_fork(struct contents *contents, enum huge_system_caching caching)
{
	(void)caching;
	contents_change(contents);
	igt_fork(child, 1) {
		struct contents before = *contents;

		before.first.seed -= 2;
		before.last.seed -= 2;
		contents_assert(&before);
		contents_write(contents);
	}
	igt_waitchildren();
	contents_assert(contents);
}

/* The last word before the start of a page, and the first word of that page. */
static void expected_at(const struct contents *contents, uint64_t page, uint64_t words[2])
{
	words[0] = pattern_value(&contents->last, page - 1);
	words[1] = pattern_value(&contents->first, page);
}

static void assert_words(const uint64_t *seen, const uint64_t *expected, uint64_t page)
{
	igt_assert_f(!memcmp(seen, expected, 2 * WORD),
		     "around page %llu: %#llx %#llx, expected %#llx %#llx\n",
		     (unsigned long long)page, (unsigned long long)seen[0],
		     (unsigned long long)seen[1], (unsigned long long)expected[0],
		     (unsigned long long)expected[1]);
}

/* Half a word on either side. */
static void assert_debugger_reads_unaligned(pid_t pid, const struct debugger_way *way,
					    const char *border, const uint64_t *expected)
{
	uint64_t seen;

	igt_assert_eq(way->read(pid, border - WORD / 2, &seen, WORD), WORD);
	igt_assert_eq_u64(seen, expected[0] >> 32 | expected[1] << 32);
}

/* The longest read that the core makes, across the border. */
static void assert_debugger_reads_long(pid_t pid, const struct debugger_way *way,
				       const char *border)
{
	char seen[HUGE_PAGE_SIZE];

	igt_assert_eq(way->read(pid, border - 2 * WORD, seen, sizeof(seen)), sizeof(seen));
	igt_assert(!memcmp(seen, border - 2 * WORD, sizeof(seen)));
}

#define LONG_STRIDE 64
/* The smallest blocks of scattered VRAM except for single pages, which come last. */
#define BLOCK_PAGES (KIB(64) / HUGE_PAGE_SIZE)

/*
 * The next page at whose start the debugger reads: the first page of every block, the
 * single pages at the end, and a few pages in the middle of blocks.
 */
static uint64_t next_border(const struct contents *contents, uint64_t page)
{
	do
		page++;
	while (page % BLOCK_PAGES && page % 7 && page + BLOCK_PAGES < contents->first.pages);
	return page;
}

/* Every border between two blocks, and both ends. */
static void assert_debugger_reads(pid_t pid, const struct debugger_way *way,
				  const struct contents *contents)
{
	const uint64_t pages = contents->first.pages;
	uint64_t seen[2], expected[2];

	for (uint64_t page = 1; page < pages; page = next_border(contents, page)) {
		char *border = page_of(contents, page);

		expected_at(contents, page, expected);
		igt_assert_eq(way->read(pid, border - WORD, seen, sizeof(seen)), sizeof(seen));
		assert_words(seen, expected, page);
		assert_debugger_reads_unaligned(pid, way, border, expected);
		if (page % LONG_STRIDE == 0)
			assert_debugger_reads_long(pid, way, border);
	}
	igt_assert_eq(way->read(pid, contents->first.address, seen, WORD), WORD);
	igt_assert_eq_u64(seen[0], pattern_value(&contents->first, 0));
	igt_assert_eq(way->read(pid, page_of(contents, pages) - WORD, seen, WORD), WORD);
	igt_assert_eq_u64(seen[0], pattern_value(&contents->last, pages - 1));
}

static void debugger_writes(pid_t pid, const struct debugger_way *way,
			    const struct contents *contents)
{
	const uint64_t pages = contents->first.pages;
	uint64_t words[2];

	for (uint64_t page = 1; page < pages; page = next_border(contents, page)) {
		expected_at(contents, page, words);
		igt_assert_eq(way->write(pid, page_of(contents, page) - WORD, words, sizeof(words)),
			      sizeof(words));
	}
	words[0] = pattern_value(&contents->first, 0);
	igt_assert_eq(way->write(pid, contents->first.address, words, WORD), WORD);
	words[0] = pattern_value(&contents->last, pages - 1);
	igt_assert_eq(way->write(pid, page_of(contents, pages) - WORD, words, WORD), WORD);
}

/* At the page borders that the debugger does not write to. */
static void write_between(const struct contents *contents)
{
	uint64_t next = 1, words[2];

	for (uint64_t page = 1; page < contents->first.pages; page++) {
		if (page == next) {
			next = next_border(contents, page);
			continue;
		}
		expected_at(contents, page, words);
		memcpy(page_of(contents, page) - WORD, words, sizeof(words));
	}
}

/* Each side finds what the other has just written. */
static void debug(pid_t pid, const struct debugger_way *way, const struct contents *debugged,
		  struct contents *contents)
{
	char *address = debugged->first.address;
	struct contents same;

	contents_change(contents);
	same = contents_at(contents, address);
	debugger_writes(pid, way, &same);
	write_between(contents);
	contents_assert(contents);
	contents_renew(contents);
	same = contents_at(contents, address);
	assert_debugger_reads(pid, way, &same);
}

static void swapped_debugger(struct contents *contents, enum huge_system_caching caching)
{
	pid_t pid = debugger_stop_child();
	struct contents own = contents_at(contents, huge_bo_map(&contents->bo));

	assert_debugger_reads(pid, &debugger_proc_mem, contents);
	swap_out(&contents->bo, caching);
	debug(pid, &debugger_proc_mem, contents, &own);
	debugger_let_go(pid);
}

struct swapped_case {
	const char *name;
	const char *what;
	void (*run)(struct contents *contents, enum huge_system_caching caching);
};

static const struct swapped_case swapped_cases[] = {
	{ "touched", "is touched", swapped_touched },
	{ "to-vram", "moves to VRAM without being touched", swapped_to_vram },
	{ "fork", "is inherited, and touched by the child", swapped_fork },
	{ "debugger", "is read and written by a debugger", swapped_debugger },
};

/**
 * SUBTEST: swapped-%s-%s
 * Description: A buffer object in system memory, %arg[2], is swapped out and %arg[1], and
 *	this is repeated: it has its contents each time.
 *
 * arg[1]:
 *
 * @touched:	is touched
 * @to-vram:	moves to VRAM without being touched
 * @fork:	is inherited, and touched by the child
 * @debugger:	is read and written by a debugger
 *
 * arg[2]:
 *
 * @wb: cached
 * @wc: write-combining
 */
static void test_swapped(const struct swapped_case *c, enum huge_system_caching caching)
{
	struct huge_bo bo = huge_bo_create(huge_open(), ODD_SIZE, HUGE_SYSTEM, caching);
	struct contents contents = make_contents(&bo);

	swap_out(&bo, caching);
	c->run(&contents, caching);
}

/* Scattered VRAM, and data in all that lies beside the holes. */
struct scattered {
	int fd;
	struct scattered_vram vram;
	struct pattern beside[SCATTERED_PIECES];
};

static void fill_beside(struct scattered *scattered)
{
	char *area = huge_reserve(SCATTERED_SIZE, MIB(2));

	for (unsigned int i = 0; i < SCATTERED_PIECES; i++) {
		const struct huge_bo *bo = &scattered->vram.kept[i];

		scattered->beside[i] = pattern_of(huge_bo_map_at(bo, area, 0, bo->size), bo->size,
						  100 + i);
		pattern_write(&scattered->beside[i]);
		area += bo->size;
	}
}

static void make_scattered(struct scattered *scattered)
{
	scattered->fd = huge_open();
	igt_assert_eq_u64(huge_vram_used_settled(scattered->fd, 0), 0);
	scattered->vram = scatter_vram(scattered->fd);
	fill_beside(scattered);
}

static void assert_beside(const struct scattered *scattered)
{
	for (unsigned int i = 0; i < SCATTERED_PIECES; i++)
		pattern_assert(&scattered->beside[i]);
}

/* Fills the holes. */
static struct huge_bo scattered_bo(const struct scattered *scattered)
{
	struct huge_bo bo = huge_vram_bo(scattered->fd, SCATTERED_SIZE);

	igt_assert_eq_u64(huge_vram(bo.fd).used, huge_vram(bo.fd).size);
	return bo;
}

/*
 * A buffer object that was moved out frees the holes only after the copy; without this wait
 * other buffer objects would be evicted.
 */
static void assert_holes_free(const struct scattered *scattered)
{
	uint64_t full = huge_vram(scattered->fd).size - SCATTERED_SIZE;

	igt_assert_eq_u64(huge_vram_used_settled(scattered->fd, full), full);
}

static unsigned int pieces_of(const struct huge_bo *bo)
{
	struct page_table table = page_table_read(bo);
	unsigned int count = table.count;

	page_table_free(&table);
	return count;
}

/* Fills one of the large holes, and frees a piece beside it in its place. */
static void change_holes(struct scattered *scattered)
{
	struct huge_bo other = huge_vram_bo(scattered->fd, MIB(2));
	struct huge_bo *kept = &scattered->vram.kept[2];
	char *address = scattered->beside[2].address;

	huge_bo_map_at(&other, address, 0, other.size);
	pattern_write(&scattered->beside[2]);
	huge_bo_destroy(kept);
	*kept = other;
	assert_holes_free(scattered);
}

/* Another mapping, which has entries of its own, shows the same contents. */
static void assert_in_vram(const struct contents *contents)
{
	char *address = huge_bo_map(&contents->bo);
	struct contents same = contents_at(contents, address);

	igt_assert_eq(huge_bo_placement(&contents->bo), HUGE_VRAM);
	contents_assert(&same);
	huge_unmap(address, contents->bo.size);
	contents_assert(contents);
}

/* Between system memory and VRAM: into the same holes, into other holes, and into one piece. */
static void move_about(struct scattered *scattered, struct contents *contents)
{
	const struct huge_bo *bo = &contents->bo;

	assert_in_vram(contents);
	for (int round = 0; round < 2; round++) {
		huge_bo_move(bo, HUGE_SYSTEM);
		contents_assert(contents);
		contents_renew(contents);
		assert_holes_free(scattered);
		if (round)
			change_holes(scattered);
		huge_bo_move(bo, HUGE_VRAM);
		assert_in_vram(contents);
		igt_assert_lt(SCATTER_HOLES_64K, pieces_of(bo));
	}

	huge_bo_move(bo, HUGE_SYSTEM);
	huge_bo_destroy(&scattered->vram.rest);
	huge_bo_move(bo, HUGE_VRAM);
	assert_in_vram(contents);
	contents_renew(contents);
	huge_bo_move(bo, HUGE_SYSTEM);
	contents_assert(contents);
	assert_beside(scattered);
}

/**
 * SUBTEST: scattered-moves
 * Description: A buffer object in many pieces of VRAM moves to system memory and back,
 *	into the same pieces, into others, and into one. Each page has its data, and so do
 *	the buffer objects beside.
 */
static void test_scattered_moves(void)
{
	struct scattered scattered;
	struct contents contents;
	struct huge_bo bo;

	make_scattered(&scattered);
	bo = scattered_bo(&scattered);
	contents = make_contents(&bo);
	move_about(&scattered, &contents);
}

/**
 * SUBTEST: scattered-zero
 * Description: A new buffer object in many pieces of VRAM, which a destroyed one has left
 *	full of data, is zero, and the buffer objects beside have their data.
 */
static void test_scattered_zero(void)
{
	struct scattered scattered;
	struct huge_bo bo;
	char *address;

	make_scattered(&scattered);
	bo = scattered_bo(&scattered);
	address = huge_bo_map(&bo);
	memset(address, 0xa5, bo.size);
	huge_unmap(address, bo.size);
	huge_bo_destroy(&bo);
	assert_holes_free(&scattered);

	bo = scattered_bo(&scattered);
	igt_assert(is_zero(huge_bo_map(&bo), bo.size));
	assert_beside(&scattered);
}

/* What fits into a hole of 4 MiB; the rest of that hole and the holes of 2 MiB, in MiB pieces. */
#define ODD_PIECE MIB(3)
#define BESIDE_SIZE MIB(1)
#define BESIDE_COUNT (1 + (SCATTER_HOLES_2M - 1) * 2)

/* Of a buffer object that is in one piece, at any level. */
static uint64_t first_pfn(const struct huge_bo *bo)
{
	struct page_table table = page_table_read(bo);
	uint64_t pfn = table.runs[0].pfn;

	for (unsigned int i = 0; i < table.count; i++)
		igt_assert_eq_u64(table.runs[i].pfn - pfn,
				  (table.runs[i].start - table.runs[0].start) / HUGE_PAGE_SIZE);
	igt_assert_eq_u64(table.runs[table.count - 1].end - table.runs[0].start, bo->size);
	page_table_free(&table);
	return pfn;
}

static struct pattern fill_touched(const struct huge_bo *bo, uint64_t seed)
{
	struct pattern pattern = pattern_of(huge_bo_map(bo), bo->size, seed);

	pattern_write(&pattern);
	return pattern;
}

/* Fills all holes of a MiB and more; one of them must begin at the page frame @after. */
static void fill_holes(int fd, struct pattern *beside, uint64_t after)
{
	bool found = false;

	for (unsigned int i = 0; i < BESIDE_COUNT; i++) {
		struct huge_bo bo = huge_vram_bo(fd, BESIDE_SIZE);

		beside[i] = fill_touched(&bo, 300 + i);
		found = found || first_pfn(&bo) == after;
	}
	igt_assert_f(found, "nothing follows the piece\n");
}

/**
 * SUBTEST: scattered-zero-odd
 * Description: A new buffer object has a piece of VRAM which is larger than what a PMD
 *	entry maps, and no multiple of that. It is zero, and the buffer object that follows
 *	the piece has its data.
 */
static void test_scattered_zero_odd(void)
{
	struct pattern beside[BESIDE_COUNT], before;
	struct scattered_vram scattered;
	int fd = huge_open();
	struct huge_bo bo;
	uint64_t left;

	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	left = huge_vram(fd).size - SCATTERED_SIZE - MIB(2);
	scattered = scatter_vram(fd);
	huge_bo_destroy(&scattered.kept[0]);
	igt_assert_eq_u64(huge_vram_used_settled(fd, left), left);
	bo = huge_vram_bo(fd, ODD_PIECE);
	before = fill_touched(&bo, 299);
	fill_holes(fd, beside, first_pfn(&bo) + ODD_PIECE / HUGE_PAGE_SIZE);
	huge_unmap(before.address, bo.size);
	huge_bo_destroy(&bo);
	left += BESIDE_COUNT * BESIDE_SIZE;
	igt_assert_eq_u64(huge_vram_used_settled(fd, left), left);

	bo = huge_vram_bo(fd, ODD_PIECE);
	igt_assert(is_zero(huge_bo_map(&bo), bo.size));
	first_pfn(&bo);
	for (unsigned int i = 0; i < BESIDE_COUNT; i++)
		pattern_assert(&beside[i]);
}

/**
 * SUBTEST: scattered-off
 * Description: As in scattered-moves, with TTM's own fault handler: max_level is
 *	off. What is written is what other mappings and a debugger show.
 */
static void test_scattered_off(void)
{
	struct scattered scattered;
	struct contents contents, by_us;
	struct huge_levels found;
	struct huge_bo bo;
	pid_t pid;

	make_scattered(&scattered);
	bo = scattered_bo(&scattered);
	max_level_set("off");
	contents = make_contents(&bo);
	found = huge_levels_of(&bo, contents.first.address, bo.size);
	igt_assert_eq_u64(found.entries[HUGE_PTE], bo.size / HUGE_PAGE_SIZE);
	max_level_restore();

	by_us = contents_at(&contents, huge_bo_map(&bo));
	contents_assert(&by_us);
	found = huge_levels_of(&bo, by_us.first.address, bo.size);
	huge_assert_levels(&found, &scattered_levels, "mapping by ttm_huge");
	pid = debugger_stop_child();
	debug(pid, &debugger_proc_mem, &contents, &by_us);
	debugger_let_go(pid);
	contents = contents_at(&by_us, contents.first.address);
	move_about(&scattered, &contents);
}

static void assert_found(const struct huge_bo *bo, bool contiguous)
{
	struct contents contents = make_contents(bo), same;

	hold_place(contents.first.address, contiguous);
	same = contents_at(&contents, huge_bo_map(bo));
	contents_assert(&same);
	igt_assert(is_held());
	release_hold();
}

/**
 * SUBTEST: place
 * Description: A driver without callbacks for ttm_huge tells page by page where a buffer
 *	object in many pieces of VRAM is, or that one is contiguous: its contents are found.
 */
static void test_place(void)
{
	struct scattered scattered;
	struct huge_bo bo;

	make_scattered(&scattered);
	bo = scattered_bo(&scattered);
	assert_found(&bo, false);
	huge_release_all();
	bo = huge_bo_create(huge_open(), ODD_SIZE, HUGE_VRAM, HUGE_CONTIGUOUS);
	assert_found(&bo, true);
}

/* Where the buffer object is that a debugger accesses. */
struct debugged_place {
	const char *name;
	const char *what;
	enum huge_placement placement;
	unsigned int flags;
	bool scattered;
	bool untouched;
	int prot;
};

static const struct debugged_place debugged_places[] = {
	{
		.name = "vram",
		.what = "VRAM",
		.placement = HUGE_VRAM,
		.prot = PROT_READ | PROT_WRITE,
	}, {
		.name = "scattered",
		.what = "scattered VRAM",
		.placement = HUGE_VRAM,
		.scattered = true,
		.prot = PROT_READ | PROT_WRITE,
	}, {
		.name = "system-wb",
		.what = "cached system memory",
		.placement = HUGE_SYSTEM,
		.prot = PROT_READ | PROT_WRITE,
	}, {
		.name = "system-wc",
		.what = "write-combining system memory",
		.placement = HUGE_SYSTEM,
		.flags = HUGE_SYSTEM_WC,
		.prot = PROT_READ | PROT_WRITE,
	}, {
		.name = "untouched-vram",
		.what = "VRAM that was never touched",
		.placement = HUGE_VRAM,
		.untouched = true,
		.prot = PROT_READ | PROT_WRITE,
	}, {
		.name = "untouched-system",
		.what = "system memory that was never touched",
		.placement = HUGE_SYSTEM,
		.untouched = true,
		.prot = PROT_READ | PROT_WRITE,
	}, {
		.name = "read-only",
		.what = "VRAM that is mapped read-only",
		.placement = HUGE_VRAM,
		.prot = PROT_READ,
	},
};

static void assert_debugger_reads_zero(pid_t pid, const struct debugger_way *way,
				       const struct contents *contents)
{
	const uint64_t zero[2] = {};
	uint64_t seen[2];

	for (uint64_t page = 1; page < contents->first.pages; page = next_border(contents, page)) {
		igt_assert_eq(way->read(pid, page_of(contents, page) - WORD, seen, sizeof(seen)),
			      sizeof(seen));
		assert_words(seen, zero, page);
	}
}

/* More than a PMD entry maps; small, because each border takes several system calls. */
#define DEBUGGED_SIZE (MIB(2) + KIB(12))

static struct huge_bo debugged_bo(const struct debugged_place *place)
{
	struct scattered scattered;

	if (!place->scattered)
		return huge_bo_create(huge_open(), DEBUGGED_SIZE, place->placement, place->flags);
	make_scattered(&scattered);
	return scattered_bo(&scattered);
}

/* Mappings that TTM makes for the kernel to access a page that is not cached. */
static unsigned int count_kernel_mappings(void)
{
	FILE *file = fopen("/proc/vmallocinfo", "r");
	unsigned int count = 0;
	char line[256];

	igt_assert(file);
	while (fgets(line, sizeof(line), file))
		count += !!strstr(line, "ttm_bo_kmap");
	fclose(file);
	return count;
}

/**
 * SUBTEST: debugger-%s-%s
 * Description: By %arg[2] a debugger reads, across the borders between all blocks and some
 *	of the pages of a mapping of %arg[1], what the process itself has written, and the
 *	other way round. A debugger can also write to a read-only mapping, as with TTM. No
 *	kernel mapping is left over.
 *
 * arg[1]:
 *
 * @vram:		VRAM
 * @scattered:		scattered VRAM
 * @system-wb:		cached system memory
 * @system-wc:		write-combining system memory
 * @untouched-vram:	VRAM that was never touched
 * @untouched-system:	system memory that was never touched
 * @read-only:		VRAM that is mapped read-only
 *
 * arg[2]:
 *
 * @proc-mem:	/proc/PID/mem
 * @ptrace:	ptrace()
 */
static void test_debugger(const struct debugged_place *place, const struct debugger_way *way)
{
	struct huge_bo bo = debugged_bo(place);
	char *address = huge_bo_map_part(&bo, 0, bo.size, place->prot);
	struct contents debugged = contents_of(&bo, address, bo.size), own;
	const unsigned int mappings = count_kernel_mappings();
	pid_t pid = debugger_stop_child();

	own = contents_at(&debugged, huge_bo_map(&bo));
	if (place->untouched) {
		assert_debugger_reads_zero(pid, way, &debugged);
	} else {
		contents_write(&own);
		assert_debugger_reads(pid, way, &debugged);
	}
	debug(pid, way, &debugged, &own);
	debugger_let_go(pid);
	igt_assert_eq(count_kernel_mappings(), mappings);
}

/* A mapping with nothing before and after it. */
static char *map_alone(const struct huge_bo *bo, uint64_t start, uint64_t length)
{
	char *area = huge_reserve(length + 2 * MIB(2), MIB(2)), *address = area + MIB(2);

	huge_bo_map_at(bo, address, start, length);
	igt_assert_eq(munmap(address - HUGE_PAGE_SIZE, HUGE_PAGE_SIZE), 0);
	igt_assert_eq(munmap(address + length, HUGE_PAGE_SIZE), 0);
	return address;
}

/* At either end, accesses two words of which only one is inside. */
static void assert_ends_at(const struct debugger_way *way, const struct huge_bo *bo, uint64_t start,
			   uint64_t length)
{
	char *address = map_alone(bo, start, length);
	struct contents part = contents_of(bo, address, length);
	const uint64_t last = length / HUGE_PAGE_SIZE - 1, written[2] = { 91, 92 };
	uint64_t seen[2] = { 0, 93 };
	pid_t pid = debugger_stop_child();

	part.first.first_page = start / HUGE_PAGE_SIZE;
	part.last.first_page = start / HUGE_PAGE_SIZE;
	assert_debugger_reads(pid, way, &part);
	igt_assert_eq(way->read(pid, address + length - WORD, seen, sizeof(seen)), WORD);
	igt_assert_eq_u64(seen[0], pattern_value(&part.last, last));
	igt_assert_eq_u64(seen[1], 93);
	igt_assert_eq(way->read(pid, address - WORD, seen, sizeof(seen)), -1);

	igt_assert_eq(way->write(pid, address + length - WORD, written, sizeof(written)), WORD);
	igt_assert_eq_u64(*(uint64_t *)(address + length - WORD), written[0]);
	igt_assert_eq(way->write(pid, address - WORD, written, sizeof(written)), -1);
	pattern_write(&part.last);
	debugger_let_go(pid);
}

struct end_case {
	const char *name;
	const char *what;
	enum huge_placement placement;
	const struct debugger_way *way;
};

static const struct end_case end_cases[] = {
	{ "vram-proc-mem", "VRAM, by /proc/PID/mem", HUGE_VRAM, &debugger_proc_mem },
	{ "vram-ptrace", "VRAM, by ptrace()", HUGE_VRAM, &debugger_ptrace },
	{ "system-proc-mem", "system memory, by /proc/PID/mem", HUGE_SYSTEM, &debugger_proc_mem },
	{ "system-ptrace", "system memory, by ptrace()", HUGE_SYSTEM, &debugger_ptrace },
};

/**
 * SUBTEST: debugger-end-%s
 * Description: What a debugger reads and writes ends where the mapping ends: for a mapping
 *	of a part of a buffer object in %arg[1], and for one up to its end. The debugger
 *	gets a short count, and nothing before or after the mapping is changed.
 *
 * arg[1]:
 *
 * @vram-proc-mem:	VRAM, by /proc/PID/mem
 * @vram-ptrace:	VRAM, by ptrace()
 * @system-proc-mem:	system memory, by /proc/PID/mem
 * @system-ptrace:	system memory, by ptrace()
 */
static void test_debugger_end(const struct end_case *c)
{
	struct huge_bo bo = huge_bo_create(huge_open(), ODD_SIZE, c->placement, 0);
	struct contents whole = make_contents(&bo);

	assert_ends_at(c->way, &bo, 3 * HUGE_PAGE_SIZE, MIB(2) + KIB(8));
	contents_assert(&whole);
	assert_ends_at(c->way, &bo, 5 * HUGE_PAGE_SIZE, bo.size - 5 * HUGE_PAGE_SIZE);
	contents_assert(&whole);
	assert_ends_at(c->way, &bo, 0, HUGE_PAGE_SIZE);
	contents_assert(&whole);
}

/**
 * SUBTEST: debugger-end-off
 * Description: With TTM's own fault handler, too, a debugger reads and writes nothing past
 *	the end of a buffer object in VRAM, where another one may be. Whether it gets what
 *	is before the end or an error is up to TTM.
 */
static void test_debugger_end_off(void)
{
	const uint64_t written[2] = { 94, 95 };
	struct huge_bo bo = huge_vram_bo(huge_open(), KIB(16));
	uint64_t seen[2] = { 0, 96 };
	char *last_word;
	pid_t pid;

	max_level_set("off");
	last_word = map_alone(&bo, 0, bo.size) + bo.size - WORD;
	*(volatile uint64_t *)last_word = 93;
	pid = debugger_stop_child();
	igt_assert_lte(debugger_proc_mem.read(pid, last_word, seen, sizeof(seen)), (int)WORD);
	igt_assert_eq_u64(seen[1], 96);
	igt_assert_lte(debugger_proc_mem.write(pid, last_word, written, sizeof(written)),
		       (int)WORD);
	igt_assert_eq(debugger_proc_mem.read(pid, last_word, seen, WORD), WORD);
	debugger_let_go(pid);
}

/* Many times as long as two faults take without a wait. */
#define FAULT_SECONDS 30

static void assert_not_mappable(const struct huge_bo *bo, char *address)
{
	uint64_t seen, done;

	/* A fault that keeps the reservation makes the next one wait for ever. */
	igt_set_timeout(FAULT_SECONDS, "faults on pages that cannot be mapped");
	igt_assert_eq(signal_of_reading(address), SIGBUS);
	igt_assert_eq(signal_of_writing(address, 1), SIGBUS);
	igt_reset_timeout();
	igt_assert_eq(huge_prefault(bo->fd, address, bo->size, &done), EFAULT);
	igt_assert_eq_u64(done, 0);
	igt_assert_eq(debugger_proc_mem.read(getpid(), address, &seen, WORD), -1);
	igt_assert_eq(errno, EIO);
	igt_assert_eq(debugger_proc_mem.write(getpid(), address, &seen, WORD), -1);
	igt_assert_eq(errno, EIO);
}

/* An exporter maps an imported buffer object from its first byte on, whatever the offset is. */
static void assert_mapped_from_first_byte(const struct huge_bo *bo)
{
	for (uint64_t start = HUGE_PAGE_SIZE; start < bo->size; start += bo->size / 4) {
		igt_assert(mmap(NULL, HUGE_PAGE_SIZE, PROT_READ, MAP_SHARED, bo->fd,
				bo->offset + start) == MAP_FAILED);
		igt_assert_eq(errno, EINVAL);
	}
	huge_unmap(huge_bo_map_part(bo, 0, HUGE_PAGE_SIZE, PROT_READ), HUGE_PAGE_SIZE);
}

/**
 * SUBTEST: imported
 * Description: Imported pages that only the exporting device may map are not mapped: a
 *	fault is SIGBUS, a prefault is EFAULT, and a debugger gets EIO. Imported pages that
 *	can be mapped are mapped, with their contents. mmap() of a part is refused, unless
 *	it begins with the first byte. Nothing is left of the buffer object in the end.
 */
static void test_imported(void)
{
	const struct in_use before = in_use_now(-1);
	struct huge_bo bo = huge_bo_create(huge_open(), KIB(64), HUGE_SYSTEM, HUGE_SYSTEM_WB);
	struct contents contents = make_contents(&bo), same;
	char *address = huge_bo_map(&bo);
	uint64_t seen;

	hold_imported(address, false);
	assert_not_mappable(&bo, address);
	assert_mapped_from_first_byte(&bo);
	release_hold();
	hold_imported(address, true);
	assert_mapped_from_first_byte(&bo);
	igt_assert_eq(signal_of_reading(address), 0);
	same = contents_at(&contents, address);
	contents_assert(&same);
	igt_assert_eq(debugger_proc_mem.read(getpid(), address, &seen, WORD), WORD);
	igt_assert_eq_u64(seen, pattern_value(&contents.first, 0));
	release_hold();
	contents_renew(&contents);
	same = contents_at(&contents, address);
	contents_assert(&same);
	huge_release_all();
	igt_assert_eq_u64(in_use_beyond(&before, -1).bos, 0);
}

static void clean_up(void)
{
	igt_reset_timeout();
	release_signals();
	release_all_holds();
	kill_children();
	ttm_pages_limit_restore();
	max_level_restore();
	huge_release_all();
}

static void run_debugger_subtests(const struct debugger_way *way)
{
	const struct debugged_place *place;

	for_each_case(place, debugged_places) {
		igt_describe_f("A debugger on %s", place->what);
		igt_subtest_f("debugger-%s-%s", place->name, way->name)
			test_debugger(place, way);
		igt_fixture()
			clean_up();
	}
}

static void run_swapped_subtests(enum huge_system_caching caching)
{
	const struct swapped_case *c;

	for_each_case(c, swapped_cases) {
		igt_describe_f("A buffer object that is swapped out and %s", c->what);
		igt_subtest_f("swapped-%s-%s", c->name, caching == HUGE_SYSTEM_WC ? "wc" : "wb")
			test_swapped(c, caching);
		igt_fixture()
			clean_up();
	}
}

static const struct subtest subtests[] = {
	{ "scattered-moves", "Moves of a buffer object in many pieces", test_scattered_moves },
	{ "scattered-zero", "A new buffer object in many pieces is zero", test_scattered_zero },
	{ "scattered-zero-odd", "Nothing past a new piece is cleared", test_scattered_zero_odd },
	{ "scattered-off", "The same by TTM's own fault handler", test_scattered_off },
	{ "place", "How a driver tells where VRAM is", test_place },
	{ "debugger-end-off", "The end of a mapping by TTM's own fault handler",
	  test_debugger_end_off },
	{ "imported", "Pages of another device", test_imported },
};

int igt_main()
{
	const struct end_case *end;

	igt_fixture() {
		huge_close(huge_open());
		ttm_pages_limit_save();
		max_level_save();
	}

	run_swapped_subtests(HUGE_SYSTEM_WB);
	run_swapped_subtests(HUGE_SYSTEM_WC);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
	run_debugger_subtests(&debugger_proc_mem);
	run_debugger_subtests(&debugger_ptrace);

	for_each_case(end, end_cases) {
		igt_describe_f("A debugger at the end of a mapping of %s", end->what);
		igt_subtest_f("debugger-end-%s", end->name)
			test_debugger_end(end);
		igt_fixture()
			clean_up();
	}
}

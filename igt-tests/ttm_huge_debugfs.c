// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/counters.h"
#include "lib/cpu.h"
#include "lib/huge_device.h"
#include "lib/page_table.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge debugfs
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: The files for a person to look at: which process and buffer object
 *	the page-table dump shows, and what the counters count.
 */
IGT_TEST_DESCRIPTION("Page-table dump and counters in debugfs");

static volatile char *page_at(char *address, uint64_t page)
{
	return address + page * HUGE_PAGE_SIZE;
}

/* Returns 0 or an errno value. */
static int choose(int witness, const char *text)
{
	return write(witness, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : errno;
}

static void choose_bo(int witness, pid_t pid, uint64_t offset)
{
	char text[48];

	snprintf(text, sizeof(text), "%d %" PRIu64, pid, offset);
	igt_assert_eq(choose(witness, text), 0);
}

/* It shows entries for all of these bytes and no others. */
static void assert_shows(int witness, const char *address, uint64_t length)
{
	struct page_table table = page_table_read_from(witness);
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < table.count; i++) {
		igt_assert_lte_u64((uintptr_t)address, table.runs[i].start);
		igt_assert_lte_u64(table.runs[i].end, (uintptr_t)address + length);
		bytes += table.runs[i].end - table.runs[i].start;
	}
	page_table_free(&table);
	igt_assert_eq_u64(bytes, length);
}

struct input_case {
	const char *text;
	int error;
};

static const struct input_case bad_inputs[] = {
	{ "\n", EINVAL },
	{ " ", EINVAL },
	{ "self", EINVAL },
	{ "0x0", EINVAL },
	{ "1.5", EINVAL },
	{ "99999999999", EINVAL },
	{ "0 x", EINVAL },
	{ "0 -1", EINVAL },
	{ "0 0x", EINVAL },
	{ "0 0 0", EINVAL },
	{ "0  0", EINVAL },
	{ "0 0x10000000000000000", EINVAL },
	{ "-1", ESRCH },
	/* More than any kernel numbers. */
	{ "2147483647", ESRCH },
	{ "2147483647 0", ESRCH },
	/* More than it takes in. */
	{ "0                                                                      ", EINVAL },
};

/* Of a text. */
#define MOST_BYTES 63

/* As much as it takes in, and a byte more. */
static void assert_length_limited(int witness)
{
	char text[MOST_BYTES + 2] = "";

	memset(text, ' ', MOST_BYTES + 1);
	text[0] = '0';
	igt_assert_eq(choose(witness, text), EINVAL);
	text[MOST_BYTES] = '\0';
	igt_assert_eq(choose(witness, text), 0);
}

/**
 * SUBTEST: bad-input
 * Description: What is no process and no offset is refused, EINVAL or ESRCH, and
 *	what was chosen before stays chosen; so is a text that is too long, EINVAL, or
 *	cannot be read, EFAULT.
 */
static void test_bad_input(void)
{
	const struct input_case *c;
	char *address, *other;
	struct huge_bo bo = huge_mapped_bo(KIB(64), 0, &address);
	int witness = page_table_open(bo.fd);

	huge_mapped_bo(KIB(64), 0, &other);
	*address = 1;
	*other = 1;
	choose_bo(witness, 0, bo.offset);
	for_each_case(c, bad_inputs) {
		igt_assert_f(choose(witness, c->text) == c->error, "'%s'\n", c->text);
		assert_shows(witness, address, bo.size);
	}
	igt_assert_eq(write(witness, huge_reserve(KIB(4), KIB(4)), 1), -1);
	igt_assert_eq(errno, EFAULT);
	assert_shows(witness, address, bo.size);
	assert_length_limited(witness);
	close(witness);
}

static void assert_mode(int fd, const char *name, unsigned int mode)
{
	struct stat file;
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%d/%s", primary_minor(fd), name);
	igt_assert_eq(stat(path, &file), 0);
	igt_assert_eq(file.st_mode & 0777, mode);
}

/**
 * SUBTEST: offset
 * Description: An offset, decimal or hexadecimal, picks the buffer object that
 *	begins there; none but that, and none at all if none begins there. Without
 *	an offset all are shown. This is for root alone, as are the counters.
 */
static void test_offset(void)
{
	int fd = huge_open(), witness = page_table_open(fd);
	struct huge_bo first = huge_vram_bo(fd, KIB(64)), second = huge_vram_bo(fd, KIB(32));
	char *area = huge_reserve(KIB(96), KIB(64)), text[48];

	huge_bo_map_at(&first, area, 0, first.size);
	huge_bo_map_at(&second, area + first.size, 0, second.size);
	*area = 1;
	*(area + first.size) = 1;
	assert_mode(fd, "ttm_huge_page_tables", 0600);
	assert_mode(fd, "ttm_huge_counters", 0400);
	/* As it is opened. */
	assert_shows(witness, area, KIB(96));
	choose_bo(witness, 0, first.offset);
	assert_shows(witness, area, first.size);
	snprintf(text, sizeof(text), " 0 0x%" PRIx64 "\n", second.offset);
	igt_assert_eq(choose(witness, text), 0);
	assert_shows(witness, area + first.size, second.size);
	choose_bo(witness, 0, first.offset + HUGE_PAGE_SIZE);
	assert_shows(witness, area, 0);
	choose_bo(witness, 0, 0);
	assert_shows(witness, area, 0);
	igt_assert_eq(choose(witness, "0\n"), 0);
	assert_shows(witness, area, KIB(96));
	close(witness);
}

/* Line by line, one behind the other: what is not mapped has lines, too. */
static void assert_lines_cover(int witness, const char *address, uint64_t length)
{
	uint64_t at = (uintptr_t)address, start, end;
	FILE *stream = fdopen(dup(witness), "r");
	char line[160];

	igt_assert(stream);
	rewind(stream);
	while (fgets(line, sizeof(line), stream)) {
		int fields = sscanf(line, "%" SCNx64 " %" SCNx64, &start, &end);

		igt_assert_eq(fields, 2);
		igt_assert_eq_u64(start, at);
		at = end;
	}
	fclose(stream);
	igt_assert_eq_u64(at, (uintptr_t)address + length);
}

/**
 * SUBTEST: holes
 * Description: Of a mapping of which nothing is mapped, then single entries of each
 *	level, the dump shows all: entries and what lies between them.
 */
static void test_holes(void)
{
	const uint64_t size = GIB(1) + MIB(6) + KIB(12);
	char *address;
	struct huge_bo bo = huge_mapped_bo(size, 0, &address);
	const uint64_t touched[] = { GIB(1) + MIB(6) + KIB(4), GIB(1) + MIB(2), MIB(2) };
	int witness = page_table_open(bo.fd);

	igt_assert_eq(madvise(address, size, MADV_RANDOM), 0);
	assert_lines_cover(witness, address, size);
	for (unsigned int i = 0; i < COUNT_OF(touched); i++) {
		(void)*(volatile char *)(address + touched[i]);
		assert_lines_cover(witness, address, size);
	}
	close(witness);
}

/**
 * SUBTEST: holes-far
 * Description: The same of a mapping over the border between two page tables of the
 *	highest level, where no other is.
 */
static void test_holes_far(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), FAR_SIZE);
	int witness = page_table_open(bo.fd);

	huge_bo_map_at(&bo, FAR_BORDER, 0, bo.size);
	assert_lines_cover(witness, FAR_BORDER, bo.size);
	(void)*(volatile char *)(FAR_BORDER + FAR_SIZE / 2);
	assert_lines_cover(witness, FAR_BORDER, bo.size);
	close(witness);
}

/* Maps another part of it at the parent's address, and reads that. */
static void be_shown(int socket, const struct huge_bo *bo, char *address)
{
	if (munmap(address, bo->size) ||
	    mmap(address + MIB(1), KIB(8), PROT_READ, MAP_SHARED | MAP_FIXED, bo->fd,
		 bo->offset + KIB(8)) == MAP_FAILED)
		_exit(1);
	(void)*page_at(address + MIB(1), 1);
	pass_turn(socket);
	await_turn(socket);
	_exit(0);
}

static void assert_shows_no_process(int witness)
{
	char byte;

	igt_assert_eq(pread(witness, &byte, 1, 0), -1);
	igt_assert_eq(errno, ESRCH);
}

/* The first thread that the kernel makes for itself: it has no memory. */
#define KERNEL_THREAD "2"

/**
 * SUBTEST: process
 * Description: A PID picks the process whose page tables are shown; when that has
 *	ended, waited for or not, ESRCH; so for a thread of the kernel.
 */
static void test_process(void)
{
	char *address, text[16];
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	int witness = page_table_open(bo.fd), sockets[2], status;
	const struct page_run *run;
	struct page_table table;
	siginfo_t ended;
	uint64_t pfn;
	pid_t child;

	*address = 1;
	make_turns(sockets);
	child = fork_child();
	if (!child)
		be_shown(sockets[1], &bo, address);
	await_turn(sockets[0]);
	*address = 2;
	table = page_table_read_from(witness);
	pfn = page_table_run_at(&table, (uintptr_t)address)->pfn;
	page_table_free(&table);
	assert_shows(witness, address, bo.size);

	snprintf(text, sizeof(text), "%d", child);
	igt_assert_eq(choose(witness, text), 0);
	assert_shows(witness, address + MIB(1), KIB(8));
	table = page_table_read_from(witness);
	run = page_table_run_at(&table, (uintptr_t)address + MIB(1));
	igt_assert_eq_u64(run->pfn, pfn + 2);
	igt_assert(!run->writable);
	igt_assert_eq(run->level, HUGE_PTE);
	page_table_free(&table);

	pass_turn(sockets[0]);
	igt_assert_eq(waitid(P_PID, child, &ended, WEXITED | WNOWAIT), 0);
	assert_shows_no_process(witness);
	igt_assert_eq(waitpid(child, &status, 0), child);
	igt_assert_eq(status, 0);
	assert_shows_no_process(witness);
	igt_assert_eq(choose(witness, KERNEL_THREAD), 0);
	assert_shows_no_process(witness);
	snprintf(text, sizeof(text), "%d", child);
	igt_assert_eq(choose(witness, text), ESRCH);
	igt_assert_eq(choose(witness, "0"), 0);
	assert_shows(witness, address, bo.size);
	close(witness);
	close(sockets[0]);
	close(sockets[1]);
}

#define USED_ENTRIES 8

/**
 * SUBTEST: young-dirty-%s
 * Description: Of %arg[1] entries that one fault set, those are counted as young that
 *	were read or written, and those as dirty that were written.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_young_dirty(enum huge_level level)
{
	const uint64_t entries = level == HUGE_PUD ? 1 : USED_ENTRIES;
	const uint64_t stride = huge_level_size(level) / HUGE_PAGE_SIZE;
	char *address;
	struct huge_bo bo;

	huge_require_level(level);
	bo = huge_mapped_bo(entries * huge_level_size(level), 0, &address);
	for (uint64_t entry = 0; entry < entries; entry += 2)
		(void)*page_at(address, entry * stride);
	huge_assert_used(&bo, (entries + 1) / 2, 0);
	for (uint64_t entry = 0; entry < entries; entry += 4)
		*page_at(address, entry * stride) = 1;
	huge_assert_used(&bo, (entries + 1) / 2, (entries + 3) / 4);
	huge_assert_mapped_at(&bo, address, level, "used");
}

#define MOST_CPUS 8

/**
 * SUBTEST: counters-all-cpus
 * Description: The counters are the sum of what was counted on each CPU.
 */
static void test_counters_all_cpus(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(KIB(512), 0, &address);
	struct counters expected = counters_read(bo.fd);
	const cpu_set_t all = cpus_allowed();
	int cpus = 0, page = 0;

	igt_assert_eq(madvise(address, bo.size, MADV_RANDOM), 0);
	igt_require_f(CPU_COUNT(&all) > 1, "there is one CPU\n");
	for (int cpu = 0; cpu < CPU_SETSIZE && cpus < MOST_CPUS; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		run_on_cpu(cpu);
		/* Another number on each, so that none stands for another. */
		cpus++;
		for (int fault = 0; fault < cpus; fault++)
			*page_at(address, page++) = 1;
	}
	run_on_cpus(&all);
	counters_add_faults(&expected, HUGE_PTE, page, "vma_edge", page);
	counters_assert(bo.fd, &expected);
}

/**
 * SUBTEST: counters-levels
 * Description: Faults that set entries of different levels in one mapping raise the
 *	lines of each by as many entries as there are.
 */
static void test_counters_levels(void)
{
	const uint64_t size = GIB(1) + MIB(6) + KIB(12);
	char *address;
	struct huge_bo bo = huge_mapped_bo(size, 0, &address);
	struct counters expected = counters_read(bo.fd);

	for (uint64_t at = 0; at < size; at += MIB(2))
		*(volatile char *)(address + at) = 1;
	if (huge_largest_level() == HUGE_PUD)
		counters_add_faults(&expected, HUGE_PUD, 1, "largest", 1);
	else
		counters_add_faults(&expected, HUGE_PMD, 512, "kernel", 1);
	counters_add_faults(&expected, HUGE_PMD, 3,
			    huge_largest_level() == HUGE_PUD ? "vma_edge" : "kernel", 1);
	counters_add_faults(&expected, HUGE_PTE, 3, "vma_edge", 1);
	counters_assert(bo.fd, &expected);
}

/**
 * SUBTEST: counters-still
 * Description: What sets no entry leaves the counters alone: an entry becomes
 *	writable, a debugger reads and writes, what is mapped is mapped ahead of
 *	use, what is mapped is used.
 */
static void test_counters_still(void)
{
	char *address, byte = 1;
	struct huge_bo bo = huge_mapped_bo(KIB(64), HUGE_TRACKABLE, &address);
	int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	struct counters expected = counters_read(bo.fd);
	uint64_t done;

	huge_dirty_start(&bo);
	(void)*page_at(address, 0);
	counters_add_faults(&expected, HUGE_PTE, 16, "vma_edge", 1);
	counters_assert(bo.fd, &expected);

	*page_at(address, 0) = 1;
	*page_at(address, 1) = 1;
	(void)*page_at(address, 2);
	igt_assert_eq(huge_prefault(bo.fd, address, bo.size, &done), 0);
	igt_assert_eq(pwrite(memory, &byte, 1, (uintptr_t)address), 1);
	igt_assert_eq(pread(memory, &byte, 1, (uintptr_t)address), 1);
	close(memory);
	counters_assert(bo.fd, &expected);
}

static void clean_up(void)
{
	kill_children();
	munmap(FAR_BORDER, FAR_SIZE);
	huge_release_all();
}

static const struct level_subtest level_subtests[] = {
	{ "young-dirty", "Which entries were used", test_young_dirty },
};

static const struct subtest subtests[] = {
	{ "bad-input", "What the dump does not understand", test_bad_input },
	{ "offset", "One buffer object of several", test_offset },
	{ "holes", "What is not mapped", test_holes },
	{ "holes-far", "What has no page tables", test_holes_far },
	{ "process", "Another process", test_process },
	{ "counters-all-cpus", "Faults on every CPU", test_counters_all_cpus },
	{ "counters-levels", "Faults of each level", test_counters_levels },
	{ "counters-still", "Faults that set no entry", test_counters_still },
};

int igt_main()
{
	igt_fixture()
		huge_close(huge_open());

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

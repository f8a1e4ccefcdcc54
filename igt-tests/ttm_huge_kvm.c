// SPDX-License-Identifier: MIT

#include <errno.h>
#include <sys/mman.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/bar.h"
#include "lib/bigbar_ioctl.h"
#include "lib/contention.h"
#include "lib/huge_device.h"
#include "lib/known_kernel.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/plug.h"
#include "lib/subtest.h"
#include "lib/virtual_machine.h"

/**
 * TEST: ttm huge kvm
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: A buffer object is memory of a virtual machine, which has it by entries as
 *	large as the process has, and sees what has become of it after moves and unplug.
 */
IGT_TEST_DESCRIPTION("Buffer objects as memory of virtual machines");

/* Where the machine has the buffer object: aligned for a PUD entry. */
#define MACHINE_START GIB(1)

static struct virtual_machine machine;

static void give_bo(const struct huge_bo *bo, char *address, uint64_t machine_address)
{
	virtual_machine_start(&machine);
	virtual_machine_give(&machine, machine_address, address, bo->size);
}

/* A buffer object in VRAM that is the memory of a machine. */
static struct huge_bo machines_bo(uint64_t size, unsigned int flags, char **address)
{
	struct huge_bo bo = huge_mapped_bo(size, flags, address);

	give_bo(&bo, *address, MACHINE_START);
	return bo;
}

/* The machine's words as the process has them. */
static void assert_process_has(const char *address, const struct machine_words *words)
{
	for (uint32_t i = 0; i < words->count; i++) {
		uint32_t value = *(const volatile uint32_t *)(address + i * words->stride);

		igt_assert_f(value == machine_word(words, i), "page %u has %#x, not %#x\n", i,
			     value, machine_word(words, i));
	}
}

static void write_by_process(char *address, const struct machine_words *words)
{
	for (uint32_t i = 0; i < words->count; i++)
		*(volatile uint32_t *)(address + i * words->stride) = machine_word(words, i);
}

/* Each sees what the other writes. */
static void assert_shared(char *address, struct machine_words words)
{
	igt_assert_eq(virtual_machine_write(&machine, &words), 0);
	assert_process_has(address, &words);
	words.seed++;
	write_by_process(address, &words);
	igt_assert_eq(virtual_machine_compare(&machine, &words), 0);
}

/* Words of which each is the same. */
static struct machine_words all_words(uint64_t length, uint32_t value)
{
	struct machine_words words = machine_words_of(MACHINE_START, length, value);

	words.mask = 0;
	return words;
}

static void assert_machine_has(enum huge_level level, uint64_t length)
{
	const struct huge_levels expected = huge_levels_at(level, length);
	struct huge_levels found = virtual_machine_levels(&machine);

	huge_assert_levels(&found, &expected, "of the virtual machine");
}

static void require_machines_with(enum kvm_gives what)
{
	igt_require_f(known_kernel()->kvm >= what, "KVM of this kernel does not give this\n");
}

/**
 * SUBTEST: level-%s
 * Description: A virtual machine reads zeros, then writes VRAM that is mapped by %arg[1]
 *	entries, and has it by entries of the same size. It sees what the process writes, and
 *	the process what the machine writes. Kernels whose KVM looks for PTEs only give it
 *	no memory with larger entries.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_level(enum huge_level level)
{
	char *address;
	struct huge_bo bo = machines_bo(huge_size_for_level(level), 0, &address);
	const struct machine_words zeros = all_words(bo.size, 0);

	if (level > HUGE_PTE && known_kernel()->kvm == KVM_GIVES_PTES) {
		igt_assert_eq(virtual_machine_compare(&machine, &zeros), EFAULT);
		return;
	}
	igt_assert_eq(virtual_machine_compare(&machine, &zeros), 0);
	assert_shared(address, machine_words_of(MACHINE_START, bo.size, 91));
	huge_assert_mapped_at(&bo, address, level, "memory of a virtual machine");
	assert_machine_has(level, bo.size);
}

/**
 * SUBTEST: misaligned
 * Description: Where the machine's address is not aligned as the process' address is, the
 *	machine has PTEs, and the data are right.
 */
static void test_misaligned(void)
{
	const uint64_t start = MACHINE_START + HUGE_PAGE_SIZE;
	char *address;
	struct huge_bo bo;

	require_machines_with(KVM_GIVES_VRAM);
	bo = huge_mapped_bo(MIB(2), 0, &address);
	give_bo(&bo, address, start);
	assert_shared(address, machine_words_of(start, bo.size, 92));
	assert_machine_has(HUGE_PTE, bo.size);
}

/**
 * SUBTEST: system-memory
 * Description: In system memory, too, machine and process see each other's writes.
 */
static void test_system_memory(void)
{
	struct huge_bo bo;
	char *address;

	require_machines_with(KVM_GIVES_ALL);
	bo = huge_bo_create(huge_open(), MIB(4), HUGE_SYSTEM, HUGE_SYSTEM_WB);
	address = huge_bo_map(&bo);
	give_bo(&bo, address, MACHINE_START);
	assert_shared(address, machine_words_of(MACHINE_START, bo.size, 93));
}

/**
 * SUBTEST: moved
 * Description: After each move the machine finds its words where they have gone.
 */
static void test_moved(void)
{
	struct machine_words words;
	struct huge_bo bo;
	char *address;

	require_machines_with(KVM_GIVES_ALL);
	bo = machines_bo(MIB(4), 0, &address);
	words = machine_words_of(MACHINE_START, bo.size, 94);
	igt_assert_eq(virtual_machine_write(&machine, &words), 0);
	for (int move = 0; move < 4; move++) {
		huge_bo_move(&bo, move % 2 ? HUGE_VRAM : HUGE_SYSTEM);
		igt_assert_eq(virtual_machine_compare(&machine, &words), 0);
		words.seed++;
		igt_assert_eq(virtual_machine_write(&machine, &words), 0);
	}
	assert_process_has(address, &words);
	assert_machine_has(HUGE_PMD, bo.size);
}

#define MOST_TRIES 10000

/*
 * KVM has the fault handled, and then looks for the entry. If it has gone in between, it
 * gives up with EFAULT: a monitor tries again.
 */
static int try_again(int (*action)(struct virtual_machine *machine,
				   const struct machine_words *words),
		     const struct machine_words *words)
{
	int error = EFAULT;

	for (int tries = 0; error == EFAULT && tries < MOST_TRIES; tries++)
		error = action(&machine, words);
	return error;
}

/* Other values in each round. */
static bool work_by_machine(struct worker *worker)
{
	const struct machine_words words = machine_words_of(MACHINE_START, worker->bo->size,
							    worker->rounds);

	return !try_again(virtual_machine_write, &words) &&
	       !try_again(virtual_machine_compare, &words);
}

/**
 * SUBTEST: moved-while-running
 * Description: The machine runs, and writes and reads, while its memory moves to and fro. No
 *	word is lost.
 */
static void test_moved_while_running(void)
{
	struct worker worker = { .work = work_by_machine };
	struct machine_words words;
	struct huge_bo bo;
	char *address;

	require_machines_with(KVM_GIVES_ALL);
	bo = machines_bo(MIB(4), 0, &address);
	worker.bo = &bo;
	contend(&worker, 1);
	words = machine_words_of(MACHINE_START, bo.size, worker.rounds - 1);
	assert_process_has(address, &words);
}

/* One bit for each page that the machine has written since the last call. */
static uint64_t take(const struct huge_bo *bo)
{
	uint64_t record = 0;

	igt_assert_eq(huge_dirty_try_take(bo, 0, bo->size / HUGE_PAGE_SIZE, &record), 0);
	return record;
}

static void write_page(unsigned int page, uint32_t seed)
{
	const struct machine_words words =
		machine_words_of(MACHINE_START + page * HUGE_PAGE_SIZE, HUGE_PAGE_SIZE, seed);

	igt_assert_eq(virtual_machine_write(&machine, &words), 0);
}

/**
 * SUBTEST: tracked
 * Description: The record has the pages that the machine writes, also those that it has read
 *	before, and those that it writes again after the record was taken; also while the process
 *	itself writes densely.
 */
static void test_tracked(void)
{
	char *address;
	struct huge_bo bo = machines_bo(KIB(256), HUGE_TRACKABLE, &address);
	const struct machine_words zeros = all_words(bo.size, 0);

	igt_assert_eq(bigbar_dirty_start_by_faults(bo.fd, bo.handle), 0);
	igt_assert_eq(virtual_machine_compare(&machine, &zeros), 0);
	igt_assert_eq_u64(take(&bo), 0);
	write_page(3, 95);
	write_page(63, 96);
	igt_assert_eq_u64(take(&bo), UINT64_C(1) << 3 | UINT64_C(1) << 63);
	write_page(3, 97);
	igt_assert_eq_u64(take(&bo), UINT64_C(1) << 3);
	igt_assert_eq_u64(take(&bo), 0);

	/* As the process writes, it could be taken to write all pages. */
	memset(address, 1, 4 * HUGE_PAGE_SIZE);
	write_page(20, 98);
	igt_assert_eq_u64(take(&bo), 0xf | UINT64_C(1) << 20);
	write_page(21, 99);
	igt_assert_eq_u64(take(&bo), UINT64_C(1) << 21);
}

/* VRAM itself, without the driver, has the machine's words. */
static void assert_vram_has(const struct bar *bar, uint64_t phys,
			    const struct machine_words *words)
{
	const uint64_t length = (uint64_t)words->count * words->stride;
	char *vram = bar_map(bar, phys, length, PROT_READ);

	assert_process_has(vram, words);
	munmap(vram, length);
}

/**
 * SUBTEST: unplugged
 * Description: The device is unplugged under a machine: it reads zeros then, and what it
 *	writes does not reach VRAM.
 */
static void test_unplugged(void)
{
	char *address;
	struct huge_bo bo = machines_bo(KIB(64), 0, &address);
	const struct machine_words words = machine_words_of(MACHINE_START, bo.size, 98);
	struct machine_words all = all_words(bo.size, 0);
	const struct bar bar = bar_of(bo.fd);
	struct page_table table;
	uint64_t phys;

	igt_assert_eq(virtual_machine_write(&machine, &words), 0);
	table = page_table_read(&bo);
	phys = page_table_run_at(&table, (uintptr_t)address)->pfn * HUGE_PAGE_SIZE;
	page_table_free(&table);
	device_unplug(bo.fd);
	assert_vram_has(&bar, phys, &words);
	igt_assert_eq(virtual_machine_compare(&machine, &all), 0);
	all.seed = 99;
	igt_assert_eq(virtual_machine_write(&machine, &all), 0);
	assert_process_has(address, &all);
	assert_vram_has(&bar, phys, &words);
}

/* A thread in which the machine runs on and on. */
struct runner {
	struct machine_words words;
	uint64_t rounds;
	bool is_over;
};

static void *run_machine(void *argument)
{
	struct runner *runner = argument;

	while (!__atomic_load_n(&runner->is_over, __ATOMIC_RELAXED) &&
	       !try_again(virtual_machine_write, &runner->words))
		__atomic_fetch_add(&runner->rounds, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* So many more rounds; fails if the machine does not get on. */
static void await_rounds(const struct runner *runner, uint64_t more)
{
	const uint64_t wanted = __atomic_load_n(&runner->rounds, __ATOMIC_RELAXED) + more;
	const double limit = seconds_now() + 60;

	while (__atomic_load_n(&runner->rounds, __ATOMIC_RELAXED) < wanted) {
		igt_assert_f(seconds_now() < limit, "the machine stands still\n");
		usleep(1000);
	}
}

/**
 * SUBTEST: unplugged-while-running
 * Description: The machine goes on writing while the device is unplugged, and after it.
 */
static void test_unplugged_while_running(void)
{
	char *address;
	struct huge_bo bo = machines_bo(KIB(64), 0, &address);
	struct runner runner = { .words = all_words(bo.size, 100) };
	pthread_t thread;

	igt_assert_eq(pthread_create(&thread, NULL, run_machine, &runner), 0);
	await_rounds(&runner, 10);
	device_unplug(bo.fd);
	await_rounds(&runner, 10);
	__atomic_store_n(&runner.is_over, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static void clean_up(void)
{
	virtual_machine_stop(&machine);
	huge_release_all();
	device_plug();
}

static const struct level_subtest level_subtests[] = {
	{ "level", "The machine's entries are as large as the process'", test_level },
};

static const struct subtest subtests[] = {
	{ "misaligned", "An address that allows no huge entries", test_misaligned },
	{ "system-memory", "System memory", test_system_memory },
	{ "moved", "Moves between two runs", test_moved },
	{ "moved-while-running", "Moves while the machine runs", test_moved_while_running },
	{ "tracked", "Writes of the machine are recorded", test_tracked },
	{ "unplugged", "Unplug between two runs", test_unplugged },
	{ "unplugged-while-running", "Unplug while the machine runs",
	  test_unplugged_while_running },
};

int igt_main()
{
	igt_fixture()
		huge_close(huge_open());

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

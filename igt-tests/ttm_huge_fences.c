// SPDX-License-Identifier: MIT

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/alarm.h"
#include "lib/debugger.h"
#include "lib/hold.h"
#include "lib/huge_device.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge fences
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: A buffer object that is being moved has a fence. Everything that accesses
 *	its contents waits for that fence, and nothing waits for fences of other work. A
 *	move in the background becomes visible only when it is over.
 */
IGT_TEST_DESCRIPTION("What waits for moves in flight, and what is seen after them");

/* Enough for the main thread to begin its wait. */
#define A_WHILE_US 200000

static void read_byte(void *address)
{
	igt_assert_eq(*(volatile char *)address, 0);
}

static void write_byte(void *address)
{
	*(volatile char *)address = 1;
}

/**
 * SUBTEST: fault-%s
 * Description: A fault on a buffer object that is being moved waits until that is over,
 *	and then sets the %arg[1] entries that it would have set before.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_fault(enum huge_level level)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);

	hold_fence(address, "kernel");
	assert_waits_for_hold(read_byte, address);
	huge_assert_mapped_at(&bo, address, level, "when the move is over");
}

/* How often this thread has slept. */
static uint64_t sleeps(void)
{
	struct rusage usage;

	igt_assert_eq(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_nvcsw;
}

#define USES 5

/* By the program, by a debugger and by ioctls; begins without an entry of the buffer object. */
static void use_in_each_way(const struct huge_bo *bo, char *address)
{
	uint64_t done, record;
	char byte;

	huge_dirty_start(bo);
	(void)*(volatile char *)(address + HUGE_PAGE_SIZE);
	write_byte(address);
	write_byte(address + HUGE_PAGE_SIZE);
	igt_assert_eq(debugger_proc_mem.read(getpid(), address, &byte, 1), 1);
	igt_assert_eq(byte, 1);
	igt_assert_eq(huge_prefault(bo->fd, address, bo->size, &done), 0);
	huge_bo_info(bo);
	igt_assert_eq(huge_dirty_try_take(bo, 0, 2, &record), 0);
	igt_assert_eq_u64(record, 3);
	huge_dirty_stop(bo);
	(void)*(volatile char *)address;
}

struct usage_case {
	const char *name;
	const char *what;
};

static const struct usage_case usage_cases[] = {
	{ "write", "a GPU writes to it" },
	{ "read", "a GPU reads it" },
	{ "bookkeep", "its memory is kept" },
};

/**
 * SUBTEST: usage-%s
 * Description: A buffer object has a fence because %arg[1]: no fault, no debugger and no
 *	ioctl waits for that fence. To wait for rendering is up to user space.
 *
 * arg[1]:
 *
 * @write:	a GPU writes to it
 * @read:	a GPU reads it
 * @bookkeep:	its memory is kept
 */
static void test_usage(const struct usage_case *c)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), HUGE_TRACKABLE, &address);
	bool waited = true;

	/* The creation is over then. */
	read_byte(address);
	hold_fence(address, c->name);
	/* Code that is not in memory yet is waited for, too, but not each time. */
	for (int i = 0; i < USES && waited; i++) {
		uint64_t slept = sleeps(), repeated = repeated_faults();

		use_in_each_way(&bo, address);
		waited = sleeps() != slept || repeated_faults() != repeated;
		igt_assert_f(is_held(), "waited for the fence\n");
	}
	igt_assert_f(!waited, "waited for a while, or again and again, each time\n");
}

/**
 * SUBTEST: usage-reserved
 * Description: A buffer object is reserved, and has a fence of a GPU that writes to it. A
 *	fault waits until the reservation is released, and not for the fence.
 */
static void test_usage_reserved(void)
{
	char *address;

	huge_mapped_bo(MIB(2), 0, &address);
	hold_fence(address, "write");
	hold_reservation(address);
	assert_waits_for_hold(read_byte, address);
	igt_assert_f(is_held(), "waited for the fence of a write\n");
}

/**
 * SUBTEST: tracked-write
 * Description: A write to a page that is mapped read-only, because writes are tracked,
 *	waits for a move, is recorded, and arrives.
 */
static void test_tracked_write(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(KIB(64), HUGE_TRACKABLE, &address);
	uint64_t record = 0;

	huge_dirty_start(&bo);
	read_byte(address);
	hold_fence(address, "kernel");
	assert_waits_for_hold(write_byte, address);
	igt_assert_eq(huge_dirty_try_take(&bo, 0, 16, &record), 0);
	igt_assert_eq_u64(record, 1);
	igt_assert_eq(*address, 1);
}

struct debugged {
	void *address;
	uint64_t word;
};

static void debugger_reads(void *argument)
{
	struct debugged *debugged = argument;

	igt_assert_eq(debugger_proc_mem.read(getpid(), debugged->address, &debugged->word, 8), 8);
}

static void debugger_writes(void *argument)
{
	struct debugged *debugged = argument;

	igt_assert_eq(debugger_proc_mem.write(getpid(), debugged->address, &debugged->word, 8), 8);
}

static void debug(enum huge_placement placement)
{
	struct huge_bo bo = huge_bo_create(huge_open(), MIB(2), placement, 0);
	volatile uint64_t *address = huge_bo_map(&bo);
	struct debugged debugged = { .address = (void *)address };

	*address = 71;
	hold_fence(debugged.address, "kernel");
	assert_waits_for_hold(debugger_reads, &debugged);
	igt_assert_eq_u64(debugged.word, 71);

	debugged.word = 72;
	hold_fence(debugged.address, "kernel");
	assert_waits_for_hold(debugger_writes, &debugged);
	igt_assert_eq_u64(*address, 72);
}

/**
 * SUBTEST: debugger
 * Description: A debugger that reads or writes a buffer object that is being moved waits
 *	until the move is over, in VRAM and in system memory.
 */
static void test_debugger(void)
{
	debug(HUGE_VRAM);
	debug(HUGE_SYSTEM);
}

struct call {
	const struct huge_bo *bo;
	void *address;
	enum huge_placement placement;
};

static void move(void *argument)
{
	const struct call *call = argument;

	huge_bo_move(call->bo, call->placement);
}

static void prefault(void *argument)
{
	const struct call *call = argument;
	uint64_t done;

	igt_assert_eq(huge_prefault(call->bo->fd, call->address, call->bo->size, &done), 0);
	igt_assert_eq_u64(done, call->bo->size);
}

/**
 * SUBTEST: move
 * Description: A move of a buffer object that is being moved waits until that move is over.
 *	It also waits for all work that uses the memory that the buffer object is to leave.
 */
static void test_move(void)
{
	static const char * const usages[] = { "kernel", "write", "read", "bookkeep" };
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	struct call call = { .bo = &bo };
	struct pattern pattern = pattern_of(address, bo.size, 73);

	pattern_write(&pattern);
	for (unsigned int i = 0; i < COUNT_OF(usages); i++) {
		call.placement = i % 2 ? HUGE_VRAM : HUGE_SYSTEM;
		hold_fence(address, usages[i]);
		assert_waits_for_hold(move, &call);
		pattern_assert(&pattern);
		igt_assert_eq(huge_bo_placement(&bo), call.placement);
	}
}

/**
 * SUBTEST: prefault
 * Description: A prefault of a buffer object that is being moved waits until the move is
 *	over, and maps the buffer object.
 */
static void test_prefault(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	struct call call = { .bo = &bo, .address = address };

	hold_fence(address, "kernel");
	assert_waits_for_hold(prefault, &call);
	huge_assert_mapped_at(&bo, address, HUGE_PMD, "prefaulted");
}

static void assert_prefault_interrupted(const struct huge_bo *bo, char *address)
{
	uint64_t done;

	alarm_start(alarm_ignore, A_WHILE_US, 0);
	igt_assert_eq(huge_prefault(bo->fd, address, bo->size, &done), EINTR);
	igt_assert_eq_u64(done, 0);
	igt_assert_f(is_held(), "waited for the buffer object\n");
	release_hold();
}

/**
 * SUBTEST: prefault-signal
 * Description: A signal ends a prefault that waits for a move, or for the reservation:
 *	EINTR, with nothing done.
 */
static void test_prefault_signal(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);

	hold_fence(address, "kernel");
	assert_prefault_interrupted(&bo, address);
	hold_reservation(address);
	assert_prefault_interrupted(&bo, address);
}

/**
 * SUBTEST: unmap
 * Description: While a buffer object is being moved, its mappings can be protected,
 *	remapped and unmapped.
 */
static void test_unmap(void)
{
	char *address, *moved;
	struct huge_bo bo = huge_mapped_bo(MIB(4), 0, &address);

	hold_fence(address, "kernel");
	igt_assert_eq(mprotect(address, MIB(2), PROT_READ), 0);
	moved = mremap(address + MIB(2), MIB(2), MIB(2), MREMAP_MAYMOVE | MREMAP_FIXED,
		       huge_reserve(MIB(2), MIB(2)));
	igt_assert(moved != MAP_FAILED);
	igt_assert_eq(munmap(moved, MIB(2)), 0);
	huge_unmap(address, bo.size);
	igt_assert_f(is_held(), "waited for the move\n");
}

/**
 * SUBTEST: destroy
 * Description: A buffer object that is destroyed while it is being moved keeps its VRAM
 *	until the move is over.
 */
static void test_destroy(void)
{
	int fd = huge_open();
	uint64_t before = huge_vram_used_settled(fd, 0);
	struct huge_bo bo = huge_vram_bo(fd, MIB(2));
	char *address = huge_bo_map(&bo);

	hold_fence(address, "kernel");
	huge_unmap(address, bo.size);
	huge_bo_destroy(&bo);
	igt_assert_eq_u64(huge_vram(fd).used, before + MIB(2));
	release_hold();
	igt_assert_eq_u64(huge_vram_used_settled(fd, before), before);
}

/**
 * SUBTEST: destroy-cleared
 * Description: A buffer object that is destroyed after it has been cleared is gone at once:
 *	TTM does not hold it, and the next buffer object has its offset.
 */
static void test_destroy_cleared(void)
{
	int fd = huge_open();
	struct huge_bo bo, next;

	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	bo = huge_vram_bo(fd, MIB(4));
	huge_bo_await_idle(&bo);
	huge_bo_destroy(&bo);
	next = huge_vram_bo(fd, bo.size);
	igt_assert_eq_u64(next.offset, bo.offset);
}

/*
 * Clearing this much makes the next clear or copy wait for some 80 ms: a busy host may not run
 * this thread for 40.
 */
#define BUSY_SIZE MIB(256)
#define BUSY_BOS 2

/* Returns what is cleared last. */
static struct huge_bo keep_queue_busy(int fd)
{
	struct huge_bo bo;

	for (int i = 0; i < BUSY_BOS; i++)
		bo = huge_vram_bo(fd, BUSY_SIZE);
	return bo;
}

/* Writes to each page of a buffer object and destroys it; returns where in VRAM it was. */
static struct page_table use_vram(uint64_t size)
{
	int fd = huge_open();
	struct page_table used;
	struct huge_bo bo;
	char *address;

	/* Cleared before it is written to, even if an access would not wait for that. */
	async_moves_set("N");
	bo = huge_vram_bo(fd, size);
	async_moves_restore();
	address = huge_bo_map(&bo);
	for (uint64_t at = 0; at < size; at += HUGE_PAGE_SIZE)
		*(volatile uint64_t *)(address + at) = UINT64_MAX;
	used = page_table_read(&bo);
	huge_unmap(address, size);
	huge_bo_destroy(&bo);
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	huge_close(fd);
	return used;
}

static bool begins_in(const struct huge_bo *bo, const struct page_table *used)
{
	struct page_table table = page_table_read(bo);
	bool found;

	igt_assert_lt(0, table.count);
	found = page_table_has_pfn(used, table.runs[0].pfn);
	page_table_free(&table);
	return found;
}

/* More than what keeps the queue busy before a buffer object gets its VRAM. */
#define USED_SIZE GIB(2)
/* How much of each buffer object is read. All tries together fill 4 GiB of VRAM at most. */
#define ZERO_SIZE MIB(8)
#define ZERO_TRIES 4

/*
 * Creates buffer objects until one gets VRAM that was used: without that the test would
 * show nothing. They have the size of those that keep the queue busy, because small ones
 * would all come from a few blocks.
 */
static void assert_zero_when_queued(int fd, struct page_table *used,
				    void (*assert_zero)(char *address))
{
	bool is_used = false;

	for (int tries = 0; tries < ZERO_TRIES && !is_used; tries++) {
		struct huge_bo bo;
		char *address;

		keep_queue_busy(fd);
		bo = huge_vram_bo(fd, BUSY_SIZE);
		address = huge_bo_map(&bo);
		assert_zero(address);
		*(volatile char *)address = 1;
		is_used = begins_in(&bo, used);
	}
	page_table_free(used);
	igt_assert_f(is_used, "no VRAM was used again\n");
}

static void assert_zero_if_read(char *address)
{
	igt_assert(is_zero(address, ZERO_SIZE));
}

static uint64_t debugged_word(void *address)
{
	struct debugged debugged = { .address = address };

	debugger_reads(&debugged);
	return debugged.word;
}

static void assert_zero_if_debugged(char *address)
{
	for (uint64_t at = 0; at < ZERO_SIZE; at += HUGE_PAGE_SIZE)
		igt_assert_eq_u64(debugged_word(address + at), 0);
}

/**
 * SUBTEST: queued-clear
 * Description: A buffer object that gets VRAM which was used before, and is read while its
 *	clearing is still queued, reads as zero, through a mapping and for a debugger.
 */
static void test_queued_clear(void)
{
	struct page_table used = use_vram(USED_SIZE);

	assert_zero_when_queued(huge_open(), &used, assert_zero_if_read);
	huge_release_all();
	used = use_vram(USED_SIZE);
	assert_zero_when_queued(huge_open(), &used, assert_zero_if_debugged);
}

/**
 * SUBTEST: queued-move
 * Description: While the move of a buffer object to system memory or back is still queued,
 *	mappings and a debugger show its contents, and another move can be asked for.
 */
static void test_queued_move(void)
{
	static const enum huge_placement placements[] = { HUGE_SYSTEM, HUGE_VRAM };
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(8), 0, &address);
	struct pattern pattern = pattern_of(address, bo.size, 74);
	uint64_t first;

	pattern_write(&pattern);
	first = *(volatile uint64_t *)address;
	for (unsigned int i = 0; i < COUNT_OF(placements); i++) {
		keep_queue_busy(bo.fd);
		huge_bo_move(&bo, placements[i]);
		igt_assert_eq_u64(debugged_word(address), first);
		pattern_assert(&pattern);

		keep_queue_busy(bo.fd);
		huge_bo_move(&bo, placements[!i]);
		huge_bo_move(&bo, placements[i]);
		pattern_assert(&pattern);
		pattern.seed++;
		pattern_write(&pattern);
		first = *(volatile uint64_t *)address;
	}
}

#define MOVES_ASKED_FOR 8

/* A move whose copy is queued after a long one: returns whether it was over on return. */
static bool move_is_over_on_return(const struct huge_bo *bo, char *address,
				   enum huge_placement placement)
{
	uint64_t before;

	keep_queue_busy(bo->fd);
	huge_bo_move(bo, placement);
	before = sleeps();
	read_byte(address);
	return sleeps() == before;
}

/* A copy may be over before this process runs again, but not each time. */
static void assert_returns_early(const struct huge_bo *bo, char *address,
				 enum huge_placement to)
{
	bool over = true;

	for (int i = 0; i < MOVES_ASKED_FOR && over; i++) {
		huge_bo_move(bo, to == HUGE_VRAM ? HUGE_SYSTEM : HUGE_VRAM);
		read_byte(address);
		over = move_is_over_on_return(bo, address, to);
	}
	igt_assert_f(!over, "each move was over when the call returned\n");
}

/**
 * SUBTEST: queued-move-returns
 * Description: The caller that asks for a move, out of VRAM or into it, does not wait for
 *	the copy: the next fault does.
 */
static void test_queued_move_returns(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);

	async_moves_set("Y");
	/* It is cleared then, and the code that follows is in memory. */
	read_byte(address);
	sleeps();
	assert_returns_early(&bo, address, HUGE_SYSTEM);
	assert_returns_early(&bo, address, HUGE_VRAM);
}

/* System memory that a buffer object had is the first that the next one gets. */
static void dirty_system_memory(int fd)
{
	struct huge_bo bo = huge_bo_create(fd, BUSY_SIZE, HUGE_SYSTEM, HUGE_SYSTEM_WB);
	char *address = huge_bo_map(&bo);

	memset(address, 0xa5, bo.size);
	huge_unmap(address, bo.size);
	huge_bo_destroy(&bo);
}

/**
 * SUBTEST: queued-debugger-off
 * Description: With TTM's own fault handler a debugger does not wait for a move out of
 *	VRAM: until the copy is made it reads zeros, and never what was left in the
 *	pages. For a move to VRAM the driver makes it wait, and it reads what was moved.
 */
static void test_queued_debugger_off(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(8));
	struct pattern pattern;
	char *address;

	max_level_set("off");
	address = huge_bo_map(&bo);
	pattern = pattern_of(address, bo.size, 76);
	pattern_write(&pattern);
	dirty_system_memory(bo.fd);
	keep_queue_busy(bo.fd);
	huge_bo_move(&bo, HUGE_SYSTEM);
	for (uint64_t at = 0; at < bo.size; at += HUGE_PAGE_SIZE) {
		uint64_t word = debugged_word(address + at + 8);

		igt_assert_f(!word, "a page shows %#llx\n", (unsigned long long)word);
	}
	pattern_assert(&pattern);

	pattern.seed++;
	pattern_write(&pattern);
	keep_queue_busy(bo.fd);
	huge_bo_move(&bo, HUGE_VRAM);
	igt_assert_eq_u64(debugged_word(address), pattern_value(&pattern, 0));
	pattern_assert(&pattern);
}

/* A child that moves a buffer object out of VRAM; returns when it waits for the hold. */
static pid_t start_move(const struct huge_bo *bo)
{
	pid_t pid = fork_child();

	if (!pid) {
		/* Drops only the child's copy of the hold; the parent keeps its own. */
		release_hold();
		_exit(huge_bo_try_move(bo, HUGE_SYSTEM));
	}
	await_sleep_in_driver(pid);
	return pid;
}

/**
 * SUBTEST: queued-unasked
 * Description: Moves are queued from some time on. One that has begun before is still over
 *	on return: TTM's own fault handler lets a debugger look at the pages, which were not
 *	zeroed for that.
 */
static void test_queued_unasked(void)
{
	struct pattern pattern;
	struct huge_bo bo;
	char *address;
	int status;
	pid_t pid;

	async_moves_set("N");
	max_level_set("off");
	bo = huge_mapped_bo(MIB(8), 0, &address);
	pattern = pattern_of(address, bo.size, 79);
	pattern_write(&pattern);
	hold_fence(address, "kernel");
	pid = start_move(&bo);
	async_moves_set("Y");
	keep_queue_busy(bo.fd);
	release_hold();
	igt_assert(child_ends_with(pid, &status));
	igt_assert_eq_u64(debugged_word(address), pattern_value(&pattern, 0));
	igt_assert(WIFEXITED(status));
	igt_assert_eq(WEXITSTATUS(status), 0);
	pattern_assert(&pattern);
}

/**
 * SUBTEST: queued-eviction
 * Description: VRAM is taken from a buffer object for another one. While copy and clearing
 *	are still queued, both buffer objects show their contents: its data, and zeros.
 */
static void test_queued_eviction(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(8), 0, &address), other;
	struct pattern pattern = pattern_of(address, bo.size, 75);

	pattern_write(&pattern);
	huge_vram_rest(bo.fd);
	other = huge_vram_bo(bo.fd, bo.size);
	igt_assert(is_zero(huge_bo_map(&other), other.size));
	igt_assert_eq(huge_bo_placement(&bo), HUGE_SYSTEM);
	pattern_assert(&pattern);
}

/**
 * SUBTEST: queued-evictions
 * Description: VRAM is taken from two buffer objects for a third one. The copy of the
 *	second takes far less time than that of the first, but is queued after it. All three
 *	show their contents.
 */
static void test_queued_evictions(void)
{
	char *address;
	struct huge_bo large = huge_mapped_bo(BUSY_SIZE, 0, &address), small, rest, other;
	struct pattern in_large = pattern_of(address, large.size, 77), in_small;

	async_moves_set("Y");
	in_large.stride = MIB(1) / HUGE_PAGE_SIZE;
	pattern_write(&in_large);
	small = huge_vram_bo(large.fd, KIB(64));
	in_small = pattern_of(huge_bo_map(&small), small.size, 78);
	pattern_write(&in_small);
	rest = huge_vram_rest(large.fd);
	huge_bo_await_idle(&rest);

	other = huge_vram_bo(large.fd, large.size + small.size);
	igt_assert(is_zero(huge_bo_map(&other), ZERO_SIZE));
	pattern_assert(&in_small);
	pattern_assert(&in_large);
	igt_assert_eq(huge_bo_placement(&large), HUGE_SYSTEM);
	igt_assert_eq(huge_bo_placement(&small), HUGE_SYSTEM);
}

#define EVICTED_SIZE MIB(4)
#define EVICTIONS 4

static void *create_half(void *fd)
{
	struct huge_bo other;

	return (void *)(intptr_t)huge_bo_try_create(*(int *)fd, EVICTED_SIZE / 2, HUGE_VRAM, 0,
						    &other);
}

/*
 * A thread creates a buffer object, for which another one has to leave VRAM. The copy out of
 * VRAM is queued after a long clearing. Returns whether the copy was over when the VRAM was
 * free.
 */
static bool eviction_is_over_when_vram_is_free(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(EVICTED_SIZE, 0, &address);
	uint64_t left, before;
	pthread_t creator;
	void *error;
	bool is_over;

	read_byte(address);
	huge_vram_rest(bo.fd);
	/* Nothing may use it from here on: what was used longest ago is evicted. */
	left = huge_vram(bo.fd).size - EVICTED_SIZE / 2;
	igt_assert_eq(pthread_create(&creator, NULL, create_half, &bo.fd), 0);
	igt_assert_eq_u64(huge_vram_used_settled(bo.fd, left), left);
	/* Waits for a thread that still evicts it. */
	igt_assert_eq(huge_bo_placement(&bo), HUGE_SYSTEM);
	before = sleeps();
	read_byte(address);
	is_over = sleeps() == before;
	igt_assert_eq(pthread_join(creator, &error), 0);
	igt_assert_eq((intptr_t)error, 0);
	return is_over;
}

/**
 * SUBTEST: queued-eviction-frees
 * Description: A buffer object that has to leave VRAM gives it away, and can be reserved
 *	again, as soon as its copy is queued. Only an access waits until the copy is made.
 */
static void test_queued_eviction_frees(void)
{
	bool is_over = true;

	async_moves_set("Y");
	/* The code is in memory then. */
	sleeps();
	/* A busy host may not run this thread for a while, but not each time. */
	for (int i = 0; i < EVICTIONS && is_over; i++) {
		is_over = eviction_is_over_when_vram_is_free();
		huge_release_all();
	}
	igt_assert_f(!is_over, "each copy was made when VRAM was free\n");
}

/**
 * SUBTEST: queued-eviction-unasked
 * Description: VRAM is taken from a large buffer object, and then from a small one, whose
 *	copy is still queued when moves are not queued any more. The next buffer object that
 *	gets its VRAM is cleared at once, but not before the copy has been made.
 */
static void test_queued_eviction_unasked(void)
{
	int fd = huge_open();
	struct huge_bo large, small, other;
	struct pattern in_small;

	async_moves_set("Y");
	large = huge_vram_bo(fd, BUSY_SIZE);
	small = huge_vram_bo(fd, KIB(64));
	in_small = pattern_of(huge_bo_map(&small), small.size, 80);
	pattern_write(&in_small);
	other = huge_vram_rest(fd);
	huge_bo_await_idle(&other);

	/* To clear what the large one has left keeps the queue busy. */
	huge_vram_bo(fd, large.size);
	/* Half of what the small one has left is free then. */
	huge_vram_bo(fd, small.size / 2);
	async_moves_set("N");
	other = huge_vram_bo(fd, small.size / 2);
	igt_assert(is_zero(huge_bo_map(&other), other.size));
	igt_assert_eq(huge_bo_placement(&small), HUGE_SYSTEM);
	pattern_assert(&in_small);
}

/**
 * SUBTEST: queued-destroy
 * Description: Buffer objects that are destroyed while their move is still queued leave
 *	nothing behind, and a buffer object that gets their memory then is zero.
 */
static void test_queued_destroy(void)
{
	struct page_table used = use_vram(USED_SIZE);
	struct huge_bo bo;
	int fd = huge_open();

	keep_queue_busy(fd);
	for (int i = 0; i < 16; i++) {
		bo = huge_vram_bo(fd, MIB(1));
		if (i % 2)
			huge_bo_move(&bo, HUGE_SYSTEM);
		huge_bo_destroy(&bo);
	}
	assert_zero_when_queued(fd, &used, assert_zero_if_read);
	huge_release_all();
	fd = huge_open();
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
}

/*
 * A clear may be over before this process has done what it has to do meanwhile. So the nth try
 * keeps the queue busy for n times as long.
 */
#define QUEUED_TRIES 6

static struct huge_bo keep_queue_busier(int fd, int times)
{
	struct huge_bo bo = keep_queue_busy(fd);

	while (--times)
		bo = keep_queue_busy(fd);
	return bo;
}

/*
 * A system call reads a buffer object that waits to be cleared. Meanwhile this process drops
 * all its references to it. Returns whether the call still waited after that.
 */
static bool destroy_under_reader(int times_busy)
{
	static struct kernel_reader reader;
	struct huge_bo bo, next;
	int fd = huge_open();
	bool waited;

	keep_queue_busier(fd, times_busy);
	bo = huge_vram_bo(fd, MIB(4));
	reader.address = huge_bo_map(&bo);
	start_kernel_reader(&reader);
	waited = kernel_reader_waits(&reader);
	huge_unmap(reader.address, bo.size);
	huge_bo_destroy(&bo);
	next = huge_bo_create(fd, bo.size, HUGE_SYSTEM, HUGE_SYSTEM_WB);
	waited = waited && sleeps_in_driver(reader.id);
	igt_assert_eq(pthread_join(reader.thread, NULL), 0);
	if (waited) {
		igt_assert_f(next.offset != bo.offset, "it was gone before the wait was over\n");
		igt_assert_eq(reader.error, EFAULT);
	}
	huge_release_all();
	return waited;
}

/**
 * SUBTEST: destroy-waiting
 * Description: A buffer object is unmapped and destroyed while a fault waits for it. It is
 *	still there until the wait is over: the next buffer object does not get its offset.
 *	The fault then finds nothing mapped.
 */
static void test_destroy_waiting(void)
{
	bool waited = false;

	async_moves_set("Y");
	for (int tries = 1; tries <= QUEUED_TRIES && !waited; tries++)
		waited = destroy_under_reader(tries);
	igt_assert_f(waited, "each time it was cleared too early\n");
}

/*
 * A buffer object gets a second fence while it waits to be cleared, and then is cleared.
 * Returns whether that was so: if it had been cleared before, there would be one fence. The
 * queue clears in the order of creation.
 */
static bool hold_beside_clear(int times_busy)
{
	int fd = huge_open();
	struct huge_bo before = keep_queue_busier(fd, times_busy);
	struct huge_bo bo = huge_vram_bo(fd, MIB(2)), after = huge_vram_bo(fd, MIB(2));
	char *address = huge_bo_map(&bo), *cleared_before = huge_bo_map(&before);
	uint64_t slept;
	bool queued;

	hold_fence(address, "kernel");
	slept = sleeps();
	read_byte(cleared_before);
	queued = sleeps() > slept;
	huge_bo_await_idle(&after);
	if (queued)
		assert_waits_for_hold(read_byte, address);
	release_all_holds();
	huge_release_all();
	return queued;
}

/**
 * SUBTEST: two-fences
 * Description: A buffer object that waits to be cleared is then to be moved, too. A fault
 *	waits for both: also when the clearing is over, and only the other fence is left.
 */
static void test_two_fences(void)
{
	bool queued = false;

	async_moves_set("Y");
	for (int tries = 1; tries <= QUEUED_TRIES && !queued; tries++)
		queued = hold_beside_clear(tries);
	igt_assert_f(queued, "each time it was cleared too early\n");
}

static void clean_up(void)
{
	release_all_holds();
	kill_children();
	async_moves_restore();
	max_level_restore();
	huge_release_all();
}

static const struct level_subtest level_subtests[] = {
	{ "fault", "A fault waits for a move", test_fault },
};

static const struct subtest subtests[] = {
	{ "usage-reserved", "Reserved, while a GPU writes to it", test_usage_reserved },
	{ "tracked-write", "A recorded write waits for a move", test_tracked_write },
	{ "debugger", "A debugger waits for a move", test_debugger },
	{ "move", "A move waits for a move", test_move },
	{ "prefault", "A prefault waits for a move", test_prefault },
	{ "prefault-signal", "A signal ends the wait of a prefault", test_prefault_signal },
	{ "unmap", "Unmapping does not wait", test_unmap },
	{ "destroy", "Destroyed while being moved", test_destroy },
	{ "destroy-cleared", "Destroyed after it was cleared", test_destroy_cleared },
	{ "destroy-waiting", "Destroyed while a fault waits", test_destroy_waiting },
	{ "two-fences", "To be cleared, and then moved", test_two_fences },
	{ "queued-clear", "Read before it is cleared", test_queued_clear },
	{ "queued-move", "Read before it is moved", test_queued_move },
	{ "queued-move-returns", "Asking for a move does not wait", test_queued_move_returns },
	{ "queued-debugger-off", "A debugger that does not wait", test_queued_debugger_off },
	{ "queued-unasked", "A move that has begun before moves were queued", test_queued_unasked },
	{ "queued-eviction", "VRAM taken before it is moved out", test_queued_eviction },
	{ "queued-evictions", "VRAM taken from a large and a small buffer object",
	  test_queued_evictions },
	{ "queued-eviction-frees", "VRAM is free before it is moved out",
	  test_queued_eviction_frees },
	{ "queued-eviction-unasked", "VRAM cleared at once that is still to be moved out",
	  test_queued_eviction_unasked },
	{ "queued-destroy", "Destroyed before it is moved", test_queued_destroy },
};

int igt_main()
{
	const struct usage_case *usage;

	igt_fixture() {
		huge_close(huge_open());
		async_moves_save();
		max_level_save();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);

	for_each_case(usage, usage_cases) {
		igt_describe_f("No access waits while %s", usage->what);
		igt_subtest_f("usage-%s", usage->name)
			test_usage(usage);
		igt_fixture()
			clean_up();
	}

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

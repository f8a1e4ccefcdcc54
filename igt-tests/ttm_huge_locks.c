// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/alarm.h"
#include "lib/contention.h"
#include "lib/cpu.h"
#include "lib/debugger.h"
#include "lib/file.h"
#include "lib/huge_device.h"
#include "lib/known_kernel.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/hold.h"
#include "lib/subtest.h"
#include "lib/trace.h"
#include "lib/zapper.h"

/**
 * TEST: ttm huge locks
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: Faults take the per-VMA lock and not the mmap lock of the whole process,
 *	hold neither while they wait, and a process that waits in one can be killed.
 */
IGT_TEST_DESCRIPTION("Which locks a fault takes, and what it waits for");

static void write_each_page(char *address, uint64_t size, uint64_t stride)
{
	for (uint64_t at = 0; at < size; at += stride)
		*(volatile char *)(address + at) = 1;
}

/* Takes the mmap lock, to see that the trace shows it. */
static uint64_t mmap_locks_of_mmap(void)
{
	uint64_t before = trace_count("mmap_lock_start_locking:");

	huge_unmap(huge_reserve(KIB(4), KIB(4)), KIB(8));
	return trace_count("mmap_lock_start_locking:") - before;
}

/*
 * How often the faults of writing take the mmap lock; the process does nothing else that
 * could.
 */
static uint64_t mmap_locks_of_writing(char *address, uint64_t size, uint64_t stride)
{
	uint64_t locks = trace_count("mmap_lock_start_locking:"), faults = page_faults();

	write_each_page(address, size, stride);
	faults = page_faults() - faults;
	locks = trace_count("mmap_lock_start_locking:") - locks;
	igt_info("%llu faults took the mmap lock %llu times\n", (unsigned long long)faults,
		 (unsigned long long)locks);
	igt_assert_lte_u64(size / stride, faults);
	return locks;
}

/* A kernel that takes the mmap lock for anonymous memory takes it for drivers, too. */
static void require_vma_locks(void)
{
	const uint64_t size = KIB(64);
	char *address = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	uint64_t locks;

	igt_assert(address != MAP_FAILED);
	/* A mapping's first fault prepares it under the mmap lock. */
	igt_assert_eq(madvise(address, size, MADV_NOHUGEPAGE), 0);
	*(volatile char *)address = 1;
	locks = mmap_locks_of_writing(address + HUGE_PAGE_SIZE, size - HUGE_PAGE_SIZE,
				      HUGE_PAGE_SIZE);
	munmap(address, size);
	igt_require_f(!locks, "this kernel has no locks of single mappings\n");
}

static void assert_faults_without_mmap_lock(char *address, uint64_t size, uint64_t stride)
{
	trace_start("mmap_lock/mmap_lock_start_locking");
	igt_assert_lt_u64(0, mmap_locks_of_mmap());
	require_vma_locks();
	igt_assert_eq_u64(mmap_locks_of_writing(address, size, stride), 0);
}

/**
 * SUBTEST: vma-lock-%s
 * Description: Write faults that set %arg[1] entries do not take the mmap lock.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_vma_lock(enum huge_level level)
{
	const uint64_t entry = huge_level_size(level);
	char *address;
	struct huge_bo bo = huge_mapped_bo(level == HUGE_PUD ? entry : 32 * entry, 0, &address);

	igt_assert_eq(madvise(address, bo.size, MADV_RANDOM), 0);
	huge_bo_await_idle(&bo);
	assert_faults_without_mmap_lock(address, bo.size, entry);
	huge_assert_mapped_at(&bo, address, level, "after the faults");
}

/**
 * SUBTEST: vma-lock-tracked
 * Description: Write faults on pages that were read before, while writes are tracked, do
 *	not take the mmap lock.
 */
static void test_vma_lock_tracked(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(KIB(256), HUGE_TRACKABLE, &address);

	huge_dirty_start(&bo);
	for (uint64_t at = 0; at < bo.size; at += HUGE_PAGE_SIZE)
		igt_assert_eq(signal_of_reading(address + at), 0);
	/* Every other page: where one is written after the other, a fault suffices for all. */
	assert_faults_without_mmap_lock(address + HUGE_PAGE_SIZE, bo.size, 2 * HUGE_PAGE_SIZE);
}

#define PROBE		"/sys/kernel/debug/huge_fault_probe"
#define NOPAGE		0x100	/* VM_FAULT_NOPAGE: an entry was set */
#define BUS_ERROR	0x2	/* VM_FAULT_SIGBUS */
#define RETRY		0x400	/* VM_FAULT_RETRY */

struct flags_case {
	const char *name;
	const char *what;
	const char *flags;
	unsigned int result;
	bool waits;
};

static const struct flags_case flags_cases[] = {
	{ "none", "may not be retried", "", NOPAGE, true },
	{ "retry", "may be retried", " retry", RETRY, true },
	{ "tried", "has been retried", " retry tried", NOPAGE, true },
	{ "nowait", "may be retried, and not wait", " retry nowait", RETRY, false },
};

static void require_probe(void)
{
	igt_require_f(access(PROBE, F_OK) == 0, "huge_fault_probe is not loaded\n");
}

/* The return value of a fault with the given flags. */
static unsigned int probe_fault(const void *address, const char *flags)
{
	unsigned int result = 0;
	char text[64];
	FILE *file;

	snprintf(text, sizeof(text), "%p%s", address, flags);
	igt_assert_eq(write_file(PROBE, text), 0);
	file = fopen(PROBE, "r");
	igt_assert(file);
	igt_assert_eq(fscanf(file, "%x", &result), 1);
	fclose(file);
	return result;
}

struct probe {
	const void *address;
	const char *flags;
	unsigned int result;
};

static void run_probe(void *argument)
{
	struct probe *probe = argument;

	probe->result = probe_fault(probe->address, probe->flags);
}

static void assert_did_not_wait(void)
{
	igt_assert_f(is_held(), "waited for the buffer object\n");
}

/* What keeps a fault from its buffer object: that is about to be moved, or is being moved. */
struct obstacle {
	const char *name;
	const char *what;
	void (*hold)(const void *address);
	const char *probe;
};

static void hold_fence_of_move(const void *address)
{
	hold_fence(address, "kernel");
}

static const struct obstacle obstacles[] = {
	{ "reserved", "reserved", hold_reservation, "" },
	{ "moving", "being moved", hold_fence_of_move, "" },
};

/* Moved by the driver's own fault handler, to where the CPU can map it. */
static const struct obstacle begun = {
	"begun", "reserved and being moved by the driver's handler", hold_fence_of_move, " begun",
};

/**
 * SUBTEST: flags-%s-%s
 * Description: A fault that %arg[1] meets a buffer object that is %arg[2]. Its flags decide
 *	whether it waits, and it leaves the locks as the kernel expects: otherwise the
 *	kernel would log a warning.
 *
 * arg[1]:
 *
 * @none:	may not be retried
 * @retry:	may be retried
 * @tried:	has been retried
 * @nowait:	may be retried, and not wait
 *
 * arg[2]:
 *
 * @reserved:	reserved, as for a move
 * @moving:	being moved
 * @begun:	being moved by the driver's own fault handler, which has reserved it
 */
static void test_flags(const struct flags_case *c, const struct obstacle *obstacle)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	struct probe probe = { .address = address };
	const struct huge_levels nothing = {};
	char flags[32];
	struct huge_levels found;

	require_probe();
	snprintf(flags, sizeof(flags), "%s%s", c->flags, obstacle->probe);
	probe.flags = flags;
	obstacle->hold(address);
	if (c->waits)
		assert_waits_for_hold(run_probe, &probe);
	else
		assert_ignores_hold(run_probe, &probe);
	igt_assert_eq(probe.result, c->result);

	found = huge_levels_of(&bo, address, bo.size);
	if (c->result == NOPAGE)
		igt_assert_f(!huge_levels_equal(&found, &nothing), "no entry was set\n");
	else
		huge_assert_levels(&found, &nothing, "after a fault that has to be repeated");
	igt_assert_eq(*address, 0);
}

/* After the wait, a fault that cannot be retried must look again at the pages. */
static void probe_imported(const char *flags)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(KIB(64), 0, &address);
	struct probe probe = { .address = address, .flags = flags };
	const struct huge_levels nothing = {};
	struct huge_levels found;

	huge_bo_move(&bo, HUGE_SYSTEM);
	hold_imported(address, false);
	hold_reservation(address);
	assert_waits_for_hold(run_probe, &probe);
	found = huge_levels_of(&bo, address, bo.size);
	huge_assert_levels(&found, &nothing, "pages of another device");
	igt_assert_eq(probe.result, BUS_ERROR);
	release_hold();
	igt_assert_eq(probe_fault(address, flags), NOPAGE);
}

/**
 * SUBTEST: flags-imported
 * Description: A fault that may not be retried, or has been retried, waits for a buffer
 *	object that is reserved and whose pages are those of another device. The fault
 *	returns SIGBUS, and nothing is mapped.
 */
static void test_flags_imported(void)
{
	require_probe();
	probe_imported("");
	probe_imported(" retry tried");
}

static void *touch(void *address)
{
	*(volatile char *)address = 2;
	return NULL;
}

static pid_t waiting;

static void tell_who_waits(void)
{
	__atomic_store_n(&waiting, gettid(), __ATOMIC_RELEASE);
}

/* Returns the signal that the write raised, or none. */
static void *tell_and_touch(void *address)
{
	tell_who_waits();
	return (void *)(intptr_t)signal_of_writing(address, 2);
}

/* Starts a thread, which has to call tell_who_waits(); returns when it sleeps in the driver. */
static pthread_t start_waiter(void *(*tell_and_wait)(void *argument), void *argument)
{
	pthread_t waiter;

	waiting = 0;
	igt_assert_eq(pthread_create(&waiter, NULL, tell_and_wait, argument), 0);
	while (!__atomic_load_n(&waiting, __ATOMIC_ACQUIRE))
		usleep(1000);
	await_sleep_in_driver(waiting);
	return waiter;
}

/* While one thread of the process waits, this one can map; the other still waits afterwards. */
static void assert_can_map(const struct huge_bo *other, pthread_t waiter)
{
	void *mapped = huge_bo_map(other);

	touch(mapped);
	huge_unmap(mapped, other->size);
	assert_did_not_wait();
	igt_assert_eq(pthread_tryjoin_np(waiter, NULL), EBUSY);
}

/**
 * SUBTEST: wait-holds-no-lock-%s
 * Description: While a fault of one thread waits for a buffer object that is
 *	%arg[1], another thread of the process can map, fault and unmap; and if it is being
 *	moved, reserve the buffer object.
 *
 * arg[1]:
 *
 * @reserved:	reserved
 * @moving:	being moved
 */
static void test_wait_holds_no_lock(const struct obstacle *obstacle)
{
	struct huge_bo other = huge_vram_bo(huge_open(), MIB(2));
	pthread_t waiter;
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);

	obstacle->hold(address);
	waiter = start_waiter(tell_and_touch, address);
	/* A fault that waits for a move does not hold the reservation either. */
	if (obstacle->hold == hold_fence_of_move)
		huge_bo_info(&bo);
	assert_can_map(&other, waiter);
	release_hold();
	igt_assert_eq(pthread_join(waiter, NULL), 0);
	igt_assert_eq(*address, 2);
}

struct prefault {
	struct huge_bo bo;
	char *address;
};

/* Returns the error of the prefault, or 0. */
static void *tell_and_prefault(void *argument)
{
	const struct prefault *range = argument;
	uint64_t done;

	tell_who_waits();
	return (void *)(intptr_t)huge_prefault(range->bo.fd, range->address, range->bo.size,
					       &done);
}

/**
 * SUBTEST: prefault-holds-no-lock
 * Description: While a prefault of one thread waits for a buffer object that is being moved,
 *	another thread of the process can map, fault and unmap.
 */
static void test_prefault_holds_no_lock(void)
{
	struct huge_bo other = huge_vram_bo(huge_open(), MIB(2));
	struct prefault range;
	pthread_t waiter;
	void *error;

	range.bo = huge_mapped_bo(MIB(2), 0, &range.address);
	hold_fence_of_move(range.address);
	waiter = start_waiter(tell_and_prefault, &range);
	assert_can_map(&other, waiter);
	release_hold();
	igt_assert_eq(pthread_join(waiter, &error), 0);
	igt_assert_eq((intptr_t)error, 0);
	huge_assert_mapped_at(&range.bo, range.address, HUGE_PMD, "when the move is over");
}

/* Functions of this type return 0 or an errno value. */
typedef int call_function(const struct huge_bo *bo, char *address);

static int fault(const struct huge_bo *bo, char *address)
{
	(void)bo;
	touch(address);
	return 0;
}

static int debug(const struct huge_bo *bo, char *address)
{
	char byte;

	(void)bo;
	return debugger_proc_mem.read(getpid(), address, &byte, 1) == 1 ? 0 : errno;
}

static int prefault(const struct huge_bo *bo, char *address)
{
	uint64_t done;

	return huge_prefault(bo->fd, address, bo->size, &done);
}

static int move(const struct huge_bo *bo, char *address)
{
	(void)address;
	return huge_bo_try_move(bo, HUGE_SYSTEM);
}

static int ask(const struct huge_bo *bo, char *address)
{
	struct huge_bo_info info;

	(void)address;
	return huge_bo_try_info(bo, &info);
}

static int count(const struct huge_bo *bo, char *address)
{
	struct huge_path path = huge_debugfs(bo->fd, LEVELS);
	char asked[32];

	(void)address;
	snprintf(asked, sizeof(asked), "%d %u", bo->fd, bo->handle);
	return write_file(path.text, asked);
}

static int take_record(const struct huge_bo *bo, char *address)
{
	uint64_t record;

	(void)address;
	return huge_dirty_try_take(bo, 0, 1, &record);
}

static int start_tracking(const struct huge_bo *bo, char *address)
{
	(void)address;
	return huge_dirty_try_start(bo);
}

static int stop_tracking(const struct huge_bo *bo, char *address)
{
	(void)address;
	return huge_dirty_try_stop(bo);
}

/* Makes the kernel write to the address. */
static int read_zeros(const struct huge_bo *bo, char *address)
{
	int fd = open("/dev/zero", O_RDONLY);

	(void)bo;
	return read(fd, address, 1) == 1 ? 0 : errno;
}

/* The kernel repeats the access by itself, without a check for signals. */
static int change_by_futex(const struct huge_bo *bo, char *address)
{
	uint32_t other = 0;

	(void)bo;
	return syscall(SYS_futex, &other, FUTEX_WAKE_OP_PRIVATE, 1, 1, address,
		       FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0)) < 0 ? errno : 0;
}

/* The operations that wait for a buffer object: all for its reservation, some also for a move. */
static const struct call {
	call_function *run;
	bool tracked;
	bool waits_for_moves;
	bool is_repeated;	/* after a signal, with what the driver has left in its argument */
} calls[] = {
	{ fault, false, true, false },
	{ fault, true, true, false },
	{ read_zeros, true, true, false },
	{ change_by_futex, false, true, false },
	{ debug, false, true, false },
	{ prefault, false, true, false },
	{ move, false, true, true },
	{ ask, true, false, true },
	{ count, true, false, false },
	{ take_record, true, false, true },
	{ start_tracking, true, false, true },
	{ stop_tracking, true, false, true },
};

static bool waits_for(const struct call *call, const struct obstacle *obstacle)
{
	return obstacle->hold == hold_reservation || call->waits_for_moves;
}

/* If writes are tracked, the page is mapped read-only: the first write has to be recorded. */
static struct huge_bo mapped_bo(bool tracked, char **address)
{
	struct huge_bo bo = huge_mapped_bo(KIB(64), tracked ? HUGE_TRACKABLE : 0, address);

	if (tracked) {
		huge_dirty_start(&bo);
		igt_assert_eq(**(volatile char **)address, 0);
	}
	return bo;
}

static void assert_first_page_recorded(const struct huge_bo *bo)
{
	uint64_t record = 0;

	igt_assert_eq(huge_dirty_try_take(bo, 0, 1, &record), 0);
	igt_assert_eq_u64(record, 1);
}

/**
 * SUBTEST: flags-mkwrite
 * Description: A write to a page that was read before, while writes are tracked. The driver
 *	itself makes the entry writable, and tells the kernel that there is nothing left to
 *	do. The kernel would do the same without the reservation: the record could have been
 *	taken by then, and the write would be in none.
 */
static void test_flags_mkwrite(void)
{
	struct huge_bo bo;
	char *address;

	require_probe();
	bo = mapped_bo(true, &address);
	igt_assert_eq(probe_fault(address, " mkwrite"), NOPAGE);
	huge_assert_writable(&bo, address, HUGE_PAGE_SIZE, true);
	assert_first_page_recorded(&bo);
}

/* Many times as long as a write takes. */
#define WRITE_SECONDS 30

/**
 * SUBTEST: zapped-waiting
 * Description: A write to a page that was read before, while writes are tracked, waits for a
 *	buffer object that is reserved. Meanwhile all entries of the device are removed. The
 *	write arrives, and is recorded.
 */
static void test_zapped_waiting(void)
{
	pthread_t waiter;
	struct huge_bo bo;
	char *address;
	void *signal;

	zapper_require();
	bo = mapped_bo(true, &address);
	hold_reservation(address);
	waiter = start_waiter(tell_and_touch, address);
	igt_assert_eq(zap_all_mappings(bo.fd, 1), 0);
	assert_did_not_wait();
	release_hold();
	/* If something is made of the entry that has gone, the write is repeated for ever. */
	igt_set_timeout(WRITE_SECONDS, "a write through an entry that was removed");
	igt_assert_eq(pthread_join(waiter, &signal), 0);
	igt_reset_timeout();
	igt_assert_f(!signal, "the write ended in signal %d\n", (int)(intptr_t)signal);
	igt_assert_eq(*address, 2);
	assert_first_page_recorded(&bo);
}

/* For a child that does not end by itself. */
static void kill_and_await(pid_t pid)
{
	int status;

	igt_assert_eq(kill(pid, SIGKILL), 0);
	igt_assert_f(child_ends_with(pid, &status), "the process does not end\n");
	igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Kills a child when it waits for what is held. The caller releases that. */
static void kill_in_wait(pid_t pid)
{
	await_sleep_in_driver(pid);
	kill_and_await(pid);
	assert_did_not_wait();
}

/* Many times as long as a query takes. */
#define QUERY_SECONDS 30

/* While a move is in flight, too: no process that was killed still has it reserved. */
static void assert_not_reserved(const struct huge_bo *bo)
{
	igt_set_timeout(QUERY_SECONDS, "a query of a buffer object after a process was killed");
	huge_bo_info(bo);
	igt_reset_timeout();
	assert_did_not_wait();
}

static void kill_waiter(call_function *run, const struct huge_bo *bo, char *address)
{
	pid_t pid = fork_child();

	if (!pid) {
		close_files_but(bo->fd);
		_exit(run(bo, address));
	}
	kill_in_wait(pid);
}

static void kill_in_call(const struct call *call, const struct obstacle *obstacle)
{
	char *address;
	struct huge_bo bo = mapped_bo(call->tracked, &address);

	obstacle->hold(address);
	kill_waiter(call->run, &bo, address);
	if (obstacle->hold == hold_fence_of_move)
		assert_not_reserved(&bo);
	release_hold();
	igt_assert_eq(*address, 0);
	huge_release_all();
	igt_assert_eq_u64(huge_vram_used_settled(huge_open(), 0), 0);
}

/**
 * SUBTEST: killed-%s
 * Description: A process waits for a buffer object that is %arg[1]: in a fault, in a write
 *	that is to be recorded, as a debugger, in an ioctl or in another system call that
 *	touches the buffer object. It dies at once when it is killed, and leaves nothing
 *	behind.
 *
 * arg[1]:
 *
 * @reserved:	reserved
 * @moving:	being moved
 */
static void test_killed(const struct obstacle *obstacle)
{
	const struct call *call;

	for_each_case(call, calls) {
		if (waits_for(call, obstacle))
			kill_in_call(call, obstacle);
	}
}

static int create(const struct huge_bo *bo, char *address)
{
	struct huge_bo other;

	(void)address;
	return huge_bo_try_create(bo->fd, MIB(2), HUGE_VRAM, 0, &other);
}

/**
 * SUBTEST: killed-creating
 * Description: A process creates a buffer object, and waits for the move of another one
 *	that has to leave VRAM for it. The process dies at once when it is killed, and the
 *	other buffer object stays in VRAM.
 */
static void test_killed_creating(void)
{
	int fd = huge_open();
	/* The oldest is evicted first; system memory has room for it. */
	struct huge_bo bo = huge_vram_bo(fd, MIB(2));
	char *address = huge_bo_map(&bo);

	huge_vram_rest(fd);
	huge_bo_await_idle(&bo);
	hold_fence_of_move(address);
	kill_waiter(create, &bo, address);
	release_hold();
	igt_assert_eq(huge_bo_placement(&bo), HUGE_VRAM);
}

/**
 * SUBTEST: killed-debugging-off
 * Description: A debugger that waits for the move of a buffer object that is mapped by TTM's
 *	own fault handler dies at once when it is killed.
 */
static void test_killed_debugging_off(void)
{
	struct huge_bo bo;
	char *address;

	max_level_set("off");
	bo = huge_mapped_bo(KIB(64), 0, &address);
	hold_fence_of_move(address);
	kill_waiter(debug, &bo, address);
}

/* A child of this process, which works on the process @other. */
static pid_t start_child(void (*run)(const struct huge_bo *bo, char *address, pid_t other),
			 const struct huge_bo *bo, char *address, pid_t other)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	/* Drops only the child's copy of the hold; the parent keeps its own. */
	release_hold();
	run(bo, address, other);
	_exit(0);
}

static void be_looked_at(const struct huge_bo *bo, char *address, pid_t other)
{
	(void)bo;
	(void)address;
	(void)other;
	pause();
}

static void debug_other(const struct huge_bo *bo, char *address, pid_t other)
{
	char byte;

	(void)bo;
	debugger_proc_mem.read(other, address, &byte, 1);
}

static void dump_other(const struct huge_bo *bo, char *address, pid_t other)
{
	struct page_table table = page_table_read_of(bo, other);

	(void)address;
	page_table_free(&table);
}

/**
 * SUBTEST: killed-dumping
 * Description: A process that dumps the page tables of another one waits for the other's
 *	mmap lock. A debugger holds that lock, and waits for a buffer object. The dumping
 *	process dies at once when it is killed.
 */
static void test_killed_dumping(void)
{
	pid_t debugged, debugger, reader;
	char *address;
	struct huge_bo bo = huge_mapped_bo(KIB(64), 0, &address);

	hold_reservation(address);
	debugged = start_child(be_looked_at, &bo, address, 0);
	debugger = start_child(debug_other, &bo, address, debugged);
	await_sleep_in_driver(debugger);
	reader = start_child(dump_other, &bo, address, debugged);
	await_sleep_in_driver(reader);
	kill_and_await(reader);
	assert_did_not_wait();
}

/* Takes the mmap lock of the other process for writing, for some microseconds. */
static void clear_references(const struct huge_bo *bo, char *address, pid_t other)
{
	char path[32];

	(void)bo;
	(void)address;
	snprintf(path, sizeof(path), "/proc/%d/clear_refs", other);
	write_file(path, "1");
}

/*
 * A child that prefaults twice, the second time when it gets its turn. By then its code and its
 * stack are in memory: otherwise it would wait in a fault there, before it prefaults.
 */
static pid_t start_prefaulter(const struct huge_bo *bo, char *address, int sockets[2])
{
	pid_t pid;

	make_turns(sockets);
	pid = fork_child();
	if (!pid) {
		prefault(bo, address);
		pass_turn(sockets[1]);
		await_turn(sockets[1]);
		prefault(bo, address);
		_exit(0);
	}
	await_turn(sockets[0]);
	await_sleep_in(pid, "unix_stream_");
	return pid;
}

/**
 * SUBTEST: killed-prefaulting
 * Description: A prefault waits for the mmap lock of its process. Another process waits for
 *	that lock for writing. A debugger holds it, and waits for a buffer object. When the
 *	process that prefaults is killed, the prefault ends at once.
 */
static void test_killed_prefaulting(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(KIB(64), 0, &address);
	pid_t debugger, prefaulter, writer;
	int sockets[2];

	igt_require_f(!access("/proc/self/clear_refs", F_OK), "this kernel has no clear_refs\n");
	prefaulter = start_prefaulter(&bo, address, sockets);
	hold_reservation(address);
	debugger = start_child(debug_other, &bo, address, prefaulter);
	await_sleep_in_driver(debugger);
	writer = start_child(clear_references, &bo, address, prefaulter);
	await_sleep_in(writer, "clear_refs_write");
	pass_turn(sockets[0]);
	await_sleep_in_driver(prefaulter);
	igt_assert_eq(kill(prefaulter, SIGKILL), 0);
	/* The process needs the lock to end, so that comes later. */
	while (is_held() && sleeps_in_driver(prefaulter))
		usleep(1000);
	assert_did_not_wait();
	release_hold();
	igt_assert_f(child_ends(prefaulter), "the process does not end\n");
	close(sockets[0]);
	close(sockets[1]);
}

/* In TTM of 6.1 no signal ends the wait for a buffer object that is to be swapped out. */
static void require_interruptible_swapping(void)
{
	const struct known_kernel *kernel = known_kernel();

	igt_require_f(kernel->version > 6 || kernel->patchlevel > 1,
		      "TTM of this kernel waits unkillably to swap out\n");
}

#define SWAPPED_SIZE MIB(4)
/* TTM itself gives up after 15 s. */
#define SWAPPING_SECONDS 10

/*
 * Two buffer objects in system memory, with room for one and a half: the first, at @swapped,
 * has memory and is being moved, and the access to the other waits for it.
 */
static struct huge_bo make_short_of_memory(char **swapped, char **address)
{
	int fd = huge_open();
	struct huge_bo other = huge_bo_create(fd, SWAPPED_SIZE, HUGE_SYSTEM, HUGE_SYSTEM_WB);
	struct huge_bo bo = huge_bo_create(fd, SWAPPED_SIZE, HUGE_SYSTEM, HUGE_SYSTEM_WB);

	*swapped = huge_bo_map(&other);
	*address = huge_bo_map(&bo);
	require_interruptible_swapping();
	touch(*swapped);
	hold_fence_of_move(*swapped);
	ttm_pages_limit_set(SWAPPED_SIZE / HUGE_PAGE_SIZE * 3 / 2);
	return bo;
}

/**
 * SUBTEST: killed-populating
 * Description: The access of a process needs system memory. To get it, TTM has to swap out
 *	another buffer object, which is being moved, and the process waits for that. It dies
 *	at once when it is killed.
 */
static void test_killed_populating(void)
{
	char *swapped, *address;
	struct huge_bo bo = make_short_of_memory(&swapped, &address);
	double begin = seconds_now();

	kill_waiter(fault, &bo, address);
	igt_assert_f(seconds_now() - begin < SWAPPING_SECONDS, "it waited for TTM to give up\n");
	release_hold();
	ttm_pages_limit_restore();
	igt_assert_eq(*address, 0);
	igt_assert_eq(*swapped, 2);
}

static volatile sig_atomic_t signal_came;

static void note_signal(int signal)
{
	(void)signal;
	signal_came = 1;
}

/* Returns also when the hold has ended. */
static void interrupt_waiter(pthread_t waiter)
{
	signal_came = 0;
	igt_assert_eq(pthread_kill(waiter, SIGUSR1), 0);
	while (!signal_came && is_held())
		usleep(1000);
	assert_did_not_wait();
}

/* What the interrupted waiter returns after the hold: it has to wait again until then. */
static intptr_t result_of_second_wait(pthread_t waiter)
{
	bool ended = false;
	void *result;

	while (!ended && !sleeps_in_driver(waiting)) {
		usleep(1000);
		ended = !pthread_tryjoin_np(waiter, &result);
	}
	igt_assert_f(!ended || !is_held(), "it did not wait again\n");
	release_hold();
	if (!ended)
		igt_assert_eq(pthread_join(waiter, &result), 0);
	return (intptr_t)result;
}

static void interrupt_fault(bool tracked, const struct obstacle *obstacle)
{
	pthread_t waiter;
	int signal;
	char *address;

	mapped_bo(tracked, &address);
	obstacle->hold(address);
	waiter = start_waiter(tell_and_touch, address);
	interrupt_waiter(waiter);
	signal = result_of_second_wait(waiter);
	igt_assert_f(!signal, "the write ended in signal %d\n", signal);
	igt_assert_eq(*address, 2);
}

struct interrupted_call {
	call_function *run;
	struct huge_bo bo;
	char *address;
};

static void *tell_and_run(void *argument)
{
	const struct interrupted_call *call = argument;

	tell_who_waits();
	return (void *)(intptr_t)call->run(&call->bo, call->address);
}

static void interrupt_call(const struct call *call, const struct obstacle *obstacle)
{
	struct interrupted_call interrupted = { .run = call->run };
	pthread_t waiter;

	interrupted.bo = mapped_bo(call->tracked, &interrupted.address);
	obstacle->hold(interrupted.address);
	waiter = start_waiter(tell_and_run, &interrupted);
	interrupt_waiter(waiter);
	igt_assert_eq(result_of_second_wait(waiter), 0);
}

static void *tell_and_debug(void *address)
{
	char byte;

	tell_who_waits();
	return (void *)(intptr_t)debugger_proc_mem.read(getpid(), address, &byte, 1);
}

/* In system memory, where the driver itself waits for nothing. */
static void interrupt_debugger(const struct obstacle *obstacle)
{
	struct huge_bo bo = huge_bo_create(huge_open(), KIB(64), HUGE_SYSTEM, HUGE_SYSTEM_WB);
	char *address = huge_bo_map(&bo);
	pthread_t waiter;
	void *result;

	touch(address);
	obstacle->hold(address);
	waiter = start_waiter(tell_and_debug, address);
	interrupt_waiter(waiter);
	igt_assert_eq(pthread_join(waiter, &result), 0);
	assert_did_not_wait();
	igt_assert_eq((intptr_t)result, -1);
	release_hold();
}

/**
 * SUBTEST: signal-%s
 * Description: A thread that waits in a fault for a buffer object that is %arg[1] gets a
 *	signal. It handles the signal at once, waits again, and its write arrives. The same
 *	holds for a write that is to be recorded. A debugger that waits reads nothing. An
 *	ioctl ends with EINTR; when it is called again with the argument as it is then, it
 *	waits again, and succeeds.
 *
 * arg[1]:
 *
 * @reserved:	reserved
 * @moving:	being moved
 */
static void test_signal(const struct obstacle *obstacle)
{
	struct sigaction action = { .sa_handler = note_signal };
	const struct call *call;

	igt_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
	interrupt_fault(false, obstacle);
	interrupt_fault(true, obstacle);
	interrupt_debugger(obstacle);
	for_each_case(call, calls) {
		if (call->is_repeated && waits_for(call, obstacle))
			interrupt_call(call, obstacle);
	}
}

/**
 * SUBTEST: signal-populating
 * Description: As in killed-populating, with a signal that does not kill: the access waits
 *	again, and arrives.
 */
static void test_signal_populating(void)
{
	struct sigaction action = { .sa_handler = note_signal };
	char *swapped, *address;
	pthread_t waiter;
	void *signal;

	make_short_of_memory(&swapped, &address);
	igt_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
	waiter = start_waiter(tell_and_touch, address);
	interrupt_waiter(waiter);
	release_hold();
	igt_assert_eq(pthread_join(waiter, &signal), 0);
	ttm_pages_limit_restore();
	igt_assert_f(!signal, "the write ended in signal %d\n", (int)(intptr_t)signal);
	igt_assert_eq(*address, 2);
	igt_assert_eq(*swapped, 2);
}

/* Faults under the mmap lock. */
static bool work_by_prefault(struct worker *worker)
{
	uint64_t length = worker->pattern.pages * HUGE_PAGE_SIZE, done;

	return !huge_prefault(worker->bo->fd, worker->pattern.address, length, &done) &&
	       done == length;
}

/* Takes the mmap lock and the per-VMA lock for writing. */
static bool work_by_mapping(struct worker *worker)
{
	uint64_t length = worker->pattern.pages * HUGE_PAGE_SIZE;

	worker->pattern.seed++;
	huge_bo_map_at(worker->bo, worker->pattern.address,
		       worker->pattern.first_page * HUGE_PAGE_SIZE, length);
	pattern_write(&worker->pattern);
	return !mprotect(worker->pattern.address, length, PROT_READ) &&
	       pattern_matches(&worker->pattern) &&
	       !mprotect(worker->pattern.address, length, PROT_READ | PROT_WRITE);
}

/* The first faults under the per-VMA lock, for which it contends with the last. */
static bool (* const works[])(struct worker *worker) = {
	work_by_touching, work_by_prefault, work_by_mapping,
};

/* Each worker has its own part of the pages. */
static struct worker make_worker(const struct huge_bo *bo, char *address, unsigned int part)
{
	const uint64_t share = bo->size / COUNT_OF(works);
	struct worker worker = {
		.work = works[part],
		.bo = bo,
		.pattern = pattern_of(address + part * share, share, 0),
	};

	worker.pattern.first_page = part * share / HUGE_PAGE_SIZE;
	worker.pattern.stride = 16;
	return worker;
}

/**
 * SUBTEST: contended
 * Description: Threads of one process fault by touching (per-VMA lock), by prefault (mmap
 *	lock), map and protect, each on a part of a buffer object that is moved to and fro
 *	all the time. Data are right, and no thread starves.
 */
static void test_contended(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(12), 0, &address);
	struct worker workers[COUNT_OF(works)];

	for (unsigned int i = 0; i < COUNT_OF(works); i++)
		workers[i] = make_worker(&bo, address, i);
	contend(workers, COUNT_OF(works));
	pattern_assert(&workers[0].pattern);
	pattern_assert(&workers[2].pattern);
}

/* The processors of this process, while it is bound to one of them. */
static cpu_set_t cpus_before;

static void bind_to_one_cpu(void)
{
	cpus_before = cpus_allowed();
	run_on_nth_cpu(&cpus_before, 0);
}

static void unbind_from_cpu(void)
{
	if (CPU_COUNT(&cpus_before))
		run_on_cpus(&cpus_before);
	CPU_ZERO(&cpus_before);
}

static void clean_up(void)
{
	igt_reset_timeout();
	alarm_stop();
	release_all_holds();
	kill_children();
	unbind_from_cpu();
	trace_stop();
	async_moves_restore();
	max_level_restore();
	ttm_pages_limit_restore();
	huge_release_all();
}

#define PROC_LINE 512

/* The line of a file in /proc/PID that begins with @begin. */
static void line_of(pid_t pid, const char *file, const char *begin, char line[PROC_LINE])
{
	char path[64];
	bool found = false;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	stream = fopen(path, "r");
	igt_assert_f(stream, "%s: %s\n", path, strerror(errno));
	while (!found && fgets(line, PROC_LINE, stream))
		found = !strncmp(line, begin, strlen(begin));
	fclose(stream);
	igt_assert_f(found, "%s has no line that begins with '%s'\n", path, begin);
}

/* How often the process has slept voluntarily. */
static uint64_t sleeps_of(pid_t pid)
{
	char line[PROC_LINE];
	uint64_t sleeps;

	line_of(pid, "status", "voluntary_ctxt_switches:", line);
	igt_assert(sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &sleeps) == 1);
	return sleeps;
}

/* Minor and major faults, after the name: a repeated fault counts as major. */
#define FAULTS_IN_STAT "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64

static uint64_t faults_of(pid_t pid)
{
	char line[PROC_LINE];
	uint64_t minor, major;

	line_of(pid, "stat", "", line);
	igt_assert(sscanf(line, FAULTS_IN_STAT, &minor, &major) == 2);
	return minor + major;
}

static void ignore(int signal)
{
	(void)signal;
}

#define REPEATED_FAULTS 20

/**
 * SUBTEST: signal-in-kernel-%s
 * Description: A system call touches a buffer object that is %arg[1], and the process gets
 *	a signal that it cannot handle before the call is done. The call sleeps each time
 *	before it tries again, and does not keep a processor from the code that it waits
 *	for.
 *
 * arg[1]:
 *
 * @reserved:	reserved
 * @moving:	being moved
 */
static void test_signal_in_kernel(const struct obstacle *obstacle)
{
	uint64_t faults, sleeps;
	char *address;
	int status;
	pid_t pid;

	huge_mapped_bo(MIB(2), 0, &address);
	obstacle->hold(address);
	pid = fork_child();
	if (!pid) {
		/* Drops only the child's copy of the hold; the parent keeps its own. */
		release_hold();
		signal(SIGUSR1, ignore);
		_exit(error_of_kernel_reading(address));
	}
	await_sleep_in_driver(pid);
	faults = faults_of(pid);
	sleeps = sleeps_of(pid);
	igt_assert_eq(kill(pid, SIGUSR1), 0);
	while (is_held() && faults_of(pid) < faults + REPEATED_FAULTS)
		usleep(1000);
	assert_did_not_wait();
	/* One of the faults may be at its beginning. */
	igt_assert_lte_u64(faults_of(pid) - faults, sleeps_of(pid) - sleeps + 1);
	release_hold();
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert_eq(status, 0);
}

/*
 * The cheapest of some blocks counts: another process, or another guest, may have made the
 * others slower. A block takes less than a time slice of the scheduler.
 */
#define BLOCK_OF_BOS	20
#define MEASURED_BOS	500
#define MOST_BOS	9000

/* Creates buffer objects in system memory; returns the seconds of the cheapest block. */
static double create_bos(int fd, uint64_t size, unsigned int count, struct huge_bo *bos)
{
	double cheapest = HUGE_VAL;

	for (unsigned int i = 0; i < count; i += BLOCK_OF_BOS) {
		double start = seconds_now(), seconds;

		for (unsigned int j = i; j < i + BLOCK_OF_BOS; j++)
			bos[j] = huge_bo_create(fd, size, HUGE_SYSTEM, 0);
		seconds = seconds_now() - start;
		for (unsigned int j = i; j < i + BLOCK_OF_BOS; j++)
			igt_assert_eq_u64(bos[j].offset % huge_expected_alignment(size), 0);
		if (seconds < cheapest)
			cheapest = seconds;
	}
	return cheapest;
}

/*
 * Holes in the address space of offsets: the rest that alignment leaves between buffer
 * objects, or two of three neighbours that are destroyed.
 */
struct creation_case {
	const char *name;
	const char *what;
	uint64_t size;
	uint64_t before;	/* size of the buffer objects that make the holes */
	unsigned int count;	/* of those; searching 2000 holes costs more than creation */
};

static const struct creation_case creation_cases[] = {
	{ "small", "Buffer objects of 12 KiB after many of 20 KiB", KIB(12), KIB(20), 2000 },
	{ "large", "Buffer objects of 2 MiB in holes of 2 MiB + 8 KiB, few of which fit", MIB(2),
	  KIB(1028), 9000 },
	{ "larger", "Buffer objects of 2 MiB in holes of 3 MiB + 8 KiB, half of which fit", MIB(2),
	  KIB(1540), 600 },
};

/**
 * SUBTEST: creation-%s
 * Description: %arg[1] have aligned offsets, and cost no more than twice as much as the
 *	same in an address space without holes: creation holds a lock that all users of the
 *	device need.
 *
 * arg[1]:
 *
 * @small:	Buffer objects of 12 KiB after many of 20 KiB
 * @large:	Buffer objects of 2 MiB in holes of 2 MiB + 8 KiB, few of which have an aligned
 *		place
 * @larger:	Buffer objects of 2 MiB in holes of 3 MiB + 8 KiB, half of which have an aligned
 *		place
 */
static void test_creation(const struct creation_case *c)
{
	struct huge_bo *bos = calloc(MOST_BOS, sizeof(*bos));
	int fd = huge_open();
	double first, then;

	igt_assert(bos);
	first = create_bos(fd, c->size, MEASURED_BOS, bos);
	for (int i = 0; i < MEASURED_BOS; i++)
		huge_bo_destroy(&bos[i]);
	create_bos(fd, c->before, c->count, bos);
	for (unsigned int i = 0; i < c->count; i++)
		if (c->before < c->size && i % 3)
			huge_bo_destroy(&bos[i]);
	then = create_bos(fd, c->size, MEASURED_BOS, bos);
	igt_info("%.1f us each, then %.1f us\n", first / BLOCK_OF_BOS * 1e6,
		 then / BLOCK_OF_BOS * 1e6);
	igt_assert(then <= 2 * first);
	free(bos);
}

/* The record has the first page of each of these page tables; to take it takes seconds. */
#define TABLES 256
#define TABLE_SIZE MIB(2)
#define TABLE_PAGES (TABLE_SIZE / HUGE_PAGE_SIZE)
#define MAPPINGS 8192

struct tables_record {
	uint64_t words[TABLES * TABLE_PAGES / 64];
};

static void write_to_tables(char *address)
{
	write_each_page(address, TABLES * TABLE_SIZE, TABLE_SIZE);
}

static void assert_tables_recorded(const struct tables_record *record)
{
	for (unsigned int table = 0; table < TABLES; table++)
		igt_assert_f(record->words[table * TABLE_PAGES / 64] & 1,
			     "page table %u is not in the record\n", table);
}

/* Returns the seconds that it took, while other processes have the buffer object mapped. */
static double take_tables(const struct huge_bo *bo)
{
	struct tables_record record;
	double begin = seconds_now();

	igt_assert_eq(huge_dirty_try_take(bo, 0, TABLES * TABLE_PAGES, record.words), 0);
	begin = seconds_now() - begin;
	assert_tables_recorded(&record);
	return begin;
}

static bool map_many(const struct huge_bo *bo)
{
	for (unsigned int i = 0; i < MAPPINGS; i++) {
		if (mmap(NULL, bo->size, PROT_READ, MAP_SHARED, bo->fd, bo->offset) == MAP_FAILED)
			return false;
	}
	return true;
}

/* A child, which makes many mappings, and takes the record when it gets its turn. */
static pid_t start_taker(const struct huge_bo *bo, int socket)
{
	struct tables_record record;
	pid_t pid = fork_child();

	if (pid)
		return pid;
	if (!map_many(bo))
		_exit(1);
	pass_turn(socket);
	await_turn(socket);
	_exit(huge_dirty_try_take(bo, 0, TABLES * TABLE_PAGES, record.words));
}

/* A thread that queries a buffer object until it has had to wait for the reservation. */
static struct asker {
	struct huge_bo bo;
	pthread_t thread;
	pid_t id;
	bool over;
} asker;

static void *ask_on(void *unused)
{
	struct huge_bo_info info;

	(void)unused;
	__atomic_store_n(&asker.id, gettid(), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&asker.over, __ATOMIC_RELAXED))
		huge_bo_try_info(&asker.bo, &info);
	return NULL;
}

/* Returns when another process has the buffer object reserved, and the asker waits for it. */
static void await_reserved(const struct huge_bo *bo)
{
	asker = (struct asker){ .bo = *bo };
	igt_assert_eq(pthread_create(&asker.thread, NULL, ask_on, NULL), 0);
	while (!__atomic_load_n(&asker.id, __ATOMIC_ACQUIRE))
		usleep(1000);
	await_sleep_in_driver(asker.id);
	__atomic_store_n(&asker.over, true, __ATOMIC_RELAXED);
}

/* All tables are written, and the child waits for its turn to take what is written next. */
static pid_t start_tracked_taker(const struct huge_bo *bo, char *address, int sockets[2])
{
	pid_t pid;

	huge_dirty_start(bo);
	write_to_tables(address);
	make_turns(sockets);
	pid = start_taker(bo, sockets[1]);
	await_turn(sockets[0]);
	return pid;
}

/**
 * SUBTEST: killed-taking
 * Description: A process that takes the record of a buffer object with thousands of
 *	mappings is killed meanwhile. It gives the buffer object back long before it would
 *	have finished, and the pages that it would have taken are still in the record.
 */
static void test_killed_taking(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(TABLES * TABLE_SIZE, HUGE_TRACKABLE, &address);
	double all, rest;
	int sockets[2];
	pid_t pid;

	pid = start_tracked_taker(&bo, address, sockets);
	all = take_tables(&bo);
	write_to_tables(address);
	pass_turn(sockets[0]);
	await_reserved(&bo);
	rest = seconds_now();
	igt_assert_eq(kill(pid, SIGKILL), 0);
	igt_assert_eq(pthread_join(asker.thread, NULL), 0);
	rest = seconds_now() - rest;
	/* All of its mappings go, which takes a while. */
	kill_and_await(pid);
	igt_info("%.3f s for all of it, %.3f s after it was killed\n", all, rest);
	take_tables(&bo);
	igt_assert_f(rest < all / 2, "it did not end at once\n");
}

/* More than come outside of the system call: the next one is sent when one was handled. */
#define MOST_SIGNALS 20
#define PROFILING_US 10000

static volatile sig_atomic_t signals_came;

/* Without an end, a call that begins anew after each signal would be repeated for ever. */
static void count_signal(int signal)
{
	(void)signal;
	if (++signals_came == MOST_SIGNALS)
		alarm_stop();
}

/**
 * SUBTEST: signal-taking
 * Description: While a process takes the record of a buffer object with thousands of
 *	mappings, a timer sends it signals, as in a profiler. They wait until the record is
 *	taken: otherwise the call would begin anew each time, and never end.
 */
static void test_signal_taking(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(TABLES * TABLE_SIZE, HUGE_TRACKABLE, &address);
	int sockets[2];
	double seconds;
	pid_t pid;

	pid = start_tracked_taker(&bo, address, sockets);
	signals_came = 0;
	alarm_start(count_signal, PROFILING_US, PROFILING_US);
	seconds = take_tables(&bo);
	alarm_stop();
	igt_info("%.3f s, %d signals\n", seconds, (int)signals_came);
	igt_assert_lt(0, signals_came);
	igt_assert_lt(signals_came, MOST_SIGNALS);
	kill_and_await(pid);
}

/* A child that uses the processor all the time, from its turn on. */
static void start_rival(void)
{
	int sockets[2];

	make_turns(sockets);
	if (!fork_child()) {
		/* It must not go on without this process. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pass_turn(sockets[1]);
		for (;;)
			;
	}
	await_turn(sockets[0]);
	close(sockets[0]);
	close(sockets[1]);
}

/* How often another process or thread got the processor although this one could go on. */
static uint64_t interruptions(void)
{
	struct rusage usage;

	igt_assert_eq(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_nivcsw;
}

/*
 * To clear or copy so much takes at least 100 ms, and two that want the same processor get it
 * for some 10 ms each. A call that lets others run only before that and after it is
 * interrupted three or four times.
 */
#define CLEARED_SIZE GIB(2)
#define COPIED_SIZE MIB(512)
#define LEAST_INTERRUPTIONS 6

static void assert_interrupted(uint64_t before)
{
	uint64_t count = interruptions() - before;

	igt_info("interrupted %" PRIu64 " times\n", count);
	igt_assert_lte_u64(LEAST_INTERRUPTIONS, count);
}

/**
 * SUBTEST: moves-let-others-run
 * Description: A process has a large buffer object cleared, and another one moved to VRAM, by
 *	calls that return when that is done. Another process, which wants the same processor,
 *	gets its share of it meanwhile.
 */
static void test_moves_let_others_run(void)
{
	struct huge_bo bo = huge_bo_create(huge_open(), COPIED_SIZE, HUGE_SYSTEM, HUGE_SYSTEM_WB);
	uint64_t before;

	async_moves_set("N");
	/* All of its memory is allocated here. */
	touch(huge_bo_map(&bo));
	bind_to_one_cpu();
	start_rival();
	before = interruptions();
	huge_vram_bo(bo.fd, CLEARED_SIZE);
	assert_interrupted(before);
	before = interruptions();
	huge_bo_move(&bo, HUGE_VRAM);
	assert_interrupted(before);
}

struct remapping {
	char *from;
	char *to;
	char *moved;
	uint64_t size;
};

static void remap(void *argument)
{
	struct remapping *remapping = argument;

	remapping->moved = mremap(remapping->from, remapping->size, remapping->size,
				  MREMAP_MAYMOVE | MREMAP_FIXED, remapping->to);
}

/**
 * SUBTEST: mremap
 * Description: A buffer object that is reserved is mapped twice by the largest entry there
 *	is. mremap() of one mapping does not wait, and what is written through it is seen
 *	through the other one.
 */
static void test_mremap(void)
{
	struct remapping remapping = { .size = GIB(1) };
	struct huge_bo bo = huge_mapped_bo(remapping.size, 0, &remapping.from);
	volatile char *other = huge_bo_map(&bo);

	remapping.to = huge_reserve(remapping.size, bo.alignment);
	touch(remapping.from);
	touch((char *)other);
	hold_reservation(remapping.from);
	assert_ignores_hold(remap, &remapping);
	igt_assert_f(remapping.moved == remapping.to, "mremap: %s\n", strerror(errno));
	igt_assert_eq(*(volatile char *)remapping.moved, 2);
	*(volatile char *)remapping.moved = 3;
	igt_assert_eq(*other, 3);
}

static const struct level_subtest level_subtests[] = {
	{ "vma-lock", "Faults do not take the mmap lock", test_vma_lock },
};

static const struct subtest subtests[] = {
	{ "flags-imported", "Faults that wait for pages of another device", test_flags_imported },
	{ "flags-mkwrite", "Who makes the entry of a tracked write writable", test_flags_mkwrite },
	{ "zapped-waiting", "Zapped while a tracked write waits", test_zapped_waiting },
	{ "vma-lock-tracked", "Tracked writes do not take the mmap lock", test_vma_lock_tracked },
	{ "contended", "All kinds of faults while moving", test_contended },
	{ "prefault-holds-no-lock", "A prefault that waits holds no lock",
	  test_prefault_holds_no_lock },
	{ "killed-debugging-off", "A debugger killed with TTM's own fault handler",
	  test_killed_debugging_off },
	{ "killed-creating", "Killed while others leave VRAM", test_killed_creating },
	{ "killed-dumping", "Killed while a dump waits", test_killed_dumping },
	{ "killed-prefaulting", "Killed while a prefault waits for the mmap lock",
	  test_killed_prefaulting },
	{ "killed-populating", "Killed while others are to be swapped out",
	  test_killed_populating },
	{ "signal-populating", "A signal while waiting for another buffer object to be swapped out",
	  test_signal_populating },
	{ "killed-taking", "Killed while taking a long record", test_killed_taking },
	{ "signal-taking", "Signals while taking a long record", test_signal_taking },
	{ "moves-let-others-run", "Moves of others on the same processor",
	  test_moves_let_others_run },
	{ "mremap", "mremap() of a buffer object that is reserved", test_mremap },
};

static void run_flags_subtests(const struct obstacle *obstacle)
{
	const struct flags_case *flags;

	for_each_case(flags, flags_cases) {
		igt_describe_f("A fault that %s, on a buffer object that is %s", flags->what,
			       obstacle->what);
		igt_subtest_f("flags-%s-%s", flags->name, obstacle->name)
			test_flags(flags, obstacle);
		igt_fixture()
			clean_up();
	}
}

static const struct obstacle_subtest {
	const char *name;
	const char *what;
	void (*run)(const struct obstacle *obstacle);
} obstacle_subtests[] = {
	{ "wait-holds-no-lock", "No other thread waits for a buffer object that is",
	  test_wait_holds_no_lock },
	{ "killed", "Killed while waiting for a buffer object that is", test_killed },
	{ "signal-in-kernel", "A signal to a system call that waits for a buffer object that is",
	  test_signal_in_kernel },
	{ "signal", "A signal while waiting for a buffer object that is", test_signal },
};

static void run_obstacle_subtests(const struct obstacle *obstacle)
{
	const struct obstacle_subtest *subtest;

	run_flags_subtests(obstacle);
	for_each_case(subtest, obstacle_subtests) {
		igt_describe_f("%s %s", subtest->what, obstacle->what);
		igt_subtest_f("%s-%s", subtest->name, obstacle->name)
			subtest->run(obstacle);
		igt_fixture()
			clean_up();
	}
}

int igt_main()
{
	const struct creation_case *creation;
	const struct obstacle *obstacle;

	igt_fixture() {
		huge_close(huge_open());
		async_moves_save();
		max_level_save();
		ttm_pages_limit_save();
	}

	for_each_case(obstacle, obstacles)
		run_obstacle_subtests(obstacle);
	run_flags_subtests(&begun);
	for_each_case(creation, creation_cases) {
		igt_describe(creation->what);
		igt_subtest_f("creation-%s", creation->name)
			test_creation(creation);
		igt_fixture()
			clean_up();
	}
	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

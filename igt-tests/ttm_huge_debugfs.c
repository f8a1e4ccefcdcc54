// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/counters.h"
#include "lib/cpu.h"
#include "lib/file.h"
#include "lib/huge_device.h"
#include "lib/page_table.h"
#include "lib/setting.h"
#include "lib/slab.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge debugfs
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: The files in debugfs: which process and buffer object the page-table dump
 *	shows, and what the counters count.
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

static int choose_process(int witness, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return choose(witness, text);
}

static void choose_range(int witness, uint64_t offset, uint64_t length)
{
	char text[48];

	snprintf(text, sizeof(text), "0 %" PRIu64 " %" PRIu64, offset, length);
	igt_assert_eq(choose(witness, text), 0);
}

/* The dump shows entries for all of these bytes and no others. */
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
	{ "0 4096", EINVAL },
	{ "0 x 4096", EINVAL },
	{ "0 -1 4096", EINVAL },
	{ "0 0x 4096", EINVAL },
	{ "0 0x10000000000000000 4096", EINVAL },
	{ "0 4096 x", EINVAL },
	{ "0 4096 -1", EINVAL },
	{ "0 4096 0", EINVAL },
	{ "0 0 0x10000000000000000", EINVAL },
	{ "0 0xfffffffffffff000 4096", EINVAL },
	{ "0  0 4096", EINVAL },
	{ "0 0  4096", EINVAL },
	{ "0 0 4096 0", EINVAL },
	{ "-1", ESRCH },
	/* A larger number than any kernel gives a process. */
	{ "2147483647", ESRCH },
	{ "2147483647 0 4096", ESRCH },
	/* More bytes than the file accepts. */
	{ "0                                                                      ", EINVAL },
};

/* The longest text that the file accepts. */
#define MOST_BYTES 63

/* The longest text is accepted, and one that is a byte longer is refused. */
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
 * Description: A text is refused if it is no PID and range (EINVAL), if there is no such
 *	process (ESRCH), if it is too long (EINVAL) or if it cannot be read (EFAULT). What
 *	was chosen before stays chosen.
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
	choose_range(witness, bo.offset, bo.size);
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
	struct huge_path path = huge_debugfs(fd, name);

	igt_assert_eq(file_mode(path.text), mode);
}

/* A mapping of four pages, in the middle of a buffer object. */
static void assert_range_is_of_mapping(int witness, const struct huge_bo *bo)
{
	char *address = huge_bo_map_part(bo, KIB(16), KIB(16), PROT_READ);
	const uint64_t start = bo->offset + KIB(16), end = bo->offset + KIB(32);

	(void)*(volatile char *)address;
	choose_range(witness, bo->offset, KIB(16));
	assert_shows(witness, address, 0);
	choose_range(witness, end, KIB(16));
	assert_shows(witness, address, 0);
	choose_range(witness, start - 1, 2);
	assert_shows(witness, address, KIB(16));
	choose_range(witness, start + HUGE_PAGE_SIZE, 1);
	assert_shows(witness, address, KIB(16));
	choose_range(witness, end - 1, 1);
	assert_shows(witness, address, KIB(16));
	huge_unmap(address, KIB(16));
}

/**
 * SUBTEST: offset
 * Description: An offset in the file and a length, decimal or hexadecimal, pick all
 *	mappings that map a byte of that range; each is shown as a whole. With the offset
 *	and the size of a buffer object, its mappings are shown; if there are none, nothing
 *	is. Without a range all mappings are shown, also by a file that was opened after
 *	another one with a range was closed. Only root can open this file and the counters.
 */
static void test_offset(void)
{
	int fd = huge_open(), witness = page_table_open(fd);
	struct huge_bo first = huge_vram_bo(fd, KIB(64)), second = huge_vram_bo(fd, KIB(32));
	struct huge_bo third = huge_vram_bo(fd, KIB(64));
	char *area = huge_reserve(KIB(96), KIB(64)), text[48];

	huge_bo_map_at(&first, area, 0, first.size);
	huge_bo_map_at(&second, area + first.size, 0, second.size);
	*area = 1;
	*(area + first.size) = 1;
	assert_mode(fd, PAGE_TABLES, 0600);
	assert_mode(fd, "ttm_huge_counters", 0400);
	assert_shows(witness, area, KIB(96));
	choose_range(witness, first.offset, first.size);
	assert_shows(witness, area, first.size);
	snprintf(text, sizeof(text), " 0 0x%" PRIx64 " 0x%" PRIx64 "\n", second.offset,
		 second.size);
	igt_assert_eq(choose(witness, text), 0);
	assert_shows(witness, area + first.size, second.size);
	choose_range(witness, 0, HUGE_PAGE_SIZE);
	assert_shows(witness, area, 0);
	igt_assert_eq(choose(witness, "0\n"), 0);
	assert_shows(witness, area, KIB(96));
	assert_range_is_of_mapping(witness, &third);
	close(witness);
	/* What the kernel has for it may be in the same memory. */
	witness = page_table_open(fd);
	assert_shows(witness, area, KIB(96));
	close(witness);
}

/**
 * SUBTEST: holes
 * Description: The dump shows a whole mapping, entries and what lies between them, with one
 *	line for each hole: first when nothing is mapped, and then with single entries of each
 *	level.
 */
static void test_holes(void)
{
	const uint64_t size = GIB(1) + MIB(6) + KIB(12);
	char *address;
	struct huge_bo bo = huge_mapped_bo(size, 0, &address);
	const uint64_t touched[] = { GIB(1) + MIB(6) + KIB(4), GIB(1) + MIB(2), MIB(2) };
	int witness = page_table_open(bo.fd);

	igt_assert_eq(madvise(address, size, MADV_RANDOM), 0);
	page_table_assert_covers(witness, address, size);
	for (unsigned int i = 0; i < COUNT_OF(touched); i++) {
		(void)*(volatile char *)(address + touched[i]);
		page_table_assert_covers(witness, address, size);
	}
	close(witness);
}

/**
 * SUBTEST: holes-far
 * Description: As in holes, for a mapping across the border between two page tables of the
 *	highest level, with no other mapping near.
 */
static void test_holes_far(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), FAR_SIZE);
	int witness = page_table_open(bo.fd);

	huge_bo_map_at(&bo, FAR_BORDER, 0, bo.size);
	page_table_assert_covers(witness, FAR_BORDER, bo.size);
	(void)*(volatile char *)(FAR_BORDER + FAR_SIZE / 2);
	page_table_assert_covers(witness, FAR_BORDER, bo.size);
	close(witness);
}

#define MOMENTS 50
#define MOMENT_SIZE MIB(64)

/* A mapping whose first page a thread touches, and then its last. */
struct order {
	char *address;
	int delay_us;
	bool go;
};

static void *touch_in_order(void *data)
{
	struct order *order = data;

	while (!__atomic_load_n(&order->go, __ATOMIC_ACQUIRE))
		;
	usleep(order->delay_us);
	*(volatile char *)order->address = 1;
	*(volatile char *)(order->address + MOMENT_SIZE - HUGE_PAGE_SIZE) = 1;
	return NULL;
}

static bool has_entry(const struct page_table *table, const char *address)
{
	struct huge_levels found = page_table_levels(table, address, HUGE_PAGE_SIZE);

	return found.entries[HUGE_PTE];
}

/* With many page tables of PTEs in between, so that a dump takes some time. */
static void map_for_moment(const struct huge_bo *bo, char *address)
{
	huge_bo_map_at(bo, address, 0, bo->size);
	igt_assert_eq(madvise(address, bo->size, MADV_NOHUGEPAGE), 0);
	igt_assert_eq(madvise(address, bo->size, MADV_RANDOM), 0);
	for (uint64_t at = MIB(2); at < bo->size - MIB(2); at += MIB(2))
		(void)*(volatile char *)(address + at);
}

/**
 * SUBTEST: one-moment
 * Description: The dump shows a mapping at one moment: when a thread touches one page and
 *	then another, the second is never shown without the first.
 */
static void test_one_moment(void)
{
	char *address, *last;
	struct huge_bo bo = huge_mapped_bo(MOMENT_SIZE, 0, &address);
	int witness = page_table_open(bo.fd);
	struct page_table table;

	last = address + bo.size - HUGE_PAGE_SIZE;
	for (int moment = 0; moment < MOMENTS; moment++) {
		struct order order = { .address = address, .delay_us = moment * 100 };
		pthread_t thread;

		map_for_moment(&bo, address);
		igt_assert_eq(pthread_create(&thread, NULL, touch_in_order, &order), 0);
		__atomic_store_n(&order.go, true, __ATOMIC_RELEASE);
		table = page_table_read_from(witness);
		pthread_join(thread, NULL);
		igt_assert(has_entry(&table, address) || !has_entry(&table, last));
		page_table_free(&table);
	}
	close(witness);
}

/* Replaces the mapping that the child has from its parent by a part of it, and reads that. */
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

/* kthreadd, which as a kernel thread has no memory. */
#define KERNEL_THREAD "2"

#define PFNMAP_USERS "/sys/module/pfnmap/refcnt"

struct thread_witness {
	int fd;
	bool shown;
};

/* Runs in a thread that is not the first of the process, so that its TID is not the PID. */
static void *read_in_thread(void *data)
{
	struct thread_witness *of_thread = data;
	int witness = page_table_open(of_thread->fd);
	char byte;

	of_thread->shown = pread(witness, &byte, 1, 0) == 1;
	close(witness);
	return NULL;
}

/**
 * SUBTEST: process
 * Description: A PID picks the process whose page tables are shown. When the process has
 *	ended, waited for or not, the read fails with ESRCH, as for a kernel thread. Any
 *	thread that opens the file sees the page tables of its own process. The open file
 *	keeps pfnmap loaded.
 */
static void test_process(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	const long users = number_in_file(PFNMAP_USERS);
	int witness = page_table_open(bo.fd), sockets[2], status;
	struct thread_witness witness_of_thread = { .fd = bo.fd };
	pthread_t thread;
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

	igt_assert_eq(choose_process(witness, child), 0);
	assert_shows(witness, address + MIB(1), KIB(8));
	table = page_table_read_from(witness);
	run = page_table_run_at(&table, (uintptr_t)address + MIB(1));
	igt_assert_eq_u64(run->pfn, pfn + 2);
	igt_assert(!run->writable);
	igt_assert_eq(run->level, HUGE_PTE);
	page_table_free(&table);

	igt_assert_eq(pthread_create(&thread, NULL, read_in_thread, &witness_of_thread), 0);
	igt_assert_eq(pthread_join(thread, NULL), 0);
	igt_assert(witness_of_thread.shown);

	pass_turn(sockets[0]);
	igt_assert_eq(waitid(P_PID, child, &ended, WEXITED | WNOWAIT), 0);
	assert_shows_no_process(witness);
	igt_assert_eq(waitpid(child, &status, 0), child);
	igt_assert_eq(status, 0);
	assert_shows_no_process(witness);
	igt_assert_eq(choose(witness, KERNEL_THREAD), 0);
	assert_shows_no_process(witness);
	igt_assert_eq(choose_process(witness, child), ESRCH);
	igt_assert_eq(choose(witness, "0"), 0);
	assert_shows(witness, address, bo.size);
	/* Not where pfnmap is built in, which has no reference count. */
	igt_assert(!users || number_in_file(PFNMAP_USERS) == users + 1);
	close(witness);
	igt_assert_eq(number_in_file(PFNMAP_USERS), users);
	close(sockets[0]);
	close(sockets[1]);
}

#define SPARE_NAMESPACES 16
#define NAMESPACE_ROUNDS (4 * SPARE_NAMESPACES)
#define NAMESPACE_TRIES 1000

static struct setting most_namespaces = {
	.path = "/proc/sys/user/max_pid_namespaces",
};

/* Starts the first process of a PID namespace, which stays while anything refers to either. */
static pid_t try_new_namespace(void)
{
	pid_t child = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child;
}

static void end_process(pid_t child)
{
	kill(child, SIGKILL);
	igt_assert_eq(waitpid(child, NULL, 0), child);
}

static void set_most_namespaces(unsigned int most)
{
	char value[16];

	snprintf(value, sizeof(value), "%u", most);
	setting_set(&most_namespaces, value);
}

/* Limits the namespaces to those that exist and at most twice SPARE_NAMESPACES more. */
static void spare_namespaces(void)
{
	unsigned int most = SPARE_NAMESPACES;
	pid_t child;

	setting_save(&most_namespaces);
	set_most_namespaces(most);
	while ((child = try_new_namespace()) < 0) {
		igt_require_f(errno != EINVAL, "the kernel has no PID namespaces\n");
		igt_assert_f(errno == ENOSPC, "a new PID namespace: %s\n", strerror(errno));
		most += SPARE_NAMESPACES;
		set_most_namespaces(most);
	}
	end_process(child);
	set_most_namespaces(most + SPARE_NAMESPACES);
}

/* Repeated, because references are dropped only some time after waitpid(). */
static pid_t start_in_new_namespace(void)
{
	pid_t child = try_new_namespace();

	for (int tries = 0; child < 0 && errno == ENOSPC && tries < NAMESPACE_TRIES; tries++) {
		usleep(10000);
		child = try_new_namespace();
	}
	igt_assert_f(child > 0, "a process in a new PID namespace: %s\n", strerror(errno));
	return child;
}

static void choose_new_process(int witness)
{
	pid_t child = start_in_new_namespace();
	int error = choose_process(witness, child);

	end_process(child);
	igt_assert_eq(error, 0);
}

/**
 * SUBTEST: process-let-go
 * Description: When another process is chosen, or the file is closed, nothing is left of a
 *	chosen process that has ended: more PID namespaces can be created one after the
 *	other than the limit allows at a time.
 */
static void test_process_let_go(void)
{
	int fd = huge_open(), witness = page_table_open(fd);

	spare_namespaces();
	for (int round = 0; round < NAMESPACE_ROUNDS; round++)
		choose_new_process(witness);
	close(witness);
	for (int round = 0; round < NAMESPACE_ROUNDS; round++) {
		witness = page_table_open(fd);
		choose_new_process(witness);
		close(witness);
	}
}

#define DUMPED 256

static void dump_children(int witness)
{
	for (int i = 0; i < DUMPED; i++) {
		pid_t child = fork();
		char byte;

		while (!child)
			pause();
		igt_assert_eq(choose_process(witness, child), 0);
		igt_assert_lte(0, pread(witness, &byte, 1, 0));
		end_process(child);
	}
}

/**
 * SUBTEST: process-freed
 * Description: The kernel frees what it has of processes whose page tables were dumped, and
 *	of their address spaces.
 */
static void test_process_freed(void)
{
	int witness = page_table_open(huge_open());
	struct slab_caches before;

	slab_require_exact();
	dump_children(witness);
	before = slab_caches_now();
	dump_children(witness);
	slab_caches_assert_grown_less(&before, DUMPED / 2);
	close(witness);
}

/* More than the kernel keeps of each cache for a processor, and counts as in use. */
#define OPENED 4096

static void open_and_read(int fd)
{
	for (int i = 0; i < OPENED; i++) {
		int witness = page_table_open(fd);
		char byte;

		igt_assert_lte(0, pread(witness, &byte, 1, 0));
		close(witness);
	}
}

/**
 * SUBTEST: file-freed
 * Description: When the file is closed, the kernel frees what it had for it.
 */
static void test_file_freed(void)
{
	int fd = huge_open();
	struct slab_caches before;

	slab_require_exact();
	open_and_read(fd);
	before = slab_caches_now();
	open_and_read(fd);
	slab_caches_assert_grown_less(&before, OPENED / 2);
}

#define USED_ENTRIES 8

/**
 * SUBTEST: young-dirty-%s
 * Description: Of %arg[1] entries that one fault has set, those that were read or written
 *	are counted as young, and those that were written are counted as dirty.
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

/* Not the first, which cannot be taken offline. */
static struct setting second_cpu = {
	.path = "/sys/devices/system/cpu/cpu1/online",
};

/**
 * SUBTEST: counters-offline
 * Description: The counters still have what a CPU has counted when the CPU is offline.
 */
static void test_counters_offline(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(KIB(64), 0, &address);
	struct counters expected = counters_read(bo.fd);
	const cpu_set_t all = cpus_allowed();

	igt_require_f(CPU_ISSET(0, &all) && CPU_ISSET(1, &all), "there is one CPU\n");
	setting_save(&second_cpu);
	run_on_cpu(1);
	*page_at(address, 0) = 1;
	run_on_cpus(&all);
	setting_set(&second_cpu, "0");
	counters_add_faults(&expected, HUGE_PTE, 16, "vma_edge", 1);
	counters_assert(bo.fd, &expected);
	setting_restore(&second_cpu);
}

#define MOST_CPUS 8

/**
 * SUBTEST: counters-all-cpus
 * Description: The counters are the sums of what each CPU has counted.
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
		/* A different number on each CPU, so that none is taken for another. */
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
 * Description: Faults that set entries of different levels in one mapping raise the counter
 *	of each level by the number of its entries.
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

/* An existing huge entry is made writable. */
static void assert_upgrade_not_counted(int fd)
{
	struct huge_bo bo = huge_bo_create(fd, MIB(2), HUGE_VRAM, HUGE_TRACKABLE);
	char *address = huge_bo_map_part(&bo, 0, bo.size, PROT_READ);
	struct counters expected = counters_read(fd);

	(void)*page_at(address, 0);
	counters_add_faults(&expected, HUGE_PMD, 1,
			    huge_largest_level() == HUGE_PUD ? "vma_edge" : "kernel", 1);
	counters_assert(fd, &expected);
	igt_assert_eq(mprotect(address, bo.size, PROT_READ | PROT_WRITE), 0);
	/* Not the first page of the entry. */
	*page_at(address, 7) = 1;
	counters_assert(fd, &expected);
}

/**
 * SUBTEST: counters-still
 * Description: The counters do not change when no entry is set: when an entry becomes
 *	writable, when a debugger reads and writes, when a range that is already mapped is
 *	prefaulted, and when it is accessed.
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
	assert_upgrade_not_counted(bo.fd);
}

static void clean_up(void)
{
	setting_restore(&second_cpu);
	setting_restore(&most_namespaces);
	kill_children();
	munmap(FAR_BORDER, FAR_SIZE);
	huge_release_all();
}

static const struct level_subtest level_subtests[] = {
	{ "young-dirty", "Which entries were used", test_young_dirty },
};

static const struct subtest subtests[] = {
	{ "bad-input", "Input that the dump does not understand", test_bad_input },
	{ "offset", "One buffer object of several", test_offset },
	{ "holes", "Ranges without entries", test_holes },
	{ "holes-far", "Ranges without page tables", test_holes_far },
	{ "one-moment", "Pages touched meanwhile", test_one_moment },
	{ "process", "Another process", test_process },
	{ "process-let-go", "Processes that have ended", test_process_let_go },
	{ "process-freed", "Memory of processes that have ended", test_process_freed },
	{ "file-freed", "Memory of files that are closed", test_file_freed },
	{ "counters-all-cpus", "Faults on every CPU", test_counters_all_cpus },
	{ "counters-offline", "Faults on a CPU that goes offline", test_counters_offline },
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

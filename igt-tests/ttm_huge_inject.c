// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <xf86drm.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/bar.h"
#include "lib/bos_in_use.h"
#include "lib/counters.h"
#include "lib/debugger.h"
#include "lib/freed_device.h"
#include "lib/huge_device.h"
#include "lib/importer.h"
#include "lib/injection.h"
#include "lib/kernel_log.h"
#include "lib/leaks.h"
#include "lib/memory.h"
#include "lib/module.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/plug.h"
#include "lib/reload.h"
#include "lib/slab.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge inject
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: fault injection
 * Description: Every single allocation that an operation makes fails once, and those that
 *	are tried again fail as often: the operation fails with a documented error, or
 *	succeeds without the memory; nothing is leaked, and no data are lost.
 */
IGT_TEST_DESCRIPTION("Each allocation of each operation fails once");

/* More than any operation has. */
#define MOST_ALLOCATIONS 20000

/*
 * An address so far from all mappings that page tables of every level are missing while
 * nothing is mapped there. There is room for two mappings, and some between them.
 */
#define FAR ((char *)(uintptr_t)GIB(16 * 1024))
#define FAR_ROOM (3 * GIB(1))
/* The last word of a page. */
#define DEBUGGED (FAR + HUGE_PAGE_SIZE - sizeof(uint64_t))

/*
 * What an xarray is made of. It tries twice to allocate a node: with its lock held, and
 * without. So nothing happens if only one of them fails.
 */
#define NODES "radix_tree_node"
#define TRIES_PER_NODE 2

/* What the kernel's buddy allocator is made of, and what workqueues are. */
#define BLOCKS "gpu_buddy_block"
#define PARTS_OF_QUEUES "pool_workqueue"

/* What an operation is applied to. */
static struct {
	int fd;
	int maker;
	struct huge_bo bo;
	struct huge_bo made;
	struct huge_bo filler;
	struct huge_bo shared;
	struct pattern pattern;
	enum huge_placement from;
	char *node;
	uint64_t record[64];
	uint64_t word;
	unsigned int partly;
	unsigned int failed;
	char *shown;
	struct in_use before;
	uint64_t faults;
	uint64_t counted;
	uint64_t blocks;
	int rescuers;
	bool is_reloaded;
	int importer;
} scene;

/**
 * struct operation - an operation whose allocations are to fail
 * @prepare: called before each run
 * @run: returns 0 or an errno value
 * @finish: called after each run, whether it failed or not: undoes and checks
 * @error: that @run may return besides ENOMEM and EFAULT
 * @log: what the kernel may log, if not LOG_NO_MEMORY alone
 */
struct operation {
	void (*prepare)(void);
	int (*run)(void);
	void (*finish)(int error);
	int error;
	const char *log;
};

static void release(void)
{
	munmap(FAR, FAR_ROOM);
	huge_release_all();
}

static void assert_no_more_in_use(int fd)
{
	struct in_use more = in_use_beyond(&scene.before, fd);

	igt_assert_eq_u64(more.bos, 0);
	igt_assert_eq_u64(more.vram, 0);
}

static void do_nothing(void)
{
}

static void finish_nothing(int error)
{
	(void)error;
}

static bool fails_once(const struct operation *operation, unsigned int nth)
{
	bool injected;
	int error;

	operation->prepare();
	injection_arm(nth);
	error = operation->run();
	injected = injection_disarm();
	/* EFAULT if a copy of user memory has failed. */
	igt_assert_f(!error || error == ENOMEM || error == EFAULT || error == operation->error,
		     "allocation %u: %s\n", nth, strerrorname_np(error));
	igt_assert_f(injected || !error, "no allocation failed, and: %s\n", strerrorname_np(error));
	operation->finish(error);
	return injected;
}

static void fail_each(const struct operation *operation)
{
	unsigned int nth = 1;

	kernel_log_expect(operation->log ? operation->log : LOG_NO_MEMORY);
	while (fails_once(operation, nth))
		igt_assert_lt(nth++, MOST_ALLOCATIONS);
	igt_info("%u allocations\n", nth - 1);
	/* Without any allocation the test would show nothing. */
	igt_assert_lt(1, nth);
}

static int create_in(int fd, enum huge_placement placement, unsigned int flags)
{
	/* No power of two: several blocks, if they are scattered. */
	return huge_bo_try_create(fd, MIB(1) + KIB(20), placement, flags, &scene.made);
}

/* A call that fails after it has made the handle leaves a handle without offset. */
static void destroy_made(int error)
{
	(void)error;
	if (scene.made.handle)
		huge_bo_destroy(&scene.made);
	scene.made = (struct huge_bo){};
}

static int run_create_vram(void)
{
	return create_in(scene.fd, HUGE_VRAM, HUGE_TRACKABLE);
}

/**
 * SUBTEST: create-vram
 * Description: A buffer object is made in VRAM.
 */
static void test_create_vram(void)
{
	injection_spare_pages();
	fail_each(&(struct operation){
		.prepare = do_nothing,
		.run = run_create_vram,
		.finish = destroy_made,
	});
}

static int run_create_system(void)
{
	return create_in(scene.fd, HUGE_SYSTEM, HUGE_SYSTEM_WC);
}

/**
 * SUBTEST: create-system
 * Description: A buffer object is made in system memory.
 */
static void test_create_system(void)
{
	fail_each(&(struct operation){
		.prepare = do_nothing,
		.run = run_create_system,
		.finish = destroy_made,
	});
}

static int run_open(void)
{
	int fd = open(scene.node, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/**
 * SUBTEST: open
 * Description: A file of the device is opened.
 */
static void test_open(void)
{
	scene.node = drmGetRenderDeviceNameFromFd(scene.fd);
	igt_assert(scene.node);
	fail_each(&(struct operation){
		.prepare = do_nothing,
		.run = run_open,
		.finish = finish_nothing,
		.log = LOG_NO_MEMORY "|" LOG_NO_DENTRY,
	});
	free(scene.node);
}

static int run_export(void)
{
	int fd;

	if (drmPrimeHandleToFD(scene.fd, scene.bo.handle, O_CLOEXEC | O_RDWR, &fd))
		return errno;
	close(fd);
	return 0;
}

/* The old mapping is removed, and its page tables with it. */
static void map_anew(void)
{
	huge_bo_map_at(&scene.bo, FAR, 0, scene.bo.size);
}

static void make_bo(uint64_t size, enum huge_placement placement, unsigned int flags)
{
	scene.bo = huge_bo_create(scene.fd, size, placement, flags);
	map_anew();
	scene.pattern = pattern_of(FAR, size, 71);
	scene.pattern.stride = scene.pattern.pages / 16;
}

/**
 * SUBTEST: export
 * Description: A buffer object is exported as a dma-buf.
 */
static void test_export(void)
{
	make_bo(MIB(2), HUGE_VRAM, 0);
	fail_each(&(struct operation){
		.prepare = do_nothing,
		.run = run_export,
		.finish = finish_nothing,
	});
}

static int run_mmap(void)
{
	void *address = mmap(NULL, scene.bo.size, PROT_READ | PROT_WRITE, MAP_SHARED, scene.fd,
			     scene.bo.offset);

	if (address == MAP_FAILED)
		return errno;
	/* If this fails, its error is the error of the operation. */
	if (munmap(address, scene.bo.size)) {
		int error = errno;

		igt_assert_eq(munmap(address, scene.bo.size), 0);
		return error;
	}
	return 0;
}

/**
 * SUBTEST: mmap
 * Description: A buffer object is mapped and unmapped.
 */
static void test_mmap(void)
{
	make_bo(MIB(2), HUGE_VRAM, 0);
	fail_each(&(struct operation){
		.prepare = do_nothing,
		.run = run_mmap,
		.finish = finish_nothing,
	});
}

static void map_written(void)
{
	map_anew();
	pattern_write(&scene.pattern);
}

static void check_data(int error)
{
	(void)error;
	map_anew();
	pattern_assert(&scene.pattern);
}

static int run_split(void)
{
	char *part = FAR + scene.bo.size / 2 + HUGE_PAGE_SIZE;

	if (mprotect(part, HUGE_PAGE_SIZE, PROT_READ))
		return errno;
	return munmap(part, HUGE_PAGE_SIZE) ? errno : 0;
}

/**
 * SUBTEST: split-%s
 * Description: A page in the middle of a mapping by %arg[1] entries is protected, and
 *	unmapped.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_split(enum huge_level level)
{
	make_bo(huge_size_for_level(level), HUGE_VRAM, HUGE_TRACKABLE);
	fail_each(&(struct operation){
		.prepare = map_written,
		.run = run_split,
		.finish = check_data,
	});
}

static int run_mremap(void)
{
	void *elsewhere = mremap(FAR, scene.bo.size, scene.bo.size, MREMAP_MAYMOVE | MREMAP_FIXED,
				 FAR + 2 * scene.bo.size);

	return elsewhere == MAP_FAILED ? errno : 0;
}

/**
 * SUBTEST: mremap-%s
 * Description: A mapping by %arg[1] entries is moved.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mremap(enum huge_level level)
{
	make_bo(huge_size_for_level(level), HUGE_VRAM, 0);
	fail_each(&(struct operation){
		.prepare = map_written,
		.run = run_mremap,
		.finish = check_data,
	});
}

static int error_of_signal(int signal)
{
	igt_assert_f(!signal || signal == SIGBUS, "%s\n", strsignal(signal));
	return signal ? EIO : 0;
}

static int run_read(void)
{
	return error_of_signal(signal_of_reading(FAR));
}

static void count_from_here(void)
{
	map_anew();
	scene.faults = reason_count(scene.fd, NULL);
}

static int run_write(void)
{
	return error_of_signal(signal_of_writing(FAR, 1));
}

/* An access that has failed once works when it is repeated. */
static void touch_again(int error)
{
	(void)error;
	igt_assert_eq(signal_of_reading(FAR), 0);
}

/* A fault that has set nothing is not counted, also if it is repeated at once. */
static void check_count(int error)
{
	igt_assert_eq_u64(reason_count(scene.fd, NULL) - scene.faults, error ? 0 : 1);
	touch_again(error);
}

/**
 * SUBTEST: fault-%s
 * Description: A fault on VRAM that %arg[1] entries map: at worst it is SIGBUS, and then it
 *	is not counted.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_fault(enum huge_level level)
{
	make_bo(huge_size_for_level(level), HUGE_VRAM, 0);
	fail_each(&(struct operation){
		.prepare = count_from_here,
		.run = run_read,
		.finish = check_count,
		.error = EIO,
		.log = LOG_NO_MEMORY "|" LOG_FAULT_REPEATED,
	});
}

/* A page beside a mapping keeps its page tables: only the allocation of memory can fail. */
static void keep_page_tables(char *beside)
{
	beside = mmap(beside, HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
	igt_assert(beside != MAP_FAILED);
}

static void make_new_in_system(void)
{
	scene.made = huge_bo_create(scene.fd, scene.bo.size, HUGE_SYSTEM, HUGE_SYSTEM_WB);
	huge_bo_map_at(&scene.made, FAR, 0, scene.made.size);
}

static void touch_and_destroy(int error)
{
	scene.failed += error == EIO;
	touch_again(error);
	igt_assert(is_zero(FAR, scene.made.size));
	map_anew();
	destroy_made(error);
}

/**
 * SUBTEST: fault-system
 * Description: The first fault on system memory, which allocates it: if it gets none it is
 *	SIGBUS, and is not repeated.
 */
static void test_fault_system(void)
{
	/* TTM takes smaller pieces if it gets no large one, but not for a page that is left. */
	make_bo(KIB(128) + HUGE_PAGE_SIZE, HUGE_SYSTEM, 0);
	keep_page_tables(FAR + scene.bo.size);
	fail_each(&(struct operation){
		.prepare = make_new_in_system,
		.run = run_read,
		.finish = touch_and_destroy,
		.error = EIO,
	});
	igt_assert(scene.failed);
}

/* What is mapped of each of them, one after the other: all by one table. */
#define SHOWN (2 * HUGE_PAGE_SIZE)
#define UNPLUGGED_BOS 32

/* So large that the page that stands in for one needs a node of the xarray for itself. */
static void map_many(void)
{
	for (unsigned int i = 0; i < UNPLUGGED_BOS; i++) {
		struct huge_bo bo = huge_bo_create(scene.fd, MIB(2), HUGE_SYSTEM, 0);

		huge_bo_map_at(&bo, FAR + i * SHOWN, 0, SHOWN);
	}
	keep_page_tables(FAR + UNPLUGGED_BOS * SHOWN);
	scene.shown = FAR - SHOWN;
}

/* One that has not been accessed yet: there is no page that stands in for it. */
static void go_to_next(void)
{
	scene.shown += SHOWN;
	igt_assert(scene.shown < FAR + UNPLUGGED_BOS * SHOWN);
}

static int run_read_shown(void)
{
	return error_of_signal(signal_of_reading(scene.shown));
}

/* All of a buffer object shows the same page, which is kept for it. */
static void check_stand_in(int error)
{
	(void)error;
	igt_assert(is_zero(scene.shown, SHOWN));
	igt_assert_eq(signal_of_writing(scene.shown, 71), 0);
	igt_assert_eq_u64(*(volatile uint64_t *)(scene.shown + HUGE_PAGE_SIZE), 71);
}

/* How often a fault that gets a page, but cannot keep it, is repeated. */
#define REPEATED 2048

static void repeat_without_node(void)
{
	uint64_t before, after;
	unsigned int left;
	int error;

	go_to_next();
	injection_narrow_to(NODES);
	before = memory_unaccounted();
	injection_begin_row(REPEATED * TRIES_PER_NODE);
	error = run_read_shown();
	left = injection_end_row();
	igt_assert_eq(error, 0);
	/* If some are left, a page is mapped that has no place. */
	igt_assert_eq(left, 0);
	after = memory_unaccounted();
	igt_info("%lld KiB more in use than before\n", (long long)(after - before) / 1024);
	igt_assert_lt_u64(after, before + REPEATED * HUGE_PAGE_SIZE / 2);
	check_stand_in(error);
}

static void plug_again(void)
{
	device_plug();
	huge_close(huge_open_when_there());
}

/**
 * SUBTEST: fault-unplugged
 * Description: The first fault after unplug, which allocates the page that stands in: it is
 *	repeated until there is memory for the page and for its place in the xarray. There is
 *	no signal, and a page that gets no place is freed.
 */
static void test_fault_unplugged(void)
{
	map_many();
	device_unplug(scene.fd);
	fail_each(&(struct operation){
		.prepare = go_to_next,
		.run = run_read_shown,
		.finish = check_stand_in,
		.log = LOG_NO_MEMORY "|" LOG_FAULT_REPEATED,
	});
	repeat_without_node();
	release();
	plug_again();
}

/**
 * SUBTEST: fault-tracked
 * Description: A write while writes are tracked.
 */
static void test_fault_tracked(void)
{
	make_bo(MIB(2), HUGE_VRAM, HUGE_TRACKABLE);
	huge_dirty_start(&scene.bo);
	fail_each(&(struct operation){
		.prepare = map_anew,
		.run = run_write,
		.finish = touch_again,
		.error = EIO,
		.log = LOG_NO_MEMORY "|" LOG_FAULT_REPEATED,
	});
}

static void move_back(void)
{
	huge_bo_move(&scene.bo, scene.from);
	pattern_write(&scene.pattern);
}

static int run_move(void)
{
	return huge_bo_try_move(&scene.bo, scene.from == HUGE_VRAM ? HUGE_SYSTEM : HUGE_VRAM);
}

static void check_moved(int error)
{
	enum huge_placement to = scene.from == HUGE_VRAM ? HUGE_SYSTEM : HUGE_VRAM;

	/* Documented: after an error it stays where it was. */
	igt_assert_eq(huge_bo_placement(&scene.bo), error ? scene.from : to);
	pattern_assert(&scene.pattern);
}

static void test_move(enum huge_placement from)
{
	make_bo(MIB(1) + KIB(20), from, 0);
	scene.from = from;
	if (from == HUGE_SYSTEM)
		injection_spare_pages();
	/* A first move, so that other memory, as in TTM's pool, is as it will be each time. */
	move_back();
	fail_each(&(struct operation){
		.prepare = move_back,
		.run = run_move,
		.finish = check_moved,
	});
}

/**
 * SUBTEST: move-to-system
 * Description: A buffer object moves out of VRAM. If that fails it stays.
 */
static void test_move_to_system(void)
{
	test_move(HUGE_VRAM);
}

/**
 * SUBTEST: move-to-vram
 * Description: A buffer object moves into VRAM. If that fails it stays.
 */
static void test_move_to_vram(void)
{
	test_move(HUGE_SYSTEM);
}

static int run_importer_map(void)
{
	return importer_try(scene.importer, "map");
}

/* It may have moved before the call failed. */
static void check_importer_mapped(int error)
{
	if (!error)
		importer_do(scene.importer, "unmap");
	pattern_assert(&scene.pattern);
}

/**
 * SUBTEST: importer-map
 * Description: The driver of another device maps a dma-buf, whose buffer object moves out of
 *	VRAM for that.
 */
static void test_importer_map(void)
{
	struct huge_bo dma_buf;

	make_bo(MIB(1) + KIB(20), HUGE_VRAM, 0);
	scene.from = HUGE_VRAM;
	dma_buf = huge_bo_export(&scene.bo);
	scene.importer = importer_dynamic(dma_buf.fd);
	huge_bo_move(&scene.bo, HUGE_SYSTEM);
	fail_each(&(struct operation){
		.prepare = move_back,
		.run = run_importer_map,
		.finish = check_importer_mapped,
	});
	importers_close();
}

/*
 * Clearing this much takes so long that a copy queued after it is not over when the call
 * returns.
 */
#define BUSY_SIZE MIB(512)

/* When this returns, moves and all that follows them are over, except for one long clearing. */
static void move_back_and_keep_busy(void)
{
	const struct in_use counted = { .bos = scene.counted };

	move_back();
	/* Memory that a ghost keeps would be allocated anew, which would change the count. */
	igt_assert_eq_u64(in_use_beyond(&counted, -1).bos, 0);
	scene.filler = huge_vram_bo(scene.fd, BUSY_SIZE);
}

/* Whether all that was queued for a buffer object is over: its dma-buf has no fence. */
static bool is_idle(const struct huge_bo *dma_buf)
{
	struct pollfd file = { .fd = dma_buf->fd, .events = POLLOUT };

	return poll(&file, 1, 0) == 1;
}

static bool filler_is_idle(void)
{
	struct huge_bo dma_buf = huge_bo_export(&scene.filler);
	bool idle = is_idle(&dma_buf);

	huge_close(dma_buf.fd);
	return idle;
}

/* A failed move leaves no ghost: what is still counted a second later was miscounted. */
static void count_what_stays(void)
{
	for (int tries = 0; tries < 100 && bos_in_use() > scene.counted; tries++)
		usleep(10000);
	if (bos_in_use() > scene.counted)
		scene.counted++;
}

/* A call that fails after it has queued its copy waits for it, and so for the filler. */
static void check_queued(int error)
{
	igt_assert_f(!error || is_idle(&scene.shared), "what is freed is still written to\n");
	scene.failed += error == ENOMEM && filler_is_idle();
	check_moved(error);
	huge_bo_await_idle(&scene.filler);
	huge_bo_destroy(&scene.filler);
	if (error)
		count_what_stays();
}

/* TTM counts anew with its first device: what it has miscounted does not stay. */
static void count_anew(void)
{
	munmap(FAR, FAR_ROOM);
	huge_close(scene.shared.fd);
	huge_bo_destroy(&scene.bo);
	assert_no_more_in_use(scene.fd);
	device_unplug(scene.fd);
	release();
	plug_again();
}

static void test_move_queued(enum huge_placement from)
{
	injection_spare_pages();
	async_moves_set("Y");
	make_bo(MIB(1) + KIB(20), from, 0);
	scene.from = from;
	scene.shared = huge_bo_export(&scene.bo);
	scene.counted = scene.before.bos + 1;
	/* A bug in TTM, see injection_begin(): one of the allocations is for a ghost's fences. */
	scene.before.bos++;
	move_back();
	igt_assert_eq(run_move(), 0);
	fail_each(&(struct operation){
		.prepare = move_back_and_keep_busy,
		.run = run_move,
		.finish = check_queued,
	});
	/* Without that no call would have had anything to wait for. */
	igt_assert(scene.failed);
	count_anew();
}

/**
 * SUBTEST: move-queued-to-system
 * Description: A buffer object moves out of VRAM in the background. If that fails it stays,
 *	and nothing that was queued for it is still to come.
 */
static void test_move_queued_to_system(void)
{
	test_move_queued(HUGE_VRAM);
}

/**
 * SUBTEST: move-queued-to-vram
 * Description: A buffer object moves into VRAM in the background. If that fails it stays,
 *	and nothing that was queued for it is still to come.
 */
static void test_move_queued_to_vram(void)
{
	test_move_queued(HUGE_SYSTEM);
}

/* The victim is used before the filler, and evicted first. */
static void fill_vram(void)
{
	uint64_t own = huge_bo_placement(&scene.bo) == HUGE_VRAM ? scene.bo.size : 0;
	uint64_t used = scene.filler.size + own;

	/* Otherwise the filler would be evicted, and there is no memory for that. */
	igt_assert_eq_u64(huge_vram_used_settled(scene.fd, used), used);
	huge_bo_move(&scene.bo, HUGE_VRAM);
	huge_bo_info(&scene.filler);
	scene.maker = huge_open();
}

static int run_create_evicting(void)
{
	return create_in(scene.maker, HUGE_VRAM, HUGE_TRACKABLE);
}

/* The close also frees a buffer object whose handle could not be returned. */
static void check_victim(int error)
{
	pattern_assert(&scene.pattern);
	destroy_made(error);
	huge_close(scene.maker);
}

/**
 * SUBTEST: evict
 * Description: VRAM is full, and the creation of a buffer object evicts another one.
 */
static void test_evict(void)
{
	injection_spare_pages();
	make_bo(MIB(2), HUGE_VRAM, 0);
	/* To clear more would take too long. */
	igt_require_f(huge_vram(scene.fd).size <= 4 * GIB(1), "more than 4 GiB of VRAM\n");
	scene.filler = huge_vram_rest(scene.fd);
	/* Work that is queued after its clearing would take longer than TTM waits. */
	huge_bo_await_idle(&scene.filler);
	pattern_write(&scene.pattern);
	fail_each(&(struct operation){
		.prepare = fill_vram,
		.run = run_create_evicting,
		.finish = check_victim,
		.log = LOG_NO_MEMORY "|" LOG_TTM "(" EVICTION_FAILED
		       "|Failed to find memory space for buffer [^ ]+ eviction)",
	});
}

static int run_prefault(void)
{
	uint64_t done;

	return huge_prefault(scene.fd, FAR, scene.bo.size, &done);
}

/**
 * SUBTEST: prefault-%s
 * Description: A range of %arg[1] entries is prefaulted.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_prefault(enum huge_level level)
{
	make_bo(huge_size_for_level(level), HUGE_VRAM, 0);
	fail_each(&(struct operation){
		.prepare = map_anew,
		.run = run_prefault,
		.finish = touch_again,
	});
}

static int run_dirty_start(void)
{
	return huge_dirty_try_start(&scene.bo);
}

static int take_first_page(void)
{
	return huge_dirty_try_take(&scene.bo, 0, 1, scene.record);
}

/* It is tracked after a success, and only then. */
static void check_tracking(int error)
{
	igt_assert_eq(take_first_page(), error ? ENODATA : 0);
	if (error)
		return;
	igt_assert_eq(run_write(), 0);
	igt_assert_eq(take_first_page(), 0);
	igt_assert_eq_u64(scene.record[0], 1);
	huge_dirty_stop(&scene.bo);
}

/**
 * SUBTEST: dirty-start
 * Description: Tracking of writes begins. Writes are recorded if it succeeds, and there is
 *	no record if it fails.
 */
static void test_dirty_start(void)
{
	make_bo(MIB(2), HUGE_VRAM, HUGE_TRACKABLE);
	fail_each(&(struct operation){
		.prepare = map_written,
		.run = run_dirty_start,
		.finish = check_tracking,
	});
}

/* So large that the record is made of pages: what is freed of them is free at once. */
#define RECORDED_SIZE GIB(1)
#define RECORD_SIZE (RECORDED_SIZE / HUGE_PAGE_SIZE / 8)
#define RECORDS 256

static void start_without_node(void)
{
	int error;

	injection_begin_row(TRIES_PER_NODE);
	error = run_dirty_start();
	igt_assert_eq(injection_end_row(), 0);
	igt_assert_eq(error, ENOMEM);
	igt_assert_eq(take_first_page(), ENODATA);
}

/**
 * SUBTEST: dirty-start-record
 * Description: There is memory for a record, but not for its place in the xarray: tracking
 *	does not begin, and the record is freed.
 */
static void test_dirty_start_record(void)
{
	uint64_t before, after;

	/* Its own memory is not allocated, because it is not touched. */
	make_bo(RECORDED_SIZE, HUGE_SYSTEM, HUGE_TRACKABLE);
	injection_narrow_to(NODES);
	/* KASAN keeps what is freed for a while, which must not seem to be new. */
	for (unsigned int i = 0; i < RECORDS; i++)
		start_without_node();
	before = memory_of_kernel();
	for (unsigned int i = 0; i < RECORDS; i++)
		start_without_node();
	after = memory_of_kernel();
	igt_info("%lld KiB more in use than before\n", (long long)(after - before) / 1024);
	igt_assert_lt_u64(after, before + RECORDS * RECORD_SIZE / 2);
	igt_assert_eq(run_dirty_start(), 0);
	igt_assert_eq(take_first_page(), 0);
}

static int run_dirty_take(void)
{
	return huge_dirty_try_take(&scene.bo, 0, scene.bo.size / HUGE_PAGE_SIZE, scene.record);
}

/* Documented: the record is lost only if it cannot be copied to user space. */
static void check_record(int error)
{
	if (error)
		igt_assert_eq(run_dirty_take(), 0);
	if (error != EFAULT)
		igt_assert_eq_u64(scene.record[0] & 1, 1);
}

/**
 * SUBTEST: dirty-take
 * Description: The record of writes is taken. If an allocation fails, the record is kept.
 */
static void test_dirty_take(void)
{
	make_bo(MIB(2), HUGE_VRAM, HUGE_TRACKABLE);
	huge_dirty_start(&scene.bo);
	fail_each(&(struct operation){
		.prepare = map_written,
		.run = run_dirty_take,
		.finish = check_record,
	});
}

static void move_out_and_take(void)
{
	huge_bo_move(&scene.bo, HUGE_SYSTEM);
	map_anew();
	igt_assert_eq(run_dirty_take(), 0);
	scene.word++;
}

/* The end of one page and the beginning of the next, in one access of the driver. */
static int run_debugger(void)
{
	const uint64_t words[2] = { scene.word, scene.word };
	ssize_t bytes = debugger_proc_mem.write(getpid(), DEBUGGED, words, sizeof(words));

	if (bytes < 0)
		return errno;
	return bytes == sizeof(words) ? 0 : EIO;
}

static void check_debugger(int error)
{
	const volatile uint64_t *word = (const volatile uint64_t *)DEBUGGED;
	bool first = word[0] == scene.word, second = word[1] == scene.word;

	igt_assert(error || (first && second));
	scene.partly += first && !second;
	igt_assert_eq(run_dirty_take(), 0);
	igt_assert_f(!first || scene.record[0] & 1, "what was written is not recorded\n");
	igt_assert_f(!second || scene.record[0] & 2, "what was written is not recorded\n");
}

/**
 * SUBTEST: debugger
 * Description: A debugger writes to two pages in system memory while writes are tracked. If
 *	that fails after the first page, what was written is in the record.
 */
static void test_debugger(void)
{
	make_bo(MIB(2), HUGE_VRAM, HUGE_TRACKABLE | HUGE_SYSTEM_WC);
	huge_dirty_start(&scene.bo);
	move_out_and_take();
	/* The first write opens /proc/PID/mem, which stays open. */
	igt_assert_eq(run_debugger(), 0);
	fail_each(&(struct operation){
		.prepare = move_out_and_take,
		.run = run_debugger,
		.finish = check_debugger,
		.error = EIO,
	});
	igt_assert(scene.partly);
}

static int run_info(void)
{
	struct huge_bo_info info;

	return huge_bo_try_info(&scene.bo, &info);
}

/**
 * SUBTEST: info
 * Description: The ioctl that tells of a buffer object. It allocates no memory, but its
 *	copies from and to user space can fail.
 */
static void test_info(void)
{
	injection_require_copies();
	make_bo(MIB(2) + KIB(64), HUGE_VRAM, 0);
	map_written();
	fail_each(&(struct operation){
		.prepare = do_nothing,
		.run = run_info,
		.finish = finish_nothing,
	});
	pattern_assert(&scene.pattern);
}

static int run_dump(void)
{
	int fd = open(scene.node, O_RDWR | O_CLOEXEC), error = 0;
	char text[KIB(1)];

	if (fd < 0)
		return errno;
	if (write(fd, "0", 1) < 0 || read(fd, text, sizeof(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

/* What is allocated last when a dump is opened, and what pfnmap has allocated before. */
#define SEQ_FILES "seq_file"
#define DUMPS "kmalloc-32"
/* Few others allocate so many objects meanwhile. */
#define FAILED_OPENS 1024

/**
 * SUBTEST: dump
 * Description: The dump of page tables is opened, told of a process, and read. If there is
 *	no memory to open it, nothing is kept for it.
 */
static void test_dump(void)
{
	struct huge_path path = huge_debugfs(scene.fd, PAGE_TABLES);
	uint64_t before;

	make_bo(MIB(2), HUGE_VRAM, 0);
	map_written();
	scene.node = path.text;
	fail_each(&(struct operation){
		.prepare = do_nothing,
		.run = run_dump,
		.finish = finish_nothing,
	});
	injection_narrow_to(SEQ_FILES);
	before = slab_objects(DUMPS);
	injection_begin_row(FAILED_OPENS);
	for (unsigned int i = 0; i < FAILED_OPENS; i++)
		igt_assert_eq(run_dump(), ENOMEM);
	igt_assert_eq(injection_end_row(), 0);
	igt_assert_lt_u64(slab_objects(DUMPS), before + FAILED_OPENS / 2);
}

/* Of what is kept for a device, and of the action that frees it. */
#define LEAST_SET_UP 2

/**
 * SUBTEST: device
 * Description: ttm_huge is set up for a device. If that fails it is no device of ttm_huge,
 *	and the next one can still be set up.
 */
static void test_device(void)
{
	unsigned int nth = 0;
	int error;

	freed_device_require();
	kernel_log_expect(LOG_NO_MEMORY);
	/* Counters of each CPU need new pages only now and then. If these fail it is logged. */
	injection_spare_pages();
	igt_assert_eq(freed_device_set_up(0), 0);
	do {
		error = freed_device_set_up(++nth);
		igt_assert_f(!error || error == ENOMEM || error == ERANGE,
			     "allocation %u: %s\n", nth, strerrorname_np(error));
		scene.failed += error == ENOMEM;
		igt_assert_lt(nth, MOST_ALLOCATIONS);
	} while (error != ERANGE);
	igt_info("%u allocations\n", nth - 1);
	igt_assert_lte(LEAST_SET_UP, scene.failed);
}

/* Of each of the two: bigbar's own queue, and TTM's. */
#define LEAST_QUEUES 2
/* Splitting a block takes two. */
#define BLOCKS_PER_SPLIT 2
/* In MiB: a part of what a PUD entry maps. */
#define VRAM_OFFSET 256
#define NODE_TRIES 500
/* Most kernels leave it to the second line to say so. */
#define LOG_NO_PROBE "bigbar [0-9a-f:.]+: (error (-ENOMEM|-12): TTM refused" \
	"|probe with driver bigbar failed with error -12)"

/* Nothing is left of a device that was unplugged, or whose probe has failed. */
static void assert_nothing_set_up(void)
{
	igt_assert_eq(bar_owners("bigbar"), 0);
	igt_assert_f(!ttm_is_in_use(), "TTM has a device\n");
	igt_assert_f(!rescuers_beyond(scene.rescuers), "a queue is left\n");
	igt_assert_eq_u64(slab_objects(BLOCKS), scene.blocks);
}

static void begin_unplugged(int fd)
{
	igt_require_f(!strcmp(huge_driver(), "bigbar"), "the driver is not bigbar\n");
	device_unplug(fd);
	release();
	igt_require_f(!ttm_is_in_use(), "another device uses TTM\n");
	scene.rescuers = count_rescuers();
	scene.blocks = slab_objects(BLOCKS);
}

/* Does not assert: the device has to be unplugged first. */
static bool node_appears(void)
{
	int fd = huge_try_open_node(DRM_NODE_RENDER);

	for (int tries = 0; fd < 0 && tries < NODE_TRIES; tries++) {
		usleep(10000);
		fd = huge_try_open_node(DRM_NODE_RENDER);
	}
	return fd >= 0;
}

static void check_bound(int error)
{
	bool has_node = true;

	scene.failed += error == ENOMEM;
	if (!error) {
		has_node = node_appears();
		release();
		device_unplug_again();
	}
	igt_assert_f(has_node, "the device is bound, and has no node\n");
	assert_nothing_set_up();
}

/* The write to the driver's file runs the probe in this thread. */
static const struct operation binding = {
	.prepare = do_nothing,
	.run = device_try_plug,
	.finish = check_bound,
	.log = LOG_NO_MEMORY "|" LOG_NO_PROBE,
};

/* How many blocks the buddy allocator begins with: one for each bit of the size. */
static unsigned int blocks_at_first(int fd)
{
	struct bar bar = bar_of(fd);

	return __builtin_popcountll(bar.phys % GIB(1) + bar.size);
}

/*
 * The bug in the buddy allocator, see injection_begin(), is not in these: a block that it
 * begins with has no neighbour that it could be merged with.
 */
static void fail_first_blocks(unsigned int count)
{
	kernel_log_expect(binding.log);
	injection_narrow_to(BLOCKS);
	scene.failed = 0;
	/* Copies of user memory count, too. */
	for (unsigned int nth = 1; scene.failed < count; nth++)
		igt_assert_f(fails_once(&binding, nth), "only %u blocks\n", scene.failed);
}

/**
 * SUBTEST: bind
 * Description: The driver is bound to a device. If an allocation for the queue of bigbar,
 *	for that of TTM or for the VRAM manager fails, the device is not bound, and nothing
 *	is left of what was set up.
 */
static void test_bind(void)
{
	unsigned int blocks = blocks_at_first(scene.fd);

	begin_unplugged(scene.fd);
	injection_narrow_to(PARTS_OF_QUEUES);
	fail_each(&binding);
	igt_assert_lte(LEAST_QUEUES, scene.failed);
	fail_first_blocks(blocks);
	plug_again();
}

/* The device is bound again. If a subtest has failed, the module may not be loaded. */
static void reload_without_offset(void)
{
	if (!scene.is_reloaded)
		return;
	scene.is_reloaded = false;
	module_unload("bigbar");
	load_bigbar();
}

/**
 * SUBTEST: bind-offset
 * Description: The driver is bound to a device whose VRAM begins in the middle of what a PUD
 *	entry maps. If an allocation for what lies before VRAM fails, the device is not
 *	bound, and nothing is left of what was set up.
 */
static void test_bind_offset(void)
{
	char parameter[32];
	unsigned int blocks = blocks_at_first(scene.fd);

	require_reloadable();
	igt_require_f(bar_of(scene.fd).size > 2 * MIB(VRAM_OFFSET), "the BAR is too small\n");
	igt_require_f(bar_of(scene.fd).phys % GIB(1) == 0, "the BAR begins inside a GiB\n");
	release();
	scene.is_reloaded = true;
	snprintf(parameter, sizeof(parameter), "vram_offset=%u", VRAM_OFFSET);
	igt_assert_eq(module_unload("bigbar"), 0);
	load_bigbar_with(parameter);
	begin_unplugged(huge_open_when_there());
	fail_first_blocks(blocks + BLOCKS_PER_SPLIT);
	reload_without_offset();
	plug_again();
}

static void clean_up(void)
{
	release_signals();
	injection_end();
	importers_close();
	release();
	reload_without_offset();
	plug_again();
	memset(&scene, 0, sizeof(scene));
}

static const struct subtest subtests[] = {
	{ "create-vram", "A buffer object in VRAM is made", test_create_vram },
	{ "create-system", "A buffer object in system memory is made", test_create_system },
	{ "open", "A file is opened", test_open },
	{ "export", "A buffer object is exported", test_export },
	{ "mmap", "A buffer object is mapped", test_mmap },
	{ "fault-system", "System memory is faulted in", test_fault_system },
	{ "fault-unplugged", "A fault after unplug", test_fault_unplugged },
	{ "fault-tracked", "A tracked write", test_fault_tracked },
	{ "move-to-system", "A move out of VRAM", test_move_to_system },
	{ "move-to-vram", "A move into VRAM", test_move_to_vram },
	{ "importer-map", "Another device maps a dma-buf", test_importer_map },
	{ "move-queued-to-system", "A queued move out of VRAM", test_move_queued_to_system },
	{ "move-queued-to-vram", "A queued move into VRAM", test_move_queued_to_vram },
	{ "evict", "An eviction", test_evict },
	{ "dirty-start", "Tracking begins", test_dirty_start },
	{ "dirty-start-record", "Tracking finds no place for its record", test_dirty_start_record },
	{ "dirty-take", "The record is taken", test_dirty_take },
	{ "debugger", "A debugger's write", test_debugger },
	{ "info", "A buffer object is asked about", test_info },
	{ "dump", "Page tables are dumped", test_dump },
	{ "device", "A device is set up", test_device },
	{ "bind", "The driver is bound", test_bind },
	{ "bind-offset", "The driver is bound, with VRAM at an offset", test_bind_offset },
};

static const struct level_subtest level_subtests[] = {
	{ "fault", "VRAM is faulted in", test_fault },
	{ "prefault", "VRAM is prefaulted", test_prefault },
	{ "split", "A mapping is split", test_split },
	{ "mremap", "A mapping is moved", test_mremap },
};

static void set_scene(void)
{
	injection_begin();
	catch_signals();
	scene.fd = huge_open();
	scene.before = in_use_now(scene.fd);
}

/* A handle that could not be returned belongs to the file, and is closed with it. */
static void assert_nothing_leaked(void)
{
	release();
	assert_no_more_in_use(huge_open());
}

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		async_moves_save();
	}

	for (unsigned int i = 0; i < COUNT_OF(subtests); i++) {
		igt_describe(subtests[i].what);
		igt_subtest(subtests[i].name) {
			set_scene();
			subtests[i].run();
			assert_nothing_leaked();
		}
		igt_fixture()
			clean_up();
	}
	for (unsigned int i = 0; i < COUNT_OF(level_subtests); i++) {
		for (enum huge_level level = HUGE_PTE; level < HUGE_LEVELS; level++) {
			igt_describe(level_subtests[i].what);
			igt_subtest_f("%s-%s", level_subtests[i].name, huge_level_name(level)) {
				set_scene();
				level_subtests[i].run(level);
				assert_nothing_leaked();
			}
			igt_fixture()
				clean_up();
		}
	}
}

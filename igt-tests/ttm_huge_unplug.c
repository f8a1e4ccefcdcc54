// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <xf86drm.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/bar.h"
#include "lib/cgroup.h"
#include "lib/debugger.h"
#include "lib/freed_device.h"
#include "lib/hold.h"
#include "lib/huge_device.h"
#include "lib/leaks.h"
#include "lib/memory.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/plug.h"
#include "lib/subtest.h"
#include "lib/sync_file.h"

/**
 * TEST: ttm huge unplug
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: driver
 * Functionality: hot unplug
 * Description: The device is unplugged while programs have it mapped and use it. The
 *	programs go on, with pages that stand in for its memory; the device that comes back
 *	works.
 */
IGT_TEST_DESCRIPTION("The device is unbound while mapped and faulting");

#define WORDS (HUGE_PAGE_SIZE / sizeof(uint64_t))
/* The number of pages that are compared in a large mapping. */
#define SAMPLES 16
#define SMALL MIB(4)

/* What is in use before the first subtest. */
static struct {
	struct in_use in_use;
	dev_t node;
	int users;
} at_first;

static dev_t node_of(int fd)
{
	struct stat node;

	igt_assert_eq(fstat(fd, &node), 0);
	return node.st_rdev;
}

/* Number of references to the driver's module; -1 if it is built in. */
static int module_users(void)
{
	int users = -1;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", huge_driver());
	file = fopen(path, "r");
	if (!file)
		return -1;
	igt_assert_eq(fscanf(file, "%d", &users), 1);
	fclose(file);
	return users;
}

static void look_at_first(void)
{
	int fd = huge_open();

	at_first.in_use = in_use_now(-1);
	at_first.node = node_of(fd);
	huge_close(fd);
	at_first.users = module_users();
}

/* The device is neither open nor mapped any more: nothing holds the one that was unplugged. */
static void assert_nothing_left(void)
{
	struct in_use more = in_use_beyond(&at_first.in_use, -1);

	igt_assert_eq_u64(more.bos, 0);
	/* Only where no other device could use TTM. */
	igt_assert(drmGetDevices2(0, NULL, 0) > 0 || !ttm_is_in_use());
	igt_assert_eq(module_users(), at_first.users);
	igt_assert_eq(bar_owners(huge_driver()), 0);
}

/*
 * The device is back and works. It has the same device numbers as before: they are free
 * again when DRM has released the unplugged device, after its last buffer object.
 */
static void assert_works_again(void)
{
	struct pattern pattern;
	struct huge_bo bo;
	int fd;

	assert_nothing_left();
	device_plug();
	fd = huge_open_when_there();
	igt_assert_eq(bar_owners(huge_driver()), huge_claims());
	igt_assert_eq_u64(node_of(fd), at_first.node);
	bo = huge_vram_bo(fd, MIB(2) + KIB(4));
	pattern = pattern_of(huge_bo_map(&bo), bo.size, 61);
	pattern_write(&pattern);
	huge_bo_move(&bo, HUGE_SYSTEM);
	pattern_assert(&pattern);
}

static void assert_gone(const struct huge_bo *bo)
{
	struct huge_bo other;
	uint64_t done;

	igt_assert_eq(huge_bo_try_create(bo->fd, KIB(4), HUGE_VRAM, 0, &other), ENODEV);
	igt_assert_eq(huge_bo_try_move(bo, HUGE_SYSTEM), ENODEV);
	if (huge_prefaults())
		igt_assert_eq(huge_prefault(bo->fd, NULL, 0, &done), ENODEV);
	igt_assert(mmap(NULL, bo->size, PROT_READ, MAP_SHARED, bo->fd, bo->offset) == MAP_FAILED);
	igt_assert_eq(errno, ENODEV);
	igt_assert_eq(bar_owners(huge_driver()), 0);
}

/* A buffer object that a program uses, and what its memory and mappings must show later. */
struct scene {
	struct huge_bo bo;
	char *address;
	char *read_only;	/* another mapping of it */
	struct pattern pattern;
	struct page_run memory;
	struct bar bar;
	uint64_t stand_in[WORDS];	/* what all pages are to show after unplug */
};

/* Where its memory is, which must be in one piece. */
static struct page_run memory_of(const struct huge_bo *bo)
{
	struct page_table table = page_table_read(bo);
	struct page_run memory = table.runs[0];

	igt_assert_eq(table.count, 1);
	igt_assert_eq_u64(memory.end - memory.start, bo->size);
	page_table_free(&table);
	return memory;
}

static struct scene make_scene(struct huge_bo bo, char *address)
{
	struct scene scene = { .bo = bo, .address = address, .bar = bar_of(bo.fd) };
	struct pattern seen;

	scene.pattern = pattern_of(address, bo.size, 62);
	if (bo.size > SMALL)
		scene.pattern.stride = scene.pattern.pages / SAMPLES;
	pattern_write(&scene.pattern);
	if (huge_bo_placement(&bo) == HUGE_VRAM)
		scene.memory = memory_of(&bo);
	scene.read_only = huge_bo_map_part(&bo, 0, bo.size, PROT_READ);
	seen = scene.pattern;
	seen.address = scene.read_only;
	pattern_assert(&seen);
	return scene;
}

/* Compares the pages that had the pattern, each as a whole. */
static void assert_shows(const struct scene *scene, const char *address)
{
	const uint64_t stride = (scene->pattern.stride ?: 1) * HUGE_PAGE_SIZE;

	for (uint64_t at = 0; at < scene->bo.size; at += stride) {
		igt_assert_eq(signal_of_reading(address + at), 0);
		igt_assert_f(!memcmp(address + at, scene->stand_in, HUGE_PAGE_SIZE),
			     "byte %#llx is not in the page that stands in\n",
			     (unsigned long long)at);
	}
}

/* What is written to one page shows in all of them. */
static void write_stand_in(struct scene *scene, uint64_t page, unsigned int word, uint64_t value)
{
	char *address = scene->address + page * HUGE_PAGE_SIZE + word * sizeof(value);

	igt_assert_eq(signal_of_writing(address, value), 0);
	scene->stand_in[word] = value;
}

static void assert_both_show(const struct scene *scene)
{
	assert_shows(scene, scene->address);
	assert_shows(scene, scene->read_only);
	igt_assert_eq(signal_of_writing(scene->read_only, 1), SIGSEGV);
}

/* VRAM itself, mapped without the driver: it is as it was when the device was unplugged. */
static void assert_vram_as_before(const struct scene *scene)
{
	struct pattern left = scene->pattern;

	igt_assert(bar_has(&scene->bar, scene->memory.pfn * HUGE_PAGE_SIZE));
	left.address = bar_map(&scene->bar, scene->memory.pfn * HUGE_PAGE_SIZE, scene->bo.size,
			       PROT_READ | PROT_WRITE);
	pattern_assert(&left);
	munmap(left.address, scene->bo.size);
}

/* The driver keeps debuggers from VRAM; contents in system memory are still there. */
static void assert_debugger_sees(const struct scene *scene)
{
	uint64_t seen = 0;
	ssize_t done = debugger_proc_mem.read(getpid(), scene->address, &seen, sizeof(seen));

	if (scene->memory.pfn) {
		igt_assert_eq(done, -1);
		igt_assert_eq(errno, EIO);
		igt_assert_eq_u64(seen, 0);
		return;
	}
	igt_assert_eq(done, sizeof(seen));
	igt_assert_eq_u64(seen, pattern_value(&scene->pattern, 0));
}

/* The child is the first to access the pages that stand in. */
static void unplug_in_view_of_child(struct scene *scene)
{
	uint64_t word;
	int sockets[2];

	/* Some drivers refuse this access. In others it uses the device no longer than it lasts. */
	debugger_proc_mem.read(getpid(), scene->address, &word, sizeof(word));
	make_turns(sockets);
	igt_fork(child, 1) {
		close(sockets[0]);
		await_turn(sockets[1]);
		assert_both_show(scene);
		write_stand_in(scene, scene->pattern.pages - 1, 1, 63);
	}
	close(sockets[1]);
	device_unplug(scene->bo.fd);
	pass_turn(sockets[0]);
	igt_waitchildren();
	close(sockets[0]);
	scene->stand_in[1] = 63;
}

static void assert_survives(struct huge_bo bo, char *address)
{
	struct scene scene = make_scene(bo, address);

	unplug_in_view_of_child(&scene);
	assert_both_show(&scene);
	write_stand_in(&scene, 0, 0, 64);
	write_stand_in(&scene, scene.pattern.pages / 2, WORDS - 1, 65);
	assert_both_show(&scene);
	assert_debugger_sees(&scene);
	if (scene.memory.pfn)
		assert_vram_as_before(&scene);
	assert_gone(&bo);
	huge_release_all();
	assert_works_again();
}

/**
 * SUBTEST: mapped-%s
 * Description: Programs that have VRAM mapped by %arg[1] entries go on to read and write
 *	without a signal after unplug. All addresses show one page, which is zero at first,
 *	also in a child and through a read-only mapping; VRAM itself stays as it was, and a
 *	debugger gets EIO. Ioctls and mmap() fail with ENODEV. The device that is bound
 *	again works, and nothing is left of the one before.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mapped(enum huge_level level)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);

	assert_survives(bo, address);
}

/**
 * SUBTEST: tracked
 * Description: As in mapped, while writes are tracked.
 */
static void test_tracked(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), HUGE_TRACKABLE, &address);

	huge_dirty_start(&bo);
	assert_survives(bo, address);
}

/**
 * SUBTEST: system-memory
 * Description: As in mapped, for a buffer object in system memory, whose contents a
 *	debugger still reads.
 */
static void test_system_memory(void)
{
	struct huge_bo bo = huge_bo_create(huge_open(), MIB(4), HUGE_SYSTEM, HUGE_SYSTEM_WB);

	assert_survives(bo, huge_bo_map(&bo));
}

/* Two clients have one of each kind, and touch the first half. */
#define CLIENTS 2
static const struct {
	uint64_t size;
	enum huge_placement placement;
	unsigned int flags;
} kinds[] = {
	{ MIB(4), HUGE_VRAM, 0 },
	{ KIB(64), HUGE_VRAM, HUGE_TRACKABLE },
	{ KIB(4), HUGE_VRAM, 0 },
	{ MIB(2) + KIB(12), HUGE_SYSTEM, HUGE_SYSTEM_WB },
	{ KIB(32), HUGE_SYSTEM, HUGE_SYSTEM_WC },
};

#define CROWD (CLIENTS * COUNT_OF(kinds))

static void make_client(struct scene *scenes)
{
	int fd = huge_open_when_there();

	for (unsigned int i = 0; i < COUNT_OF(kinds); i++) {
		struct scene *scene = &scenes[i];

		scene->bo = huge_bo_create(fd, kinds[i].size, kinds[i].placement, kinds[i].flags);
		scene->address = huge_bo_map(&scene->bo);
		scene->pattern = pattern_of(scene->address, (scene->bo.size + KIB(4)) / 2, 66);
		pattern_write(&scene->pattern);
	}
}

static void make_crowd(struct scene *scenes)
{
	memset(scenes, 0, CROWD * sizeof(*scenes));
	for (unsigned int i = 0; i < CLIENTS; i++)
		make_client(scenes + i * COUNT_OF(kinds));
}

static void assert_crowd_shows(const struct scene *scenes)
{
	for (unsigned int i = 0; i < CROWD; i++)
		assert_shows(&scenes[i], scenes[i].address);
}

/* Writes a value of its own to each, at the same place. */
static void assert_nothing_shared(struct scene *scenes, uint64_t value)
{
	for (unsigned int i = 0; i < CROWD; i++)
		write_stand_in(&scenes[i], i % 2 ? 0 : scenes[i].bo.size / HUGE_PAGE_SIZE - 1, 7,
			       value + i);
	assert_crowd_shows(scenes);
}

/**
 * SUBTEST: several
 * Description: Several buffer objects of two clients, all touched in part, each show a page
 *	of their own after unplug. This stays so when the device is back, is used by other
 *	clients, and is unplugged again.
 */
static void test_several(void)
{
	static struct scene before[CROWD], after[CROWD];

	make_crowd(before);
	device_unplug(before[0].bo.fd);
	assert_crowd_shows(before);
	assert_nothing_shared(before, 1000);

	device_plug();
	make_crowd(after);
	assert_nothing_shared(before, 2000);
	for (unsigned int i = 0; i < CROWD; i++)
		pattern_assert(&after[i].pattern);

	device_unplug(after[0].bo.fd);
	assert_crowd_shows(after);
	assert_nothing_shared(after, 3000);
	assert_crowd_shows(before);
	huge_release_all();
	assert_works_again();
}

#define MANY 2048
#define MANY_SIZE (MANY * HUGE_PAGE_SIZE)

static void map_many(int fd, char *area)
{
	static struct huge_bo bos[MANY];

	for (unsigned int i = 0; i < MANY; i++)
		bos[i] = huge_bo_create(fd, HUGE_PAGE_SIZE, HUGE_VRAM, 0);
	for (unsigned int i = 0; i < MANY; i++)
		huge_bo_map_at(&bos[i], area + i * HUGE_PAGE_SIZE, 0, HUGE_PAGE_SIZE);
}

/* After unplug each page of the area shows a stand-in page of its own. */
static void unplug_many(void)
{
	char *area = huge_reserve(MANY_SIZE, HUGE_PAGE_SIZE);
	int fd = huge_open_when_there();

	map_many(fd, area);
	memory_make_dirty(2 * MANY_SIZE);
	device_unplug(fd);
	igt_assert(is_zero(area, MANY_SIZE));
	huge_release_all();
	assert_nothing_left();
	device_plug();
}

/**
 * SUBTEST: many
 * Description: The pages that thousands of buffer objects show after unplug are zero,
 *	although free memory is not, and are freed with the buffer objects.
 */
static void test_many(void)
{
	uint64_t before, after;

	/* Opened once before, so that what the first open allocates is not counted. */
	huge_close(huge_open());
	before = memory_unaccounted();
	unplug_many();
	after = memory_unaccounted();
	igt_info("%lld KiB more in use than before\n", (long long)(after - before) / 1024);
	igt_assert_lt_u64(after, before + MANY_SIZE / 2);
}

/**
 * SUBTEST: many-charged
 * Description: The pages that stand in are charged to the control group of the process that
 *	accesses them first.
 */
static void test_many_charged(void)
{
	char *area = huge_reserve(MANY_SIZE, HUGE_PAGE_SIZE);
	int fd = huge_open_when_there();

	cgroup_make("memory");
	map_many(fd, area);
	device_unplug(fd);
	igt_fork(child, 1) {
		uint64_t before, after;

		cgroup_enter();
		before = cgroup_memory();
		igt_assert(is_zero(area, MANY_SIZE));
		after = cgroup_memory();
		igt_info("%llu KiB more\n", (long long)(after - before) / 1024);
		igt_assert_lte_u64(before + MANY_SIZE / 2, after);
	}
	igt_waitchildren();
	huge_release_all();
	assert_works_again();
}

#define WRITERS 2
#define WRITING_MS 300
/* Enough on a busy host. */
#define WRITING_LIMIT_SECONDS 60

struct writer {
	pthread_t thread;
	struct pattern pattern;
	volatile uint64_t rounds;
};

static volatile bool stop_writers;

/* The advice changes each time. There are faults all the time, because moves remove the entries. */
static void *write_on(void *argument)
{
	struct writer *writer = argument;

	while (!stop_writers) {
		pattern_write(&writer->pattern);
		madvise(writer->pattern.address, writer->pattern.pages * HUGE_PAGE_SIZE,
			writer->rounds % 2 ? MADV_RANDOM : MADV_NORMAL);
		writer->rounds++;
	}
	return NULL;
}

static void assert_writers_live(struct writer *writers)
{
	for (int i = 0; i < WRITERS; i++) {
		uint64_t before = writers[i].rounds;
		double end = seconds_now() + WRITING_LIMIT_SECONDS;

		while (writers[i].rounds < before + 2 && seconds_now() < end)
			usleep(1000);
		igt_assert_lt_u64(before + 1, writers[i].rounds);
	}
}

/* Its moves make the writers fault again and again; it ends when a move fails. */
static void *move_on(void *argument)
{
	const struct huge_bo *bo = argument;

	while (!huge_bo_try_move(bo, HUGE_SYSTEM) && !huge_bo_try_move(bo, HUGE_VRAM))
		usleep(1000);
	return NULL;
}

/**
 * SUBTEST: faulting
 * Description: Threads fault on a buffer object, write to it and move it while the device
 *	is unplugged. The writers go on.
 */
static void test_faulting(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(8), 0, &address);
	struct writer writers[WRITERS] = {};
	const uint64_t share = bo.size / WRITERS;
	pthread_t mover;

	stop_writers = false;
	for (int i = 0; i < WRITERS; i++) {
		writers[i].pattern = pattern_of(address + i * share, share, 63);
		igt_assert_eq(pthread_create(&writers[i].thread, NULL, write_on, &writers[i]), 0);
	}
	igt_assert_eq(pthread_create(&mover, NULL, move_on, &bo), 0);
	usleep(1000 * WRITING_MS);
	device_unplug(bo.fd);
	pthread_join(mover, NULL);
	assert_writers_live(writers);
	stop_writers = true;
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	assert_gone(&bo);
	huge_release_all();
	assert_works_again();
}

/*
 * A process waits in @act for a move of its buffer object. Unplugging the device does not
 * wait for that. Returns the exit status, which is what @act returns.
 */
static int unplug_while_waiting(const struct huge_bo *bo, char *address,
				int (*act)(const struct huge_bo *bo, char *address))
{
	int status;
	pid_t pid;

	hold_fence(address, "kernel");
	pid = fork_child();
	if (!pid) {
		/* Drops only the child's copy of the hold; the parent keeps its own. */
		release_hold();
		_exit(act(bo, address));
	}
	await_sleep_in_driver(pid);
	device_unplug(bo->fd);
	igt_assert_f(is_held(), "unplugging waited for the process\n");
	release_hold();
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int write_65(const struct huge_bo *bo, char *address)
{
	(void)bo;
	return signal_of_writing(address, 65);
}

/**
 * SUBTEST: waiting
 * Description: A process waits in a fault for a move. Unplugging the device does not wait
 *	for that. What the process writes when it goes on is in the page that stands in.
 */
static void test_waiting(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(KIB(64), 0, &address);

	igt_assert_eq(unplug_while_waiting(&bo, address, write_65), 0);
	igt_assert_eq_u64(*(volatile uint64_t *)(address + bo.size - HUGE_PAGE_SIZE), 65);
	huge_release_all();
	assert_works_again();
}

static int move_out(const struct huge_bo *bo, char *address)
{
	(void)address;
	return huge_bo_try_move(bo, HUGE_SYSTEM);
}

/**
 * SUBTEST: moving
 * Description: A process asks for a move, and waits for an earlier one. The device is
 *	unplugged meanwhile, at once, and the call fails with ENODEV: nothing can be moved.
 */
static void test_moving(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(KIB(64), 0, &address);

	igt_assert_eq(unplug_while_waiting(&bo, address, move_out), ENODEV);
	huge_release_all();
	assert_works_again();
}

/* Clearing one takes so long that the device is unplugged before the next one's turn. */
#define BUSY_BOS 4
#define BUSY_SIZE MIB(256)

/* The fence that user space gets for reading a buffer object. */
static int fence_of(const struct huge_bo *bo)
{
	struct huge_bo dma_buf = huge_bo_export(bo);
	int fence = sync_file_of(dma_buf.fd);

	huge_close(dma_buf.fd);
	return fence;
}

/* To be called before it signals: some kernels do not tell whose a signaled fence was. */
static void assert_is_of_copy(int fence)
{
	struct sync_fence_info copy = {};
	struct sync_file_info info = { .num_fences = 1, .sync_fence_info = (uintptr_t)&copy };

	igt_assert_eq(drmIoctl(fence, SYNC_IOC_FILE_INFO, &info), 0);
	igt_assert_eq(info.num_fences, 1);
	igt_assert_f(!strcmp(copy.driver_name, "bigbar") && !strcmp(copy.obj_name, "copies"),
		     "it is of %s of the driver %s\n", copy.obj_name, copy.driver_name);
}

/* 1, or a negative error code. */
static int status_when_signaled(int fence)
{
	struct pollfd signaled = { .fd = fence, .events = POLLIN };
	struct sync_file_info info = {};

	igt_assert_eq(poll(&signaled, 1, 1000 * WRITING_LIMIT_SECONDS), 1);
	igt_assert_eq(drmIoctl(fence, SYNC_IOC_FILE_INFO, &info), 0);
	close(fence);
	return info.status;
}

/**
 * SUBTEST: queued-move
 * Description: The fence of a move that was made before unplug has no error; the fence of a
 *	move that was still queued has the error ENODEV. Until then it has the names of the
 *	driver and its queue.
 */
static void test_queued_move(void)
{
	int fd = huge_open(), fence;
	struct huge_bo bo;

	async_moves_save();
	async_moves_set("Y");
	bo = huge_vram_bo(fd, MIB(8));
	huge_bo_move(&bo, HUGE_SYSTEM);
	igt_assert_eq(status_when_signaled(fence_of(&bo)), 1);
	huge_bo_move(&bo, HUGE_VRAM);
	for (int i = 0; i < BUSY_BOS; i++)
		huge_vram_bo(fd, BUSY_SIZE);
	huge_bo_move(&bo, HUGE_SYSTEM);
	fence = fence_of(&bo);
	assert_is_of_copy(fence);
	device_unplug(fd);
	igt_assert_eq(status_when_signaled(fence), -ENODEV);
	huge_release_all();
	assert_works_again();
}

static uint64_t page_table_kib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long long kib = 0;
	char line[128];

	igt_assert(status);
	while (fgets(line, sizeof(line), status) && sscanf(line, "VmPTE: %llu", &kib) != 1)
		;
	fclose(status);
	return kib;
}

/**
 * SUBTEST: one-page-a-fault
 * Description: After unplug a fault on a mapping of 4 GiB maps one page or a few, and not
 *	the whole mapping, which would take long.
 */
static void test_one_page_a_fault(void)
{
	int fd = huge_open();
	struct huge_bo bo;
	uint64_t before, faults;
	char *address;

	igt_require_f(huge_vram(fd).size >= GIB(4), "less than 4 GiB of VRAM\n");
	bo = huge_vram_bo(fd, GIB(4));
	address = huge_bo_map(&bo);
	device_unplug(fd);
	before = page_table_kib();
	faults = page_faults();
	for (int i = 0; i < 4; i++)
		*(volatile char *)(address + i * GIB(1) + MIB(5)) = 1;
	igt_assert_lte_u64(4, page_faults() - faults);
	/* A table or two for each fault; a million entries would be 8 MiB. */
	igt_assert_lte_u64(page_table_kib() - before, 64);
	huge_release_all();
	assert_works_again();
}

#define FREED_DEVICES	1024
/* Half of what the counters of a device take on one CPU. */
#define LEAST_LEFT	64

/**
 * SUBTEST: device-freed-first
 * Description: A driver frees its device structure itself, and DRM's device is released
 *	after that, with its managed actions: none of them accesses the structure any more,
 *	and they free the counters.
 */
static void test_device_freed_first(void)
{
	uint64_t before;

	freed_device_require();
	/* An access through one of its pointers would be an oops. */
	igt_assert_eq(freed_device_set_up(0), 0);
	before = memory_line("Percpu");
	for (int i = 0; i < FREED_DEVICES; i++)
		igt_assert_eq(freed_device_set_up(0), 0);
	igt_assert_lt_u64(memory_line("Percpu"), before + FREED_DEVICES * LEAST_LEFT);
}

static void clean_up(void)
{
	release_all_holds();
	kill_children();
	async_moves_restore();
	cgroup_remove();
	device_plug();
	huge_release_all();
	huge_close(huge_open_when_there());
}

static const struct level_subtest level_subtests[] = {
	{ "mapped", "Unbound while mapped", test_mapped },
};

static const struct subtest subtests[] = {
	{ "several", "Several buffer objects and clients, unbound twice", test_several },
	{ "many", "Pages that stand in are zero, and freed", test_many },
	{ "many-charged", "Control group of the pages that stand in", test_many_charged },
	{ "tracked", "Unbound while writes are tracked", test_tracked },
	{ "system-memory", "Unbound while system memory is mapped", test_system_memory },
	{ "faulting", "Unbound while threads fault", test_faulting },
	{ "waiting", "Unbound while a fault waits", test_waiting },
	{ "moving", "Unbound while a move waits", test_moving },
	{ "queued-move", "Unbound while a move is queued", test_queued_move },
	{ "one-page-a-fault", "No fault maps all of a mapping", test_one_page_a_fault },
	{ "device-freed-first", "The device structure is freed before DRM's",
	  test_device_freed_first },
};

int igt_main()
{
	igt_fixture() {
		look_at_first();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/file.h"
#include "lib/huge_device.h"
#include "lib/importer.h"
#include "lib/kernel_log.h"
#include "lib/known_kernel.h"
#include "lib/memory.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/plug.h"
#include "lib/power.h"
#include "lib/scatter.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge power
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Power management tests
 * Functionality: suspend and hibernation
 * Description: The system sleeps while programs have VRAM mapped, and VRAM loses what was in
 *	it. Afterwards the programs find their data, mapped as before. If they cannot be
 *	kept, the system does not sleep.
 */
IGT_TEST_DESCRIPTION("Sleep of the system, and of the device, while VRAM is in use");

#define LOG_REFUSED "bigbar [0-9a-f:.]+: [[]drm[]] [*]ERROR[*] cannot sleep: "
/* The number of pages that are compared in a large mapping. */
#define SAMPLES 1024
#define SMALL MIB(8)

/* A buffer object in VRAM that a program has mapped, and what the mapping shows. */
struct scene {
	struct huge_bo bo;
	struct pattern pattern;
	uint64_t bytes;	/* of VRAM, which get lost in a sleep */
};

static struct scene make_scene(struct huge_bo bo, void *address)
{
	struct scene scene = { .bo = bo, .pattern = pattern_of(address, bo.size, 91) };

	if (bo.size > SMALL)
		scene.pattern.stride = scene.pattern.pages / SAMPLES;
	pattern_write(&scene.pattern);
	huge_bo_await_idle(&bo);
	scene.bytes = power_lose_vram_of(&bo);
	igt_assert_eq_u64(scene.bytes, bo.size);
	return scene;
}

static struct scene make_scene_of_size(uint64_t size, unsigned int flags)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(size, flags, &address);

	return make_scene(bo, address);
}

static struct scene make_scene_at(enum huge_level level, unsigned int flags)
{
	struct scene scene = make_scene_of_size(huge_size_for_level(level), flags);

	huge_assert_mapped_at(&scene.bo, scene.pattern.address, level, "before");
	return scene;
}

/* It is in VRAM again, with its data, and can be written. */
static void assert_back(struct scene *scene)
{
	igt_assert_eq(huge_bo_placement(&scene->bo), HUGE_VRAM);
	pattern_assert(&scene->pattern);
	igt_assert(pattern_renew(&scene->pattern));
}

static void sleep_and_lose(const struct scene *scene, const char *state, const char *level)
{
	const uint64_t before = power_lost();

	igt_assert_eq(power_sleep(state, level), 0);
	igt_assert_eq_u64(power_lost(), before + scene->bytes);
}

/**
 * SUBTEST: suspend-%s
 * Description: VRAM is mapped by %arg[1] entries when the system is suspended, twice. It
 *	loses its contents. The program finds its data, in VRAM, and by the same entries.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_suspend(enum huge_level level)
{
	struct scene scene = make_scene_at(level, 0);

	for (int i = 0; i < 2; i++) {
		sleep_and_lose(&scene, "mem", "devices");
		assert_back(&scene);
		huge_assert_mapped_at(&scene.bo, scene.pattern.address, level, "after");
		huge_assert_caching(&scene.bo, PAGE_WC);
	}
}

/* It was moved away and back before any device was suspended, and not accessed since. */
static void assert_was_away(struct scene *scene)
{
	struct page_table table = page_table_read(&scene->bo);

	igt_assert_eq(table.count, 0);
	page_table_free(&table);
	assert_back(scene);
}

/**
 * SUBTEST: suspend-freezer
 * Description: The data are there when the kernel has only stopped all programs, without a
 *	device that was suspended. They have been away from VRAM meanwhile.
 */
static void test_suspend_freezer(void)
{
	struct scene scene = make_scene_of_size(MIB(4), 0);

	igt_assert_eq(power_sleep("mem", "freezer"), 0);
	assert_was_away(&scene);
}

/**
 * SUBTEST: suspend-platform
 * Description: The same when all devices were suspended in all steps, and the platform told.
 */
static void test_suspend_platform(void)
{
	struct scene scene = make_scene_of_size(MIB(4), 0);

	sleep_and_lose(&scene, "mem", "platform");
	assert_back(&scene);
}

/**
 * SUBTEST: suspend-to-idle
 * Description: The same when the system has been suspended to idle in earnest, until a timer
 *	woke it.
 */
static void test_suspend_to_idle(void)
{
	struct scene scene = make_scene_of_size(MIB(4), 0);

	power_wake_after(2);
	sleep_and_lose(&scene, "freeze", "none");
	assert_back(&scene);
}

/**
 * SUBTEST: suspend-scattered
 * Description: The same for a buffer object in many pieces of VRAM, while all other VRAM is in
 *	use.
 */
static void test_suspend_scattered(void)
{
	int fd = huge_open();
	struct scattered_vram vram = scatter_vram(fd);
	struct scene scene;
	char *address;
	struct huge_bo bo;

	/* System memory has to hold what is in VRAM. */
	huge_bo_destroy(&vram.rest);
	bo = huge_mapped_bo(SCATTERED_SIZE, 0, &address);
	scene = make_scene(bo, address);
	sleep_and_lose(&scene, "mem", "devices");
	assert_back(&scene);
}

static void assert_recorded(const struct scene *scene, const uint64_t *pages, unsigned int count)
{
	static uint64_t record[SMALL / HUGE_PAGE_SIZE / 64];
	unsigned int found = 0;

	igt_assert_eq(huge_dirty_try_take(&scene->bo, 0, scene->pattern.pages, record), 0);
	for (uint64_t page = 0; page < scene->pattern.pages; page++)
		found += record[page / 64] >> page % 64 & 1;
	igt_assert_eq(found, count);
	for (unsigned int i = 0; i < count; i++)
		igt_assert(record[pages[i] / 64] >> pages[i] % 64 & 1);
}

/* The data stay as they are. */
static void write_page(const struct scene *scene, uint64_t page)
{
	volatile uint64_t *word = (uint64_t *)((char *)scene->pattern.address +
					       page * HUGE_PAGE_SIZE);

	*word = pattern_value(&scene->pattern, page);
}

/**
 * SUBTEST: suspend-tracked
 * Description: The record of writes has after a sleep what was written before it and after
 *	it, and nothing else.
 */
static void test_suspend_tracked(void)
{
	struct scene scene = make_scene_of_size(SMALL, HUGE_TRACKABLE);
	const uint64_t pages[] = { 0, 511, 700, 2047 };

	huge_dirty_start(&scene.bo);
	write_page(&scene, pages[0]);
	write_page(&scene, pages[1]);
	sleep_and_lose(&scene, "mem", "devices");
	pattern_assert(&scene.pattern);
	write_page(&scene, pages[2]);
	write_page(&scene, pages[3]);
	assert_recorded(&scene, pages, COUNT_OF(pages));
	assert_back(&scene);
}

/**
 * SUBTEST: suspend-moving
 * Description: Buffer objects are being moved in the background when the system is suspended:
 *	all have their data, and are where they were moved to.
 */
static void test_suspend_moving(void)
{
	struct scene scenes[4];

	async_moves_set("Y");
	for (unsigned int i = 0; i < COUNT_OF(scenes); i++)
		scenes[i] = make_scene_of_size(MIB(128), 0);
	for (unsigned int i = 0; i < COUNT_OF(scenes); i++) {
		huge_bo_move(&scenes[i].bo, HUGE_SYSTEM);
		if (i % 2)
			huge_bo_move(&scenes[i].bo, HUGE_VRAM);
	}
	igt_assert_eq(power_sleep("mem", "devices"), 0);
	igt_assert_lt(0, power_lost());
	for (unsigned int i = 0; i < COUNT_OF(scenes); i++) {
		igt_assert_eq(huge_bo_placement(&scenes[i].bo), i % 2 ? HUGE_VRAM : HUGE_SYSTEM);
		pattern_assert(&scenes[i].pattern);
	}
}

/**
 * SUBTEST: suspend-unplug
 * Description: After a sleep the device can be unbound, and bound again, and works.
 */
static void test_suspend_unplug(void)
{
	struct scene scene = make_scene_of_size(MIB(4), 0);

	sleep_and_lose(&scene, "mem", "devices");
	assert_back(&scene);
	device_unplug(scene.bo.fd);
	igt_assert(is_zero(scene.pattern.address, scene.bo.size));
	/* What is left of the device that is gone does not keep the system awake. */
	igt_assert_eq(power_sleep("mem", "devices"), 0);
	power_restore();
	huge_release_all();
	device_plug();
	huge_close(huge_open_when_there());
	scene = make_scene_of_size(MIB(4), 0);
	sleep_and_lose(&scene, "mem", "devices");
	assert_back(&scene);
}

/**
 * SUBTEST: hibernate
 * Description: The data are there when the system has been prepared for hibernation, up to
 *	where the image would be made; and when it has only stopped all programs, in which case
 *	they have been away from VRAM, too.
 */
static void test_hibernate(void)
{
	struct scene scene = make_scene_of_size(MIB(4), 0);

	sleep_and_lose(&scene, "disk", "devices");
	assert_back(&scene);
	igt_assert_eq(power_sleep("disk", "freezer"), 0);
	assert_was_away(&scene);
}

/* The kernel log tells once, with a text, that the device cannot sleep. */
static void assert_refused_once(int log, const char *text)
{
	char line[KERNEL_LOG_LINE];
	unsigned int count = 0;
	int level;

	while (kernel_log_read(log, &level, line)) {
		if (!strstr(line, "cannot sleep: "))
			continue;
		igt_assert_f(strstr(line, text), "it tells: %s\n", line);
		count++;
	}
	close(log);
	igt_assert_eq(count, 1);
}

/* A process that the OOM killer would choose first, and before this one. */
static pid_t fork_victim(void)
{
	pid_t pid = fork_child();

	if (!pid) {
		write_file("/proc/self/oom_score_adj", "1000");
		for (;;)
			pause();
	}
	igt_assert_eq(write_file("/proc/self/oom_score_adj", "-1000"), 0);
	return pid;
}

/**
 * SUBTEST: no-memory
 * Description: If system memory cannot hold what is in VRAM, the system does not sleep, and one
 *	line tells why. All data are there, in VRAM, and no process was ended.
 */
static void test_no_memory(void)
{
	const uint64_t size = MIB(256), total = memory_line("MemTotal");
	struct scene scenes[32];
	unsigned int count = 0;
	int fd = huge_open(), log;
	struct huge_vram vram = huge_vram(fd);
	pid_t victim;

	igt_require_f(vram.size - vram.used > total, "VRAM is no larger than memory\n");
	while (count < COUNT_OF(scenes) && count * size <= total)
		scenes[count++] = make_scene_of_size(size, 0);
	victim = fork_victim();
	kernel_log_expect(LOG_REFUSED "system memory .*");
	log = kernel_log_open();
	igt_assert_eq(power_sleep("mem", "devices"), ENOMEM);
	igt_assert_eq_u64(power_lost(), 0);
	assert_refused_once(log, "system memory cannot hold what is in VRAM");
	igt_assert_eq(waitpid(victim, NULL, WNOHANG), 0);
	while (count)
		assert_back(&scenes[--count]);
}

static int make_peer(const struct scene *scene, const struct huge_bo *dma_buf)
{
	int importer;

	igt_require_f(known_kernel_is_configured("PCI_P2PDMA"),
		      "the kernel has no peer-to-peer DMA\n");
	igt_require_f(known_kernel()->tells_importers, "it cannot tell which importers let go\n");
	importer = importer_peer(dma_buf->fd, scene->bo.fd);
	igt_assert_eq(importer_state(importer).takes_vram, 1);
	return importer;
}

/**
 * SUBTEST: peer
 * Description: Another device has VRAM mapped when the system is suspended: it is told, lets
 *	go, and can map it again afterwards.
 */
static void test_peer(void)
{
	struct scene scene = make_scene_of_size(MIB(2), 0);
	struct huge_bo dma_buf = huge_bo_export(&scene.bo);
	int importer = make_peer(&scene, &dma_buf);
	unsigned int before;

	importer_do(importer, "map");
	importer_do(importer, "slow");
	before = importer_state(importer).told;
	sleep_and_lose(&scene, "mem", "devices");
	igt_assert_lt(before, importer_state(importer).told);
	igt_assert_eq(importer_state(importer).count, 0);
	assert_back(&scene);
	importer_do(importer, "map");
	igt_assert_lt(0, importer_state(importer).count);
	igt_assert_eq_u64(importer_state(importer).segments[0].word,
			  pattern_value(&scene.pattern, 0));
}

/**
 * SUBTEST: peer-pinned
 * Description: Another device has VRAM pinned: the system does not sleep, and one line tells
 *	why. It does once the other device has unpinned it.
 */
static void test_peer_pinned(void)
{
	struct scene scene = make_scene_of_size(MIB(2), 0);
	struct huge_bo dma_buf = huge_bo_export(&scene.bo);
	int importer = make_peer(&scene, &dma_buf), log;

	importer_do(importer, "pin");
	kernel_log_expect(LOG_REFUSED "another device .*");
	log = kernel_log_open();
	igt_assert_eq(power_sleep("mem", "devices"), EBUSY);
	igt_assert_eq_u64(power_lost(), 0);
	assert_refused_once(log, "another device does not let go of VRAM");
	assert_back(&scene);
	importer_do(importer, "unpin");
	sleep_and_lose(&scene, "mem", "devices");
	assert_back(&scene);
}

/**
 * SUBTEST: imported-static
 * Description: A driver that cannot be told has a buffer object pinned in system memory: it
 *	stays there.
 */
static void test_imported_static(void)
{
	struct scene scene = make_scene_of_size(MIB(2), 0);
	struct huge_bo dma_buf = huge_bo_export(&scene.bo);
	int importer = importer_static(dma_buf.fd);

	importer_do(importer, "map");
	igt_assert_eq(power_sleep("mem", "devices"), 0);
	igt_assert_eq(huge_bo_placement(&scene.bo), HUGE_SYSTEM);
	igt_assert_eq_u64(importer_state(importer).segments[0].word,
			  pattern_value(&scene.pattern, 0));
	pattern_assert(&scene.pattern);
}

/* A file of the device's runtime power management. */
static char runtime_file[PATH_MAX + 32];

static const char *runtime_path(int fd, const char *file)
{
	char folder[PATH_MAX];

	device_folder(fd, folder);
	snprintf(runtime_file, sizeof(runtime_file), "%s/power/%s", folder, file);
	return runtime_file;
}

static bool is_asleep(int fd)
{
	FILE *file = fopen(runtime_path(fd, "runtime_status"), "r");
	char status[16] = "";

	igt_assert(file);
	igt_assert(fgets(status, sizeof(status), file));
	fclose(file);
	return !strcmp(status, "suspended\n");
}

/* Waits longer than the device stays awake when it is not used. */
static bool falls_asleep(int fd)
{
	for (int tries = 0; tries < 50 && !is_asleep(fd); tries++)
		usleep(100000);
	return is_asleep(fd);
}

/**
 * SUBTEST: runtime
 * Description: If it may, the device sleeps while nothing is in VRAM, and at no other time: not
 *	while a buffer object is there, mapped or not. What was in VRAM is kept in system memory,
 *	and what is new in VRAM is zero.
 */
static void test_runtime(void)
{
	int fd = huge_open();
	char *address;
	struct huge_bo bo;
	struct pattern pattern;

	igt_assert_eq(write_file(runtime_path(fd, "control"), "auto"), 0);
	igt_assert(falls_asleep(fd));
	bo = huge_mapped_bo(MIB(4), 0, &address);
	igt_assert(!is_asleep(fd));
	igt_assert(is_zero(address, bo.size));
	pattern = pattern_of(address, bo.size, 92);
	pattern_write(&pattern);
	igt_assert(!falls_asleep(fd));
	pattern_assert(&pattern);
	huge_bo_move(&bo, HUGE_SYSTEM);
	igt_assert(falls_asleep(fd));
	pattern_assert(&pattern);
	igt_assert(is_asleep(fd));
	huge_bo_move(&bo, HUGE_VRAM);
	igt_assert(!is_asleep(fd));
	pattern_assert(&pattern);
	huge_bo_destroy(&bo);
	huge_unmap(address, bo.size);
	igt_assert(falls_asleep(fd));
}

/**
 * SUBTEST: runtime-peer
 * Description: Another device has had a buffer object mapped in VRAM, and pinned, so that
 *	there was no room for another one. The device does not sleep while the buffer object is
 *	in VRAM, and does when it has been moved away.
 */
static void test_runtime_peer(void)
{
	char *address;
	struct scene scene = { .bo = huge_mapped_bo(MIB(2), 0, &address) };
	const uint64_t all = huge_vram(scene.bo.fd).size;
	struct huge_bo dma_buf = huge_bo_export(&scene.bo), refused;
	int importer = make_peer(&scene, &dma_buf);

	igt_assert_eq(write_file(runtime_path(scene.bo.fd, "control"), "auto"), 0);
	importer_do(importer, "pin");
	importer_do(importer, "map");
	igt_assert_eq(huge_bo_try_create(scene.bo.fd, all, HUGE_VRAM, 0, &refused), ENOMEM);
	importer_do(importer, "unmap");
	importer_do(importer, "unpin");
	igt_assert(!falls_asleep(scene.bo.fd));
	huge_bo_move(&scene.bo, HUGE_SYSTEM);
	igt_assert(falls_asleep(scene.bo.fd));
}

/**
 * SUBTEST: runtime-unplug
 * Description: A buffer object in VRAM of a device that is unbound does not keep it from
 *	being bound again, used, and asleep when it is not used.
 */
static void test_runtime_unplug(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));
	int fd;

	igt_assert_eq(write_file(runtime_path(bo.fd, "control"), "auto"), 0);
	device_unplug(bo.fd);
	huge_release_all();
	device_plug();
	fd = huge_open_when_there();
	huge_bo_destroy(&(struct huge_bo){ .fd = fd, .handle = huge_vram_bo(fd, MIB(2)).handle });
	igt_assert(falls_asleep(fd));
}

static void clean_up(void)
{
	kill_children();
	write_file("/proc/self/oom_score_adj", "1000");
	power_restore();
	importers_close();
	async_moves_restore();
	huge_release_all();
	device_plug();
	if (runtime_file[0]) {
		int fd = huge_open_when_there();

		write_file(runtime_path(fd, "control"), "on");
		huge_close(fd);
		runtime_file[0] = '\0';
	}
}

static const struct level_subtest level_subtests[] = {
	{ "suspend", "Suspend with VRAM mapped", test_suspend },
};

static const struct subtest subtests[] = {
	{ "suspend-freezer", "Suspend of the programs", test_suspend_freezer },
	{ "suspend-platform", "Suspend of devices and platform", test_suspend_platform },
	{ "suspend-to-idle", "Suspend to idle", test_suspend_to_idle },
	{ "suspend-scattered", "Suspend with scattered VRAM", test_suspend_scattered },
	{ "suspend-tracked", "Suspend while writes are tracked", test_suspend_tracked },
	{ "suspend-moving", "Suspend while buffer objects move", test_suspend_moving },
	{ "suspend-unplug", "Unplug after suspend", test_suspend_unplug },
	{ "hibernate", "Hibernation with VRAM mapped", test_hibernate },
	{ "no-memory", "Suspend without memory for VRAM", test_no_memory },
	{ "peer", "Suspend while another device has VRAM", test_peer },
	{ "peer-pinned", "Suspend while another device pins VRAM", test_peer_pinned },
	{ "imported-static", "Suspend while another device has memory", test_imported_static },
	{ "runtime", "The device by itself", test_runtime },
	{ "runtime-peer", "Asleep after another device had VRAM", test_runtime_peer },
	{ "runtime-unplug", "The device by itself, unbound and bound", test_runtime_unplug },
};

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		power_save();
		async_moves_save();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

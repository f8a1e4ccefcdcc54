// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xf86drm.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/bar.h"
#include "lib/bigbar_ioctl.h"
#include "lib/fdinfo.h"
#include "lib/file.h"
#include "lib/foreign.h"
#include "lib/hold.h"
#include "lib/huge_device.h"
#include "lib/importer.h"
#include "lib/known_kernel.h"
#include "lib/leaks.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/plug.h"
#include "lib/scatter.h"
#include "lib/subtest.h"
#include "lib/sync_file.h"

/**
 * TEST: ttm huge dma buf
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: A buffer object that is exported as a dma-buf is mapped through the file of
 *	the dma-buf as it is through the DRM file, and can be imported by the device again.
 *	Drivers of other devices have its memory where they can reach it, and let go of it
 *	when it moves. Their own dma-bufs are imported, and stay theirs.
 */
IGT_TEST_DESCRIPTION("dma-bufs: mapped, used by other devices, and imported from them");

/* At an address that is aligned as the buffer object is: the kernel does not choose one. */
static char *map_aligned(const struct huge_bo *dma_buf)
{
	return huge_bo_map_at(dma_buf, huge_reserve(dma_buf->size, dma_buf->alignment), 0,
			      dma_buf->size);
}

/**
 * SUBTEST: level-%s
 * Description: At an aligned address a dma-buf is mapped by %arg[1] entries. It shows what
 *	is written through the DRM file, has no entries after a move, and then shows the data
 *	where they have gone.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_level(enum huge_level level)
{
	const struct huge_levels nothing = {};
	char *address;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);
	struct pattern written = pattern_of(address, bo.size, 81), seen = written;
	struct huge_bo dma_buf = huge_bo_export(&bo);
	struct huge_levels found;

	seen.address = map_aligned(&dma_buf);
	pattern_write(&written);
	pattern_assert(&seen);
	huge_assert_mapped_at(&bo, seen.address, level, "dma-buf");
	huge_assert_caching(&bo, PAGE_WC);

	huge_bo_move(&bo, HUGE_SYSTEM);
	found = huge_bo_levels(&bo);
	huge_assert_levels(&found, &nothing, "after the move");
	seen.seed = 82;
	pattern_write(&seen);
	written.seed = 82;
	pattern_assert(&written);

	huge_bo_move(&bo, HUGE_VRAM);
	pattern_assert(&seen);
}

/**
 * SUBTEST: kernel-address
 * Description: At an address that the kernel chooses a dma-buf shows the data, by entries
 *	that fit.
 */
static void test_kernel_address(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4) + KIB(8), 0, &address);
	struct huge_bo dma_buf = huge_bo_export(&bo);
	struct pattern pattern = pattern_of(huge_bo_map(&dma_buf), bo.size, 83);
	struct page_table table;

	pattern_write(&pattern);
	table = page_table_read(&bo);
	igt_assert(table.count);
	page_table_assert_sound(&table);
	page_table_free(&table);
	pattern.address = address;
	pattern_assert(&pattern);
}

/**
 * SUBTEST: range
 * Description: What is not inside a dma-buf cannot be mapped, and no private mapping can be
 *	written.
 */
static void test_range(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2) + KIB(4));
	struct huge_bo dma_buf = huge_bo_export(&bo);
	const int prot = PROT_READ | PROT_WRITE;

	igt_assert(mmap(NULL, bo.size + KIB(4), prot, MAP_SHARED, dma_buf.fd, 0) == MAP_FAILED);
	igt_assert_eq(errno, EINVAL);
	igt_assert(mmap(NULL, KIB(4), prot, MAP_SHARED, dma_buf.fd, bo.size) == MAP_FAILED);
	igt_assert_eq(errno, EINVAL);
	igt_assert(mmap(NULL, KIB(4), prot, MAP_PRIVATE, dma_buf.fd, 0) == MAP_FAILED);
	igt_assert_eq(errno, EINVAL);
}

/**
 * SUBTEST: last-user
 * Description: A mapping of a dma-buf keeps the buffer object when its handle, the DRM file
 *	and the dma-buf are closed. It is freed when the mapping goes.
 */
static void test_last_user(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));
	struct huge_bo dma_buf = huge_bo_export(&bo);
	char *address = map_aligned(&dma_buf);
	struct pattern pattern = pattern_of(address, bo.size, 84);
	int fd = huge_open();

	pattern_write(&pattern);
	huge_bo_destroy(&bo);
	huge_close(bo.fd);
	huge_close(dma_buf.fd);
	pattern_assert(&pattern);
	igt_assert_eq_u64(huge_vram(fd).used, bo.size);
	munmap(address, bo.size);
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
}

static char *map_handle(int fd, uint32_t handle, uint64_t size)
{
	struct huge_bo same = { .fd = fd, .handle = handle, .size = size };

	igt_assert_eq(bigbar_mmap_offset(fd, handle, &same.offset), 0);
	return huge_bo_map(&same);
}

/**
 * SUBTEST: self-import
 * Description: The client that exported a dma-buf gets its own handle when it imports it;
 *	another client gets a handle of the same buffer object, and can map it and move it.
 */
static void test_self_import(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	struct huge_bo dma_buf = huge_bo_export(&bo);
	struct pattern pattern = pattern_of(address, bo.size, 85);
	struct huge_bo same = { .fd = huge_open() };
	uint32_t handle;

	igt_assert_eq(drmPrimeFDToHandle(bo.fd, dma_buf.fd, &handle), 0);
	igt_assert_eq(handle, bo.handle);
	igt_assert_eq(drmPrimeFDToHandle(same.fd, dma_buf.fd, &same.handle), 0);
	pattern_write(&pattern);
	pattern.address = map_handle(same.fd, same.handle, bo.size);
	pattern_assert(&pattern);
	huge_bo_move(&same, HUGE_SYSTEM);
	igt_assert_eq(huge_bo_placement(&bo), HUGE_SYSTEM);
	huge_bo_move(&same, HUGE_VRAM);
	igt_assert_eq(huge_bo_placement(&bo), HUGE_VRAM);
	pattern_assert(&pattern);
}

/* By its dma-buf. */
static void import_same(struct huge_bo *bo, int dma_buf)
{
	igt_assert_eq(drmPrimeFDToHandle(bo->fd, dma_buf, &bo->handle), 0);
	igt_assert_eq(bigbar_mmap_offset(bo->fd, bo->handle, &bo->offset), 0);
}

/**
 * SUBTEST: import-again
 * Description: A buffer object of which only a dma-buf is left is imported again, by the client
 *	that exported it and by another one. It is the same for both, outlives the first, and
 *	is freed with the other.
 */
static void test_import_again(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2)), dma_buf = huge_bo_export(&bo);
	struct huge_bo same = { .fd = huge_open(), .size = bo.size };
	struct pattern pattern = pattern_of(huge_bo_map(&dma_buf), bo.size, 90);
	int fd = huge_open();

	pattern_write(&pattern);
	huge_unmap(pattern.address, bo.size);
	huge_bo_destroy(&bo);
	import_same(&bo, dma_buf.fd);
	import_same(&same, dma_buf.fd);
	huge_close(dma_buf.fd);
	pattern.address = huge_bo_map(&bo);
	pattern_assert(&pattern);
	pattern.seed++;
	pattern_write(&pattern);
	huge_unmap(pattern.address, bo.size);
	huge_close(bo.fd);
	pattern.address = huge_bo_map(&same);
	pattern_assert(&pattern);
	huge_unmap(pattern.address, same.size);
	huge_close(same.fd);
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
}

/**
 * SUBTEST: seek
 * Description: A seek to the end of a dma-buf tells its size, which is that of the buffer
 *	object, and no other place can be sought but the beginning.
 */
static void test_seek(void)
{
	static const uint64_t sizes[] = { KIB(4), KIB(60), MIB(2), MIB(2) + KIB(4), MIB(3) };
	int fd = huge_open();

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct huge_bo bo = huge_vram_bo(fd, sizes[i]), dma_buf = huge_bo_export(&bo);

		huge_bo_destroy(&bo);
		igt_assert_eq_u64(lseek(dma_buf.fd, 0, SEEK_END), sizes[i]);
		igt_assert_eq(lseek(dma_buf.fd, 0, SEEK_SET), 0);
		igt_assert_eq(lseek(dma_buf.fd, -1, SEEK_END), -1);
		igt_assert_eq(errno, EINVAL);
		igt_assert_eq(lseek(dma_buf.fd, sizes[i] - 1, SEEK_SET), -1);
		igt_assert_eq(errno, EINVAL);
		huge_close(dma_buf.fd);
	}
}

/**
 * SUBTEST: read-only
 * Description: A dma-buf that is exported for reading can be mapped for that, and not for
 *	writing, then or later.
 */
static void test_read_only(void)
{
	char *address, *seen;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	struct pattern pattern = pattern_of(address, bo.size, 91);
	int fd;

	pattern_write(&pattern);
	igt_assert_eq(drmPrimeHandleToFD(bo.fd, bo.handle, DRM_CLOEXEC, &fd), 0);
	igt_assert(mmap(NULL, bo.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	igt_assert_eq(errno, EACCES);
	seen = mmap(NULL, bo.size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	igt_assert(seen != MAP_FAILED);
	igt_assert_eq(mprotect(seen, bo.size, PROT_READ | PROT_WRITE), -1);
	igt_assert_eq(errno, EACCES);
	pattern.address = seen;
	pattern_assert(&pattern);
	munmap(seen, bo.size);
}

#define RACE_SECONDS 1
#define RACERS 2

static struct race {
	int fd;
	int dma_buf;
	bool over;
} race;

/* Returns NULL, or what is wrong. */
static void *import_and_close(void *unused)
{
	uint32_t handle;

	(void)unused;
	while (!__atomic_load_n(&race.over, __ATOMIC_RELAXED)) {
		if (drmPrimeFDToHandle(race.fd, race.dma_buf, &handle))
			return "an import has failed";
		/* The other one may have closed the handle. */
		bigbar_destroy(race.fd, handle);
	}
	return NULL;
}

/* The first handles, which the other one exports and closes, too. */
static void *export_and_close(void *unused)
{
	uint32_t handle;
	int dma_buf;

	(void)unused;
	while (!__atomic_load_n(&race.over, __ATOMIC_RELAXED)) {
		if (bigbar_create(race.fd, KIB(4), DRM_BIGBAR_PLACEMENT_VRAM, 0, &handle))
			return "no buffer object can be made";
		for (handle = 1; handle <= RACERS; handle++) {
			if (!drmPrimeHandleToFD(race.fd, handle, DRM_CLOEXEC, &dma_buf))
				close(dma_buf);
			bigbar_destroy(race.fd, handle);
		}
	}
	return NULL;
}

static void run_race(void *(*run)(void *unused))
{
	pthread_t threads[RACERS];
	void *wrong[RACERS];

	race.over = false;
	for (int i = 0; i < RACERS; i++)
		igt_assert_eq(pthread_create(&threads[i], NULL, run, NULL), 0);
	sleep(RACE_SECONDS);
	__atomic_store_n(&race.over, true, __ATOMIC_RELAXED);
	for (int i = 0; i < RACERS; i++)
		igt_assert_eq(pthread_join(threads[i], &wrong[i]), 0);
	for (int i = 0; i < RACERS; i++)
		igt_assert_f(!wrong[i], "%s\n", (const char *)wrong[i]);
}

/**
 * SUBTEST: close-races
 * Description: Threads of a client import a dma-buf, or export buffer objects, while other
 *	threads close the same handles. Nothing is left.
 */
static void test_close_races(void)
{
	const struct in_use before = in_use_now(-1);
	struct huge_bo bo = huge_vram_bo(huge_open(), KIB(4)), dma_buf = huge_bo_export(&bo);

	race = (struct race){ .fd = bo.fd, .dma_buf = dma_buf.fd };
	run_race(import_and_close);
	huge_close(dma_buf.fd);
	huge_close(bo.fd);
	race.fd = huge_open();
	run_race(export_and_close);
	huge_close(race.fd);
	igt_assert_eq_u64(in_use_beyond(&before, -1).bos, 0);
}

/**
 * SUBTEST: unplug
 * Description: After unplug a mapping of a dma-buf shows zeros, and none of the VRAM.
 */
static void test_unplug(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));
	struct huge_bo dma_buf = huge_bo_export(&bo);
	struct pattern pattern = pattern_of(map_aligned(&dma_buf), bo.size, 86);

	pattern_write(&pattern);
	device_unplug(bo.fd);
	igt_assert(is_zero(pattern.address, bo.size));
}

/* No power of two. */
#define SCENE_SIZE (MIB(2) + KIB(4))

/* A buffer object with contents, and its dma-buf. */
struct scene {
	struct huge_bo bo;
	struct huge_bo dma_buf;
	struct pattern pattern;
	struct bar bar;
};

static struct scene make_scene(uint64_t size, enum huge_placement placement)
{
	struct scene scene = { .bo = huge_bo_create(huge_open(), size, placement, 0) };

	scene.pattern = pattern_of(huge_bo_map(&scene.bo), size, 87);
	pattern_write(&scene.pattern);
	scene.dma_buf = huge_bo_export(&scene.bo);
	scene.bar = bar_of(scene.bo.fd);
	return scene;
}

/* The importer has all of the buffer object, with its contents. */
static void assert_importer_has(const struct scene *scene, int importer,
				enum huge_placement placement)
{
	struct importer_state state = importer_state(importer);
	uint64_t offset = 0;

	for (unsigned int i = 0; i < state.count; i++) {
		const struct importer_segment *segment = &state.segments[i];

		igt_assert_eq(bar_has(&scene->bar, segment->address), placement == HUGE_VRAM);
		igt_assert_eq_u64(segment->word,
				  pattern_value(&scene->pattern, offset / HUGE_PAGE_SIZE));
		offset += segment->length;
	}
	igt_assert_eq_u64(offset, scene->bo.size);
}

/* It has the memory that this process has mapped. */
static void assert_importer_has_mapped_memory(const struct scene *scene, int importer)
{
	struct page_table table = page_table_read(&scene->bo);
	struct importer_state state = importer_state(importer);

	igt_assert(table.count);
	for (unsigned int i = 0; i < table.count; i++) {
		const struct page_run *run = &table.runs[i];
		uint64_t first = run->start - (uintptr_t)scene->pattern.address;
		uint64_t last = run->end - run->start - HUGE_PAGE_SIZE;
		uint64_t phys = run->pfn * HUGE_PAGE_SIZE;

		igt_assert_eq_u64(importer_address(&state, first), phys);
		igt_assert_eq_u64(importer_address(&state, first + last), phys + last);
	}
	page_table_free(&table);
}

static unsigned int times_told(int importer)
{
	return importer_state(importer).told;
}

/* It was told once more, and has let go. */
static void assert_told(int importer, unsigned int before)
{
	struct importer_state state = importer_state(importer);

	igt_assert_eq(state.told, before + 1);
	igt_assert_eq(state.count, 0);
}

static bool tells_importers(void)
{
	return known_kernel()->tells_importers ||
	       known_kernel_is_configured("DMABUF_MOVE_NOTIFY");
}

static void require_importers_told(void)
{
	igt_require_f(tells_importers(), "the kernel pins what is imported\n");
}

static bool has_peer_to_peer(void)
{
	return known_kernel_is_configured("PCI_P2PDMA");
}

static void require_peers(void)
{
	igt_require_f(has_peer_to_peer(), "the kernel has no peer-to-peer DMA\n");
	igt_require_f(known_kernel()->tells_importers, "it cannot tell which importers let go\n");
}

/* An importer that has the buffer object of a scene, and is told when it moves. */
static int make_told(const struct scene *scene)
{
	int importer;

	require_importers_told();
	importer = importer_dynamic(scene->dma_buf.fd);
	importer_do(importer, "map");
	assert_importer_has(scene, importer, HUGE_SYSTEM);
	return importer;
}

/* One that goes on for a while when it is told. */
static int make_slow(const struct scene *scene)
{
	int importer = make_told(scene);

	importer_do(importer, "slow");
	return importer;
}

/* An importer that reaches the VRAM of a scene: its device is the same. */
static int make_peer(const struct scene *scene)
{
	int importer;

	require_peers();
	importer = importer_peer(scene->dma_buf.fd, scene->bo.fd);
	igt_assert_eq(importer_state(importer).takes_vram, 1);
	return importer;
}

static void pattern_change(struct pattern *pattern)
{
	igt_assert(pattern_renew(pattern));
}

/**
 * SUBTEST: importer-static
 * Description: A driver that cannot be told has the buffer object in system memory, which
 *	shows what the CPU writes. Until it lets go, the buffer object cannot be moved.
 */
static void test_importer_static(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer = importer_static(scene.dma_buf.fd);

	importer_do(importer, "map");
	igt_assert_eq(huge_bo_placement(&scene.bo), HUGE_SYSTEM);
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
	pattern_change(&scene.pattern);
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
	igt_assert_eq(huge_bo_try_move(&scene.bo, HUGE_VRAM), EBUSY);
	igt_assert_eq(huge_bo_try_move(&scene.bo, HUGE_SYSTEM), 0);
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
	importer_close(importer);
	huge_bo_move(&scene.bo, HUGE_VRAM);
	pattern_assert(&scene.pattern);
}

/**
 * SUBTEST: importer-dynamic
 * Description: A driver that can be told, and cannot reach VRAM, has the buffer object in
 *	system memory, each time that it maps it.
 */
static void test_importer_dynamic(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer = importer_dynamic(scene.dma_buf.fd);

	for (int i = 0; i < 2; i++) {
		importer_do(importer, "map");
		igt_assert_eq(huge_bo_placement(&scene.bo), HUGE_SYSTEM);
		assert_importer_has(&scene, importer, HUGE_SYSTEM);
		importer_do(importer, "unmap");
		huge_bo_move(&scene.bo, HUGE_VRAM);
		pattern_change(&scene.pattern);
	}
}

static void pin(void *argument)
{
	importer_do(*(const int *)argument, "pin");
}

/**
 * SUBTEST: importer-pin-waits
 * Description: When a driver has pinned the buffer object, the moves that had begun are over.
 */
static void test_importer_pin_waits(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_SYSTEM);
	int importer = importer_dynamic(scene.dma_buf.fd);

	hold_fence(scene.pattern.address, "kernel");
	assert_waits_for_hold(pin, &importer);
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
}

/**
 * SUBTEST: importer-unused
 * Description: System memory that was never accessed is zero for a driver that maps it.
 */
static void test_importer_unused(void)
{
	struct huge_bo bo = huge_bo_create(huge_open(), SCENE_SIZE, HUGE_SYSTEM, 0);
	struct huge_bo dma_buf = huge_bo_export(&bo);
	int importer = importer_dynamic(dma_buf.fd);
	struct importer_state state;

	importer_do(importer, "map");
	state = importer_state(importer);
	igt_assert_lt(0, state.count);
	for (unsigned int i = 0; i < state.count; i++)
		igt_assert_eq_u64(state.segments[i].word, 0);
}

/**
 * SUBTEST: importer-told
 * Description: A driver is told when the buffer object moves to VRAM and lets go, and has the
 *	new contents when it maps it again.
 */
static void test_importer_told(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_SYSTEM);
	int importer = make_told(&scene);
	unsigned int before = times_told(importer);

	huge_bo_move(&scene.bo, HUGE_VRAM);
	assert_told(importer, before);
	pattern_change(&scene.pattern);
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
}

/* It was told, did not go on any more when the move was done, and has let go. */
static void assert_waited_for(int importer, unsigned int before)
{
	struct importer_state state = importer_state(importer);

	igt_assert_eq(state.goes_on, 0);

	for (int tries = 0; state.count && tries < 1000; tries++) {
		usleep(10000);
		state = importer_state(importer);
	}
	assert_told(importer, before);
}

/**
 * SUBTEST: importer-goes-on
 * Description: A driver that is told goes on for a while with what it has begun: the move
 *	waits for that.
 */
static void test_importer_goes_on(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_SYSTEM);
	int importer = make_slow(&scene);
	unsigned int before = times_told(importer);

	huge_bo_move(&scene.bo, HUGE_VRAM);
	assert_waited_for(importer, before);
	pattern_assert(&scene.pattern);
}

/**
 * SUBTEST: importer-swapped
 * Description: A driver is told when TTM swaps the buffer object out, and goes on for a
 *	while: TTM waits for that. When the driver maps it again, it has the contents.
 */
static void test_importer_swapped(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_SYSTEM), other;
	int importer = make_slow(&scene);
	unsigned int before = times_told(importer);

	/* Room for one and a half of them. */
	ttm_pages_limit_set(scene.pattern.pages + scene.pattern.pages / 2);
	other = make_scene(SCENE_SIZE, HUGE_SYSTEM);
	assert_waited_for(importer, before);
	ttm_pages_limit_restore();
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
	pattern_assert(&other.pattern);
}

/**
 * SUBTEST: importer-last-user
 * Description: A driver keeps the buffer object when its handle, the DRM file, its mapping
 *	and the dma-buf are closed. It is freed when the driver lets go.
 */
static void test_importer_last_user(void)
{
	const struct in_use before = in_use_now(-1);
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer = importer_dynamic(scene.dma_buf.fd);

	importer_do(importer, "map");
	huge_unmap(scene.pattern.address, scene.bo.size);
	huge_bo_destroy(&scene.bo);
	huge_close(scene.bo.fd);
	huge_close(scene.dma_buf.fd);
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
	importer_close(importer);
	igt_assert_eq_u64(in_use_beyond(&before, -1).bos, 0);
}

/**
 * SUBTEST: importer-unplug
 * Description: A driver that has the buffer object in system memory keeps it, with its
 *	contents, when the exporting device is unplugged, and is not told to let go.
 */
static void test_importer_unplug(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_SYSTEM);
	int importer = importer_dynamic(scene.dma_buf.fd);
	unsigned int before;

	importer_do(importer, "map");
	before = times_told(importer);
	device_unplug(scene.bo.fd);
	igt_assert_eq(times_told(importer), before);
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
	importer_do(importer, "unmap");
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
}

/**
 * SUBTEST: importer-unplug-vram
 * Description: Once the exporting device is unplugged, no driver gets what is in VRAM.
 */
static void test_importer_unplug_vram(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer = importer_dynamic(scene.dma_buf.fd);

	device_unplug(scene.bo.fd);
	igt_assert_eq(importer_try(importer, "map"), ENODEV);
	igt_assert_eq(importer_state(importer).count, 0);
}

/**
 * SUBTEST: peer-unreachable
 * Description: A driver that takes VRAM, and whose device cannot reach it, has the buffer
 *	object in system memory.
 */
static void test_peer_unreachable(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer = importer_peer(scene.dma_buf.fd, -1);

	igt_assert_eq(importer_state(importer).takes_vram, 0);
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
}

/**
 * SUBTEST: peer-deaf
 * Description: A driver whose device can reach VRAM, and that cannot be told to let go of it,
 *	has the buffer object in system memory.
 */
static void test_peer_deaf(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer;

	require_peers();
	importer = importer_deaf(scene.dma_buf.fd, scene.bo.fd);
	igt_assert_eq(importer_state(importer).takes_vram, 0);
	importer_do(importer, "pin");
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
}

/**
 * SUBTEST: peer
 * Description: A driver whose device can reach VRAM has the buffer object where it is, at the
 *	addresses that the CPU has it. It is told of each move, in both directions.
 */
static void test_peer(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer = make_peer(&scene);
	unsigned int before;

	for (int i = 0; i < 2; i++) {
		importer_do(importer, "map");
		igt_assert_eq(huge_bo_placement(&scene.bo), HUGE_VRAM);
		assert_importer_has(&scene, importer, HUGE_VRAM);
		assert_importer_has_mapped_memory(&scene, importer);
		before = times_told(importer);
		huge_bo_move(&scene.bo, HUGE_SYSTEM);
		assert_told(importer, before);
		pattern_change(&scene.pattern);

		importer_do(importer, "map");
		assert_importer_has(&scene, importer, HUGE_SYSTEM);
		assert_importer_has_mapped_memory(&scene, importer);
		before = times_told(importer);
		huge_bo_move(&scene.bo, HUGE_VRAM);
		assert_told(importer, before);
		pattern_change(&scene.pattern);
	}
}

/**
 * SUBTEST: peer-scattered
 * Description: A driver has a buffer object in many pieces of VRAM as many segments, each
 *	where the CPU has it.
 */
static void test_peer_scattered(void)
{
	struct scene scene;
	int importer;

	require_peers();
	scatter_vram(huge_open());
	scene = make_scene(SCATTERED_SIZE, HUGE_VRAM);
	importer = make_peer(&scene);
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_VRAM);
	assert_importer_has_mapped_memory(&scene, importer);
	igt_assert_lt(SCATTERED_PIECES / 2, importer_state(importer).count);
}

/**
 * SUBTEST: peer-4g
 * Description: A driver has a buffer object of 4 GiB, which is more than the length of a
 *	segment can be.
 */
static void test_peer_4g(void)
{
	struct scene scene;
	int importer;

	require_peers();
	scene.bo = huge_vram_bo(huge_open(), GIB(4));
	scene.pattern = pattern_of(huge_bo_map(&scene.bo), scene.bo.size, 88);
	scene.pattern.stride = GIB(1) / HUGE_PAGE_SIZE;
	pattern_write(&scene.pattern);
	scene.dma_buf = huge_bo_export(&scene.bo);
	scene.bar = bar_of(scene.bo.fd);
	importer = make_peer(&scene);
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_VRAM);
	assert_importer_has_mapped_memory(&scene, importer);
}

/**
 * SUBTEST: peer-and-others
 * Description: A driver that has the buffer object in VRAM is told when another one maps it
 *	that cannot reach VRAM, and then has it in system memory.
 */
static void test_peer_and_others(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int peer = make_peer(&scene), other = importer_static(scene.dma_buf.fd);
	unsigned int before;

	importer_do(peer, "map");
	assert_importer_has(&scene, peer, HUGE_VRAM);
	before = times_told(peer);
	importer_do(other, "map");
	assert_told(peer, before);
	assert_importer_has(&scene, other, HUGE_SYSTEM);
	importer_do(peer, "map");
	assert_importer_has(&scene, peer, HUGE_SYSTEM);
}

/**
 * SUBTEST: peer-evicted
 * Description: A driver is told when the buffer object is evicted because VRAM is full,
 *	although its last handle is closed.
 */
static void test_peer_evicted(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer = make_peer(&scene), fd = huge_open();
	unsigned int before;

	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_VRAM);
	before = times_told(importer);
	huge_bo_destroy(&scene.bo);
	huge_vram_rest(fd);
	huge_vram_bo(fd, scene.bo.size);
	assert_told(importer, before);
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
}

/**
 * SUBTEST: peer-pinned
 * Description: What a driver has pinned in VRAM is neither moved nor evicted until it is
 *	unpinned, and no driver can have it that does not reach VRAM.
 */
static void test_peer_pinned(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer = make_peer(&scene), other;
	struct huge_vram vram = huge_vram(scene.bo.fd);
	struct huge_bo refused;

	importer_do(importer, "pin");
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_VRAM);
	igt_assert_eq(huge_bo_try_move(&scene.bo, HUGE_SYSTEM), EBUSY);
	igt_assert_eq(huge_bo_try_create(scene.bo.fd, vram.size, HUGE_VRAM, 0, &refused), ENOMEM);
	other = importer_dynamic(scene.dma_buf.fd);
	igt_assert_eq(importer_try(other, "map"), EINVAL);
	importer_close(other);
	other = importer_static(scene.dma_buf.fd);
	igt_assert_eq(importer_try(other, "map"), EINVAL);
	importer_close(other);
	assert_importer_has(&scene, importer, HUGE_VRAM);
	importer_do(importer, "unpin");
	huge_bo_move(&scene.bo, HUGE_SYSTEM);
	pattern_assert(&scene.pattern);
}

/**
 * SUBTEST: peer-pinned-for-all
 * Description: If any driver that is attached cannot reach VRAM, a driver that can has the
 *	buffer object pinned in system memory.
 */
static void test_peer_pinned_for_all(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer = make_peer(&scene), other = importer_dynamic(scene.dma_buf.fd);

	importer_do(importer, "pin");
	importer_do(importer, "map");
	assert_importer_has(&scene, importer, HUGE_SYSTEM);
	importer_do(other, "map");
	assert_importer_has(&scene, other, HUGE_SYSTEM);
	igt_assert_eq(huge_bo_try_move(&scene.bo, HUGE_VRAM), EBUSY);
}

/**
 * SUBTEST: peer-unplug
 * Description: A driver that has the buffer object in VRAM is told when the exporting device
 *	is unplugged, which waits until the driver has let go. It does not get VRAM again.
 */
static void test_peer_unplug(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int importer = make_peer(&scene);
	unsigned int before;

	importer_do(importer, "map");
	importer_do(importer, "slow");
	before = times_told(importer);
	device_unplug(scene.bo.fd);
	igt_assert_eq(importer_state(importer).goes_on, 0);
	assert_told(importer, before);
	igt_assert_eq(importer_try(importer, "map"), ENODEV);
}

/* An importer that is watched while unplugging waits for another. */
struct watched {
	int importer;
	unsigned int before;
	bool told;
};

static struct watched watched[2];

static void *watch_and_release(void *unused)
{
	(void)unused;
	for (int tries = 0; tries < 500 && !(watched[0].told && watched[1].told); tries++) {
		for (unsigned int i = 0; i < COUNT_OF(watched); i++)
			watched[i].told = times_told(watched[i].importer) > watched[i].before;
		usleep(10000);
	}
	release_hold();
	return NULL;
}

/**
 * SUBTEST: peer-unplug-all
 * Description: While unplugging waits for the work that one driver has begun with VRAM, all
 *	others have been told to let go of theirs.
 */
static void test_peer_unplug_all(void)
{
	struct scene scenes[3];
	int importers[3];
	pthread_t thread;

	for (unsigned int i = 0; i < COUNT_OF(scenes); i++) {
		scenes[i] = make_scene(SCENE_SIZE, HUGE_VRAM);
		importers[i] = make_peer(&scenes[i]);
		importer_do(importers[i], "map");
	}
	watched[0] = (struct watched){ importers[0], times_told(importers[0]), false };
	watched[1] = (struct watched){ importers[2], times_told(importers[2]), false };
	hold_fence(scenes[1].pattern.address, "bookkeep");
	igt_assert_eq(pthread_create(&thread, NULL, watch_and_release, NULL), 0);
	device_unplug(scenes[0].bo.fd);
	igt_assert_eq(pthread_join(thread, NULL), 0);
	igt_assert(watched[0].told && watched[1].told);
}

/* What a client has imported is exported as the same dma-buf. */
static void assert_exported_again(int drm, uint32_t handle, int dma_buf)
{
	struct stat before, after;
	int again;

	igt_assert_eq(drmPrimeHandleToFD(drm, handle, O_CLOEXEC, &again), 0);
	igt_assert_eq(fstat(dma_buf, &before), 0);
	igt_assert_eq(fstat(again, &after), 0);
	close(again);
	igt_assert_eq_u64(after.st_ino, before.st_ino);
}

/**
 * SUBTEST: vgem-imports
 * Description: The kernel's driver vgem, whose device is on no PCI bus, imports a dma-buf.
 *	Once its handle is closed, the buffer object can be moved.
 */
static void test_vgem_imports(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int vgem = foreign_open_vgem(), error;
	uint32_t handle;

	error = drmPrimeFDToHandle(vgem, scene.dma_buf.fd, &handle) ? errno : 0;
	igt_assert_eq(error, 0);
	assert_exported_again(vgem, handle, scene.dma_buf.fd);
	pattern_assert(&scene.pattern);
	igt_assert_eq(drmCloseBufferHandle(vgem, handle), 0);
	close(vgem);
	huge_bo_move(&scene.bo, HUGE_SYSTEM);
	huge_bo_move(&scene.bo, HUGE_VRAM);
	pattern_assert(&scene.pattern);
}

/* Of another driver; closed by the clean-up. */
static struct foreign foreign;

/* What is imported of it, with a mapping that shows the same memory. */
struct import {
	int fd;
	uint32_t handle;
	struct pattern pattern;
};

static struct import import_foreign(void)
{
	struct import import = { .fd = huge_open() };
	char *address;

	igt_assert_eq(drmPrimeFDToHandle(import.fd, foreign.dma_buf, &import.handle), 0);
	import.pattern = pattern_of(foreign.address, foreign.size, 89);
	pattern_write(&import.pattern);
	address = map_handle(import.fd, import.handle, foreign.size);
	igt_assert_eq(signal_of_reading(address), 0);
	import.pattern.address = address;
	pattern_assert(&import.pattern);
	return import;
}

/* It is as the driver's other buffer objects, except that it cannot be moved. */
static void assert_is_imported(const struct import *import)
{
	struct drm_bigbar_gem_info info;
	uint32_t again;

	igt_assert_eq(drmPrimeFDToHandle(import->fd, foreign.dma_buf, &again), 0);
	igt_assert_eq(again, import->handle);
	igt_assert_eq(bigbar_info(import->fd, import->handle, &info), 0);
	igt_assert_eq(info.placement, DRM_BIGBAR_PLACEMENT_SYSTEM);
	igt_assert_eq_u64(info.size, foreign.size);
	igt_assert_eq(bigbar_move(import->fd, import->handle, DRM_BIGBAR_PLACEMENT_VRAM), EINVAL);
	igt_assert_eq(bigbar_move(import->fd, import->handle, DRM_BIGBAR_PLACEMENT_SYSTEM),
		      EINVAL);
	igt_assert_eq(bigbar_dirty_start(import->fd, import->handle), EINVAL);
}

static void assert_import(void)
{
	const struct in_use before = in_use_now(-1);
	struct import import = import_foreign();

	assert_is_imported(&import);
	assert_exported_again(import.fd, import.handle, foreign.dma_buf);
	pattern_change(&import.pattern);
	/* The mapping cannot be expanded. */
	igt_assert(mremap(import.pattern.address, foreign.size, 2 * foreign.size,
			  MREMAP_MAYMOVE) == MAP_FAILED);
	igt_assert_eq(errno, EFAULT);
	/* Its mapping holds the memory. */
	igt_assert_eq(bigbar_destroy(import.fd, import.handle), 0);
	igt_assert_eq_u64(in_use_beyond(&before, -1).bos, 0);
	pattern_assert(&import.pattern);
	import.pattern.address = foreign.address;
	pattern_assert(&import.pattern);
}

/**
 * SUBTEST: import-vgem
 * Description: A dma-buf of vgem is imported, and mapped by it. It stays where it is, and
 *	nothing is left of what stands for it when its handle is closed.
 */
static void test_import_vgem(void)
{
	foreign = foreign_vgem(MIB(1));
	assert_import();
}

/**
 * SUBTEST: import-udmabuf
 * Description: The same for a dma-buf of a program's memory.
 */
static void test_import_udmabuf(void)
{
	foreign = foreign_udmabuf(MIB(1));
	assert_import();
}

/* Also waits until the kernel has dropped what was closed. */
static void assert_vgem_users(long expected)
{
	long users = foreign_vgem_users();

	for (int tries = 0; users != expected && tries < 500; tries++) {
		usleep(10000);
		users = foreign_vgem_users();
	}
	igt_assert_eq(users, expected);
}

/**
 * SUBTEST: import-last-user
 * Description: An imported buffer object, and then a mapping of it, keeps the memory when its
 *	exporter's client has ended. Nothing holds the exporter when both are gone.
 */
static void test_import_last_user(void)
{
	const long before = foreign_vgem_users();
	struct import import;

	foreign = foreign_vgem(MIB(1));
	import = import_foreign();
	foreign_close(&foreign);
	pattern_assert(&import.pattern);
	igt_assert_eq(bigbar_destroy(import.fd, import.handle), 0);
	pattern_assert(&import.pattern);
	igt_assert_lt(before, foreign_vgem_users());
	huge_release_all();
	assert_vgem_users(before);
}

/**
 * SUBTEST: import-unplug
 * Description: After unplug the mapping of an imported buffer object shows its memory, and
 *	nothing holds the exporter when all is closed.
 */
static void test_import_unplug(void)
{
	const long before = foreign_vgem_users();
	struct import import;

	foreign = foreign_vgem(MIB(1));
	import = import_foreign();
	device_unplug(import.fd);
	pattern_assert(&import.pattern);
	pattern_change(&import.pattern);
	foreign_close(&foreign);
	huge_release_all();
	assert_vgem_users(before);
}

/* A device that a subtest has given to bigbar, by its folder in sysfs. */
static char lent[PATH_MAX];

static int write_to_lent(const char *file, const char *text)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", lent, file);
	return write_file(path, text);
}

static void take_back(int signal)
{
	(void)signal;
	if (!lent[0])
		return;
	write_to_lent("driver/unbind", strrchr(lent, '/') + 1);
	write_to_lent("driver_override", "\n");
	lent[0] = '\0';
}

static int open_lent(void)
{
	char pattern[PATH_MAX + 32], path[64];
	int fd = -1;
	glob_t nodes;

	igt_require_f(bar_folder_without_driver(MIB(2), lent),
		      "there is no other device to lend\n");
	igt_install_exit_handler(take_back);
	igt_assert_eq(write_to_lent("driver_override", "bigbar"), 0);
	igt_assert_eq(write_file("/sys/bus/pci/drivers_probe", strrchr(lent, '/') + 1), 0);
	snprintf(pattern, sizeof(pattern), "%s/drm/renderD*", lent);
	igt_assert_eq(glob(pattern, 0, NULL, &nodes), 0);
	snprintf(path, sizeof(path), "/dev/dri/%s", strrchr(nodes.gl_pathv[0], '/') + 1);
	globfree(&nodes);
	for (int tries = 0; fd < 0 && tries < 500; tries++) {
		usleep(10000);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	igt_assert_lte(0, fd);
	return fd;
}

/* The file of one device that counts entries does not take a client of another device. */
static void assert_counts_own(int own, int other, uint32_t handle)
{
	int file = levels_open(own);

	igt_assert_eq(dprintf(file, "%d %u", other, handle), -1);
	igt_assert_eq(errno, EINVAL);
	close(file);
}

/**
 * SUBTEST: import-unbound
 * Description: What a device has imported is pinned where the exporter has it, until the
 *	device is unbound, although its client still has a handle and a mapping. The exporter
 *	does not count its entries for a client of the other device.
 */
static void test_import_unbound(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_SYSTEM);
	int fd = open_lent();
	struct pattern seen = scene.pattern;
	uint32_t handle;

	igt_assert_eq(drmPrimeFDToHandle(fd, scene.dma_buf.fd, &handle), 0);
	seen.address = map_handle(fd, handle, scene.bo.size);
	igt_assert_eq(huge_bo_try_move(&scene.bo, HUGE_VRAM), EBUSY);
	assert_counts_own(scene.bo.fd, fd, handle);
	take_back(0);
	huge_bo_move(&scene.bo, HUGE_VRAM);
	pattern_change(&scene.pattern);
	seen.seed = scene.pattern.seed;
	pattern_assert(&seen);
	close(fd);
	pattern_assert(&scene.pattern);
}

/**
 * SUBTEST: import-fdinfo
 * Description: Imported memory counts as shared and resident in system memory.
 */
static void test_import_fdinfo(void)
{
	struct fdinfo_memory memory;
	struct import import;

	foreign = foreign_vgem(MIB(1));
	import = import_foreign();
	fdinfo_require(import.fd);
	memory = fdinfo_memory(import.fd, "system");
	igt_assert_eq_u64(memory.total, foreign.size);
	igt_assert_eq_u64(memory.shared, foreign.size);
	igt_assert_eq_u64(memory.resident, foreign.size);
	igt_assert_eq_u64(memory.active, 0);
	igt_assert_eq_u64(fdinfo_memory(import.fd, "vram").total, 0);
}

static int call_sync(int dma_buf, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return ioctl(dma_buf, DMA_BUF_IOCTL_SYNC, &sync) ? errno : 0;
}

/* A thread that begins to access a dma-buf. */
struct accessor {
	int dma_buf;
	int error;
	bool over;
};

static void *begin_access(void *argument)
{
	struct accessor *accessor = argument;

	accessor->error = call_sync(accessor->dma_buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	__atomic_store_n(&accessor->over, true, __ATOMIC_RELEASE);
	return NULL;
}

/**
 * SUBTEST: cpu-access
 * Description: The beginning of an access by the CPU waits for a move, and the end does not.
 */
static void test_cpu_access(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	static struct accessor accessor;
	pthread_t thread;
	bool waited;

	accessor = (struct accessor){ .dma_buf = scene.dma_buf.fd };
	hold_fence(scene.pattern.address, "kernel");
	igt_assert_eq(call_sync(accessor.dma_buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW), 0);
	igt_assert_eq(pthread_create(&thread, NULL, begin_access, &accessor), 0);
	/* It would be over at once. */
	usleep(500000);
	waited = !__atomic_load_n(&accessor.over, __ATOMIC_ACQUIRE);
	igt_assert(is_held());
	release_hold();
	igt_assert_eq(pthread_join(thread, NULL), 0);
	igt_assert_f(waited, "did not wait\n");
	igt_assert_eq(accessor.error, 0);
}

static bool is_ready_within(int milliseconds, int fd, short events)
{
	struct pollfd file = { .fd = fd, .events = events };

	igt_assert_lte(0, poll(&file, 1, milliseconds));
	return file.revents & events;
}

/**
 * SUBTEST: sync-file-export
 * Description: A file for the fences of a dma-buf is ready when a move is over, and not
 *	before.
 */
static void test_sync_file_export(void)
{
	struct scene scene = make_scene(SCENE_SIZE, HUGE_VRAM);
	int file;

	hold_fence(scene.pattern.address, "kernel");
	file = sync_file_of(scene.dma_buf.fd);
	igt_assert(!is_ready_within(0, file, POLLIN));
	igt_assert(is_held());
	release_hold();
	igt_assert(is_ready_within(10000, file, POLLIN));
	close(file);
}

static void move_to_system(void *argument)
{
	const struct huge_bo *bo = argument;

	huge_bo_move(bo, HUGE_SYSTEM);
}

/**
 * SUBTEST: sync-file-import
 * Description: A buffer object whose dma-buf was given a file for fences of another one is
 *	moved when these have signaled.
 */
static void test_sync_file_import(void)
{
	struct scene first = make_scene(SCENE_SIZE, HUGE_VRAM);
	struct scene second = make_scene(SCENE_SIZE, HUGE_VRAM);
	struct dma_buf_import_sync_file arg = { .flags = DMA_BUF_SYNC_WRITE };

	hold_fence(first.pattern.address, "kernel");
	arg.fd = sync_file_of(first.dma_buf.fd);
	igt_assert_eq(ioctl(second.dma_buf.fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &arg), 0);
	close(arg.fd);
	igt_assert(!is_ready_within(0, second.dma_buf.fd, POLLOUT));
	assert_waits_for_hold(move_to_system, &second.bo);
	pattern_assert(&second.pattern);
}

static void clean_up(void)
{
	release_all_holds();
	importers_close();
	take_back(0);
	foreign_close(&foreign);
	ttm_pages_limit_restore();
	huge_release_all();
	device_plug();
}

static const struct level_subtest level_subtests[] = {
	{ "level", "A dma-buf at an aligned address", test_level },
};

static const struct subtest subtests[] = {
	{ "kernel-address", "A dma-buf at an address of the kernel's", test_kernel_address },
	{ "range", "What is not in a dma-buf", test_range },
	{ "last-user", "A mapping as the last user", test_last_user },
	{ "self-import", "Imports by the same device", test_self_import },
	{ "import-again", "Imports of what only a dma-buf is left of", test_import_again },
	{ "seek", "The size of a dma-buf", test_seek },
	{ "read-only", "A dma-buf that cannot be written", test_read_only },
	{ "close-races", "Handles closed while they are exported or imported",
	  test_close_races },
	{ "unplug", "A mapping after unplug", test_unplug },
	{ "importer-static", "A driver that cannot be told", test_importer_static },
	{ "importer-dynamic", "A driver that can be told", test_importer_dynamic },
	{ "importer-pin-waits", "Pinned while it is being moved", test_importer_pin_waits },
	{ "importer-unused", "A driver as the first user", test_importer_unused },
	{ "importer-told", "A driver is told of a move", test_importer_told },
	{ "importer-goes-on", "A driver that is told and goes on", test_importer_goes_on },
	{ "importer-swapped", "A driver is told of swapping", test_importer_swapped },
	{ "importer-last-user", "A driver as the last user", test_importer_last_user },
	{ "importer-unplug", "System memory after unplug", test_importer_unplug },
	{ "importer-unplug-vram", "VRAM after unplug", test_importer_unplug_vram },
	{ "peer-unreachable", "A device that cannot reach VRAM", test_peer_unreachable },
	{ "peer-deaf", "A driver that could not let go of VRAM", test_peer_deaf },
	{ "peer", "A device that can reach VRAM", test_peer },
	{ "peer-scattered", "Scattered VRAM for a device", test_peer_scattered },
	{ "peer-4g", "4 GiB of VRAM for a device", test_peer_4g },
	{ "peer-and-others", "VRAM that another driver cannot reach", test_peer_and_others },
	{ "peer-evicted", "A driver is told of an eviction", test_peer_evicted },
	{ "peer-pinned", "VRAM that a driver has pinned", test_peer_pinned },
	{ "peer-pinned-for-all", "Pinned for all that are attached", test_peer_pinned_for_all },
	{ "peer-unplug", "VRAM that a driver has at unplug", test_peer_unplug },
	{ "peer-unplug-all", "VRAM that several drivers have at unplug", test_peer_unplug_all },
	{ "vgem-imports", "A dma-buf that vgem imports", test_vgem_imports },
	{ "import-vgem", "A dma-buf of vgem", test_import_vgem },
	{ "import-udmabuf", "A dma-buf of a program's memory", test_import_udmabuf },
	{ "import-last-user", "Imported memory as the last user", test_import_last_user },
	{ "import-unplug", "Imported memory after unplug", test_import_unplug },
	{ "import-unbound", "Imported memory when the device is unbound", test_import_unbound },
	{ "import-fdinfo", "What fdinfo tells of imported memory", test_import_fdinfo },
	{ "cpu-access", "Begin and end of an access by the CPU", test_cpu_access },
	{ "sync-file-export", "A file for the fences", test_sync_file_export },
	{ "sync-file-import", "A file for the fences of another", test_sync_file_import },
};

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		ttm_pages_limit_save();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);

	igt_fixture()
		foreign_clean_up();
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <sys/mman.h>
#include <xf86drm.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/huge_device.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/plug.h"
#include "lib/subtest.h"
#include "libbigbar.h"

/**
 * TEST: ttm huge dma buf
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: A buffer object that is exported as a dma-buf is mapped through the file of
 *	the dma-buf as it is through the DRM file, and can be imported by the device again.
 */
IGT_TEST_DESCRIPTION("Mappings of dma-bufs");

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
	found = huge_bo_info(&bo).levels;
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
 *	another client gets a handle of the same buffer object, and can map it.
 */
static void test_self_import(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	struct huge_bo dma_buf = huge_bo_export(&bo);
	struct pattern pattern = pattern_of(address, bo.size, 85);
	int other = huge_open();
	uint32_t handle;

	igt_assert_eq(drmPrimeFDToHandle(bo.fd, dma_buf.fd, &handle), 0);
	igt_assert_eq(handle, bo.handle);
	igt_assert_eq(drmPrimeFDToHandle(other, dma_buf.fd, &handle), 0);
	pattern_write(&pattern);
	pattern.address = map_handle(other, handle, bo.size);
	pattern_assert(&pattern);
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

static void clean_up(void)
{
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
	{ "unplug", "A mapping after unplug", test_unplug },
};

int igt_main()
{
	igt_fixture()
		huge_close(huge_open());

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

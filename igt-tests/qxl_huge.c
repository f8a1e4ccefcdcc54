// SPDX-License-Identifier: MIT

#include <qxl_drm.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/display.h"
#include "lib/huge_device.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/subtest.h"

/**
 * TEST: qxl huge
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: What only qxl has, with its mmap path given to ttm_huge: a second
 *	BAR, dumb buffers, and a display.
 */
IGT_TEST_DESCRIPTION("What qxl with ttm_huge has and bigbar does not have");

/* In VRAM one fault maps everything; system memory may have one piece for each entry. */
static void assert_mapped_by_pmds(const struct huge_bo *bo, enum page_caching caching,
				  uint64_t max_faults)
{
	struct pattern pattern = pattern_of(huge_bo_map(bo), bo->size, 71);
	uint64_t faults = pattern_write_counting_faults(&pattern);

	huge_assert_mapped_at(bo, pattern.address, HUGE_PMD, "page table");
	huge_assert_caching(bo, caching);
	igt_assert_lte_u64(1, faults);
	igt_assert_lte_u64(faults, max_faults);
	pattern_assert(&pattern);
}

/**
 * SUBTEST: alloc
 * Description: A buffer object of QXL_ALLOC is mapped by PMD entries. It is in the smaller
 *	BAR, which has other contents, too.
 */
static void test_alloc(void)
{
	struct drm_qxl_alloc alloc = { .size = MIB(4) };
	struct huge_bo bo = { .fd = huge_open(), .size = alloc.size };
	struct drm_qxl_map map = {};

	igt_assert_eq(drmIoctl(bo.fd, DRM_IOCTL_QXL_ALLOC, &alloc), 0);
	bo.handle = alloc.handle;
	map.handle = alloc.handle;
	igt_assert_eq(drmIoctl(bo.fd, DRM_IOCTL_QXL_MAP, &map), 0);
	bo.offset = map.offset;
	assert_mapped_by_pmds(&bo, PAGE_WC, 1);
}

/**
 * SUBTEST: dumb
 * Description: A dumb buffer is mapped by PMD entries. A display server with a software
 *	renderer uses dumb buffers, and qxl keeps them in system memory.
 */
static void test_dumb(void)
{
	struct huge_bo bo = { .fd = huge_open() };
	uint32_t pitch;

	igt_assert_eq(drmModeCreateDumbBuffer(bo.fd, 2048, 1536, 32, 0, &bo.handle, &pitch,
					      &bo.size), 0);
	igt_assert_eq(drmModeMapDumbBuffer(bo.fd, bo.handle, &bo.offset), 0);
	igt_assert_eq_u64(bo.size, MIB(12));
	assert_mapped_by_pmds(&bo, PAGE_WB, bo.size / huge_level_size(HUGE_PMD));
}

/**
 * SUBTEST: modetest
 * Description: modetest sets a mode with a picture that it has drawn into a mapped dumb
 *	buffer. QEMU's dump of the screen has that picture, pixel by pixel.
 */
static void test_modetest(void)
{
	int fd = huge_open();
	uint32_t connector = display_connector(fd);

	/* Only one can be master of the display. */
	huge_close(fd);
	display_assert_modetest("qxl", connector);
}

static void clean_up(void)
{
	kill_children();
	huge_release_all();
}

static const struct subtest subtests[] = {
	{ "alloc", "VRAM of the smaller BAR", test_alloc },
	{ "dumb", "Dumb buffers", test_dumb },
	{ "modetest", "A picture comes to the screen", test_modetest },
};

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		igt_require_f(!strcmp(getenv("IGT_FORCE_DRIVER") ?: "", "qxl"),
			      "for qxl: IGT_FORCE_DRIVER=qxl\n");
	}

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

// SPDX-License-Identifier: MIT

#include <qxl_drm.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/huge_device.h"
#include "lib/monitor.h"
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

#define WIDTH 1024
#define HEIGHT 768
#define TRIES 20

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

/* A connector with a display that has a mode of WIDTH x HEIGHT. */
static uint32_t find_connector(int fd)
{
	drmModeResPtr resources = drmModeGetResources(fd);
	uint32_t found = 0;

	igt_require_f(resources, "the device has no display\n");
	for (int i = 0; i < resources->count_connectors && !found; i++) {
		drmModeConnectorPtr connector = drmModeGetConnector(fd, resources->connectors[i]);

		for (int n = 0; connector && n < connector->count_modes; n++) {
			if (connector->connection == DRM_MODE_CONNECTED &&
			    connector->modes[n].hdisplay == WIDTH &&
			    connector->modes[n].vdisplay == HEIGHT)
				found = connector->connector_id;
		}
		drmModeFreeConnector(connector);
	}
	drmModeFreeResources(resources);
	igt_require_f(found, "no connected display of %dx%d\n", WIDTH, HEIGHT);
	return found;
}

/* modetest shows the picture as long as it waits for a key. */
static void start_modetest(uint32_t connector)
{
	char mode[64];
	int keys[2];

	snprintf(mode, sizeof(mode), "%u:%dx%d@XR24", connector, WIDTH, HEIGHT);
	igt_assert_eq(pipe(keys), 0);
	if (!fork_child()) {
		dup2(keys[0], STDIN_FILENO);
		execlp("modetest", "modetest", "-M", "qxl", "-s", mode, "-F", "smpte", NULL);
		_exit(127);
	}
	/* The child keeps both ends of its own, so that it waits for ever. */
	close(keys[0]);
	close(keys[1]);
}

struct screen {
	uint8_t pixels[HEIGHT][WIDTH][3];
};

static bool read_screen(const char *path, struct screen *screen)
{
	FILE *file = fopen(path, "r");
	int width, height, most;
	bool whole;

	if (!file)
		return false;
	whole = fscanf(file, "P6 %d %d %d", &width, &height, &most) == 3 && width == WIDTH &&
		height == HEIGHT && most == 255 && getc(file) != EOF &&
		fread(screen->pixels, sizeof(screen->pixels), 1, file) == 1;
	fclose(file);
	return whole;
}

/* The first two of the three bands of the SMPTE colour bars, seven bars each. */
#define BARS 7
static const uint8_t top[BARS][3] = {
	{ 192, 192, 192 }, { 192, 192, 0 }, { 0, 192, 192 }, { 0, 192, 0 },
	{ 192, 0, 192 }, { 192, 0, 0 }, { 0, 0, 192 },
};

static const uint8_t middle[BARS][3] = {
	{ 0, 0, 192 }, { 19, 19, 19 }, { 192, 0, 192 }, { 19, 19, 19 },
	{ 0, 192, 192 }, { 19, 19, 19 }, { 192, 192, 192 },
};

/* How many pixels of the two bands are not as they should be. */
static unsigned int wrong_pixels(const struct screen *screen)
{
	unsigned int wrong = 0;

	for (int y = 0; y < HEIGHT * 7 / 9; y++) {
		const uint8_t (*bars)[3] = y < HEIGHT * 6 / 9 ? top : middle;

		for (int x = 0; x < WIDTH; x++)
			wrong += !!memcmp(screen->pixels[y][x], bars[x * BARS / WIDTH], 3);
	}
	return wrong;
}

/**
 * SUBTEST: modetest
 * Description: modetest sets a mode with a picture that it has drawn into a mapped dumb
 *	buffer. QEMU's dump of the screen has that picture, pixel by pixel.
 */
static void test_modetest(void)
{
	const char *results = getenv("RESULTS");
	int monitor = monitor_open(), fd = huge_open();
	uint32_t connector = find_connector(fd);
	static struct screen screen;
	unsigned int wrong = WIDTH * HEIGHT;
	char path[128];

	igt_require_f(results, "RESULTS has no folder that guest and host share\n");
	snprintf(path, sizeof(path), "%s/modetest.ppm", results);
	/* Only one can be master of the display. */
	huge_close(fd);
	start_modetest(connector);
	for (int tries = 0; wrong && tries < TRIES; tries++) {
		sleep(1);
		unlink(path);
		monitor_dump_screen(monitor, path);
		if (read_screen(path, &screen))
			wrong = wrong_pixels(&screen);
	}
	monitor_close(monitor);
	igt_assert_f(!wrong, "%u pixels are not those of the picture, see %s\n", wrong, path);
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

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/display.h"
#include "lib/gem.h"
#include "lib/huge_device.h"
#include "lib/outside.h"
#include "lib/page_table.h"
#include "lib/plug.h"
#include "lib/power.h"
#include "lib/subtest.h"

/**
 * TEST: bigbar kms
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: KMS
 * Functionality: a display that shows VRAM
 * Description: Buffer objects on the display of QEMU's bochs-display, which bigbar drives with
 *	the module parameter display; and no display without that.
 */
IGT_TEST_DESCRIPTION("Buffer objects in VRAM on a display");

#define PARAMETER "/sys/module/bigbar/parameters/display"
#define PIXELS (DISPLAY_WIDTH * DISPLAY_HEIGHT)
#define PITCH (DISPLAY_WIDTH * sizeof(uint32_t))
#define EVENT_TIMEOUT_MS 10000

/* A client that is master of the display, and its only pipe. */
struct pipe {
	int fd;
	uint32_t connector;
	uint32_t crtc;
	drmModeModeInfo mode;
};

/* A picture, mapped. */
struct frame {
	struct huge_bo bo;
	uint32_t *pixels;
	uint32_t id;	/* of the framebuffer */
};

static bool has_display(void)
{
	char value = 'N';
	int fd = open(PARAMETER, O_RDONLY);

	igt_assert(fd >= 0);
	igt_assert_eq(read(fd, &value, 1), 1);
	close(fd);
	return value == 'Y';
}

static void find_mode(struct pipe *pipe)
{
	drmModeConnectorPtr connector = drmModeGetConnector(pipe->fd, pipe->connector);
	bool found = false;

	igt_assert(connector);
	for (int i = 0; i < connector->count_modes && !found; i++) {
		pipe->mode = connector->modes[i];
		found = pipe->mode.type & DRM_MODE_TYPE_PREFERRED;
	}
	drmModeFreeConnector(connector);
	igt_assert_f(found, "no mode is preferred\n");
	igt_assert_eq(pipe->mode.hdisplay, DISPLAY_WIDTH);
	igt_assert_eq(pipe->mode.vdisplay, DISPLAY_HEIGHT);
}

static struct pipe open_pipe(void)
{
	struct pipe pipe = { .fd = huge_open_node(DRM_NODE_PRIMARY) };
	drmModeResPtr resources = drmModeGetResources(pipe.fd);

	igt_require_f(has_display(), "no display: boot with bigbar.display=1\n");
	igt_assert(resources);
	igt_assert_eq(drmSetMaster(pipe.fd), 0);
	igt_assert_eq(resources->count_crtcs, 1);
	pipe.crtc = resources->crtcs[0];
	drmModeFreeResources(resources);
	pipe.connector = display_connector(pipe.fd);
	find_mode(&pipe);
	return pipe;
}

static void draw(struct frame *frame, uint32_t seed)
{
	for (uint32_t i = 0; i < PIXELS; i++)
		frame->pixels[i] = (i + seed) * 2654435761u >> 8;
}

/* Another picture for each seed. */
static struct frame make_frame(const struct pipe *pipe, uint32_t seed)
{
	struct frame frame = { .bo.fd = pipe->fd };
	uint32_t pitch;

	igt_assert_eq(drmModeCreateDumbBuffer(pipe->fd, DISPLAY_WIDTH, DISPLAY_HEIGHT, 32, 0,
					      &frame.bo.handle, &pitch, &frame.bo.size), 0);
	igt_assert_eq(pitch, PITCH);
	igt_assert_eq(drmModeMapDumbBuffer(pipe->fd, frame.bo.handle, &frame.bo.offset), 0);
	frame.pixels = huge_bo_map(&frame.bo);
	draw(&frame, seed);
	igt_assert_eq(drmModeAddFB(pipe->fd, DISPLAY_WIDTH, DISPLAY_HEIGHT, 24, 32, pitch,
				   frame.bo.handle, &frame.id), 0);
	return frame;
}

/* 0, or an errno value. */
static int try_show(struct pipe *pipe, uint32_t id)
{
	return -drmModeSetCrtc(pipe->fd, pipe->crtc, id, 0, 0, &pipe->connector, 1, &pipe->mode);
}

static void show(struct pipe *pipe, const struct frame *frame)
{
	igt_assert_eq(try_show(pipe, frame->id), 0);
}

static void show_nothing(struct pipe *pipe)
{
	igt_assert_eq(drmModeSetCrtc(pipe->fd, pipe->crtc, 0, 0, 0, NULL, 0, NULL), 0);
}

static void assert_shown(const char *name, const struct frame *frame)
{
	display_assert_shows(name, frame->pixels, DISPLAY_HEIGHT);
}

/* The first 2 MiB of three by a PMD entry, as QEMU sees it. */
static void assert_has_pmd(const struct frame *frame)
{
	struct huge_levels levels;

	outside_start();
	levels = outside_levels_of(frame->pixels, frame->bo.size);
	outside_stop();
	igt_assert_eq_u64(levels.entries[HUGE_PMD], 1);
	igt_assert_eq_u64(levels.entries[HUGE_PTE], MIB(1) / HUGE_PAGE_SIZE);
}

/**
 * SUBTEST: mode
 * Description: A mode is set with a dumb buffer, which comes to the screen, and so does what
 *	is drawn later. The mapping that it is drawn into has a PMD entry.
 */
static void test_mode(void)
{
	struct pipe pipe = open_pipe();
	struct frame frame = make_frame(&pipe, 1);

	show(&pipe, &frame);
	assert_shown("mode", &frame);
	assert_has_pmd(&frame);
	draw(&frame, 2);
	assert_shown("mode", &frame);
}

static void *flipped_to;

static void note_flip(int fd, unsigned int sequence, unsigned int sec, unsigned int usec,
		      unsigned int crtc, void *data)
{
	(void)fd, (void)sequence, (void)sec, (void)usec, (void)crtc;
	flipped_to = data;
}

static void assert_flipped_to(struct pipe *pipe, struct frame *frame)
{
	drmEventContext context = { .version = 3, .page_flip_handler2 = note_flip };
	struct pollfd events = { .fd = pipe->fd, .events = POLLIN };

	flipped_to = NULL;
	igt_assert_eq(poll(&events, 1, EVENT_TIMEOUT_MS), 1);
	igt_assert_eq(drmHandleEvent(pipe->fd, &context), 0);
	igt_assert(flipped_to == frame);
}

/**
 * SUBTEST: flip
 * Description: After a page flip there is an event, and the other picture is on the screen.
 *	The first one can be moved then, and the other one cannot.
 */
static void test_flip(void)
{
	struct pipe pipe = open_pipe();
	struct frame first = make_frame(&pipe, 1), second = make_frame(&pipe, 2);

	show(&pipe, &first);
	igt_assert_eq(drmModePageFlip(pipe.fd, pipe.crtc, second.id, DRM_MODE_PAGE_FLIP_EVENT,
				      &second), 0);
	assert_flipped_to(&pipe, &second);
	assert_shown("flip", &second);
	huge_bo_move(&first.bo, HUGE_SYSTEM);
	igt_assert_eq(huge_bo_try_move(&second.bo, HUGE_SYSTEM), EBUSY);
}

static uint32_t property_of(int fd, uint32_t object, uint32_t type, const char *name)
{
	drmModeObjectPropertiesPtr all = drmModeObjectGetProperties(fd, object, type);
	uint32_t found = 0;

	igt_assert(all);
	for (uint32_t i = 0; i < all->count_props && !found; i++) {
		drmModePropertyPtr property = drmModeGetProperty(fd, all->props[i]);

		igt_assert(property);
		found = strcmp(property->name, name) ? 0 : property->prop_id;
		drmModeFreeProperty(property);
	}
	drmModeFreeObjectProperties(all);
	igt_assert_f(found, "no property %s\n", name);
	return found;
}

static uint32_t only_plane(int fd)
{
	drmModePlaneResPtr planes = drmModeGetPlaneResources(fd);
	uint32_t plane;

	igt_assert(planes);
	igt_assert_eq(planes->count_planes, 1);
	plane = planes->planes[0];
	drmModeFreePlaneResources(planes);
	return plane;
}

/**
 * SUBTEST: atomic
 * Description: An atomic commit that does not wait brings another picture to the screen, and
 *	an event. One that only tests refuses a picture that is too small.
 */
static void test_atomic(void)
{
	struct pipe pipe = open_pipe();
	struct frame first = make_frame(&pipe, 3), second = make_frame(&pipe, 4);
	drmModeAtomicReqPtr request = drmModeAtomicAlloc();
	uint32_t plane, width, id;

	show(&pipe, &first);
	igt_assert_eq(drmSetClientCap(pipe.fd, DRM_CLIENT_CAP_ATOMIC, 1), 0);
	plane = only_plane(pipe.fd);
	id = property_of(pipe.fd, plane, DRM_MODE_OBJECT_PLANE, "FB_ID");
	width = property_of(pipe.fd, plane, DRM_MODE_OBJECT_PLANE, "CRTC_W");
	igt_assert(drmModeAtomicAddProperty(request, plane, id, second.id) > 0);
	igt_assert_eq(drmModeAtomicCommit(pipe.fd, request, DRM_MODE_PAGE_FLIP_EVENT |
					  DRM_MODE_ATOMIC_NONBLOCK, &second), 0);
	assert_flipped_to(&pipe, &second);
	assert_shown("atomic", &second);
	igt_assert(drmModeAtomicAddProperty(request, plane, width, DISPLAY_WIDTH / 2) > 0);
	igt_assert(drmModeAtomicCommit(pipe.fd, request, DRM_MODE_ATOMIC_TEST_ONLY, NULL) < 0);
	drmModeAtomicFree(request);
}

/**
 * SUBTEST: pinned
 * Description: What is shown stays in VRAM: it cannot be moved, and is not evicted when VRAM
 *	is full. It can be moved when it is not shown any more, and comes back when it is.
 */
static void test_pinned(void)
{
	struct pipe pipe = open_pipe();
	struct frame frame = make_frame(&pipe, 5);
	struct huge_bo others[3];

	show(&pipe, &frame);
	igt_assert_eq(huge_bo_try_move(&frame.bo, HUGE_SYSTEM), EBUSY);
	for (unsigned int i = 0; i < COUNT_OF(others); i++)
		others[i] = huge_vram_bo(pipe.fd, huge_vram(pipe.fd).size / 2 - MIB(8));
	igt_assert_eq(huge_bo_placement(&others[0]), HUGE_SYSTEM);
	igt_assert_eq(huge_bo_placement(&frame.bo), HUGE_VRAM);
	assert_shown("pinned", &frame);
	for (unsigned int i = 0; i < COUNT_OF(others); i++)
		huge_bo_destroy(&others[i]);
	show_nothing(&pipe);
	huge_bo_move(&frame.bo, HUGE_SYSTEM);
	show(&pipe, &frame);
	igt_assert_eq(huge_bo_placement(&frame.bo), HUGE_VRAM);
	assert_shown("pinned", &frame);
}

/**
 * SUBTEST: close
 * Description: When the program that shows a picture ends, another one that shares it can move
 *	it, and could not before.
 */
static void test_close(void)
{
	struct pipe pipe = open_pipe();
	struct frame frame = make_frame(&pipe, 6);
	struct huge_bo shared = { .fd = huge_open(), .size = frame.bo.size };
	int dma_buf;

	igt_assert_eq(gem_export(pipe.fd, frame.bo.handle, &dma_buf), 0);
	igt_assert_eq(drmPrimeFDToHandle(shared.fd, dma_buf, &shared.handle), 0);
	close(dma_buf);
	show(&pipe, &frame);
	igt_assert_eq(huge_bo_try_move(&shared, HUGE_SYSTEM), EBUSY);
	/* A mapping keeps the file. */
	huge_unmap(frame.pixels, frame.bo.size);
	huge_close(pipe.fd);
	huge_bo_move(&shared, HUGE_SYSTEM);
}

static int try_show_bo(struct pipe *pipe, const struct huge_bo *bo, uint32_t pitch)
{
	uint32_t id;

	igt_assert_eq(drmModeAddFB(pipe->fd, DISPLAY_WIDTH, DISPLAY_HEIGHT, 24, 32, pitch,
				   bo->handle, &id), 0);
	return try_show(pipe, id);
}

/**
 * SUBTEST: refused
 * Description: What the display cannot show is refused: buffer objects that may be scattered,
 *	and lines that do not begin with a whole pixel. Those of the driver's own ioctl that it
 *	can show are not.
 */
static void test_refused(void)
{
	struct pipe pipe = open_pipe();
	struct huge_bo scattered = huge_bo_create(pipe.fd, MIB(8), HUGE_VRAM, 0);
	struct huge_bo whole = huge_bo_create(pipe.fd, MIB(8), HUGE_SYSTEM, HUGE_CONTIGUOUS);

	igt_assert_eq(try_show_bo(&pipe, &scattered, PITCH), EINVAL);
	igt_assert_eq(try_show_bo(&pipe, &whole, PITCH + 2), EINVAL);
	igt_assert_eq(try_show_bo(&pipe, &whole, PITCH + 64), 0);
}

/**
 * SUBTEST: unplug
 * Description: The device is unplugged while a picture is shown and mapped. When it is back it
 *	shows another one.
 */
static void test_unplug(void)
{
	struct pipe pipe = open_pipe();
	struct frame frame = make_frame(&pipe, 7);

	show(&pipe, &frame);
	device_unplug(pipe.fd);
	igt_assert_eq(signal_of_writing(frame.pixels, 0), 0);
	igt_assert_eq(try_show(&pipe, frame.id), ENODEV);
	huge_release_all();
	device_plug();
	huge_close(huge_open_when_there());
	pipe = open_pipe();
	frame = make_frame(&pipe, 8);
	show(&pipe, &frame);
	assert_shown("unplug", &frame);
}

/**
 * SUBTEST: sleep
 * Description: The system sleeps while a picture is shown, and VRAM loses what is in it. When
 *	it is awake again the picture is on the screen, and pinned.
 */
static void test_sleep(void)
{
	struct pipe pipe = open_pipe();
	struct frame frame = make_frame(&pipe, 9);

	power_save();
	show(&pipe, &frame);
	igt_assert_eq_u64(power_lose_vram_of(&frame.bo), frame.bo.size);
	igt_assert_eq(power_sleep("mem", "devices"), 0);
	igt_assert_lte_u64(frame.bo.size, power_lost());
	assert_shown("sleep", &frame);
	igt_assert_eq(huge_bo_try_move(&frame.bo, HUGE_SYSTEM), EBUSY);
}

/**
 * SUBTEST: modetest
 * Description: modetest sets a mode with a picture that it has drawn into a mapped dumb
 *	buffer. QEMU's dump of the screen has that picture, pixel by pixel.
 */
static void test_modetest(void)
{
	struct pipe pipe = open_pipe();

	/* Only one can be master of the display. */
	huge_close(pipe.fd);
	display_assert_modetest("bigbar", pipe.connector);
}

/**
 * SUBTEST: off
 * Description: Without the module parameter the device has no display, and says so.
 */
static void test_off(void)
{
	int fd = huge_open_node(DRM_NODE_PRIMARY);
	uint64_t value;

	igt_require_f(!has_display(), "the display is on\n");
	igt_assert(!drmModeGetResources(fd));
	igt_assert_eq(errno, EOPNOTSUPP);
	igt_assert(drmSetClientCap(fd, DRM_CLIENT_CAP_ATOMIC, 1));
	igt_assert_eq(errno, EOPNOTSUPP);
	igt_assert(drmGetCap(fd, DRM_CAP_DUMB_BUFFER, &value));
	igt_assert_eq(errno, EOPNOTSUPP);
}

static void clean_up(void)
{
	kill_children();
	huge_release_all();
	power_restore();
	device_plug();
}

static const struct subtest subtests[] = {
	{ "mode", "A picture comes to the screen", test_mode },
	{ "flip", "Page flip", test_flip },
	{ "atomic", "Atomic commit", test_atomic },
	{ "pinned", "What is shown stays in VRAM", test_pinned },
	{ "close", "A program that ends shows nothing", test_close },
	{ "refused", "What cannot be shown", test_refused },
	{ "unplug", "Unplugged while shown", test_unplug },
	{ "sleep", "Asleep while shown", test_sleep },
	{ "modetest", "modetest draws and shows", test_modetest },
	{ "off", "No display", test_off },
};

int igt_main()
{
	igt_fixture()
		huge_close(huge_open());

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

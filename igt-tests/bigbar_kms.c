// SPDX-License-Identifier: MIT

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/bar.h"
#include "lib/display.h"
#include "lib/gem.h"
#include "lib/hold.h"
#include "lib/huge_device.h"
#include "lib/monitor.h"
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
/* A flip that does not wait would be over at once. */
#define NO_EVENT_MS 500
/* The largest width and height of a framebuffer. */
#define MOST_SIZE 8192
/* The register that turns the display on. */
#define REGISTERS_BAR 2
#define ENABLE 0x508
#define ENABLED 1

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
	igt_assert_eq(resources->max_width, MOST_SIZE);
	igt_assert_eq(resources->max_height, MOST_SIZE);
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

/* As QEMU sees it: its dump of the screen has the last picture when the display is off, too. */
static bool display_is_on(int fd)
{
	int monitor = monitor_open();
	const char *value;
	char command[64];
	bool on;

	snprintf(command, sizeof(command), "xp /1hx 0x%" PRIx64,
		 bar_start(fd, REGISTERS_BAR) + ENABLE);
	value = strchr(monitor_ask(monitor, 0, command), ':');
	igt_assert(value);
	on = strtoul(value + 1, NULL, 16) & ENABLED;
	monitor_close(monitor);
	return on;
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

static void assert_cap(int fd, uint64_t cap, uint64_t expected)
{
	uint64_t value = 0;

	igt_assert_eq(drmGetCap(fd, cap, &value), 0);
	igt_assert_eq_u64(value, expected);
}

/**
 * SUBTEST: mode
 * Description: A mode is set with a dumb buffer, which comes to the screen, and so does what
 *	is drawn later. The mapping that it is drawn into has a PMD entry. Programs are told of
 *	the depth of pictures, and that it is better to draw elsewhere and copy.
 */
static void test_mode(void)
{
	struct pipe pipe = open_pipe();
	struct frame frame = make_frame(&pipe, 1);

	assert_cap(pipe.fd, DRM_CAP_DUMB_PREFERRED_DEPTH, 24);
	assert_cap(pipe.fd, DRM_CAP_DUMB_PREFER_SHADOW, 1);
	show(&pipe, &frame);
	assert_shown("mode", &frame);
	assert_has_pmd(&frame);
	draw(&frame, 2);
	assert_shown("mode", &frame);
}

/* A framebuffer that begins anywhere in a buffer object. */
static uint32_t add_fb(const struct pipe *pipe, const struct huge_bo *bo, uint32_t width,
		       uint32_t height, uint32_t pitch, uint32_t offset)
{
	const uint32_t handles[4] = { bo->handle }, pitches[4] = { pitch }, offsets[4] = { offset };
	uint32_t id;

	igt_assert_eq(drmModeAddFB2(pipe->fd, width, height, DRM_FORMAT_XRGB8888, handles, pitches,
				    offsets, &id, 0), 0);
	return id;
}

/* A picture in the midst of a buffer object, larger than the screen, and what is seen of it. */
#define PART_WIDTH (DISPLAY_WIDTH + 48)
#define PART_HEIGHT (DISPLAY_HEIGHT + 16)
#define PART_PITCH (PITCH + 320)
#define PART_OFFSET (3 * PART_PITCH + 20)
#define PART_X 5
#define PART_Y 7

/**
 * SUBTEST: part
 * Description: A part of a picture comes to the screen. The picture is larger than that, begins
 *	in the midst of a line of a buffer object, and there is room between its lines.
 */
static void test_part(void)
{
	static uint32_t seen[DISPLAY_HEIGHT][DISPLAY_WIDTH];
	struct pipe pipe = open_pipe();
	struct frame whole = make_frame(&pipe, 10);
	struct huge_bo bo = huge_bo_create(pipe.fd, MIB(8), HUGE_VRAM, HUGE_CONTIGUOUS);
	uint32_t *pixels = huge_bo_map(&bo);
	uint32_t id = add_fb(&pipe, &bo, PART_WIDTH, PART_HEIGHT, PART_PITCH, PART_OFFSET);

	for (uint32_t i = 0; i < bo.size / sizeof(*pixels); i++)
		pixels[i] = i * 2654435761u >> 8;
	for (uint32_t y = 0; y < DISPLAY_HEIGHT; y++)
		memcpy(seen[y], pixels + (PART_OFFSET + (y + PART_Y) * PART_PITCH) /
		       sizeof(*pixels) + PART_X, sizeof(seen[y]));
	/* Registers may have been left as they should be. */
	show(&pipe, &whole);
	assert_shown("part", &whole);
	igt_assert_eq(drmModeSetCrtc(pipe.fd, pipe.crtc, id, PART_X, PART_Y, &pipe.connector, 1,
				     &pipe.mode), 0);
	display_assert_shows("part", seen[0], DISPLAY_HEIGHT);
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

/**
 * SUBTEST: fences
 * Description: A page flip waits until the other picture has been drawn.
 */
static void test_fences(void)
{
	struct pipe pipe = open_pipe();
	struct frame first = make_frame(&pipe, 11), second = make_frame(&pipe, 12);
	struct pollfd events = { .fd = pipe.fd, .events = POLLIN };

	show(&pipe, &first);
	hold_fence(second.pixels, "write");
	igt_assert_eq(drmModePageFlip(pipe.fd, pipe.crtc, second.id, DRM_MODE_PAGE_FLIP_EVENT,
				      &second), 0);
	igt_assert_eq(poll(&events, 1, NO_EVENT_MS), 0);
	igt_assert(is_held());
	release_hold();
	assert_flipped_to(&pipe, &second);
	assert_shown("fences", &second);
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

struct value {
	const char *property;
	uint64_t value;
};

/* Whether the plane can have both: 0, or an errno value. */
static int try_plane(const struct pipe *pipe, uint32_t plane, const struct value values[2])
{
	drmModeAtomicReqPtr request = drmModeAtomicAlloc();
	int ret;

	for (unsigned int i = 0; i < 2; i++) {
		uint32_t id = property_of(pipe->fd, plane, DRM_MODE_OBJECT_PLANE,
					  values[i].property);

		igt_assert(drmModeAtomicAddProperty(request, plane, id, values[i].value) > 0);
	}
	ret = drmModeAtomicCommit(pipe->fd, request, DRM_MODE_ATOMIC_TEST_ONLY, NULL);
	drmModeAtomicFree(request);
	return -ret;
}

/* The plane would show so many pixels of a line, and as many pixels of the screen. */
static int try_widths(const struct pipe *pipe, uint32_t plane, uint64_t source, uint64_t shown)
{
	const struct value values[] = { { "SRC_W", source << 16 }, { "CRTC_W", shown } };

	return try_plane(pipe, plane, values);
}

static int try_without_plane(const struct pipe *pipe, uint32_t plane)
{
	const struct value values[] = { { "FB_ID", 0 }, { "CRTC_ID", 0 } };

	return try_plane(pipe, plane, values);
}

/**
 * SUBTEST: atomic
 * Description: An atomic commit that does not wait brings another picture to the screen, and
 *	an event. One that only tests refuses a picture that is too small or would have to be
 *	scaled, and a mode without a picture.
 */
static void test_atomic(void)
{
	struct pipe pipe = open_pipe();
	struct frame first = make_frame(&pipe, 3), second = make_frame(&pipe, 4);
	drmModeAtomicReqPtr request = drmModeAtomicAlloc();
	uint32_t plane, id;

	show(&pipe, &first);
	igt_assert_eq(drmSetClientCap(pipe.fd, DRM_CLIENT_CAP_ATOMIC, 1), 0);
	plane = only_plane(pipe.fd);
	id = property_of(pipe.fd, plane, DRM_MODE_OBJECT_PLANE, "FB_ID");
	igt_assert(drmModeAtomicAddProperty(request, plane, id, second.id) > 0);
	igt_assert_eq(drmModeAtomicCommit(pipe.fd, request, DRM_MODE_PAGE_FLIP_EVENT |
					  DRM_MODE_ATOMIC_NONBLOCK, &second), 0);
	assert_flipped_to(&pipe, &second);
	assert_shown("atomic", &second);
	drmModeAtomicFree(request);
	igt_assert_eq(try_widths(&pipe, plane, DISPLAY_WIDTH, DISPLAY_WIDTH), 0);
	igt_assert_eq(try_widths(&pipe, plane, DISPLAY_WIDTH, DISPLAY_WIDTH / 2), ERANGE);
	igt_assert_eq(try_widths(&pipe, plane, DISPLAY_WIDTH / 2, DISPLAY_WIDTH), ERANGE);
	igt_assert_eq(try_widths(&pipe, plane, DISPLAY_WIDTH / 2, DISPLAY_WIDTH / 2), EINVAL);
	igt_assert_eq(try_without_plane(&pipe, plane), EINVAL);
}

static int try_show_bo(struct pipe *pipe, const struct huge_bo *bo, uint32_t pitch)
{
	uint32_t id;

	igt_assert_eq(drmModeAddFB(pipe->fd, DISPLAY_WIDTH, DISPLAY_HEIGHT, 24, 32, pitch,
				   bo->handle, &id), 0);
	return try_show(pipe, id);
}

/* Larger than what VRAM can have beside what is shown: it is not shown, and not pinned. */
static void assert_no_room_beside(struct pipe *pipe, const struct frame *frame)
{
	struct huge_bo bo = huge_bo_create(pipe->fd, huge_vram(pipe->fd).size, HUGE_SYSTEM,
					   HUGE_CONTIGUOUS);

	igt_assert_eq(try_show_bo(pipe, &bo, PITCH), ENOMEM);
	igt_assert_eq(huge_bo_placement(&bo), HUGE_SYSTEM);
	assert_shown("pinned", frame);
	igt_assert(display_is_on(pipe->fd));
	show_nothing(pipe);
	igt_assert(!display_is_on(pipe->fd));
	huge_bo_move(&bo, HUGE_VRAM);
}

/**
 * SUBTEST: pinned
 * Description: What is shown stays in VRAM: it cannot be moved, and is not evicted when VRAM
 *	is full. It can be moved when it is not shown any more, and comes back when it is. What
 *	VRAM has no room for is not shown, and can be moved later. When nothing is shown, the
 *	display is off.
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
	assert_no_room_beside(&pipe, &frame);
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

/* 0, or an errno value, with a mode that the connector does not tell of. */
static int try_mode(struct pipe *pipe, uint32_t id, uint16_t width, uint16_t height)
{
	drmModeModeInfo mode = {
		.clock = 1000,
		.hdisplay = width,
		.hsync_start = width + 1,
		.hsync_end = width + 2,
		.htotal = width + 3,
		.vdisplay = height,
		.vsync_start = height + 1,
		.vsync_end = height + 2,
		.vtotal = height + 3,
	};

	return -drmModeSetCrtc(pipe->fd, pipe->crtc, id, 0, 0, &pipe->connector, 1, &mode);
}

/* The smallest picture, and one pixel more than a register can have. */
#define LEAST 64
#define LEAST_PITCH (LEAST * sizeof(uint32_t))
#define LONG_PITCH (0x10000 * sizeof(uint32_t))
#define FAR_LINE (0x10000 * LEAST_PITCH)

/**
 * SUBTEST: refused-sizes
 * Description: Modes are refused that are smaller than the display can be, or larger than
 *	VRAM; and so are lines that do not begin with a whole pixel, that are longer than the
 *	registers of the display can tell, or too many. What was refused can be moved.
 */
static void test_refused_sizes(void)
{
	struct pipe pipe = open_pipe();
	struct huge_bo bo = huge_bo_create(pipe.fd, MIB(32), HUGE_VRAM, HUGE_CONTIGUOUS);
	uint32_t good = add_fb(&pipe, &bo, LEAST, LEAST, PITCH, 0);
	uint32_t half_pixel = add_fb(&pipe, &bo, LEAST, LEAST, PITCH, 2);
	uint32_t long_lines = add_fb(&pipe, &bo, LEAST, LEAST, LONG_PITCH, 0);
	uint32_t far_lines = add_fb(&pipe, &bo, LEAST, LEAST, LEAST_PITCH, FAR_LINE);

	igt_assert_eq(try_mode(&pipe, good, LEAST - 8, LEAST), EINVAL);
	igt_assert_eq(try_mode(&pipe, good, LEAST, LEAST - 8), EINVAL);
	igt_assert_lt_u64(huge_vram(pipe.fd).size, MOST_SIZE * MOST_SIZE * sizeof(uint32_t));
	igt_assert_eq(try_mode(&pipe, good, MOST_SIZE, MOST_SIZE), EINVAL);
	igt_assert_eq(try_mode(&pipe, half_pixel, LEAST, LEAST), EINVAL);
	igt_assert_eq(try_mode(&pipe, long_lines, LEAST, LEAST), EINVAL);
	igt_assert_eq(try_mode(&pipe, far_lines, LEAST, LEAST), ENOSPC);
	huge_bo_move(&bo, HUGE_SYSTEM);
	igt_assert_eq(try_mode(&pipe, good, LEAST, LEAST), 0);
	igt_assert_eq(huge_bo_try_move(&bo, HUGE_SYSTEM), EBUSY);
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
	release_all_holds();
	kill_children();
	huge_release_all();
	power_restore();
	device_plug();
}

static const struct subtest subtests[] = {
	{ "mode", "A picture comes to the screen", test_mode },
	{ "part", "A part of a picture", test_part },
	{ "flip", "Page flip", test_flip },
	{ "fences", "A picture that is being drawn", test_fences },
	{ "atomic", "Atomic commit", test_atomic },
	{ "pinned", "What is shown stays in VRAM", test_pinned },
	{ "close", "A program that ends shows nothing", test_close },
	{ "refused", "What cannot be shown", test_refused },
	{ "refused-sizes", "Sizes that the display cannot have", test_refused_sizes },
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

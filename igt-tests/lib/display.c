// SPDX-License-Identifier: MIT

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drmMode.h>

#include "../igt_shim.h"
#include "access.h"
#include "display.h"
#include "monitor.h"

#define WIDTH DISPLAY_WIDTH
#define HEIGHT DISPLAY_HEIGHT
#define TRIES 20

uint32_t display_connector(int fd)
{
	drmModeResPtr resources = drmModeGetResources(fd);
	uint32_t found = 0;

	igt_require_f(resources, "the device has no display\n");
	for (int i = 0; i < resources->count_connectors && !found; i++) {
		drmModeConnectorPtr connector = drmModeGetConnector(fd, resources->connectors[i]);

		for (int n = 0; connector && n < connector->count_modes; n++) {
			if (connector->connection == DRM_MODE_CONNECTED &&
			    connector->modes[n].hdisplay == DISPLAY_WIDTH &&
			    connector->modes[n].vdisplay == DISPLAY_HEIGHT)
				found = connector->connector_id;
		}
		drmModeFreeConnector(connector);
	}
	drmModeFreeResources(resources);
	igt_require_f(found, "no connected display of %dx%d\n", DISPLAY_WIDTH,
		      DISPLAY_HEIGHT);
	return found;
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

/* A screen of another size has nothing right. */
static unsigned int wrong_pixels(const char *path, const uint32_t *pixels, unsigned int lines)
{
	static struct screen screen;
	unsigned int wrong = 0;

	if (!read_screen(path, &screen))
		return WIDTH * lines;
	for (unsigned int i = 0; i < WIDTH * lines; i++) {
		const uint8_t *found = screen.pixels[i / WIDTH][i % WIDTH];

		wrong += (found[0] << 16 | found[1] << 8 | found[2]) != (int)(pixels[i] & 0xffffff);
	}
	return wrong;
}

void display_assert_shows(const char *name, const uint32_t *pixels, unsigned int lines)
{
	const char *results = getenv("RESULTS");
	int monitor = monitor_open();
	unsigned int wrong = 1;
	char path[128];

	igt_require_f(results, "RESULTS has no folder that guest and host share\n");
	snprintf(path, sizeof(path), "%s/%s.ppm", results, name);
	for (int tries = 0; wrong && tries < TRIES; tries++) {
		if (tries)
			sleep(1);
		unlink(path);
		monitor_dump_screen(monitor, path);
		wrong = wrong_pixels(path, pixels, lines);
	}
	monitor_close(monitor);
	igt_assert_f(!wrong, "%u pixels are not those of the picture, see %s\n", wrong, path);
}

/* modetest shows the picture as long as it waits for a key. */
static void start_modetest(const char *driver, uint32_t connector)
{
	char mode[64];
	int keys[2];

	snprintf(mode, sizeof(mode), "%u:%dx%d@XR24", connector, WIDTH, HEIGHT);
	igt_assert_eq(pipe(keys), 0);
	if (!fork_child()) {
		dup2(keys[0], STDIN_FILENO);
		execlp("modetest", "modetest", "-M", driver, "-s", mode, "-F", "smpte", NULL);
		_exit(127);
	}
	/* The child keeps both ends of its own, so that it waits for ever. */
	close(keys[0]);
	close(keys[1]);
}

/* The first two of the three bands of the SMPTE colour bars, seven bars each. */
#define BARS 7
#define BANDS_HEIGHT (HEIGHT * 7 / 9)

static const uint32_t top[BARS] = {
	0xc0c0c0, 0xc0c000, 0x00c0c0, 0x00c000, 0xc000c0, 0xc00000, 0x0000c0,
};

static const uint32_t middle[BARS] = {
	0x0000c0, 0x131313, 0xc000c0, 0x131313, 0x00c0c0, 0x131313, 0xc0c0c0,
};

void display_assert_modetest(const char *driver, uint32_t connector)
{
	static uint32_t bands[BANDS_HEIGHT][WIDTH];

	for (int y = 0; y < BANDS_HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++)
			bands[y][x] = (y < HEIGHT * 6 / 9 ? top : middle)[x * BARS / WIDTH];
	}
	start_modetest(driver, connector);
	display_assert_shows("modetest", bands[0], BANDS_HEIGHT);
}

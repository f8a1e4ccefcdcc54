// SPDX-License-Identifier: MIT
/*
 * Draws a picture into VRAM and copies it, then draws a part of it anew, and copies only the
 * pages that this has changed. cc example.c $(pkg-config --cflags --libs libbigbar)
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <libbigbar.h>

#define PAGE 4096
#define WIDTH 2048
#define HEIGHT 1024
#define BYTES (WIDTH * HEIGHT * sizeof(uint32_t))

static void need(int error, const char *what)
{
	if (error)
		errx(EXIT_FAILURE, "cannot %s: %s", what, strerror(-error));
}

/* A buffer object, and where it is mapped; it goes when the program ends. */
static uint32_t *new_picture(struct bigbar_device *device, uint32_t flags, struct bigbar_bo **bo)
{
	struct bigbar_map *map;

	need(bigbar_bo_create(device, BYTES, DRM_BIGBAR_PLACEMENT_VRAM, flags, bo), "make a BO");
	need(bigbar_bo_map(*bo, 0, BYTES, PROT_READ | PROT_WRITE, &map), "map it");
	need(bigbar_prefault(device, bigbar_map_address(map), BYTES, NULL), "prefault it");
	return bigbar_map_address(map);
}

static void draw(uint32_t *pixels, int top, int bottom, uint32_t colour)
{
	for (int y = top; y < bottom; y++)
		for (int x = 0; x < WIDTH; x++)
			pixels[y * WIDTH + x] = (x ^ y) & 64 ? colour : 0;
}

/* Copies the pages that have been written since the last time, and returns how many. */
static uint64_t copy(void *to, const void *from, struct bigbar_bo *written)
{
	uint64_t first, pages, copied = 0;
	struct bigbar_dirty *dirty;
	int found;

	need(bigbar_dirty_begin(written, &dirty), "begin to read the record");
	while ((found = bigbar_dirty_next(dirty, &first, &pages)) == 1) {
		memcpy(to + first * PAGE, from + first * PAGE, pages * PAGE);
		copied += pages;
	}
	need(found, "read the record");
	bigbar_dirty_end(dirty);
	return copied;
}

int main(int argc, char **argv)
{
	struct bigbar_bo *drawn, *copied;
	struct bigbar_device *device;
	uint32_t *front, *back;
	uint64_t all, part;

	if (argc != 2)
		errx(2, "which device? Give its node, such as /dev/dri/renderD128");
	need(bigbar_device_open(argv[1], &device), "open the device");
	front = new_picture(device, DRM_BIGBAR_GEM_CREATE_TRACKABLE, &drawn);
	back = new_picture(device, 0, &copied);
	need(bigbar_dirty_start(drawn), "record writes");
	draw(front, 0, HEIGHT, 0x336699);
	all = copy(back, front, drawn);
	draw(front, 128, 192, 0xffcc00);
	part = copy(back, front, drawn);
	if (memcmp(front, back, BYTES))
		errx(EXIT_FAILURE, "the copy differs");
	printf("copied %lu pages, then the %lu that have changed\n", all, part);
	return EXIT_SUCCESS;
}

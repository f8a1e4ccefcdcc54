// SPDX-License-Identifier: MIT
/*
 * Fills a buffer object in VRAM, puts the system to sleep, and tells afterwards whether the
 * mapping shows what was there. In a guest that has nothing else; linked statically.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm/bigbar_drm.h>

#define NODE "/dev/dri/renderD128"
#define SIZE (UINT64_C(64) << 20)
#define WORDS (SIZE / sizeof(uint64_t))

static void die(const char *what)
{
	printf("asleep: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void call(int fd, unsigned long request, void *argument, const char *what)
{
	if (ioctl(fd, request, argument))
		die(what);
}

static uint64_t value_of(uint64_t word)
{
	return word * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* Returns its errno value; the kernel writes when it is awake again. */
static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

static uint64_t count_kept(const volatile uint64_t *words)
{
	uint64_t kept = 0;

	for (uint64_t i = 0; i < WORDS; i++)
		kept += words[i] == value_of(i);
	return kept;
}

static unsigned int placement_of(int fd, uint32_t handle)
{
	struct drm_bigbar_gem_info info = { .handle = handle };

	call(fd, DRM_IOCTL_BIGBAR_GEM_INFO, &info, "info");
	return info.placement;
}

int main(int argc, char **argv)
{
	struct drm_bigbar_gem_create create = {
		.size = SIZE,
		.placement = DRM_BIGBAR_PLACEMENT_VRAM,
	};
	struct drm_bigbar_gem_mmap_offset where = {};
	int fd = open(NODE, O_RDWR), error;
	volatile uint64_t *words;

	setbuf(stdout, NULL);
	if (argc != 2)
		return 2;
	if (fd < 0)
		die(NODE);
	call(fd, DRM_IOCTL_BIGBAR_GEM_CREATE, &create, "create");
	where.handle = create.handle;
	call(fd, DRM_IOCTL_BIGBAR_GEM_MMAP_OFFSET, &where, "offset");
	words = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, where.offset);
	if (words == MAP_FAILED)
		die("mmap");
	for (uint64_t i = 0; i < WORDS; i++)
		words[i] = value_of(i);

	printf("asleep: filled\n");
	error = write_file("/sys/power/state", argv[1]);
	printf("asleep: awake, %s\n", error ? strerror(error) : "no error");
	printf("asleep: kept %llu of %llu words, in %s\n",
	       (unsigned long long)count_kept(words), (unsigned long long)WORDS,
	       placement_of(fd, create.handle) == DRM_BIGBAR_PLACEMENT_VRAM ? "VRAM" :
									     "system memory");
	return 0;
}

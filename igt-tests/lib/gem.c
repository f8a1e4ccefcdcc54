// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <xf86drm.h>

#include "gem.h"

#define FILLER_SIZE MIB(16)
#define MAX_FILLERS 512
#define MOVE_TRIES 20
/* Of 10 ms each. */
#define FREE_TRIES 2000

int gem_call(int fd, unsigned long request, void *argument)
{
	return drmIoctl(fd, request, argument) ? errno : 0;
}

int gem_close(int fd, uint32_t handle)
{
	return drmCloseBufferHandle(fd, handle) ? errno : 0;
}

/* The kernel keeps the dma-buf, so how it is exported first says how it can be mapped later. */
int gem_export(int fd, uint32_t handle, int *dma_buf)
{
	return drmPrimeHandleToFD(fd, handle, O_CLOEXEC | O_RDWR, dma_buf) ? errno : 0;
}

static int size_of(int fd, uint32_t handle, uint64_t *size)
{
	int error, dmabuf;
	off_t end;

	error = gem_export(fd, handle, &dmabuf);
	if (error)
		return error;
	end = lseek(dmabuf, 0, SEEK_END);
	error = end < 0 ? errno : 0;
	close(dmabuf);
	*size = end;
	return error;
}

int gem_info(int fd, uint32_t handle, struct huge_bo_info *info)
{
	int error = size_of(fd, handle, &info->size);

	if (error)
		return error;
	/* No ioctl tells the alignment. */
	info->alignment = huge_expected_alignment(info->size);
	return 0;
}

static int close_all(int fd, const uint32_t *handles, unsigned int count)
{
	int error = 0;

	while (count)
		error = gem_close(fd, handles[--count]) ?: error;
	return error;
}

/* Until there is room for a filler more: the driver may have made small ones of its own. */
static int await_freed(int fd, gem_vram vram_of, uint64_t used)
{
	struct huge_vram vram;
	int error = 0;

	for (int tries = 0; !error && tries < FREE_TRIES; tries++) {
		error = vram_of(fd, &vram);
		if (!error && vram.used < used + FILLER_SIZE)
			return 0;
		usleep(10000);
	}
	return error ?: EBUSY;
}

int gem_fill(int fd, gem_vram vram_of, gem_create create)
{
	uint32_t fillers[MAX_FILLERS];
	unsigned int count = 0, wanted;
	struct huge_vram vram;
	int error = vram_of(fd, &vram);

	if (error)
		return error;
	wanted = vram.size / FILLER_SIZE + 1;
	if (wanted > MAX_FILLERS)
		return E2BIG;
	while (!error && count < wanted) {
		error = create(fd, FILLER_SIZE, &fillers[count]);
		count += !error;
	}
	error = close_all(fd, fillers, count) ?: error;
	return error ?: await_freed(fd, vram_of, vram.used);
}

int gem_move(int fd, uint32_t handle, enum huge_placement placement, gem_try_move try_to_move,
	     gem_placement placement_of)
{
	enum huge_placement reached = placement;
	int error = 0;

	for (int tries = 0; !error && tries < MOVE_TRIES; tries++) {
		error = try_to_move(fd, handle, placement);
		if (!error)
			error = placement_of(fd, handle, &reached);
		if (!error && reached == placement)
			return 0;
	}
	return error ?: EBUSY;
}

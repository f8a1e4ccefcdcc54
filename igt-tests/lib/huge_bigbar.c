// SPDX-License-Identifier: MIT
/* The bigbar driver's row in the table of devices. */

#include <errno.h>
#include <sys/ioctl.h>
#include <xf86drm.h>

#include "bigbar_drm.h"
#include "huge_device.h"

static int call(int fd, unsigned long request, void *argument)
{
	return drmIoctl(fd, request, argument) ? errno : 0;
}

static uint32_t uapi_placement(enum huge_placement placement)
{
	return placement == HUGE_VRAM ? DRM_BIGBAR_PLACEMENT_VRAM : DRM_BIGBAR_PLACEMENT_SYSTEM;
}

static int bigbar_vram(int fd, struct huge_vram *vram)
{
	struct drm_bigbar_device_info info = {};
	int error = call(fd, DRM_IOCTL_BIGBAR_DEVICE_INFO, &info);

	vram->size = info.vram_size;
	vram->used = info.vram_used;
	return error;
}

static uint32_t uapi_flags(unsigned int flags)
{
	return (flags & HUGE_SYSTEM_WC ? DRM_BIGBAR_GEM_CREATE_SYSTEM_WC : 0) |
	       (flags & HUGE_CONTIGUOUS ? DRM_BIGBAR_GEM_CREATE_CONTIGUOUS : 0) |
	       (flags & HUGE_SINGLE_PAGES ? DRM_BIGBAR_GEM_CREATE_NO_HUGE : 0) |
	       (flags & HUGE_TRACKABLE ? DRM_BIGBAR_GEM_CREATE_TRACKABLE : 0);
}

static int bigbar_create(int fd, uint64_t size, enum huge_placement placement,
			 unsigned int flags, uint32_t *handle)
{
	struct drm_bigbar_gem_create create = {
		.size = size,
		.placement = uapi_placement(placement),
		.flags = uapi_flags(flags),
	};
	int error = call(fd, DRM_IOCTL_BIGBAR_GEM_CREATE, &create);

	/* After an error it is nobody's. */
	*handle = error ? 0 : create.handle;
	return error;
}

static int bigbar_destroy(int fd, uint32_t handle)
{
	return drmCloseBufferHandle(fd, handle) ? errno : 0;
}

static int bigbar_mmap_offset(int fd, uint32_t handle, uint64_t *offset)
{
	struct drm_bigbar_gem_mmap_offset arg = { .handle = handle };
	int error = call(fd, DRM_IOCTL_BIGBAR_GEM_MMAP_OFFSET, &arg);

	*offset = arg.offset;
	return error;
}

static int bigbar_move(int fd, uint32_t handle, enum huge_placement placement)
{
	struct drm_bigbar_gem_move move = {
		.handle = handle,
		.placement = uapi_placement(placement),
	};

	return call(fd, DRM_IOCTL_BIGBAR_GEM_MOVE, &move);
}

static int bigbar_info(int fd, uint32_t handle, struct huge_bo_info *info)
{
	struct drm_bigbar_gem_info arg = { .handle = handle };
	int error = call(fd, DRM_IOCTL_BIGBAR_GEM_INFO, &arg);

	*info = (struct huge_bo_info){
		.size = arg.size,
		.alignment = arg.alignment,
		.levels.entries = {
			[HUGE_PTE] = arg.entries[DRM_BIGBAR_LEVEL_PTE],
			[HUGE_PMD] = arg.entries[DRM_BIGBAR_LEVEL_PMD],
			[HUGE_PUD] = arg.entries[DRM_BIGBAR_LEVEL_PUD],
		},
	};
	return error;
}

static int bigbar_placement(int fd, uint32_t handle, enum huge_placement *placement)
{
	struct drm_bigbar_gem_info arg = { .handle = handle };
	int error = call(fd, DRM_IOCTL_BIGBAR_GEM_INFO, &arg);

	*placement = arg.placement == DRM_BIGBAR_PLACEMENT_VRAM ? HUGE_VRAM : HUGE_SYSTEM;
	return error;
}

static int dirty(int fd, struct drm_bigbar_gem_dirty arg)
{
	return call(fd, DRM_IOCTL_BIGBAR_GEM_DIRTY, &arg);
}

static int bigbar_dirty_start(int fd, uint32_t handle)
{
	return dirty(fd, (struct drm_bigbar_gem_dirty){
		.handle = handle,
		.op = DRM_BIGBAR_DIRTY_START,
	});
}

static int bigbar_dirty_stop(int fd, uint32_t handle)
{
	return dirty(fd, (struct drm_bigbar_gem_dirty){
		.handle = handle,
		.op = DRM_BIGBAR_DIRTY_STOP,
	});
}

static int bigbar_dirty_take(int fd, uint32_t handle, uint64_t first_page, uint64_t pages,
			     uint64_t *bitmap)
{
	return dirty(fd, (struct drm_bigbar_gem_dirty){
		.handle = handle,
		.op = DRM_BIGBAR_DIRTY_TAKE,
		.first_page = first_page,
		.nr_pages = pages,
		.bitmap = (uintptr_t)bitmap,
	});
}

/* drmIoctl() would repeat it after a signal. */
static int bigbar_prefault(int fd, void *address, uint64_t length, uint64_t *done)
{
	struct drm_bigbar_prefault arg = {
		.address = (uintptr_t)address,
		.length = length,
		.done = *done,
	};
	int error = ioctl(fd, DRM_IOCTL_BIGBAR_PREFAULT, &arg) ? errno : 0;

	*done = arg.done;
	return error;
}

const struct huge_device huge_bigbar = {
	.driver = "bigbar",
	.node_type = DRM_NODE_RENDER,
	.flags = HUGE_SYSTEM_WC | HUGE_CONTIGUOUS | HUGE_SINGLE_PAGES | HUGE_TRACKABLE,
	.largest = UINT64_MAX,
	.clears = true,
	.vram = bigbar_vram,
	.create = bigbar_create,
	.destroy = bigbar_destroy,
	.mmap_offset = bigbar_mmap_offset,
	.move = bigbar_move,
	.info = bigbar_info,
	.placement = bigbar_placement,
	.dirty_start = bigbar_dirty_start,
	.dirty_stop = bigbar_dirty_stop,
	.dirty_take = bigbar_dirty_take,
	.prefault = bigbar_prefault,
};

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <sys/ioctl.h>
#include <xf86drm.h>

#include "bigbar_ioctl.h"

/* drmIoctl() repeats the call after a signal. */
static int call(int fd, unsigned long request, void *argument)
{
	return drmIoctl(fd, request, argument) ? errno : 0;
}

int bigbar_device_info(int fd, struct drm_bigbar_device_info *info)
{
	*info = (struct drm_bigbar_device_info){};
	return call(fd, DRM_IOCTL_BIGBAR_DEVICE_INFO, info);
}

int bigbar_create(int fd, uint64_t size, uint32_t placement, uint32_t flags, uint32_t *handle)
{
	struct drm_bigbar_gem_create create = {
		.size = size,
		.placement = placement,
		.flags = flags,
	};
	int error = call(fd, DRM_IOCTL_BIGBAR_GEM_CREATE, &create);

	/* After an error there is no buffer object. */
	*handle = error ? 0 : create.handle;
	return error;
}

int bigbar_destroy(int fd, uint32_t handle)
{
	return drmCloseBufferHandle(fd, handle) ? errno : 0;
}

int bigbar_mmap_offset(int fd, uint32_t handle, uint64_t *offset)
{
	struct drm_bigbar_gem_mmap_offset arg = { .handle = handle };
	int error = call(fd, DRM_IOCTL_BIGBAR_GEM_MMAP_OFFSET, &arg);

	*offset = arg.offset;
	return error;
}

int bigbar_move(int fd, uint32_t handle, uint32_t placement)
{
	struct drm_bigbar_gem_move move = { .handle = handle, .placement = placement };

	return call(fd, DRM_IOCTL_BIGBAR_GEM_MOVE, &move);
}

int bigbar_info(int fd, uint32_t handle, struct drm_bigbar_gem_info *info)
{
	*info = (struct drm_bigbar_gem_info){ .handle = handle };
	return call(fd, DRM_IOCTL_BIGBAR_GEM_INFO, info);
}

static int dirty(int fd, struct drm_bigbar_gem_dirty arg)
{
	return call(fd, DRM_IOCTL_BIGBAR_GEM_DIRTY, &arg);
}

int bigbar_dirty_start(int fd, uint32_t handle)
{
	return dirty(fd, (struct drm_bigbar_gem_dirty){
		.handle = handle,
		.op = DRM_BIGBAR_DIRTY_START_BY_BITS,
	});
}

int bigbar_dirty_start_by_faults(int fd, uint32_t handle)
{
	return dirty(fd, (struct drm_bigbar_gem_dirty){
		.handle = handle,
		.op = DRM_BIGBAR_DIRTY_START,
	});
}

int bigbar_dirty_stop(int fd, uint32_t handle)
{
	return dirty(fd, (struct drm_bigbar_gem_dirty){
		.handle = handle,
		.op = DRM_BIGBAR_DIRTY_STOP,
	});
}

int bigbar_dirty_take(int fd, uint32_t handle, uint64_t first_page, uint64_t pages,
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

/* Not by drmIoctl(), which would repeat the call after a signal. */
int bigbar_prefault(int fd, void *address, uint64_t length, uint64_t *done)
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

// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdlib.h>

#include "internal.h"

int bigbar_bo_create(struct bigbar_device *device, uint64_t size, uint32_t placement,
		     uint32_t flags, struct bigbar_bo **bo)
{
	struct drm_bigbar_gem_create create = {
		.size = size,
		.placement = placement,
		.flags = flags,
	};
	struct bigbar_bo *made = malloc(sizeof(*made));
	int error;

	if (!made)
		return -ENOMEM;
	error = libbigbar_call(device->fd, DRM_IOCTL_BIGBAR_GEM_CREATE, &create);
	if (error) {
		free(made);
		return error;
	}
	*made = (struct bigbar_bo){
		.device = device,
		.handle = create.handle,
		.size = create.size,
	};
	*bo = made;
	return 0;
}

int bigbar_bo_free(struct bigbar_bo *bo)
{
	int error = drmCloseBufferHandle(bo->device->fd, bo->handle) ? -errno : 0;

	free(bo);
	return error;
}

uint32_t bigbar_bo_handle(const struct bigbar_bo *bo)
{
	return bo->handle;
}

int bigbar_bo_query_info(const struct bigbar_bo *bo, struct bigbar_bo_info *info)
{
	struct drm_bigbar_gem_info arg = { .handle = bo->handle };
	int error = libbigbar_call(bo->device->fd, DRM_IOCTL_BIGBAR_GEM_INFO, &arg);

	if (error)
		return error;
	*info = (struct bigbar_bo_info){
		.size = arg.size,
		.alignment = arg.alignment,
		.placement = arg.placement,
		.flags = arg.flags,
	};
	return 0;
}

int bigbar_bo_mmap_offset(const struct bigbar_bo *bo, uint64_t *offset)
{
	struct drm_bigbar_gem_mmap_offset arg = { .handle = bo->handle };
	int error = libbigbar_call(bo->device->fd, DRM_IOCTL_BIGBAR_GEM_MMAP_OFFSET, &arg);

	if (!error)
		*offset = arg.offset;
	return error;
}

int bigbar_bo_move(const struct bigbar_bo *bo, uint32_t placement)
{
	struct drm_bigbar_gem_move arg = { .handle = bo->handle, .placement = placement };

	return libbigbar_call(bo->device->fd, DRM_IOCTL_BIGBAR_GEM_MOVE, &arg);
}

int bigbar_bo_export(const struct bigbar_bo *bo, int *fd)
{
	int exported;

	if (drmPrimeHandleToFD(bo->device->fd, bo->handle, DRM_CLOEXEC | DRM_RDWR, &exported))
		return -errno;
	*fd = exported;
	return 0;
}

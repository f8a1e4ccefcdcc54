// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdlib.h>

#include <qxl_drm.h>
#include <xf86drm.h>

#include "qxl.h"

#define STRIDE	32768

static struct bo with_offset(const struct device *device, uint32_t handle, uint64_t size)
{
	struct drm_qxl_map map = { .handle = handle };

	if (drmIoctl(device->fd, DRM_IOCTL_QXL_MAP, &map))
		err(EXIT_FAILURE, "cannot get the offset of a qxl BO");
	return (struct bo){
		.device = device,
		.handle = handle,
		.size = size,
		.offset = map.offset,
	};
}

/* A surface has a line more than it is asked for. */
struct bo create_surface(const struct device *device, uint64_t size)
{
	struct drm_qxl_alloc_surf surface = {
		.format = 32,
		.width = STRIDE / 4,
		.height = size / STRIDE - 1,
		.stride = STRIDE,
	};

	if (drmIoctl(device->fd, DRM_IOCTL_QXL_ALLOC_SURF, &surface))
		err(EXIT_FAILURE, "cannot make a qxl surface of %lu bytes", size);
	return with_offset(device, surface.handle, size);
}

struct bo create_framebuffer(const struct device *device, uint64_t size)
{
	struct drm_qxl_alloc alloc = { .size = size };

	if (drmIoctl(device->fd, DRM_IOCTL_QXL_ALLOC, &alloc))
		err(EXIT_FAILURE, "cannot make a qxl BO of %lu bytes", size);
	return with_offset(device, alloc.handle, size);
}

void destroy_qxl_bo(const struct bo *bo)
{
	if (drmCloseBufferHandle(bo->device->fd, bo->handle))
		err(EXIT_FAILURE, "cannot close a qxl BO");
}

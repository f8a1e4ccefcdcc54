// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdlib.h>

#include <qxl_drm.h>
#include <xf86drm.h>

#include "qxl.h"

#define STRIDE	32768

/* A surface has a line more than it is asked for. */
struct bo create_surface(const struct device *device, uint64_t size)
{
	struct drm_qxl_alloc_surf surface = {
		.format = 32,
		.width = STRIDE / 4,
		.height = size / STRIDE - 1,
		.stride = STRIDE,
	};
	struct drm_qxl_map map = {};

	if (drmIoctl(device->fd, DRM_IOCTL_QXL_ALLOC_SURF, &surface))
		err(EXIT_FAILURE, "cannot make a qxl surface of %lu bytes", size);
	map.handle = surface.handle;
	if (drmIoctl(device->fd, DRM_IOCTL_QXL_MAP, &map))
		err(EXIT_FAILURE, "cannot get the offset of a qxl surface");
	return (struct bo){
		.device = device,
		.handle = surface.handle,
		.size = size,
		.offset = map.offset,
	};
}

void destroy_surface(const struct bo *bo)
{
	if (drmCloseBufferHandle(bo->device->fd, bo->handle))
		err(EXIT_FAILURE, "cannot close a qxl surface");
}

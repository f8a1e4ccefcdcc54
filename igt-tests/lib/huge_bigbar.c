// SPDX-License-Identifier: MIT
/* The bigbar driver's row in the table of devices. */

#include <xf86drm.h>

#include "bigbar_ioctl.h"
#include "huge_device.h"

static uint32_t uapi_placement(enum huge_placement placement)
{
	return placement == HUGE_VRAM ? DRM_BIGBAR_PLACEMENT_VRAM : DRM_BIGBAR_PLACEMENT_SYSTEM;
}

static uint32_t uapi_flags(unsigned int flags)
{
	return (flags & HUGE_SYSTEM_WC ? DRM_BIGBAR_GEM_CREATE_SYSTEM_WC : 0) |
	       (flags & HUGE_CONTIGUOUS ? DRM_BIGBAR_GEM_CREATE_CONTIGUOUS : 0) |
	       (flags & HUGE_SINGLE_PAGES ? DRM_BIGBAR_GEM_CREATE_NO_HUGE : 0) |
	       (flags & HUGE_TRACKABLE ? DRM_BIGBAR_GEM_CREATE_TRACKABLE : 0);
}

static int row_vram(int fd, struct huge_vram *vram)
{
	struct drm_bigbar_device_info info;
	int error = bigbar_device_info(fd, &info);

	vram->size = info.vram_size;
	vram->used = info.vram_used;
	return error;
}

static int row_create(int fd, uint64_t size, enum huge_placement placement, unsigned int flags,
		      uint32_t *handle)
{
	return bigbar_create(fd, size, uapi_placement(placement), uapi_flags(flags), handle);
}

static int row_move(int fd, uint32_t handle, enum huge_placement placement)
{
	return bigbar_move(fd, handle, uapi_placement(placement));
}

static int row_info(int fd, uint32_t handle, struct huge_bo_info *info)
{
	struct drm_bigbar_gem_info arg;
	int error = bigbar_info(fd, handle, &arg);

	*info = (struct huge_bo_info){
		.size = arg.size,
		.alignment = arg.alignment,
	};
	return error;
}

static int row_placement(int fd, uint32_t handle, enum huge_placement *placement)
{
	struct drm_bigbar_gem_info arg;
	int error = bigbar_info(fd, handle, &arg);

	*placement = arg.placement == DRM_BIGBAR_PLACEMENT_VRAM ? HUGE_VRAM : HUGE_SYSTEM;
	return error;
}

const struct huge_device huge_bigbar = {
	.driver = "bigbar",
	.node_type = DRM_NODE_RENDER,
	.flags = HUGE_SYSTEM_WC | HUGE_CONTIGUOUS | HUGE_SINGLE_PAGES | HUGE_TRACKABLE,
	.largest = UINT64_MAX,
	.clears = true,
	.claims = true,
	.counts = true,
	.vram = row_vram,
	.create = row_create,
	.destroy = bigbar_destroy,
	.mmap_offset = bigbar_mmap_offset,
	.move = row_move,
	.info = row_info,
	.placement = row_placement,
	.dirty_start = bigbar_dirty_start,
	.dirty_stop = bigbar_dirty_stop,
	.dirty_take = bigbar_dirty_take,
	.prefault = bigbar_prefault,
};

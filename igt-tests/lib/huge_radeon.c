// SPDX-License-Identifier: MIT
/*
 * The radeon driver's row in the table of devices, for a radeon that uses ttm_huge. Its
 * VRAM is the part that the CPU sees. QEMU's device has no engine that moves buffer
 * objects.
 */

#include <errno.h>
#include <radeon_drm.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "gem.h"

/* Width and height of a cursor. */
#define CURSOR_PIXELS 64

static int radeon_vram(int fd, struct huge_vram *vram)
{
	uint64_t used;
	struct drm_radeon_info info = {
		.request = RADEON_INFO_VRAM_USAGE,
		.value = (uintptr_t)&used,
	};
	struct drm_radeon_gem_info memory = {};
	int error = gem_call(fd, DRM_IOCTL_RADEON_INFO, &info);

	if (!error)
		error = gem_call(fd, DRM_IOCTL_RADEON_GEM_INFO, &memory);
	*vram = (struct huge_vram){ .size = memory.vram_visible, .used = used };
	return error;
}

static int create_in(int fd, uint64_t size, uint32_t domain, uint32_t *handle)
{
	struct drm_radeon_gem_create create = { .size = size, .initial_domain = domain };
	int error = gem_call(fd, DRM_IOCTL_RADEON_GEM_CREATE, &create);

	*handle = error ? 0 : create.handle;
	return error;
}

static int create_in_vram(int fd, uint64_t size, uint32_t *handle)
{
	return create_in(fd, size, RADEON_GEM_DOMAIN_VRAM, handle);
}

static int radeon_create(int fd, uint64_t size, enum huge_placement placement,
			 unsigned int flags, uint32_t *handle)
{
	(void)flags;
	if (placement == HUGE_VRAM)
		return create_in_vram(fd, size, handle);
	return create_in(fd, size, RADEON_GEM_DOMAIN_CPU, handle);
}

static int radeon_mmap_offset(int fd, uint32_t handle, uint64_t *offset)
{
	struct drm_radeon_gem_mmap map = { .handle = handle };
	int error = gem_call(fd, DRM_IOCTL_RADEON_GEM_MMAP, &map);

	*offset = map.addr_ptr;
	return error;
}

static int radeon_placement(int fd, uint32_t handle, enum huge_placement *placement)
{
	struct drm_radeon_gem_busy busy = { .handle = handle };
	int error = gem_call(fd, DRM_IOCTL_RADEON_GEM_BUSY, &busy);

	*placement = busy.domain == RADEON_GEM_DOMAIN_VRAM ? HUGE_VRAM : HUGE_SYSTEM;
	return error;
}

static int set_cursor(int fd, uint32_t handle)
{
	drmModeResPtr resources = drmModeGetResources(fd);
	int error = ENODEV;

	if (resources && resources->count_crtcs)
		error = -drmModeSetCursor(fd, resources->crtcs[0], handle, CURSOR_PIXELS,
					  CURSOR_PIXELS);
	drmModeFreeResources(resources);
	return error;
}

/* No ioctl moves a buffer object into VRAM, but the cursor of a display has to be in VRAM. */
static int move_to_vram(int fd, uint32_t handle)
{
	int error = drmSetMaster(fd) ? errno : 0;

	if (error)
		return error;
	error = set_cursor(fd, handle) ?: set_cursor(fd, 0);
	drmDropMaster(fd);
	return error;
}

/* No ioctl moves a buffer object out of VRAM, but new ones that fill VRAM evict it. */
static int evict(int fd)
{
	return gem_fill(fd, radeon_vram, create_in_vram);
}

static int try_to_move(int fd, uint32_t handle, enum huge_placement placement)
{
	return placement == HUGE_VRAM ? move_to_vram(fd, handle) : evict(fd);
}

static int radeon_move(int fd, uint32_t handle, enum huge_placement placement)
{
	return gem_move(fd, handle, placement, try_to_move, radeon_placement);
}

const struct huge_device huge_radeon = {
	.driver = "radeon",
	/* Render nodes cannot set a cursor. */
	.node_type = DRM_NODE_PRIMARY,
	.flags = HUGE_CONTIGUOUS,
	/* A cursor has to lie in the first 128 MiB. */
	.largest = MIB(128),
	.kernel_bos = true,
	.vram = radeon_vram,
	.create = radeon_create,
	.destroy = gem_close,
	.mmap_offset = radeon_mmap_offset,
	.move = radeon_move,
	.info = gem_info,
	.placement = radeon_placement,
};

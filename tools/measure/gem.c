// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <amdgpu_drm.h>
#include <qxl_drm.h>
#include <radeon_drm.h>
#include <xf86drm.h>

#include "gem.h"
#include "measure.h"

#define QXL_STRIDE	32768

static struct bo qxl_bo(const struct device *device, uint32_t handle, uint64_t size)
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

/* qxl allocates one more line for a surface than it is asked for. */
struct bo create_qxl_surface(const struct device *device, uint64_t size)
{
	struct drm_qxl_alloc_surf surface = {
		.format = 32,
		.width = QXL_STRIDE / 4,
		.height = size / QXL_STRIDE - 1,
		.stride = QXL_STRIDE,
	};

	if (drmIoctl(device->fd, DRM_IOCTL_QXL_ALLOC_SURF, &surface))
		err(EXIT_FAILURE, "cannot make a qxl surface of %lu bytes", size);
	return qxl_bo(device, surface.handle, size);
}

struct bo create_qxl_framebuffer(const struct device *device, uint64_t size)
{
	struct drm_qxl_alloc alloc = { .size = size };

	if (drmIoctl(device->fd, DRM_IOCTL_QXL_ALLOC, &alloc))
		err(EXIT_FAILURE, "cannot make a qxl BO of %lu bytes", size);
	return qxl_bo(device, alloc.handle, size);
}

struct bo create_radeon_bo(const struct device *device, uint64_t size)
{
	struct drm_radeon_gem_create create = {
		.size = size,
		.initial_domain = RADEON_GEM_DOMAIN_VRAM,
	};
	struct drm_radeon_gem_mmap map = {};

	if (drmIoctl(device->fd, DRM_IOCTL_RADEON_GEM_CREATE, &create))
		err(EXIT_FAILURE, "cannot make a radeon BO of %lu bytes", size);
	map.handle = create.handle;
	if (drmIoctl(device->fd, DRM_IOCTL_RADEON_GEM_MMAP, &map))
		err(EXIT_FAILURE, "cannot get the offset of a radeon BO");
	return (struct bo){
		.device = device,
		.handle = create.handle,
		.size = create.size,
		.offset = map.addr_ptr,
	};
}

/* A fault would wait until it is cleared. */
static void await_amdgpu_bo(const struct device *device, uint32_t handle)
{
	union drm_amdgpu_gem_wait_idle wait = {
		.in = { .handle = handle, .timeout = INT64_MAX },
	};

	if (drmIoctl(device->fd, DRM_IOCTL_AMDGPU_GEM_WAIT_IDLE, &wait))
		err(EXIT_FAILURE, "cannot wait for an amdgpu BO");
}

static struct bo create_amdgpu_bo(const struct device *device, uint64_t size, uint32_t domain)
{
	union drm_amdgpu_gem_create create = {
		.in = {
			.bo_size = size,
			.domains = domain,
			.domain_flags = AMDGPU_GEM_CREATE_CPU_ACCESS_REQUIRED,
		},
	};
	union drm_amdgpu_gem_mmap map = {};

	if (drmIoctl(device->fd, DRM_IOCTL_AMDGPU_GEM_CREATE, &create))
		err(EXIT_FAILURE, "cannot make an amdgpu BO of %lu bytes", size);
	map.in.handle = create.out.handle;
	if (drmIoctl(device->fd, DRM_IOCTL_AMDGPU_GEM_MMAP, &map))
		err(EXIT_FAILURE, "cannot get the offset of an amdgpu BO");
	await_amdgpu_bo(device, create.out.handle);
	return (struct bo){
		.device = device,
		.handle = create.out.handle,
		.size = size,
		.offset = map.out.addr_ptr,
	};
}

struct bo create_amdgpu_vram_bo(const struct device *device, uint64_t size)
{
	return create_amdgpu_bo(device, size, AMDGPU_GEM_DOMAIN_VRAM);
}

struct bo create_amdgpu_gtt_bo(const struct device *device, uint64_t size)
{
	return create_amdgpu_bo(device, size, AMDGPU_GEM_DOMAIN_GTT);
}

void evict_amdgpu_vram(const struct device *device)
{
	char path[64], answer[32];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u/amdgpu_evict_vram", device->minor);
	fd = open_file(path, O_RDONLY);
	if (read(fd, answer, sizeof(answer)) < 0)
		err(EXIT_FAILURE, "cannot evict what is in VRAM by %s", path);
	close(fd);
}

void close_gem_bo(const struct bo *bo)
{
	if (drmCloseBufferHandle(bo->device->fd, bo->handle))
		err(EXIT_FAILURE, "cannot close a BO");
}

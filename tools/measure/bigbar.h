/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffer objects of the bigbar driver, and the module parameter of ttm_huge.
 * All functions end the program with a message if they fail.
 */
#ifndef BIGBAR_H
#define BIGBAR_H

#include <stdint.h>

#include "bigbar_ioctl.h"
#include "measure.h"

#define DRIVER_NAME "bigbar"

struct device {
	int fd;
	unsigned int minor;	/* of the primary node */
};

struct bo {
	const struct device *device;
	uint32_t handle;
	uint64_t size;
	uint64_t alignment;
	uint64_t offset;
};

struct device open_device(const char *driver);

struct bo create_bo(const struct device *device, uint64_t size,
		    uint32_t placement, uint32_t flags);
void destroy_bo(const struct bo *bo);
void move_bo(const struct bo *bo, uint32_t placement);
struct drm_bigbar_gem_info bo_info(const struct bo *bo);
uint64_t free_vram(const struct device *device);

/* Reads the module parameter, and restores it when the program ends, also by a signal. */
void find_max_level(void);
void set_max_level(const char *level);

#endif

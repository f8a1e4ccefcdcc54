/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffer objects of the bigbar driver, and the module parameter of ttm_huge.
 * All functions end the program with a message if they fail.
 */
#ifndef BIGBAR_H
#define BIGBAR_H

#include <stdint.h>

#include "libbigbar.h"
#include "measure.h"

#define DRIVER_NAME "bigbar"

/* What belongs to bigbar is NULL for other drivers. */
struct device {
	int fd;
	unsigned int minor;	/* of the primary node */
	struct bigbar_device *bigbar;
};

struct bo {
	const struct device *device;
	uint32_t handle;
	uint64_t size;
	uint64_t alignment;
	uint64_t offset;
	struct bigbar_bo *bigbar;
};

struct device open_device(const char *driver);
void close_device(const struct device *device);

struct bo create_bo(const struct device *device, uint64_t size,
		    uint32_t placement, uint32_t flags);
void destroy_bo(const struct bo *bo);
void move_bo(const struct bo *bo, uint32_t placement);
uint64_t free_vram(const struct device *device);

/*
 * Reserves addresses, which MAP_FIXED may replace, that begin @shift bytes past a multiple of
 * @alignment.
 */
uint64_t *reserve_addresses(uint64_t size, uint64_t alignment, uint64_t shift);

/* Reads the module parameter, and restores it when the program ends, also by a signal. */
void find_max_level(void);
void set_max_level(const char *level);

#endif

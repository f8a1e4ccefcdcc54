/* SPDX-License-Identifier: MIT */
/*
 * For rows in the table of devices: does by ioctls that all drivers have what a driver's
 * own ioctls cannot do. Functions return 0 or an errno value.
 */
#ifndef GEM_H
#define GEM_H

#include <stdint.h>

#include "huge_device.h"

int gem_call(int fd, unsigned long request, void *argument);
int gem_close(int fd, uint32_t handle);
/* As a dma-buf that can be written to. */
int gem_export(int fd, uint32_t handle, int *dma_buf);
/*
 * The size, by a dma-buf; and the alignment that ttm_huge gives a buffer object of this size.
 */
int gem_info(int fd, uint32_t handle, struct huge_bo_info *info);

/*
 * Evicts what is in VRAM: creates more buffer objects than fit into it, destroys them, and
 * waits until the kernel has freed them. Returns EBUSY if it does not.
 */
typedef int (*gem_vram)(int fd, struct huge_vram *vram);
typedef int (*gem_create)(int fd, uint64_t size, uint32_t *handle);
int gem_fill(int fd, gem_vram vram_of, gem_create create);

/*
 * Moves a buffer object until it is there: an eviction passes over what is reserved at the
 * time, by a fault for example. Returns EBUSY if it never gets there.
 */
typedef int (*gem_try_move)(int fd, uint32_t handle, enum huge_placement placement);
typedef int (*gem_placement)(int fd, uint32_t handle, enum huge_placement *placement);
int gem_move(int fd, uint32_t handle, enum huge_placement placement, gem_try_move try_to_move,
	     gem_placement placement_of);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * For rows in the table of devices: what a driver's own ioctls do not tell or do, by those
 * that all drivers have. Functions return 0 or an errno value.
 */
#ifndef GEM_H
#define GEM_H

#include <stdint.h>

#include "huge_device.h"

int gem_call(int fd, unsigned long request, void *argument);
int gem_close(int fd, uint32_t handle);
/*
 * Size, by a dma-buf; the alignment that ttm_huge gives what is that large; and the entries
 * of its mappings in this process.
 */
int gem_info(int fd, uint32_t handle, uint64_t offset, struct huge_bo_info *info);

/*
 * Makes as many buffer objects as do not fit into so many bytes of VRAM together with what
 * was there before, which goes first, and destroys them.
 */
typedef int (*gem_create)(int fd, uint64_t size, uint32_t *handle);
int gem_fill(int fd, uint64_t vram, gem_create create);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The ioctls of bigbar as functions. Each returns 0 or an errno value. Results that the driver
 * does not fill in are 0. Placements and flags are those of bigbar_drm.h. The tests do not use
 * libbigbar: what it does for programs, such as going on after a signal, is for tests to see.
 */
#ifndef BIGBAR_IOCTL_H
#define BIGBAR_IOCTL_H

#include <stdint.h>

#include "bigbar_drm.h"

int bigbar_device_info(int fd, struct drm_bigbar_device_info *info);
int bigbar_create(int fd, uint64_t size, uint32_t placement, uint32_t flags, uint32_t *handle);
int bigbar_destroy(int fd, uint32_t handle);
int bigbar_mmap_offset(int fd, uint32_t handle, uint64_t *offset);
int bigbar_move(int fd, uint32_t handle, uint32_t placement);
int bigbar_info(int fd, uint32_t handle, struct drm_bigbar_gem_info *info);
/* Dense writes by the CPU's dirty bits, or each page by a fault. */
int bigbar_dirty_start(int fd, uint32_t handle);
int bigbar_dirty_start_by_faults(int fd, uint32_t handle);
int bigbar_dirty_stop(int fd, uint32_t handle);
/* The bitmap has a bit for each page, the first for first_page. */
int bigbar_dirty_take(int fd, uint32_t handle, uint64_t first_page, uint64_t pages,
		      uint64_t *bitmap);
/* Continues after the first *done bytes; sets *done also on error. Not repeated after a signal. */
int bigbar_prefault(int fd, void *address, uint64_t length, uint64_t *done);

#endif

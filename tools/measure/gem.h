/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffer objects in VRAM of the kernel's own drivers, each by its ioctls. Everything ends
 * the program with a message if it fails.
 */
#ifndef GEM_H
#define GEM_H

#include <stdint.h>

#include "bigbar.h"

/*
 * Of qxl: surfaces, which it has in its large BAR, and others in the small one, where
 * framebuffers are. @size is what it takes of VRAM, of surfaces in whole lines of 32 KiB.
 */
struct bo create_qxl_surface(const struct device *device, uint64_t size);
struct bo create_qxl_framebuffer(const struct device *device, uint64_t size);

struct bo create_radeon_bo(const struct device *device, uint64_t size);

/* Of any driver. */
void close_gem_bo(const struct bo *bo);

#endif

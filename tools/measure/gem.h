/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffer objects in VRAM of the kernel's own drivers, by their ioctls. All functions end the
 * program with a message if they fail.
 */
#ifndef GEM_H
#define GEM_H

#include <stdint.h>

#include "bigbar.h"

/*
 * qxl has surfaces in its large BAR, and other buffer objects, such as framebuffers, in the
 * small one. @size is what the buffer object takes of VRAM; for a surface, it is a multiple of
 * the line of 32 KiB.
 */
struct bo create_qxl_surface(const struct device *device, uint64_t size);
struct bo create_qxl_framebuffer(const struct device *device, uint64_t size);

struct bo create_radeon_bo(const struct device *device, uint64_t size);

/* amdgpu has them in system memory, too, which its GART shows to the GPU. */
struct bo create_amdgpu_vram_bo(const struct device *device, uint64_t size);
struct bo create_amdgpu_gtt_bo(const struct device *device, uint64_t size);

/* Moves all buffer objects out of VRAM. */
void evict_amdgpu_vram(const struct device *device);

/* For buffer objects of any driver. */
void close_gem_bo(const struct bo *bo);

#endif

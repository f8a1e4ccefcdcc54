/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffer objects of qxl: surfaces, which it has in its large BAR, and others in the small
 * one, where framebuffers are. Everything ends the program with a message if it fails.
 */
#ifndef QXL_H
#define QXL_H

#include <stdint.h>

#include "bigbar.h"

/* @size is what it takes of VRAM, in whole lines of 32 KiB. */
struct bo create_surface(const struct device *device, uint64_t size);
struct bo create_framebuffer(const struct device *device, uint64_t size);
void destroy_qxl_bo(const struct bo *bo);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VRAM in which no free block is larger than a chosen size.
 */
#ifndef SCATTER_H
#define SCATTER_H

#include "measure/bigbar.h"

/* Leaves @total bytes of VRAM free, in blocks of @block bytes. */
void scatter_vram(const struct device *device, uint64_t total, uint64_t block);
/* Frees the VRAM that scatter_vram() took. */
void gather_vram(void);

#endif

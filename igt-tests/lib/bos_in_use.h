/* SPDX-License-Identifier: MIT */
/*
 * How many buffer objects TTM counts, for all its devices: those that are destroyed count
 * until they are freed. 0 if no device uses TTM, or if its file cannot be read.
 */
#ifndef BOS_IN_USE_H
#define BOS_IN_USE_H

#include <stdint.h>

#define BUFFER_OBJECTS "/sys/kernel/debug/ttm/buffer_objects"

uint64_t bos_in_use(void);

#endif

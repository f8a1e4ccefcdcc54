/* SPDX-License-Identifier: MIT */
/* The system's memory in bytes, by /proc/meminfo and /proc/zoneinfo. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

/* One of its lines, by name. */
uint64_t memory_line(const char *name);
/* Free memory past the first 4 GiB. */
uint64_t memory_free_behind_4g(void);
/* Allocated memory that no line of /proc/meminfo accounts for, such as that of drivers. */
uint64_t memory_unaccounted(void);
/* What the kernel has allocated for itself, by kmalloc() or vmalloc(), and cannot reclaim. */
uint64_t memory_of_kernel(void);
/* Fills and frees pages, which are not zero then and the first to be used again. */
void memory_make_dirty(uint64_t length);

#endif

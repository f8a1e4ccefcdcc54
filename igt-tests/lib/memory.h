/* SPDX-License-Identifier: MIT */
/* The system's memory, by /proc/meminfo: bytes. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

/* One of its lines, by name. */
uint64_t memory_line(const char *name);
/* Free, and behind all that an address of 32 bits can reach. */
uint64_t memory_free_behind_4g(void);
/* Pages that are allocated, and that no line says the use of: what drivers have. */
uint64_t memory_unaccounted(void);
/* Leaves pages behind that are free and not zero, the first that are used again. */
void memory_make_dirty(uint64_t length);

#endif

/* SPDX-License-Identifier: MIT */
/* A control group of the test's own, to see which memory is charged to it. Needs root. */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdint.h>

/* Skips if control groups have no controller of this name: "memory" or "dmem". */
void cgroup_make(const char *controller);
/* Must be called when no process is in it any more; does nothing if there is no such group. */
void cgroup_remove(void);

/* Moves the calling process into it. */
void cgroup_enter(void);
/* The bytes that are charged to it. Each CPU has some memory charged ahead of use. */
uint64_t cgroup_memory(void);

/* The size of a region of the controller dmem, for all control groups together. */
uint64_t cgroup_dmem_capacity(const char *region);
/* How much of the region is charged to the group. */
uint64_t cgroup_dmem(const char *region);
/* Sets the most that may be. */
void cgroup_limit_dmem(const char *region, uint64_t bytes);

#endif

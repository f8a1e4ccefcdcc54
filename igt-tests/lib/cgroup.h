/* SPDX-License-Identifier: MIT */
/* A control group of the test's own, to see which memory is charged to it. Needs root. */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdint.h>

/* Skips if no control group has memory charged to it. */
void cgroup_make(void);
/* Must be called when no process is in it any more; does nothing if there is no such group. */
void cgroup_remove(void);

/* Moves the calling process into it. */
void cgroup_enter(void);
/* The bytes that are charged to it. Each CPU has some memory charged ahead of use. */
uint64_t cgroup_memory(void);

#endif

/* SPDX-License-Identifier: MIT */
/* A control group of the test's own, to see what memory is charged to whom. Needs root. */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdint.h>

/* Skips if no control group has memory charged to it. */
void cgroup_make(void);
/* When nobody is in it any more; does nothing if there is none. */
void cgroup_remove(void);

/* The calling process is in it from now on. */
void cgroup_enter(void);
/* What is charged to it, in bytes. Each CPU has some charged ahead of use. */
uint64_t cgroup_memory(void);

#endif

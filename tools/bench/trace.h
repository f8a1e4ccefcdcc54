/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measures how long a function of the kernel takes, by the function graph tracer.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

/* False if the kernel has no such tracer or function. */
bool trace_begin(const char *function);
/* Ends the tracing; returns how many ns the longest call took. */
uint64_t trace_end(void);

#endif

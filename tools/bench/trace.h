/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long one function of the kernel took, by the function graph tracer.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

/* False if the kernel has no such tracer or function. */
bool trace_begin(const char *function);
/* Nanoseconds that the longest call took since; ends the tracing. */
uint64_t trace_end(void);

#endif

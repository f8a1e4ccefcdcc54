/* SPDX-License-Identifier: MIT */
/*
 * What the driver says about its faults: the reasons why they set no larger
 * entries, by the device's counters and by the tracepoint. Needs root.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdint.h>

/* Faults with this reason since the device was set up; NULL for all reasons. */
uint64_t reason_count(int fd, const char *reason);

/*
 * Traces one event, "system/event", of the calling thread from now on. There is
 * one trace at a time, with a buffer of its own.
 */
void trace_start(const char *event);
/* Lines of the trace that contain a text. */
uint64_t trace_count(const char *text);
void trace_stop(void);

#endif

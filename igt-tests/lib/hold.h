/* SPDX-License-Identifier: MIT */
/* A buffer object that is held as if it were being moved, or were another device's. */
#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>

/*
 * All holds are on the buffer object that is mapped at an address of this process, and
 * require the module bo_holder. hold_reservation() takes its reservation. hold_fence() adds
 * a fence to it, with a usage of the kernel's reservations: "kernel", which is the usage of
 * moves, "write", "read" or "bookkeep". hold_imported() makes its pages, in system memory,
 * look like those that another device has exported, which can be mapped or not. With
 * hold_caching() its driver asks TTM for entries that are "cached" or "uncached", although
 * it is in VRAM. With hold_place() its driver tells only page by page where VRAM is, or that
 * a buffer object is contiguous, like drivers that have no callbacks for ttm_huge.
 *
 * A buffer object can be held in two ways at a time, with hold_imported() first: is_held()
 * and release_hold() are about the last one. A hold ends with release_hold(), or 20 s after
 * it began: then the code that waited for it goes on, and is_held() is false. Clean-ups
 * call release_all_holds().
 */
void hold_reservation(const void *address);
void hold_fence(const void *address, const char *usage);
void hold_imported(const void *address, bool mappable);
void hold_caching(const void *address, const char *caching);
void hold_place(const void *address, bool contiguous);
bool is_held(void);
void release_hold(void);
void release_all_holds(void);

/* For a call that cannot end while the hold lasts: releases it when the call sleeps. */
void assert_waits_for_hold(void (*call)(void *argument), void *argument);
/* For a call that does not wait: the hold still lasts after it. Releases it. */
void assert_ignores_hold(void (*call)(void *argument), void *argument);

#endif

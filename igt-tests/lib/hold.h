/* SPDX-License-Identifier: MIT */
/* A buffer object that is held as if it were being moved, or another device's. */
#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>

/*
 * All are about the buffer object that is mapped at an address of this process, one at
 * a time, and require a module for it. The first takes its reservation; the second has
 * it wait for a fence, which has a usage as the kernel's reservations have it: "kernel",
 * which is that of moves, "write", "read" or "bookkeep"; with the third its pages, in
 * system memory, are those that another device has exported, which can be mapped or not;
 * with the fourth its driver asks TTM for cached entries, though it is in VRAM.
 * release_hold(), which clean-ups call, ends it, and 20 s in any case: then whatever
 * waited for it goes on, and is_held() tells.
 */
void hold_reservation(const void *address);
void hold_fence(const void *address, const char *usage);
void hold_imported(const void *address, bool mappable);
void hold_cached(const void *address);
bool is_held(void);
void release_hold(void);

/* Of a call that cannot end while it is held: lets go when it sleeps. */
void assert_waits_for_hold(void (*call)(void *argument), void *argument);
/* Of one that does not wait: it is held still. */
void assert_ignores_hold(void (*call)(void *argument), void *argument);

#endif

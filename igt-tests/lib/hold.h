/* SPDX-License-Identifier: MIT */
/* A buffer object that is held as if it were being moved, or another device's. */
#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>

/*
 * All are about the buffer object that is mapped at an address of this process, and
 * require a module for it. The first takes its reservation; the second has it wait for a
 * fence, which has a usage as the kernel's reservations have it: "kernel", which is that
 * of moves, "write", "read" or "bookkeep"; with the third its pages, in system memory, are
 * those that another device has exported, which can be mapped or not; with the fourth its
 * driver asks TTM for entries that are "cached" or "uncached", though it is in VRAM. It
 * can be held in two ways at a time, the third first: the other calls are about the last.
 * release_hold() ends that, and 20 s in any case: then whatever waited for it goes on, and
 * is_held() tells. Clean-ups call release_all_holds().
 */
void hold_reservation(const void *address);
void hold_fence(const void *address, const char *usage);
void hold_imported(const void *address, bool mappable);
void hold_caching(const void *address, const char *caching);
bool is_held(void);
void release_hold(void);
void release_all_holds(void);

/* Of a call that cannot end while it is held: lets go when it sleeps. */
void assert_waits_for_hold(void (*call)(void *argument), void *argument);
/* Of one that does not wait: it is held still. */
void assert_ignores_hold(void (*call)(void *argument), void *argument);

#endif

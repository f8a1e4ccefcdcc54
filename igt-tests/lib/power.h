/* SPDX-License-Identifier: MIT */
/*
 * Puts the system to sleep, by the kernel's own tests of that or in earnest. Needs root, and the
 * module vram_loser.
 */
#ifndef POWER_H
#define POWER_H

#include "huge_device.h"

/*
 * Once in a program, in its first fixture. Skips where the kernel cannot sleep, has no tests of
 * it, or the module is not loaded.
 */
void power_save(void);
/* For clean-ups: nothing is lost any more in a sleep. */
void power_restore(void);

/*
 * The memory that this process has mapped of a buffer object is overwritten each time that the
 * device sleeps, if that is VRAM. Returns how many bytes that is.
 */
uint64_t power_lose_vram_of(const struct huge_bo *bo);
/* How many bytes were overwritten, since power_lose_vram_of() was called first. */
uint64_t power_lost(void);

/*
 * "mem", "freeze" or "disk"; and how far the kernel goes, in the words of
 * /sys/power/pm_test: "freezer", "devices" or "platform", for a second, or "none" to sleep in
 * earnest. Returns 0 when the system is awake again, or an errno value. Skips for "disk" where
 * the kernel does not hibernate.
 */
int power_sleep(const char *state, const char *level);
/* Wakes the system so long after its devices were suspended next. */
void power_wake_after(unsigned int seconds);

#endif

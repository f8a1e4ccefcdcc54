/* SPDX-License-Identifier: MIT */
/*
 * Allocations of the kernel that fail on purpose, for the calling thread alone.
 * Needs root, and a kernel with CONFIG_FAULT_INJECTION_DEBUG_FS, CONFIG_FAILSLAB and
 * CONFIG_FAIL_PAGE_ALLOC; skips without. What it sets is put back by
 * injection_end(), or at the latest when the program ends.
 */
#ifndef INJECTION_H
#define INJECTION_H

#include <stdbool.h>

void injection_begin(void);
void injection_end(void);
/*
 * No single page fails any more: for calls that get VRAM. What the buddy allocator
 * of the kernel allocates must not fail, and it may need a page for it.
 */
void injection_spare_pages(void);

/* Skips if copies of user memory cannot fail: the only thing that can in some calls. */
void injection_require_copies(void);

/*
 * The nth allocation from now on fails; or the nth of allocations and copies of user
 * memory, on a kernel with CONFIG_FAULT_INJECTION_USERCOPY.
 */
void injection_arm(unsigned int nth);
/* Whether it has; no other fails from now on. */
bool injection_disarm(void);

/*
 * Of each hundred allocations so many fail in all threads that have asked for it:
 * in this one, and in its children, from now on or no more.
 */
void injection_set_percent(unsigned int percent);
void injection_let_fail(bool fail);

#endif

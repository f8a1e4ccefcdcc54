/* SPDX-License-Identifier: MIT */
/*
 * Allocations of the kernel that fail on purpose, for the calling thread alone.
 * Needs root, and a kernel with CONFIG_FAULT_INJECTION_DEBUG_FS, CONFIG_FAILSLAB and
 * CONFIG_FAIL_PAGE_ALLOC; skips without. The settings are restored by injection_end(), or
 * at the latest when the program ends.
 */
#ifndef INJECTION_H
#define INJECTION_H

#include <stdbool.h>

void injection_begin(void);
void injection_end(void);
/*
 * Allocations of single pages do not fail any more: for calls that allocate VRAM.
 * Allocations of the kernel's buddy allocator must not fail, and may need a page.
 */
void injection_spare_pages(void);

/*
 * Allocations do not fail any more, except those from this cache of the slab allocator, until
 * injection_end().
 */
void injection_narrow_to(const char *cache);

/* Skips if copies of user memory cannot fail: in some calls nothing else can. */
void injection_require_copies(void);

/*
 * The nth allocation from now on fails; or the nth of allocations and copies of user
 * memory, on a kernel with CONFIG_FAULT_INJECTION_USERCOPY.
 */
void injection_arm(unsigned int nth);
/* Returns whether it has failed; no allocation fails from now on. */
bool injection_disarm(void);

/*
 * The percentage of allocations that fail, in threads for which injection_let_fail() has
 * turned this on: in the calling thread, and in its children.
 */
void injection_set_percent(unsigned int percent);
void injection_let_fail(bool fail);

/*
 * The next allocations of the calling thread fail, as many as @count, and then no more: a
 * single one has no effect on code that tries again. Only after injection_narrow_to(),
 * because pages are not counted.
 */
void injection_begin_row(unsigned int count);
/* Returns how many of them have not been tried; no allocation fails from now on. */
unsigned int injection_end_row(void);

#endif

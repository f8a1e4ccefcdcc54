// SPDX-License-Identifier: GPL-2.0-only
/* Whether the allocator of VRAM checks who holds its lock. */
#if defined(FORM_PRESENT)
#include <linux/gpu_buddy.h>

void probe(struct gpu_buddy *buddy, struct mutex *lock)
{
	gpu_buddy_driver_set_lock(buddy, lock);
}
#elif defined(FORM_ABSENT)
#if __has_include(<linux/gpu_buddy.h>)
#include <linux/gpu_buddy.h>
#endif
#ifdef gpu_buddy_driver_set_lock
#error
#endif
#endif

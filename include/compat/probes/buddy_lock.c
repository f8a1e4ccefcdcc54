// SPDX-License-Identifier: GPL-2.0-only
/* Whether the allocator of VRAM checks that its lock is held. */
#include <linux/gpu_buddy.h>

#if defined(FORM_PRESENT)
void probe(struct gpu_buddy *buddy, struct mutex *lock)
{
	gpu_buddy_driver_set_lock(buddy, lock);
}
#elif defined(FORM_ABSENT)
#ifdef gpu_buddy_driver_set_lock
#error
#endif
#endif

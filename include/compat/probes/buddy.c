// SPDX-License-Identifier: GPL-2.0-only
/* The allocator of VRAM. */
#if defined(FORM_GPU_BUDDY)
#include <linux/gpu_buddy.h>

void probe(struct gpu_buddy *buddy, struct list_head *list)
{
	gpu_buddy_alloc_blocks(buddy, 0, buddy->avail, 1, 1, list,
			       GPU_BUDDY_CONTIGUOUS_ALLOCATION);
	gpu_buddy_free_list(buddy, list, 0);
}
#elif defined(FORM_DRM_BUDDY)
#include <drm/drm_buddy.h>

char DRM_BUDDY_CONTIGUOUS_ALLOCATION;

void probe(struct drm_buddy *buddy, struct list_head *list)
{
	drm_buddy_alloc_blocks(buddy, 0, buddy->avail, 1, 1, list, 0);
	drm_buddy_block_trim(buddy, 1, list);
	drm_buddy_free_list(buddy, list);
}
#endif

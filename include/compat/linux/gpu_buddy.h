/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For kernels whose buddy allocator is still DRM's; compat.h gives it its new name.
 */
#include <drm/drm_buddy.h>

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the buddy allocator still is DRM's, compat.h gives it its new name.
 */
#include <drm/drm_buddy.h>

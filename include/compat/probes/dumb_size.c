// SPDX-License-Identifier: GPL-2.0-only
/* Whether DRM calculates the size of a dumb buffer. */
#include <drm/drm_dumb_buffers.h>

#if defined(FORM_PRESENT)
int probe(struct drm_device *drm, struct drm_mode_create_dumb *args)
{
	return drm_mode_size_dumb(drm, args, 64, 0);
}
#elif defined(FORM_ABSENT)
char drm_mode_size_dumb;
#endif

// SPDX-License-Identifier: GPL-2.0-only
/* Whether a driver says that it can tell which buffer objects are active. */
#include <drm/drm_gem.h>

#if defined(FORM_PRESENT)
int probe = DRM_GEM_OBJECT_ACTIVE;
#elif defined(FORM_ABSENT)
char DRM_GEM_OBJECT_ACTIVE;
#endif

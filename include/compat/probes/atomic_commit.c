// SPDX-License-Identifier: GPL-2.0-only
/* What the states of a change of the display are in. */
#include <drm/drm_atomic.h>

#if defined(FORM_COMMIT)
size_t probe = sizeof(struct drm_atomic_commit);
#elif defined(FORM_STATE)
size_t probe = sizeof(struct drm_atomic_state);
#endif

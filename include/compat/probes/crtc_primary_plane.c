// SPDX-License-Identifier: GPL-2.0-only
/* How a driver checks that a CRTC has its primary plane. */
#include <drm/drm_atomic_helper.h>

#if defined(FORM_BY_NAME)
int probe(struct drm_crtc_state *state)
{
	return drm_atomic_helper_check_crtc_primary_plane(state);
}
#elif defined(FORM_BY_STATE)
int probe(struct drm_crtc_state *state)
{
	return drm_atomic_helper_check_crtc_state(state, false);
}
#endif

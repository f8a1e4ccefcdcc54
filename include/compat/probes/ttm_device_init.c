// SPDX-License-Identifier: GPL-2.0-only
/* How TTM is told where to allocate. */
#include <drm/ttm/ttm_device.h>

#if defined(FORM_FLAGS)
int probe(struct ttm_device *ttm)
{
	return ttm_device_init(ttm, NULL, NULL, NULL, NULL, 0);
}
#elif defined(FORM_BOOLEANS)
int probe(struct ttm_device *ttm)
{
	return ttm_device_init(ttm, NULL, NULL, NULL, NULL, false, false);
}
#endif

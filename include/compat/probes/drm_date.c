// SPDX-License-Identifier: GPL-2.0-only
/* Whether a DRM driver has a date. */
#include <drm/drm_drv.h>

#if defined(FORM_ABSENT)
/* With -fms-extensions the members of struct drm_driver become members of this. */
struct probe {
	struct drm_driver;
	char date;
};
#elif defined(FORM_PRESENT)
const char *probe(struct drm_driver *driver)
{
	return driver->date;
}
#endif

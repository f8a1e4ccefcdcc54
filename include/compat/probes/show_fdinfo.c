// SPDX-License-Identifier: GPL-2.0-only
/* Whether DRM tells what a client uses. */
#include <drm/drm_drv.h>
#include <drm/drm_file.h>

#if defined(FORM_PRESENT)
void *probe(const struct drm_driver *driver)
{
	return driver->show_fdinfo ? drm_show_fdinfo : NULL;
}
#elif defined(FORM_ABSENT)
void drm_show_fdinfo(char *name)
{
}
#endif

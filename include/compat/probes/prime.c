// SPDX-License-Identifier: GPL-2.0-only
/* Whether a DRM driver exports and imports dma-bufs without asking for it. */
#include <drm/drm_drv.h>

#if defined(FORM_DEFAULT)
/* With -fms-extensions the members of struct drm_driver become members of this. */
struct probe {
	struct drm_driver;
	char gem_prime_mmap;
};
#elif defined(FORM_ASKED)
bool probe(const struct drm_driver *driver)
{
	return driver->gem_prime_mmap;
}
#endif

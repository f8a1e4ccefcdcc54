// SPDX-License-Identifier: GPL-2.0-only
/* How the memory of a DRM device is made known to the dmem cgroup controller. */
#include <drm/drm_drv.h>

#if defined(FORM_INIT)
#include <linux/cgroup_dmem.h>

void *probe(struct drm_device *drm, const struct dmem_cgroup_init *init)
{
	return init->size ? drmm_cgroup_register_region(drm, "", init) : NULL;
}
#elif defined(FORM_SIZE)
void *probe(struct drm_device *drm)
{
	return drmm_cgroup_register_region(drm, "", 1ULL);
}
#elif defined(FORM_ABSENT)
char drmm_cgroup_register_region;
#endif

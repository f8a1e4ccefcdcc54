// SPDX-License-Identifier: GPL-2.0-only
/* What tells whether a GEM object is imported from another device. */
#include <drm/drm_gem.h>

#if defined(FORM_PRESENT)
bool probe(struct drm_gem_object *obj)
{
	return drm_gem_is_imported(obj);
}
#elif defined(FORM_ABSENT)
char drm_gem_is_imported;
char probe(struct drm_gem_object *obj)
{
	return !obj->import_attach;
}
#endif

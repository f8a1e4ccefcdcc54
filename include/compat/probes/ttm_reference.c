// SPDX-License-Identifier: GPL-2.0-only
/* Which reference count a mapping holds. */
#include <drm/ttm/ttm_bo.h>

#if defined(FORM_GEM)
char ttm_bo_get;
#elif defined(FORM_TTM)
void probe(struct ttm_buffer_object *bo)
{
	ttm_bo_get(bo);
	ttm_bo_put(bo);
}
#endif

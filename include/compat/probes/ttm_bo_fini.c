// SPDX-License-Identifier: GPL-2.0-only
/* What hands a buffer object back to TTM. */
#include <drm/ttm/ttm_bo.h>

#if defined(FORM_FINI)
void probe(struct ttm_buffer_object *bo)
{
	ttm_bo_fini(bo);
}
#elif defined(FORM_PUT)
char ttm_bo_fini;

void probe(struct ttm_buffer_object *bo)
{
	ttm_bo_put(bo);
}
#endif

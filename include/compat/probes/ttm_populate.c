// SPDX-License-Identifier: GPL-2.0-only
/* What allocates the pages of a buffer object. */
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_tt.h>

#if defined(FORM_BO)
int probe(struct ttm_buffer_object *bo, struct ttm_operation_ctx *ctx)
{
	return ttm_bo_populate(bo, ctx);
}
#elif defined(FORM_TT)
char ttm_bo_populate;

int probe(struct ttm_buffer_object *bo, struct ttm_operation_ctx *ctx)
{
	return ttm_tt_populate(bo->bdev, bo->ttm, ctx);
}
#endif

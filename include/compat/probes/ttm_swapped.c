// SPDX-License-Identifier: GPL-2.0-only
/* What tells whether the pages of a buffer object are swapped out. */
#include <drm/ttm/ttm_tt.h>

#if defined(FORM_FUNCTION)
bool probe(struct ttm_tt *tt)
{
	return ttm_tt_is_swapped(tt);
}
#elif defined(FORM_FLAG)
char ttm_tt_is_swapped;

bool probe(struct ttm_tt *tt)
{
	return tt->page_flags & TTM_TT_FLAG_SWAPPED;
}
#endif

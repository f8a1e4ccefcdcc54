// SPDX-License-Identifier: GPL-2.0-only
/* How TTM is told where to put a buffer object if there is no room. */
#include <drm/ttm/ttm_placement.h>

#if defined(FORM_FLAGS)
int probe[] = { TTM_PL_FLAG_DESIRED, TTM_PL_FLAG_FALLBACK };
#elif defined(FORM_BUSY_LIST)
char TTM_PL_FLAG_DESIRED, TTM_PL_FLAG_FALLBACK;
const struct ttm_placement probe = { .num_busy_placement = 0 };
#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For kernels whose TTM still has two headers for this.
 */
#include <drm/ttm/ttm_bo_api.h>
#include <drm/ttm/ttm_bo_driver.h>

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _USER_DRM_TTM_TTM_BO_H_
#define _USER_DRM_TTM_TTM_BO_H_

#include <linux/types.h>

struct dma_resv;
struct sg_table;
struct ttm_buffer_object;
struct ttm_operation_ctx;
struct ttm_placement;

enum ttm_bo_type {
	ttm_bo_type_device
};

#endif

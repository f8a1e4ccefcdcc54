/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _USER_DRM_TTM_TTM_DEVICE_H_
#define _USER_DRM_TTM_TTM_DEVICE_H_

#define TTM_NUM_MEM_TYPES 1

struct ttm_resource_manager;

struct ttm_resource_manager_func {
	void *alloc;
};

struct ttm_device {
	void *funcs;
};

#endif

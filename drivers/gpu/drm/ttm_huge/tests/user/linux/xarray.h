/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _USER_LINUX_XARRAY_H_
#define _USER_LINUX_XARRAY_H_

struct xarray {
	void *head;
};

#endif

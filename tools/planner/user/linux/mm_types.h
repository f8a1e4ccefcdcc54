/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _USER_LINUX_MM_TYPES_H_
#define _USER_LINUX_MM_TYPES_H_

struct vm_area_struct;

#define vm_fault_t unsigned int

#endif

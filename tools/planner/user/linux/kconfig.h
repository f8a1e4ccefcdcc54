/* SPDX-License-Identifier: GPL-2.0-only */
/* In user space no option is set. */
#ifndef _USER_LINUX_KCONFIG_H_
#define _USER_LINUX_KCONFIG_H_

#define IS_ENABLED(CONFIG_option) 0

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* No option is set in user space. */
#ifndef _USER_LINUX_KCONFIG_H_
#define _USER_LINUX_KCONFIG_H_

#define IS_ENABLED(CONFIG_option) 0

#endif

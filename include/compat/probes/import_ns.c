// SPDX-License-Identifier: GPL-2.0-only
/* How a module names the symbols' namespace that it imports. */
#include <linux/module.h>

#undef MODULE_INFO
#define MODULE_INFO(tag, info) static const char tag[] = info

#if defined(FORM_QUOTED)
MODULE_IMPORT_NS("NS");
static_assert(sizeof(import_ns) == sizeof("NS"));
#elif defined(FORM_BARE)
MODULE_IMPORT_NS(NS);
static_assert(sizeof(import_ns) == sizeof("NS"));
#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_KUNIT_VISIBILITY_H_
#define _COMPAT_KUNIT_VISIBILITY_H_

/* A kernel whose KUnit has no such header: nothing is exported for tests. */
#define EXPORT_SYMBOL_IF_KUNIT(symbol)

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _USER_KUNIT_VISIBILITY_H_
#define _USER_KUNIT_VISIBILITY_H_

/* There is no module to export to. */
#define EXPORT_SYMBOL_IF_KUNIT(symbol) _Static_assert(1, #symbol)

#endif

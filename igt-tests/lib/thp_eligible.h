/* SPDX-License-Identifier: MIT */
/* What the core of the kernel says about huge entries, before it asks any driver. */
#ifndef THP_ELIGIBLE_H
#define THP_ELIGIBLE_H

#include <stdbool.h>

/*
 * Whether the core asks the driver for huge entries of the mapping that begins at the
 * address, by THPeligible in smaps. To be called before the mapping has entries: reading
 * smaps splits PUD entries.
 */
bool thp_eligible(const void *address);

#endif

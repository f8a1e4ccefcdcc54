/* SPDX-License-Identifier: MIT */
/*
 * What the core of the kernel says of huge entries, before any driver has a say.
 */
#ifndef THP_ELIGIBLE_H
#define THP_ELIGIBLE_H

#include <stdbool.h>

/*
 * Whether the core asks the driver for huge entries of the mapping that begins at
 * the address, in its own words. To be read before there are any: who reads this
 * has PUD entries split.
 */
bool thp_eligible(const void *address);

#endif

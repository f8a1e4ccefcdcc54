/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measures what it costs to make a buffer object after many of another size.
 */
#ifndef CREATE_H
#define CREATE_H

#include "results.h"
#include "ways.h"

/* The module bo_maker of the tests makes them, by TTM or by ttm_huge. */
void run_create_mixed(const struct way *way, struct subject *subject, struct result *results);
/* bigbar's ioctl makes them. */
void run_create_mixed_ioctl(const struct way *way, struct subject *subject,
			    struct result *results);

#endif

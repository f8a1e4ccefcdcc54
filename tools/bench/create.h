/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What it costs to make a buffer object behind many of another size.
 */
#ifndef CREATE_H
#define CREATE_H

#include "results.h"
#include "ways.h"

/* By a module for tests, as TTM does or as ttm_huge does. */
void run_create_mixed(const struct way *way, struct subject *subject, struct result *results);
/* By bigbar's ioctl. */
void run_create_mixed_ioctl(const struct way *way, struct subject *subject,
			    struct result *results);

#endif

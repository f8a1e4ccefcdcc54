/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measures what it costs to take the record of writes to a tracked buffer object.
 */
#ifndef TAKE_H
#define TAKE_H

#include "work.h"

/* The three results are for all pages written, for 1 % of them, and for none. */
void run_take(const struct way *way, struct subject *subject, struct result *results);

#endif

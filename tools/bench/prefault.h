/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measures what it costs to map a range ahead of use.
 */
#ifndef PREFAULT_H
#define PREFAULT_H

#include "results.h"
#include "ways.h"

/* Maps all of it, or ends the program. */
void prefault(const struct subject *subject, uint64_t *map);

void run_prefault(const struct way *way, struct subject *subject, struct result *results);
/* Measures it while a timer sends signals, as profilers do. */
void run_prefault_timer(const struct way *way, struct subject *subject,
			struct result *results);

#endif

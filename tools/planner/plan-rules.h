/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every plan must be, whatever the request. One list of rules serves the
 * random cases of plan-test.c and the proof of plan-prove.c.
 */
#ifndef _PLAN_RULES_H_
#define _PLAN_RULES_H_

#include "pfnmap_plan.h"

/* The entries of a page table, at every level. */
#define TABLE_ENTRIES	512

/**
 * struct plan_rule - something that is true of every plan
 * @name: what is true of it.
 * @is_of_entries: the rule is about each entry, and to be asked for every index
 *	below the plan's nr_entries; else it is about the plan as a whole.
 * @holds: whether the rule holds.
 */
struct plan_rule {
	const char *name;
	bool is_of_entries;
	bool (*holds)(const struct pfnmap_request *req,
		      const struct pfnmap_plan *plan, unsigned long index);
};

#define PLAN_RULES	12
extern const struct plan_rule plan_rules[PLAN_RULES];

bool request_is_valid(const struct pfnmap_request *req);

#endif

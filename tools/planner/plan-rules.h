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

/**
 * struct rest_request - what a run of entries beside those of a plan is chosen from
 * @req: the request, with another piece of memory than that of the fault for its extent.
 * @level: level of the plan.
 * @nr_pages: how many pages the object has.
 * @nearby: as of &pfnmap_source.nearby.
 * @from: page from which on the run is to be.
 * @is_first: that is the first that can be mapped, and up to the planner to find.
 */
struct rest_request {
	struct pfnmap_request req;
	enum pgtable_level level;
	unsigned long nr_pages;
	unsigned long nearby;
	unsigned long from;
	bool is_first;
};

/**
 * struct rest_rule - something that is true of every such run
 * @name: what is true of it.
 * @is_of_slots: the rule is about each slot of the page table, and to be asked for every
 *	index below TABLE_ENTRIES; else about each entry of the run.
 * @holds: whether the rule holds.
 */
struct rest_rule {
	const char *name;
	bool is_of_slots;
	bool (*holds)(const struct rest_request *rest,
		      const struct pfnmap_run *run, unsigned long index);
};

#define REST_RULES	7
extern const struct rest_rule rest_rules[REST_RULES];

bool rest_is_valid(const struct rest_request *rest);
struct pfnmap_run rest_run(const struct rest_request *rest);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules that every plan must keep, whatever the request. The random cases of
 * plan-test.c and the proof of plan-prove.c use the same list of rules.
 */
#ifndef _PLAN_RULES_H_
#define _PLAN_RULES_H_

#include "pfnmap_plan.h"

/* The number of entries in a page table of any level. */
#define TABLE_ENTRIES	512

/**
 * struct plan_rule - something that is true of every plan
 * @name: name of the rule.
 * @is_of_entries: the rule is about each entry, and must be checked for every index
 *	below the plan's nr_entries; otherwise it is about the plan as a whole.
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
 * struct rest_request - request for a run of entries beside those of a plan
 * @req: the request; its extent is another piece of memory than that of the fault.
 * @level: level of the plan.
 * @nr_pages: number of pages of the object.
 * @nearby: as in &pfnmap_source.nearby.
 * @from: page of the object from which on the run may map.
 * @is_first: @from is the first page that can be mapped, and the planner has to find it.
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
 * struct rest_rule - something that is true of every run beside a plan
 * @name: name of the rule.
 * @is_of_slots: the rule is about each slot of the page table, and must be checked for every
 *	index below TABLE_ENTRIES; otherwise it is about each entry of the run.
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

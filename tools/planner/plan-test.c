// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the planner in user space: named corner cases, and the rules of
 * plan-rules.c on random requests.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plan-cases.h"
#include "plan-rules.h"

static const char usage[] =
	"usage: plan-test [--cases N] [--seed N]\n"
	"\n"
	"Tests which page-table entries the planner chooses: corner cases by name,\n"
	"then the rules that every plan must keep, on random requests.\n"
	"\n"
	"  --cases N  random requests to make (2000000)\n"
	"  --seed N   seed of the random numbers (the time)\n"
	"\n"
	"Exits with 0 if all passed, 1 if not, 2 on wrong usage.\n";

static unsigned int passed, failed;

static void report(bool ok, const char *name)
{
	printf("%s  %s\n", ok ? "pass" : "FAIL", name);
	if (ok)
		passed++;
	else
		failed++;
}

static void print_request(const struct pfnmap_request *req)
{
	printf("      address %#lx in mapping %#lx-%#lx\n",
	       req->address, req->vma_start, req->vma_end);
	printf("      page %#lx in extent %#lx+%#lx at pfn %#lx\n",
	       req->page, req->extent.first, req->extent.nr_pages,
	       req->extent.pfn);
	printf("      kernel %u policy %u caching %u free %u%s%s\n",
	       req->kernel, req->policy, req->caching, req->free,
	       req->tracked_write ? " tracked_write" : "",
	       req->narrow ? " narrow" : "");
}

static void print_plan(const char *whose, const struct pfnmap_plan *plan)
{
	printf("      %s: %lu of level %u at %#lx to pfn %#lx, reason %u\n",
	       whose, plan->nr_entries, plan->level, plan->address, plan->pfn,
	       plan->reason);
}

static bool plans_are_equal(const struct pfnmap_plan *a,
			    const struct pfnmap_plan *b)
{
	return a->level == b->level && a->reason == b->reason &&
	       a->address == b->address && a->nr_entries == b->nr_entries &&
	       a->pfn == b->pfn;
}

static void test_corner_case(const struct corner_case *corner)
{
	struct pfnmap_request req = corner_request(corner);
	struct pfnmap_plan expected = corner_plan(corner);
	struct pfnmap_plan plan = { .reason = PFNMAP_REASONS };
	bool ok;

	pfnmap_plan(&req, &plan);
	ok = request_is_valid(&req) && plans_are_equal(&plan, &expected);
	report(ok, corner->name);
	if (!ok) {
		print_request(&req);
		print_plan("expected", &expected);
		print_plan("planned", &plan);
	}
}

static void test_corner_cases(void)
{
	size_t i;

	for (i = 0; i < sizeof(corner_cases) / sizeof(*corner_cases); i++)
		test_corner_case(&corner_cases[i]);
}

/* Random numbers: splitmix64. */
static unsigned long random_state;

static unsigned long random_number(void)
{
	unsigned long x = random_state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static unsigned long random_below(unsigned long limit)
{
	return random_number() % limit;
}

static bool one_in(unsigned long n)
{
	return random_below(n) == 0;
}

/* Most often 0, sometimes one page less or one more. */
static unsigned long random_slip(void)
{
	return one_in(6) ? random_below(3) - 1 : 0;
}

/* The pages that an entry of a random level maps, half of the time a PUD entry. */
static unsigned long random_level_pages(void)
{
	static const unsigned int bits[] = { 0, 9, 18, 18 };

	return 1UL << bits[random_below(4)];
}

/* A number of up to 52 bits, as page numbers have, with each number of bits as likely. */
static unsigned long random_pages(void)
{
	return random_number() >> (12 + random_below(52));
}

/* A number of pages, most often up to a border between slots. */
static unsigned long random_reach(unsigned long to_border, unsigned long slot)
{
	switch (random_below(4)) {
	case 0:
		return random_pages();
	case 1:
		return (1UL << random_below(21)) + random_slip();
	default:
		return to_border + random_below(3) * slot + random_slip();
	}
}

static unsigned long random_reach_down(unsigned long vpn)
{
	unsigned long slot = random_level_pages();

	return random_reach(vpn & (slot - 1), slot);
}

static unsigned long random_reach_up(unsigned long vpn)
{
	unsigned long slot = random_level_pages();

	return random_reach(slot - (vpn & (slot - 1)), slot);
}

/* A page number that most often has the same offset in a slot of some level as @vpn. */
static unsigned long random_page_like(unsigned long vpn)
{
	unsigned long slot = random_level_pages();
	unsigned long page = random_pages();

	return (page & -slot) + (vpn & (slot - 1)) + random_slip();
}

static unsigned long clamp(unsigned long x, unsigned long low,
			   unsigned long high)
{
	return x < low ? low : x > high ? high : x;
}

static enum pgtable_level random_cap(void)
{
	return one_in(8) ? random_below(PFNMAP_LEVELS) : PGTABLE_LEVEL_PUD;
}

/* The last page number of an address space of 47, 56 or all bits. */
static unsigned long random_last_vpn(void)
{
	static const unsigned int bits[] = { 47, 56, 64 };

	return (1UL << (bits[random_below(3)] - 12)) - 1;
}

static void random_mapping(struct pfnmap_request *req)
{
	unsigned long last = random_last_vpn();
	unsigned long vpn = random_page_like(random_slip());
	unsigned long front, back;

	if (one_in(8))
		vpn = last - random_reach_up(last);
	vpn = clamp(vpn, 0, last - 1);
	front = clamp(random_reach_down(vpn), 0, vpn);
	back = clamp(random_reach_up(vpn), 1, last - vpn);

	req->address = vpn * PAGE;
	req->vma_start = (vpn - front) * PAGE;
	req->vma_end = (vpn + back) * PAGE;
}

static void random_extent(struct pfnmap_request *req)
{
	const unsigned long limit = 1UL << 52;
	unsigned long vpn = req->address / PAGE;
	unsigned long pfn = clamp(random_page_like(vpn), 0, limit - 1);
	unsigned long page = clamp(random_page_like(vpn), 0, limit - 1);
	unsigned long before = random_reach_down(vpn);
	unsigned long after = random_reach_up(vpn);

	/* Sometimes an edge of the mapping and one of the extent are the same, or almost. */
	if (one_in(4))
		before = (req->address - req->vma_start) / PAGE + random_slip();
	if (one_in(4))
		after = (req->vma_end - req->address) / PAGE + random_slip();

	before = clamp(before, 0, pfn < page ? pfn : page);
	after = clamp(after, 1, limit - (pfn > page ? pfn : page));

	req->page = page;
	req->extent.first = page - before;
	req->extent.nr_pages = before + after;
	req->extent.pfn = pfn - before;
}

static struct pfnmap_request random_request(void)
{
	struct pfnmap_request req = {
		.kernel = random_cap(),
		.policy = random_cap(),
		.caching = random_cap(),
		.free = random_cap(),
		.tracked_write = one_in(16),
		.narrow = one_in(8),
	};

	random_mapping(&req);
	random_extent(&req);
	return req;
}

/* A random page near @page, not before @first and not after @last. */
static unsigned long random_page_between(unsigned long page, unsigned long first,
					 unsigned long last)
{
	if (one_in(2))
		return clamp(page - random_reach_down(page), first, page);
	return clamp(page + random_reach_up(page), page, last);
}

/* A request with another piece of memory that can be mapped beside the fault. */
static struct rest_request random_rest(void)
{
	const unsigned long limit = 1UL << 52;
	struct rest_request rest = {
		.req = random_request(),
		.level = one_in(2) ? PGTABLE_LEVEL_PTE : PGTABLE_LEVEL_PMD,
	};
	struct pfnmap_request *req = &rest.req;
	unsigned long page = req->page, table = rest.level ? 1UL << 18 : 1UL << 9;
	unsigned long vpn = req->address / PAGE, in_table = vpn % table;
	unsigned long before = (req->address - req->vma_start) / PAGE;
	unsigned long after = (req->vma_end - req->address) / PAGE;
	unsigned long pfn;

	rest.nearby = one_in(4) ? 0 : 1UL << random_below(24);
	before = clamp(before, 0, in_table);
	before = clamp(before, 0, rest.nearby ? page % rest.nearby : page);
	after = clamp(after, 1, table - in_table);
	if (rest.nearby)
		after = clamp(after, 1, rest.nearby - page % rest.nearby);
	rest.nr_pages = clamp(page + random_reach_up(vpn), page + 1, limit);
	after = clamp(after, 1, rest.nr_pages - page);
	rest.is_first = one_in(4);
	rest.from = rest.is_first ? page - before :
		    random_page_between(page, page - before, page + after - 1);

	vpn += rest.from - page;
	pfn = clamp(random_page_like(vpn), 0, limit - 1);
	before = clamp(random_reach_down(vpn), 0, pfn < rest.from ? pfn : rest.from);
	after = clamp(random_reach_up(vpn), 1, limit - (pfn > rest.from ? pfn : rest.from));
	req->extent.first = rest.from - before;
	req->extent.nr_pages = before + after;
	req->extent.pfn = pfn - before;
	return rest;
}

/* The results of the random requests. */
struct tally {
	unsigned long invalid;
	unsigned long violations[PLAN_RULES];
	unsigned long rest_violations[REST_RULES];
	unsigned long runs[2];
	unsigned long levels[PFNMAP_LEVELS];
	unsigned long reasons[PFNMAP_REASONS];
};

/* At most TABLE_ENTRIES are checked: nr_entries of a wrong plan may be any number. */
static bool rule_holds(const struct plan_rule *rule,
		       const struct pfnmap_request *req,
		       const struct pfnmap_plan *plan)
{
	unsigned long i = 0;

	do {
		if (!rule->holds(req, plan, i))
			return false;
		i++;
	} while (rule->is_of_entries && i < plan->nr_entries &&
		 i < TABLE_ENTRIES);
	return true;
}

static void test_random_request(struct tally *tally, unsigned long number)
{
	struct pfnmap_request req = random_request();
	struct pfnmap_plan plan;
	size_t i;

	tally->invalid += !request_is_valid(&req);
	pfnmap_plan(&req, &plan);

	for (i = 0; i < PLAN_RULES; i++) {
		if (rule_holds(&plan_rules[i], &req, &plan))
			continue;
		if (tally->violations[i]++)
			continue;
		printf("      not true of random request %lu: %s\n", number,
		       plan_rules[i].name);
		print_request(&req);
		print_plan("planned", &plan);
	}

	if (plan.level < PFNMAP_LEVELS)
		tally->levels[plan.level]++;
	if (plan.reason < PFNMAP_REASONS)
		tally->reasons[plan.reason]++;
}

static bool rest_rule_holds(const struct rest_rule *rule,
			    const struct rest_request *rest,
			    const struct pfnmap_run *run)
{
	unsigned long count = rule->is_of_slots ? TABLE_ENTRIES : run->nr_entries;
	unsigned long i;

	for (i = 0; i < count && i < TABLE_ENTRIES; i++)
		if (!rule->holds(rest, run, i))
			return false;
	return true;
}

static void test_random_rest(struct tally *tally, unsigned long number)
{
	struct rest_request rest = random_rest();
	struct pfnmap_run run;
	size_t i;

	if (!rest_is_valid(&rest)) {
		tally->invalid++;
		return;
	}
	run = rest_run(&rest);

	for (i = 0; i < REST_RULES; i++) {
		if (rest_rule_holds(&rest_rules[i], &rest, &run))
			continue;
		if (tally->rest_violations[i]++)
			continue;
		printf("      not true of random run %lu: %s\n", number,
		       rest_rules[i].name);
		print_request(&rest.req);
		printf("      level %u from page %#lx of %#lx, nearby %#lx\n", rest.level,
		       rest.from, rest.nr_pages, rest.nearby);
		printf("      planned: %lu at %#lx to pfn %#lx\n", run.nr_entries,
		       run.address, run.pfn);
	}
	tally->runs[rest.level] += run.nr_entries > 1;
}

static bool is_everywhere(const char *what, const unsigned long *counts,
			  size_t nr_counts)
{
	bool everywhere = true;
	size_t i;

	printf("      %s:", what);
	for (i = 0; i < nr_counts; i++) {
		printf(" %lu", counts[i]);
		everywhere &= counts[i] > 0;
	}
	printf("\n");
	return everywhere;
}

static void test_random_requests(unsigned long cases, unsigned long seed)
{
	struct tally tally = {};
	unsigned long number;
	size_t i;

	printf("      random requests: --cases %lu --seed %lu\n", cases, seed);
	random_state = seed;
	for (number = 0; number < cases; number++)
		test_random_request(&tally, number);
	/* Fewer of these, because they are checked for each slot of a table. */
	for (number = 0; number < cases / 4; number++)
		test_random_rest(&tally, number);

	for (i = 0; i < PLAN_RULES; i++)
		report(!tally.violations[i], plan_rules[i].name);
	for (i = 0; i < REST_RULES; i++)
		report(!tally.rest_violations[i], rest_rules[i].name);
	report(!tally.invalid, "all random requests are valid");
	report(is_everywhere("plans by level", tally.levels, PFNMAP_LEVELS),
	       "they lead to every level");
	report(is_everywhere("runs by level", tally.runs, 2),
	       "they lead to runs of both levels");
	report(is_everywhere("plans by reason", tally.reasons,
			     PFNMAP_REASONS),
	       "they lead to every reason");
}

static unsigned long parse_number(const char *option, const char *text)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 0);
	if (errno || end == text || *end || strchr(text, '-')) {
		fprintf(stderr, "plan-test: %s: not a number: %s\n", option,
			text);
		exit(2);
	}
	return number;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cases", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	unsigned long cases = 2000000, seed = time(NULL);
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			cases = parse_number("--cases", optarg);
			break;
		case 's':
			seed = parse_number("--seed", optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}

	test_corner_cases();
	test_random_requests(cases, seed);

	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed ? 1 : 0;
}

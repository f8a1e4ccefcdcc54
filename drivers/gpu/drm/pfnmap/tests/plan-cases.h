/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Corner cases of the planner: requests, and the plans that it has to make for them. For
 * its test in user space, and for KUnit where pages are 4 KiB.
 */
#ifndef _PLAN_CASES_H_
#define _PLAN_CASES_H_

#include "pfnmap_plan.h"

#define KIB	1024UL
#define MIB	(1024 * KIB)
#define GIB	(1024 * MIB)
#define TIB	(1024 * GIB)

#define PAGE	(4 * KIB)

/*
 * All sizes, offsets and addresses are in bytes. The mapping begins at the address @start
 * and shows @length bytes of the buffer object, from @offset on. The extent is @size bytes
 * of the buffer object, from @first on; they lie in memory at @memory. @fault is an offset
 * into the mapping, and so is @from, where the expected entries begin; they map what is in
 * memory at @to.
 */
struct corner_case {
	const char *name;
	unsigned long start, length, offset;
	unsigned long first, size, memory;
	unsigned long fault;
	enum pgtable_level kernel, policy, caching, free;
	bool tracked_write, narrow;
	enum pgtable_level level;
	enum pfnmap_reason reason;
	unsigned long nr_entries, from, to;
};

#define MAPPING(start_, length_, offset_)				\
	.start = (start_), .length = (length_), .offset = (offset_)
#define EXTENT(first_, size_, memory_)					\
	.first = (first_), .size = (size_), .memory = (memory_)
#define CAPS(kernel_, policy_, caching_, free_)				\
	.kernel = PGTABLE_LEVEL_##kernel_, .policy = PGTABLE_LEVEL_##policy_,	\
	.caching = PGTABLE_LEVEL_##caching_, .free = PGTABLE_LEVEL_##free_
#define EXPECT(level_, reason_, nr_entries_, from_, to_)		\
	.level = PGTABLE_LEVEL_##level_, .reason = PFNMAP_##reason_,	\
	.nr_entries = (nr_entries_), .from = (from_), .to = (to_)
#define NO_CAPS	CAPS(PUD, PUD, PUD, PUD)

/* An address and memory that are aligned to a GiB. */
#define ADDRESS	0x7f0000000000
#define MEMORY	0x4000000000

static const struct corner_case corner_cases[] = {
	{
		"an aligned GiB is one PUD",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 5 * MIB + PAGE, NO_CAPS,
		EXPECT(PUD, LARGEST, 1, 0, MEMORY),
	}, {
		"a PUD brings no neighbours",
		MAPPING(ADDRESS, 3 * GIB, 0), EXTENT(0, 3 * GIB, MEMORY),
		.fault = GIB, NO_CAPS,
		EXPECT(PUD, LARGEST, 1, GIB, MEMORY + GIB),
	}, {
		"a mapping that lacks its last page: PMDs",
		MAPPING(ADDRESS, GIB - PAGE, 0), EXTENT(0, GIB, MEMORY),
		.fault = 0, NO_CAPS,
		EXPECT(PMD, VMA_EDGE, 511, 0, MEMORY),
	}, {
		"a mapping that lacks its last page: PTEs at the end",
		MAPPING(ADDRESS, GIB - PAGE, 0), EXTENT(0, GIB, MEMORY),
		.fault = GIB - 2 * PAGE, NO_CAPS,
		EXPECT(PTE, VMA_EDGE, 511, GIB - 2 * MIB,
		       MEMORY + GIB - 2 * MIB),
	}, {
		"a mapping that lacks its first page: PMDs",
		MAPPING(ADDRESS + PAGE, GIB - PAGE, PAGE),
		EXTENT(0, GIB, MEMORY),
		.fault = 100 * MIB, NO_CAPS,
		EXPECT(PMD, VMA_EDGE, 511, 2 * MIB - PAGE, MEMORY + 2 * MIB),
	}, {
		"a mapping that lacks its first page: PTEs at the start",
		MAPPING(ADDRESS + PAGE, GIB - PAGE, PAGE),
		EXTENT(0, GIB, MEMORY),
		.fault = 0, NO_CAPS,
		EXPECT(PTE, VMA_EDGE, 511, 0, MEMORY + PAGE),
	}, {
		"a mapping of one page",
		MAPPING(ADDRESS + PAGE, PAGE, PAGE), EXTENT(0, GIB, MEMORY),
		.fault = 0, NO_CAPS,
		EXPECT(PTE, VMA_EDGE, 1, 0, MEMORY + PAGE),
	}, {
		"1 GiB + 6 MiB + 12 KiB: the GiB",
		MAPPING(ADDRESS, GIB + 6 * MIB + 3 * PAGE, 0),
		EXTENT(0, GIB + 6 * MIB + 3 * PAGE, MEMORY),
		.fault = GIB - PAGE, NO_CAPS,
		EXPECT(PUD, LARGEST, 1, 0, MEMORY),
	}, {
		"1 GiB + 6 MiB + 12 KiB: the 6 MiB",
		MAPPING(ADDRESS, GIB + 6 * MIB + 3 * PAGE, 0),
		EXTENT(0, GIB + 6 * MIB + 3 * PAGE, MEMORY),
		.fault = GIB + 5 * MIB, NO_CAPS,
		EXPECT(PMD, VMA_EDGE, 3, GIB, MEMORY + GIB),
	}, {
		"1 GiB + 6 MiB + 12 KiB: the 12 KiB",
		MAPPING(ADDRESS, GIB + 6 * MIB + 3 * PAGE, 0),
		EXTENT(0, GIB + 6 * MIB + 3 * PAGE, MEMORY),
		.fault = GIB + 6 * MIB + PAGE, NO_CAPS,
		EXPECT(PTE, VMA_EDGE, 3, GIB + 6 * MIB,
		       MEMORY + GIB + 6 * MIB),
	}, {
		"a 64 KiB extent is 16 PTEs",
		MAPPING(ADDRESS, GIB, 0),
		EXTENT(MIB, 64 * KIB, MEMORY),
		.fault = MIB + 32 * KIB, NO_CAPS,
		EXPECT(PTE, EXTENT_EDGE, 16, MIB, MEMORY),
	}, {
		"a 64 KiB extent over a border between tables is 8 PTEs",
		MAPPING(ADDRESS, GIB, 0),
		EXTENT(2 * MIB - 32 * KIB, 64 * KIB, MEMORY),
		.fault = 2 * MIB - PAGE, NO_CAPS,
		EXPECT(PTE, EXTENT_EDGE, 8, 2 * MIB - 32 * KIB, MEMORY),
	}, {
		"a 2 MiB extent is a PMD",
		MAPPING(ADDRESS, GIB, 0),
		EXTENT(4 * MIB, 2 * MIB, MEMORY),
		.fault = 5 * MIB, NO_CAPS,
		EXPECT(PMD, EXTENT_EDGE, 1, 4 * MIB, MEMORY),
	}, {
		"an extent that begins far in front of address zero",
		MAPPING(64 * KIB, 4 * MIB, TIB + 64 * KIB),
		EXTENT(0, 2 * TIB, MEMORY),
		.fault = 0, NO_CAPS,
		EXPECT(PTE, VMA_EDGE, 496, 0, MEMORY + TIB + 64 * KIB),
	}, {
		"a user address off by a page",
		MAPPING(ADDRESS + PAGE, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 8 * MIB, NO_CAPS,
		EXPECT(PTE, MISALIGNED_VA, 512, 8 * MIB - PAGE,
		       MEMORY + 8 * MIB - PAGE),
	}, {
		"a user address off by 2 MiB",
		MAPPING(ADDRESS + 2 * MIB, 2 * GIB, 0),
		EXTENT(0, 2 * GIB, MEMORY),
		.fault = GIB, NO_CAPS,
		EXPECT(PMD, MISALIGNED_VA, 512, GIB - 2 * MIB,
		       MEMORY + GIB - 2 * MIB),
	}, {
		"memory off by a page",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY + PAGE),
		.fault = 8 * MIB, NO_CAPS,
		EXPECT(PTE, MISALIGNED_PFN, 512, 8 * MIB,
		       MEMORY + 8 * MIB + PAGE),
	}, {
		"memory off by 2 MiB",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY + 2 * MIB),
		.fault = 8 * MIB, NO_CAPS,
		EXPECT(PMD, MISALIGNED_PFN, 512, 0, MEMORY + 2 * MIB),
	}, {
		"user address and memory off alike are aligned",
		MAPPING(ADDRESS + PAGE, 2 * GIB, 0),
		EXTENT(0, 2 * GIB, MEMORY + PAGE),
		.fault = GIB, NO_CAPS,
		EXPECT(PUD, LARGEST, 1, GIB - PAGE, MEMORY + GIB),
	}, {
		"user address and memory off in different ways: the former",
		MAPPING(ADDRESS + PAGE, 2 * GIB, 0),
		EXTENT(0, 2 * GIB, MEMORY + 2 * PAGE),
		.fault = GIB, NO_CAPS,
		EXPECT(PTE, MISALIGNED_VA, 512, GIB - PAGE,
		       MEMORY + GIB + PAGE),
	}, {
		"an edge is named before an alignment",
		MAPPING(ADDRESS + PAGE, MIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 0, NO_CAPS,
		EXPECT(PTE, VMA_EDGE, 256, 0, MEMORY),
	}, {
		"a kernel without PUDs",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 8 * MIB, CAPS(PMD, PUD, PUD, PUD),
		EXPECT(PMD, KERNEL, 512, 0, MEMORY),
	}, {
		"a kernel with nothing but PTEs, and a policy",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 8 * MIB, CAPS(PTE, PTE, PUD, PUD),
		EXPECT(PTE, KERNEL, 512, 8 * MIB, MEMORY + 8 * MIB),
	}, {
		"a policy of PMDs",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 8 * MIB, CAPS(PUD, PMD, PUD, PUD),
		EXPECT(PMD, POLICY, 512, 0, MEMORY),
	}, {
		"a policy of PTEs",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 8 * MIB, CAPS(PUD, PTE, PUD, PUD),
		EXPECT(PTE, POLICY, 512, 8 * MIB, MEMORY + 8 * MIB),
	}, {
		"caching that only PTEs can carry",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 8 * MIB, CAPS(PUD, PUD, PTE, PUD),
		EXPECT(PTE, CACHING, 512, 8 * MIB, MEMORY + 8 * MIB),
	}, {
		"a PMD table in the way",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 8 * MIB, CAPS(PUD, PUD, PUD, PMD),
		EXPECT(PMD, POPULATED, 512, 0, MEMORY),
	}, {
		"a PTE table in the way",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 8 * MIB, CAPS(PUD, PUD, PUD, PTE),
		EXPECT(PTE, POPULATED, 512, 8 * MIB, MEMORY + 8 * MIB),
	}, {
		"a write that has to be recorded",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 8 * MIB, NO_CAPS, .tracked_write = true,
		EXPECT(PTE, DIRTY_TRACKED, 512, 8 * MIB, MEMORY + 8 * MIB),
	}, {
		"a narrow PMD",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 9 * MIB, CAPS(PUD, PMD, PUD, PUD), .narrow = true,
		EXPECT(PMD, POLICY, 1, 8 * MIB, MEMORY + 8 * MIB),
	}, {
		"a narrow PTE",
		MAPPING(ADDRESS, GIB, 0), EXTENT(0, GIB, MEMORY),
		.fault = 9 * MIB, CAPS(PUD, PTE, PUD, PUD), .narrow = true,
		EXPECT(PTE, POLICY, 1, 9 * MIB, MEMORY + 9 * MIB),
	}, {
		"the top of 47 bits of user addresses",
		MAPPING(128 * TIB - GIB, GIB - PAGE, 0),
		EXTENT(0, GIB, MEMORY),
		.fault = GIB - 2 * PAGE, NO_CAPS,
		EXPECT(PTE, VMA_EDGE, 511, GIB - 2 * MIB,
		       MEMORY + GIB - 2 * MIB),
	}, {
		"a PMD table that ends where addresses end",
		MAPPING(-GIB, GIB - PAGE, 0), EXTENT(0, GIB, MEMORY),
		.fault = 0, NO_CAPS,
		EXPECT(PMD, VMA_EDGE, 511, 0, MEMORY),
	}, {
		"a PTE table that ends where addresses end",
		MAPPING(-GIB, GIB - PAGE, 0), EXTENT(0, GIB, MEMORY),
		.fault = GIB - 2 * PAGE, NO_CAPS,
		EXPECT(PTE, VMA_EDGE, 511, GIB - 2 * MIB,
		       MEMORY + GIB - 2 * MIB),
	},
};

static inline struct pfnmap_request
corner_request(const struct corner_case *corner)
{
	return (struct pfnmap_request){
		.address = corner->start + corner->fault,
		.vma_start = corner->start,
		.vma_end = corner->start + corner->length,
		.page = (corner->offset + corner->fault) / PAGE,
		.extent = {
			.first = corner->first / PAGE,
			.nr_pages = corner->size / PAGE,
			.pfn = corner->memory / PAGE,
		},
		.kernel = corner->kernel,
		.policy = corner->policy,
		.caching = corner->caching,
		.free = corner->free,
		.tracked_write = corner->tracked_write,
		.narrow = corner->narrow,
	};
}

static inline struct pfnmap_plan corner_plan(const struct corner_case *corner)
{
	return (struct pfnmap_plan){
		.level = corner->level,
		.reason = corner->reason,
		.address = corner->start + corner->from,
		.nr_entries = corner->nr_entries,
		.pfn = corner->to / PAGE,
	};
}

#endif

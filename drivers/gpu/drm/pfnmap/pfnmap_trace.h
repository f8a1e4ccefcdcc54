/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pfnmap

#if !defined(_PFNMAP_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _PFNMAP_TRACE_H_

#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "pfnmap_internal.h"

/*
 * Level and reason are words in the trace itself: a tool that reads it, or filters by them,
 * does not know the kernel's numbers.
 */

/* One per fault that set entries, or tried to. */
TRACE_EVENT(pfnmap_fault,
	TP_PROTO(const struct vm_fault *vmf, const struct pfnmap_plan *plan,
		 vm_fault_t ret, u64 begun),
	TP_ARGS(vmf, plan, ret, begun),
	TP_STRUCT__entry(
		__field(unsigned long, address)
		__field(unsigned long, start)
		__field(unsigned long, nr_entries)
		__field(unsigned long, pfn)
		__field(unsigned long, nr_more)
		__array(char, level, 4)
		__array(char, reason, 16)
		__field(unsigned int, ret)
		__field(bool, write)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->address = vmf->address;
		__entry->start = plan->address;
		__entry->nr_entries = plan->nr_entries;
		__entry->pfn = plan->pfn;
		__entry->nr_more = plan->nr_more;
		strscpy(__entry->level, pgtable_level_to_str(plan->level),
			sizeof(__entry->level));
		strscpy(__entry->reason, pfnmap_reason_name(plan->reason),
			sizeof(__entry->reason));
		__entry->ret = (__force unsigned int)ret;
		__entry->write = vmf->flags & FAULT_FLAG_WRITE;
		/* Unknown if tracing has begun during the fault. */
		__entry->ns = begun ? ktime_get_ns() - begun : 0;
	),
	TP_printk("address=%lx write=%d level=%s entries=%lu at %lx pfn=%lx more=%lu reason=%s ret=%x ns=%llu",
		  __entry->address, __entry->write, __entry->level,
		  __entry->nr_entries, __entry->start, __entry->pfn, __entry->nr_more,
		  __entry->reason, __entry->ret, __entry->ns)
);

/* One per range whose entries pfnmap has removed, with how many there were. */
TRACE_EVENT(pfnmap_zap,
	TP_PROTO(unsigned long address, unsigned long size, const char *reason,
		 const unsigned long *entries, u64 begun),
	TP_ARGS(address, size, reason, entries, begun),
	TP_STRUCT__entry(
		__field(unsigned long, address)
		__field(unsigned long, size)
		__field(unsigned long, puds)
		__field(unsigned long, pmds)
		__field(unsigned long, ptes)
		__array(char, reason, 8)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->address = address;
		__entry->size = size;
		__entry->puds = entries[PGTABLE_LEVEL_PUD];
		__entry->pmds = entries[PGTABLE_LEVEL_PMD];
		__entry->ptes = entries[PGTABLE_LEVEL_PTE];
		strscpy(__entry->reason, reason, sizeof(__entry->reason));
		__entry->ns = ktime_get_ns() - begun;
	),
	TP_printk("address=%lx size=%lx puds=%lu pmds=%lu ptes=%lu reason=%s ns=%llu",
		  __entry->address, __entry->size, __entry->puds, __entry->pmds,
		  __entry->ptes, __entry->reason, __entry->ns)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE pfnmap_trace
#include <trace/define_trace.h>

/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pfnmap

#if !defined(_PFNMAP_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _PFNMAP_TRACE_H_

#include <linux/tracepoint.h>

#include "pfnmap_internal.h"

/* One per fault that set entries, or tried to. */
TRACE_EVENT(pfnmap_fault,
	TP_PROTO(const struct vm_fault *vmf, const struct pfnmap_plan *plan,
		 vm_fault_t ret),
	TP_ARGS(vmf, plan, ret),
	TP_STRUCT__entry(
		__field(unsigned long, address)
		__field(unsigned long, start)
		__field(unsigned long, nr_entries)
		__field(unsigned long, pfn)
		__field(unsigned long, nr_more)
		__field(unsigned int, level)
		__field(unsigned int, reason)
		__field(unsigned int, ret)
		__field(bool, write)
	),
	TP_fast_assign(
		__entry->address = vmf->address;
		__entry->start = plan->address;
		__entry->nr_entries = plan->nr_entries;
		__entry->pfn = plan->pfn;
		__entry->nr_more = plan->nr_more;
		__entry->level = plan->level;
		__entry->reason = plan->reason;
		__entry->ret = (__force unsigned int)ret;
		__entry->write = vmf->flags & FAULT_FLAG_WRITE;
	),
	TP_printk("address=%lx write=%d level=%s entries=%lu at %lx pfn=%lx more=%lu reason=%s ret=%x",
		  __entry->address, __entry->write,
		  pgtable_level_to_str(__entry->level),
		  __entry->nr_entries, __entry->start, __entry->pfn, __entry->nr_more,
		  pfnmap_reason_name(__entry->reason), __entry->ret)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE pfnmap_trace
#include <trace/define_trace.h>

/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ttm_huge

#if !defined(_TTM_HUGE_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _TTM_HUGE_TRACE_H_

#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "ttm_huge_internal.h"

/* A write to a tracked buffer object, which offset names as it does for mmap(). */
TRACE_EVENT(ttm_huge_write,
	TP_PROTO(struct ttm_buffer_object *bo, unsigned long page,
		 unsigned long nr_pages),
	TP_ARGS(bo, page, nr_pages),
	TP_STRUCT__entry(
		__field(u64, offset)
		__field(unsigned long, page)
		__field(unsigned long, nr_pages)
	),
	TP_fast_assign(
		__entry->offset = drm_vma_node_offset_addr(&bo->base.vma_node);
		__entry->page = page;
		__entry->nr_pages = nr_pages;
	),
	TP_printk("offset=%llx page=%lu pages=%lu",
		  __entry->offset, __entry->page, __entry->nr_pages)
);

/*
 * The record of writes is started, taken or stopped; written is how many of the pages were in
 * it. If ret is not 0, the record was read, but not taken.
 */
TRACE_EVENT(ttm_huge_dirty,
	TP_PROTO(struct ttm_buffer_object *bo, const char *op, unsigned long page,
		 unsigned long nr_pages, const unsigned long *record, int ret,
		 u64 begun),
	TP_ARGS(bo, op, page, nr_pages, record, ret, begun),
	TP_STRUCT__entry(
		__field(u64, offset)
		__field(unsigned long, page)
		__field(unsigned long, nr_pages)
		__field(unsigned long, written)
		__array(char, op, 8)
		__field(int, ret)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->offset = drm_vma_node_offset_addr(&bo->base.vma_node);
		__entry->page = page;
		__entry->nr_pages = nr_pages;
		__entry->written = record ? bitmap_weight(record, nr_pages) : 0;
		strscpy(__entry->op, op, sizeof(__entry->op));
		__entry->ret = ret;
		/* Unknown if tracing has begun meanwhile. */
		__entry->ns = begun ? ktime_get_ns() - begun : 0;
	),
	TP_printk("offset=%llx op=%s page=%lu pages=%lu written=%lu ret=%d ns=%llu",
		  __entry->offset, __entry->op, __entry->page, __entry->nr_pages,
		  __entry->written, __entry->ret, __entry->ns)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE ttm_huge_trace
#include <trace/define_trace.h>

/* SPDX-License-Identifier: MIT */
/* The kernel log from the call of kernel_log_open() on. Needs root. */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <stdbool.h>

#define KERNEL_LOG_LINE 256

/* Skips if the log cannot be read. The caller closes it. */
int kernel_log_open(void);
/* The next line; false if there is none yet. */
bool kernel_log_read(int log, int *level, char line[KERNEL_LOG_LINE]);
/* The next line that is a warning or worse. */
bool kernel_log_warns(int log, char line[KERNEL_LOG_LINE]);
/*
 * Whether a line that begins with @text comes after the last line that has @start, in the
 * whole log: for what the kernel logs once, perhaps in an earlier run of the subtest. Not any
 * line that has @text, as kernel_log_expect() makes one. Skips as above.
 */
bool kernel_log_has_after(const char *start, const char *text);
/* Writes a line to it, to tell what has led to the lines that follow. */
void kernel_log_say(const char *text);

/*
 * Tells igt_runner which warnings, or worse, the kernel may log until the subtest ends, in
 * place of what it was told before: a regular expression for whole lines. It must
 * have no backslash, because it goes through the kernel log, which escapes backslashes.
 */
void kernel_log_expect(const char *lines);

/* Lines that more than one test expects. */
#define LOG_TTM "[[]TTM[]] "
/* When allocations are made to fail: kmemleak scans more then. */
#define LOG_NO_MEMORY LOG_TTM "Failed allocating page table" \
	"|kmemleak: Cannot allocate a scan area, scanning the full object"
/* Right for lack of a page table, and wrong for lack of the memory itself. */
#define LOG_FAULT_REPEATED "Huh VM_FAULT_OOM leaked out to the #PF handler[.] Retrying PF" \
	"|pagefault_out_of_memory: [0-9]+ callbacks suppressed"
#define LOG_NO_DENTRY "debugfs: out of free dentries, can not create .*"
/* Follows LOG_TTM; also searched for by itself. */
#define EVICTION_FAILED "Buffer eviction failed"

#endif

/* SPDX-License-Identifier: MIT */
/* What a debugger does to the memory of a stopped child. */
#ifndef DEBUGGER_H
#define DEBUGGER_H

#include <stddef.h>
#include <sys/types.h>

/* Forks a child, see fork_child(), and stops it for the debugger. */
pid_t debugger_stop_child(void);
/* Continues the child, which then ends by itself. */
void debugger_let_go(pid_t pid);

/*
 * Two ways to read and write. Both return the bytes done, less than asked for if the rest
 * is not mapped, or -1 with errno. ptrace() does words, so the length has to be a multiple
 * of 8.
 */
struct debugger_way {
	const char *name;
	const char *what;
	ssize_t (*read)(pid_t pid, const void *address, void *buffer, size_t length);
	ssize_t (*write)(pid_t pid, void *address, const void *buffer, size_t length);
};

extern const struct debugger_way debugger_proc_mem;
extern const struct debugger_way debugger_ptrace;

#endif

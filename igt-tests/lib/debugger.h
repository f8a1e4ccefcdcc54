/* SPDX-License-Identifier: MIT */
/* What a debugger does to the memory of a stopped child. */
#ifndef DEBUGGER_H
#define DEBUGGER_H

#include <stddef.h>
#include <sys/types.h>

/* A copy of this process, see fork_child(), that does nothing but be looked at. */
pid_t debugger_stop_child(void);
/* It ends by itself, as it would have without a debugger. */
void debugger_let_go(pid_t pid);

/*
 * Two ways to read and write: both return bytes done, less than asked for if the rest is
 * not there, or -1 with errno. By ptrace(), which does words, the length is a multiple
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

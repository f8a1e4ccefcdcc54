// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "../igt_shim.h"
#include "access.h"
#include "debugger.h"

static void stop_for_debugger(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(1);
	raise(SIGSTOP);
	_exit(0);
}

pid_t debugger_stop_child(void)
{
	pid_t pid = fork_child();
	int status;

	if (!pid)
		stop_for_debugger();
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(WIFSTOPPED(status));
	return pid;
}

/* Opened once for many accesses, because the open() is slow. */
static int memory = -1;
static pid_t memory_of;

static void close_memory(void)
{
	if (memory >= 0)
		close(memory);
	memory = -1;
}

static int open_memory(pid_t pid)
{
	char path[32];

	if (memory >= 0 && memory_of == pid)
		return memory;
	close_memory();
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	memory = open(path, O_RDWR | O_CLOEXEC);
	igt_assert_f(memory >= 0, "%s: %s\n", path, strerror(errno));
	memory_of = pid;
	return memory;
}

void debugger_let_go(pid_t pid)
{
	int status;

	close_memory();
	igt_assert_eq(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(WIFEXITED(status) && !WEXITSTATUS(status));
}

static ssize_t read_proc_mem(pid_t pid, const void *address, void *buffer, size_t length)
{
	return pread(open_memory(pid), buffer, length, (uintptr_t)address);
}

static ssize_t write_proc_mem(pid_t pid, void *address, const void *buffer, size_t length)
{
	return pwrite(open_memory(pid), buffer, length, (uintptr_t)address);
}

static ssize_t read_ptrace(pid_t pid, const void *address, void *buffer, size_t length)
{
	size_t done;

	for (done = 0; done < length; done += sizeof(long)) {
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, (char *)address + done, NULL);
		if (errno)
			return done ?: (size_t)-1;
		memcpy((char *)buffer + done, &word, sizeof(word));
	}
	return done;
}

static ssize_t write_ptrace(pid_t pid, void *address, const void *buffer, size_t length)
{
	size_t done;

	for (done = 0; done < length; done += sizeof(long)) {
		long word;

		memcpy(&word, (const char *)buffer + done, sizeof(word));
		if (ptrace(PTRACE_POKEDATA, pid, (char *)address + done, word))
			return done ?: (size_t)-1;
	}
	return done;
}

const struct debugger_way debugger_proc_mem = {
	.name = "proc-mem",
	.what = "/proc/PID/mem",
	.read = read_proc_mem,
	.write = write_proc_mem,
};

const struct debugger_way debugger_ptrace = {
	.name = "ptrace",
	.what = "ptrace()",
	.read = read_ptrace,
	.write = write_ptrace,
};

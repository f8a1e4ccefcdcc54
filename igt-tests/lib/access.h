/* SPDX-License-Identifier: MIT */
/* Single accesses to memory that may not be mapped, children, faults and time. */
#ifndef ACCESS_H
#define ACCESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The signal that the access raises (SIGSEGV, SIGBUS), or 0. */
int signal_of_reading(const void *address);
int signal_of_writing(void *address, uint64_t value);
/* Between these two calls, the functions above make no system calls. */
void catch_signals(void);
void release_signals(void);

/* The errno value of a system call that makes the kernel read a byte there, or 0. */
int error_of_kernel_reading(const void *address);

/* Like fork(); kill_children() ends those that a failed subtest left behind. */
pid_t fork_child(void);
void kill_children(void);
/*
 * For a child that may never end: no reader of the test's output may wait for it. Keeps one
 * file, or none if @kept is -1.
 */
void close_files_but(int kept);
/* Whether a child that was killed has ended; gives up after some seconds. */
bool child_ends(pid_t pid);
/* Like child_ends() for any child, with its status as of waitpid(); gives up later. */
bool child_ends_with(pid_t pid, int *status);

/* Two processes take turns, each at its end of a socket pair. */
void make_turns(int sockets[2]);
void pass_turn(int socket);
void await_turn(int socket);

/*
 * sleeps_in_driver() tells whether a thread of any process sleeps in the driver under test,
 * in a fault or in a call. await_sleep_in_driver() waits for that, and fails after some
 * tens of seconds. Both need root.
 */
bool sleeps_in_driver(pid_t thread);
void await_sleep_in_driver(pid_t thread);
/* Waits for sleep in a function of the kernel whose name has this text. */
void await_sleep_in(pid_t thread, const char *function);

/* A thread in a system call that reads a byte of a mapping. It must not be on the stack. */
struct kernel_reader {
	char *address;
	pthread_t thread;
	pid_t id;
	int error;	/* an errno value, or 0 */
	bool over;
};

void start_kernel_reader(struct kernel_reader *reader);
/* Returns as soon as it sleeps in the driver; false if it has ended without that. */
bool kernel_reader_waits(const struct kernel_reader *reader);

/*
 * The faults of this process so far, by the kernel's own count; and those that waited and
 * were repeated, which the kernel counts as major. Where mappings have locks of their own,
 * those are major that were repeated more than once.
 */
uint64_t page_faults(void);
uint64_t repeated_faults(void);
/* Monotonic clock. */
double seconds_now(void);

#endif

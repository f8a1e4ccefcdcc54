/* SPDX-License-Identifier: MIT */
/* Single accesses to memory that may not be there, children, faults and time. */
#ifndef ACCESS_H
#define ACCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The signal that the access raises (SIGSEGV, SIGBUS), or 0. */
int signal_of_reading(const void *address);
int signal_of_writing(void *address, uint64_t value);
/* In between, these make no system calls. */
void catch_signals(void);
void release_signals(void);

/* Of a system call that has the kernel read a byte there: an errno value, or 0. */
int error_of_kernel_reading(const void *address);

/* As fork(); kill_children() ends those that a failed subtest left behind. */
pid_t fork_child(void);
void kill_children(void);
/* Whether one has ended that was killed; it waits some seconds, as that need not be ever. */
bool child_ends(pid_t pid);

/* Two processes take turns, each at its end of a socket pair. */
void make_turns(int sockets[2]);
void pass_turn(int socket);
void await_turn(int socket);

/*
 * Whether a thread, of any process, sleeps in the driver under test, in a fault or in
 * a call; and a wait for that, for at most some ten seconds. Both need root.
 */
bool sleeps_in_driver(pid_t thread);
void await_sleep_in_driver(pid_t thread);

/*
 * Faults of this process so far, by the kernel's own count; and those that waited and were
 * repeated, which are major ones to it.
 */
uint64_t page_faults(void);
uint64_t repeated_faults(void);
/* Monotonic clock. */
double seconds_now(void);

#endif

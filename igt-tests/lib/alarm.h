/* SPDX-License-Identifier: MIT */
/* SIGALRM for this process, by a timer, as a profiler has one. */
#ifndef ALARM_H
#define ALARM_H

/* Does nothing: for signals that are only to interrupt a call. */
void alarm_ignore(int signal);
/* In microseconds: until the first signal, and between signals; only one signal if @each is 0. */
void alarm_start(void (*handler)(int signal), int first, int each);
/* May be called by the handler. */
void alarm_stop(void);

#endif

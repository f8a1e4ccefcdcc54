/* SPDX-License-Identifier: MIT */
/* A timer that sends SIGALRM, as a profiler has one. Ends the program if that fails. */
#ifndef TIMER_H
#define TIMER_H

#include <err.h>
#include <stdlib.h>
#include <sys/time.h>

/* The first signal, and those after it; none any more if @us is 0. A handler may call it. */
static inline void set_timer(unsigned int us)
{
	const struct itimerval timer = {
		.it_value.tv_usec = us,
		.it_interval.tv_usec = us,
	};

	if (setitimer(ITIMER_REAL, &timer, NULL))
		err(EXIT_FAILURE, "cannot set a timer");
}

#endif

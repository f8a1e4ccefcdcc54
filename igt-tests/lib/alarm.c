// SPDX-License-Identifier: MIT

#include <signal.h>
#include <sys/time.h>

#include "../igt_shim.h"
#include "alarm.h"

void alarm_ignore(int signal)
{
	(void)signal;
}

void alarm_start(void (*handler)(int signal), int first, int each)
{
	const struct sigaction action = { .sa_handler = handler };
	const struct itimerval timer = {
		.it_value.tv_usec = first,
		.it_interval.tv_usec = each,
	};

	igt_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	igt_assert_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

void alarm_stop(void)
{
	const struct itimerval none = {};

	setitimer(ITIMER_REAL, &none, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * One ioctl maps all. It is repeated after a signal, as drmIoctl() does, and continues where it
 * was interrupted.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "measure/measure.h"
#include "prefault.h"

#define TIMER_US	1000
/* They take a second at least. A prefault that gets nowhere would be repeated for ever. */
#define MOST_CALLS	1000

static void ignore_signal(int signal)
{
	(void)signal;
}

static void set_timer(unsigned int us)
{
	const struct itimerval timer = {
		.it_value.tv_usec = us,
		.it_interval.tv_usec = us,
	};

	if (setitimer(ITIMER_REAL, &timer, NULL))
		err(EXIT_FAILURE, "cannot set a timer");
}

/* Returns the number of calls that it took. */
static unsigned int prefault(const struct subject *subject, uint64_t *map)
{
	unsigned int calls = 0;
	uint64_t done = 0;
	int error;

	do {
		error = bigbar_prefault(subject->fd, map, subject->size, &done);
	} while (++calls < MOST_CALLS && error == EINTR);
	if (error && error != EINTR)
		errx(EXIT_FAILURE, "cannot map ahead of use: %s", strerror(error));
	return calls;
}

/* A prefault that gives up counts with the time until then. */
static unsigned int sample_prefault(const struct subject *subject, unsigned int timer_us,
				    struct result *result)
{
	uint64_t *map = map_subject(subject, choose_address(subject));
	uint64_t start, faults;
	unsigned int calls;

	rest();
	faults = minor_faults();
	set_timer(timer_us);
	start = now_ns();
	calls = prefault(subject, map);
	add_sample(&result->ns, now_ns() - start);
	set_timer(0);
	result->faults = minor_faults() - faults;
	unmap_subject(subject, map);
	return calls;
}

void run_prefault(const struct way *way, struct subject *subject, struct result *results)
{
	(void)way;
	do {
		sample_prefault(subject, 0, results);
	} while (more_samples(&results->ns));
}

/* If no signal came during the call, this measures nothing. */
void run_prefault_timer(const struct way *way, struct subject *subject,
			struct result *results)
{
	struct sigaction ignored = { .sa_handler = ignore_signal }, before;
	unsigned int most_calls = 0;

	(void)way;
	sigaction(SIGALRM, &ignored, &before);
	do {
		unsigned int calls = sample_prefault(subject, TIMER_US, results);

		if (calls > most_calls)
			most_calls = calls;
	} while (more_samples(&results->ns));
	sigaction(SIGALRM, &before, NULL);
	if (most_calls < 2)
		results->why_not = "it was over before a signal came";
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * One ioctl maps all. libbigbar repeats it after a signal, and it continues where it was
 * interrupted.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "measure/measure.h"
#include "measure/timer.h"
#include "prefault.h"

#define TIMER_US	1000
/* They take a second. A prefault that gets nowhere would be repeated for ever. */
#define MOST_SIGNALS	1000

static volatile sig_atomic_t nr_signals;

static void count_signal(int signal)
{
	(void)signal;
	if (++nr_signals == MOST_SIGNALS)
		set_timer(0);
}

void prefault(const struct subject *subject, uint64_t *map)
{
	int error = bigbar_prefault(subject->bo.device->bigbar, map, subject->size, NULL);

	if (error)
		errx(EXIT_FAILURE, "cannot map ahead of use: %s", strerror(-error));
}

/* Returns the number of signals. A prefault that gets nowhere counts with the time they took. */
static unsigned int sample_prefault(const struct subject *subject, unsigned int timer_us,
				    struct result *result)
{
	uint64_t *map = map_subject(subject, choose_address(subject));
	uint64_t start, faults;

	rest();
	nr_signals = 0;
	faults = minor_faults();
	set_timer(timer_us);
	start = now_ns();
	prefault(subject, map);
	add_sample(&result->ns, now_ns() - start);
	set_timer(0);
	result->faults = minor_faults() - faults;
	unmap_subject(subject, map);
	return nr_signals;
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
	struct sigaction counted = { .sa_handler = count_signal }, before;
	unsigned int most_signals = 0;

	(void)way;
	sigaction(SIGALRM, &counted, &before);
	do {
		unsigned int signals = sample_prefault(subject, TIMER_US, results);

		if (signals > most_signals)
			most_signals = signals;
	} while (more_samples(&results->ns));
	sigaction(SIGALRM, &before, NULL);
	if (!most_signals)
		results->why_not = "it was over before a signal came";
}

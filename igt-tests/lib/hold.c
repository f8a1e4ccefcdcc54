// SPDX-License-Identifier: MIT

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "../igt_shim.h"
#include "access.h"
#include "hold.h"
#include "lockdown.h"

#define HOLDER	"/sys/kernel/debug/bo_holder"
#define LONG_WAIT_US 200000
#define MOST_HOLDS 2

/* A stack: the last hold is released first. */
static int holders[MOST_HOLDS];
static unsigned int holder_count;

/* Writes a command about the buffer object at the address to the module. */
static void hold(const void *address, const char *what)
{
	char text[64];
	int holder;

	snprintf(text, sizeof(text), "%p%s", address, what);
	igt_assert_lt(holder_count, MOST_HOLDS);
	holder = open_unless_locked_down(HOLDER);
	igt_require_f(holder >= 0, "the module bo_holder is not loaded\n");
	holders[holder_count++] = holder;
	igt_assert_lt(0, write(holder, text, strlen(text)));
}

void hold_reservation(const void *address)
{
	hold(address, "");
}

void hold_fence(const void *address, const char *usage)
{
	char what[32];

	snprintf(what, sizeof(what), " fence %s", usage);
	hold(address, what);
}

void hold_imported(const void *address, bool mappable)
{
	hold(address, mappable ? " imported mappable" : " imported");
}

void hold_caching(const void *address, const char *caching)
{
	char what[32];

	snprintf(what, sizeof(what), " %s", caching);
	hold(address, what);
}

void hold_place(const void *address, bool contiguous)
{
	hold(address, contiguous ? " contiguous" : " page by page");
}

bool is_held(void)
{
	char held = 0;

	igt_assert_lt(0, holder_count);
	igt_assert_eq(pread(holders[holder_count - 1], &held, 1, 0), 1);
	return held == '1';
}

void release_hold(void)
{
	if (holder_count)
		close(holders[--holder_count]);
}

void release_all_holds(void)
{
	while (holder_count)
		release_hold();
}

/* The calling thread, and whether it has waited and returned. */
struct caller {
	pid_t thread;
	bool returned;
	bool waited;
};

/* Ends also if the caller does not wait at all. */
static void *release_when_waited_for(void *argument)
{
	struct caller *caller = argument;

	while (!caller->waited && !__atomic_load_n(&caller->returned, __ATOMIC_RELAXED)) {
		caller->waited = sleeps_in_driver(caller->thread);
		usleep(1000);
	}
	/* The caller must still wait after this, not only for a short time. */
	usleep(LONG_WAIT_US);
	caller->waited = !__atomic_load_n(&caller->returned, __ATOMIC_RELAXED);
	release_hold();
	return NULL;
}

void assert_waits_for_hold(void (*call)(void *argument), void *argument)
{
	struct caller caller = { .thread = gettid() };
	pthread_t releaser;

	igt_assert_eq(pthread_create(&releaser, NULL, release_when_waited_for, &caller), 0);
	call(argument);
	__atomic_store_n(&caller.returned, true, __ATOMIC_RELAXED);
	igt_assert_eq(pthread_join(releaser, NULL), 0);
	igt_assert_f(caller.waited, "did not wait\n");
}

void assert_ignores_hold(void (*call)(void *argument), void *argument)
{
	call(argument);
	igt_assert_f(is_held(), "waited\n");
	release_hold();
}

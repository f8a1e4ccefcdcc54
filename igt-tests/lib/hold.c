// SPDX-License-Identifier: MIT

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "../igt_shim.h"
#include "hold.h"

#define HOLDER	"/sys/kernel/debug/bo_holder"

/* For others to get so far that they wait. */
#define A_WHILE_US 200000

static int holder = -1;

static void hold(const char *text)
{
	igt_assert_eq(holder, -1);
	holder = open(HOLDER, O_RDWR | O_CLOEXEC);
	igt_require_f(holder >= 0, "the module bo_holder is not loaded\n");
	igt_assert_lt(0, write(holder, text, strlen(text)));
}

void hold_reservation(const void *address)
{
	char text[64];

	snprintf(text, sizeof(text), "%p", address);
	hold(text);
}

void hold_fence(const void *address, const char *usage)
{
	char text[64];

	snprintf(text, sizeof(text), "%p fence %s", address, usage);
	hold(text);
}

bool is_held(void)
{
	char held = 0;

	igt_assert_eq(pread(holder, &held, 1, 0), 1);
	return held == '1';
}

void release_hold(void)
{
	if (holder >= 0)
		close(holder);
	holder = -1;
}

static void *release_in_a_while(void *released)
{
	usleep(A_WHILE_US);
	__atomic_store_n((bool *)released, true, __ATOMIC_RELAXED);
	release_hold();
	return NULL;
}

void assert_waits_for_hold(void (*call)(void *argument), void *argument)
{
	bool released = false, waited;
	pthread_t releaser;

	igt_assert_eq(pthread_create(&releaser, NULL, release_in_a_while, &released), 0);
	call(argument);
	waited = __atomic_load_n(&released, __ATOMIC_RELAXED);
	igt_assert_eq(pthread_join(releaser, NULL), 0);
	igt_assert_f(waited, "did not wait\n");
}

void assert_ignores_hold(void (*call)(void *argument), void *argument)
{
	call(argument);
	igt_assert_f(is_held(), "waited\n");
	release_hold();
}

// SPDX-License-Identifier: MIT

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../igt_shim.h"
#include "reservation.h"

#define HOLDER	"/sys/kernel/debug/reservation_holder"

static int holder = -1;

void hold_reservation(const void *address)
{
	char text[32];

	igt_assert_eq(holder, -1);
	holder = open(HOLDER, O_RDWR | O_CLOEXEC);
	igt_require_f(holder >= 0, "the module reservation_holder is not loaded\n");
	snprintf(text, sizeof(text), "%p", address);
	igt_assert_lt(0, write(holder, text, strlen(text)));
}

bool is_reservation_held(void)
{
	char held = 0;

	igt_assert_eq(pread(holder, &held, 1, 0), 1);
	return held == '1';
}

void release_reservation(void)
{
	if (holder >= 0)
		close(holder);
	holder = -1;
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../igt_shim.h"
#include "bar.h"
#include "file.h"
#include "page_table.h"
#include "power.h"
#include "setting.h"

#define STATE "/sys/power/state"
#define LOSER "/sys/kernel/debug/vram_loser"

static struct setting pm_test = { .path = "/sys/power/pm_test" };
static struct setting delay = { .path = "/sys/module/suspend/parameters/pm_test_delay" };
static int loser = -1;

/* The file has all levels, with the current one in brackets, which cannot be written back. */
static void reset_level(int signal)
{
	(void)signal;
	write_file(pm_test.path, "none");
}

void power_save(void)
{
	igt_require_f(!access(pm_test.path, W_OK), "the kernel has no tests of sleep\n");
	igt_require_f(!access(LOSER, W_OK), "the module vram_loser is not loaded\n");
	igt_install_exit_handler(reset_level);
	setting_save(&delay);
	setting_set(&delay, "1");
}

void power_restore(void)
{
	reset_level(0);
	if (loser >= 0)
		close(loser);
	loser = -1;
}

static void open_loser(void)
{
	if (loser >= 0)
		return;
	loser = open(LOSER, O_RDWR | O_CLOEXEC);
	igt_assert_lte(0, loser);
}

uint64_t power_lose_vram_of(const struct huge_bo *bo)
{
	struct page_table table = page_table_read(bo);
	const struct bar bar = bar_of(bo->fd);
	char folder[PATH_MAX], text[96];
	uint64_t bytes = 0;

	open_loser();
	device_folder(bo->fd, folder);
	for (unsigned int i = 0; i < table.count; i++) {
		const struct page_run *run = &table.runs[i];
		uint64_t phys = run->pfn * HUGE_PAGE_SIZE, length = run->end - run->start;

		if (!bar_has(&bar, phys))
			continue;
		snprintf(text, sizeof(text), "%s %llx %llx", strrchr(folder, '/') + 1,
			 (unsigned long long)phys, (unsigned long long)length);
		igt_assert_eq(write(loser, text, strlen(text)), (ssize_t)strlen(text));
		bytes += length;
	}
	page_table_free(&table);
	return bytes;
}

uint64_t power_lost(void)
{
	char text[32] = "";

	igt_assert_lt(0, pread(loser, text, sizeof(text) - 1, 0));
	return strtoull(text, NULL, 10);
}

static bool can_sleep(const char *state)
{
	char states[64] = "";
	FILE *file = fopen(STATE, "r");
	bool can;

	if (!file)
		return false;
	can = fgets(states, sizeof(states), file) && strstr(states, state);
	fclose(file);
	return can;
}

int power_sleep(const char *state, const char *level)
{
	int error;

	igt_require_f(can_sleep(state), "the kernel does not have the state %s\n", state);
	open_loser();
	igt_assert_eq(write_file(pm_test.path, level), 0);
	error = write_file(STATE, state);
	reset_level(0);
	return error;
}

void power_wake_after(unsigned int seconds)
{
	char text[16];

	open_loser();
	snprintf(text, sizeof(text), "wake %u", seconds);
	igt_assert_eq(write(loser, text, strlen(text)), (ssize_t)strlen(text));
}

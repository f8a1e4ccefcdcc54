// SPDX-License-Identifier: MIT

#include "../igt_shim.h"
#include "file.h"
#include "module_parameter.h"
#include "setting.h"

static struct setting max_level = {
	.path = "/sys/module/ttm_huge/parameters/max_level",
};

static struct setting async_moves = {
	.path = "/sys/module/bigbar/parameters/async_moves",
};

static struct setting ttm_pages_limit = {
	.path = "/sys/module/ttm/parameters/pages_limit",
};

void max_level_save(void)
{
	if (!access(max_level.path, F_OK))
		setting_save(&max_level);
}

void max_level_set(const char *level)
{
	igt_require_f(max_level.saved[0], "the driver does without ttm_huge\n");
	setting_set(&max_level, level);
}

void max_level_restore(void)
{
	setting_restore(&max_level);
}

void async_moves_save(void)
{
	if (!access(async_moves.path, F_OK))
		setting_save(&async_moves);
}

void async_moves_set(const char *moves)
{
	igt_require_f(async_moves.saved[0], "the driver does not choose how it moves\n");
	setting_set(&async_moves, moves);
}

void async_moves_restore(void)
{
	setting_restore(&async_moves);
}

int max_level_try(const char *text)
{
	return write_file(max_level.path, text);
}

static bool reads_as(const struct setting *setting, const char *text)
{
	char value[SETTING_SIZE];

	setting_read(setting, value);
	return !strcmp(value, text);
}

bool max_level_is(const char *text)
{
	return reads_as(&max_level, text);
}

unsigned int max_level_mode(void)
{
	return file_mode(max_level.path);
}

bool async_moves_are(const char *moves)
{
	return reads_as(&async_moves, moves);
}

void ttm_pages_limit_save(void)
{
	if (!access(ttm_pages_limit.path, F_OK))
		setting_save(&ttm_pages_limit);
}

void ttm_pages_limit_set(unsigned long pages)
{
	char value[24];

	igt_require_f(ttm_pages_limit.saved[0], "TTM is not loaded\n");
	snprintf(value, sizeof(value), "%lu", pages);
	setting_set(&ttm_pages_limit, value);
}

void ttm_pages_limit_restore(void)
{
	setting_restore(&ttm_pages_limit);
}

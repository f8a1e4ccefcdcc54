// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>

#include "../igt_shim.h"
#include "file.h"
#include "setting.h"

static struct setting *saved_settings;

static void restore_at_exit(int signal)
{
	(void)signal;
	for (const struct setting *setting = saved_settings; setting; setting = setting->next)
		write_file(setting->path, setting->saved);
}

/* Of "always [madvise] never", a list with the current value in brackets, keeps that value. */
static void keep_chosen(char *text)
{
	char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;

	if (!close)
		return;
	*close = '\0';
	memmove(text, open + 1, close - open);
}

void setting_read(const struct setting *setting, char value[SETTING_SIZE])
{
	int fd = open(setting->path, O_RDONLY | O_CLOEXEC);

	igt_require_f(fd >= 0, "%s: %s\n", setting->path, strerror(errno));
	memset(value, 0, SETTING_SIZE);
	igt_assert_lt(0, read(fd, value, SETTING_SIZE - 1));
	close(fd);
}

void setting_save(struct setting *setting)
{
	setting_read(setting, setting->saved);
	keep_chosen(setting->saved);
	setting->next = saved_settings;
	saved_settings = setting;
	igt_install_exit_handler(restore_at_exit);
}

void setting_set(const struct setting *setting, const char *value)
{
	int error = write_file(setting->path, value);

	igt_assert_f(!error, "%s: %s\n", setting->path, strerror(error));
}

void setting_restore(const struct setting *setting)
{
	if (setting->saved[0])
		setting_set(setting, setting->saved);
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>

#include "../igt_shim.h"
#include "file.h"
#include "kernel_log.h"

#define LOG "/dev/kmsg"
#define WARNING 4
#define LEVEL_MASK 7
/* With IGT's prefix, the kernel takes no longer line. */
#define MOST_EXPECTED 900

static int open_at_start(void)
{
	int log = open(LOG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	igt_require_f(log >= 0, LOG ": %s\n", strerror(errno));
	return log;
}

int kernel_log_open(void)
{
	int log = open_at_start();

	lseek(log, 0, SEEK_END);
	return log;
}

/* A record is "level,sequence,time,flags;text", and more lines may follow. */
bool kernel_log_read(int log, int *level, char line[KERNEL_LOG_LINE])
{
	char record[8192], *text, *end;
	ssize_t length;

	do {
		length = read(log, record, sizeof(record) - 1);
		/* EPIPE: lines were overwritten before they could be read. */
	} while (length < 0 && errno == EPIPE);
	if (length <= 0)
		return false;
	record[length] = '\0';
	*level = strtoul(record, NULL, 10) & LEVEL_MASK;
	text = strchr(record, ';');
	text = text ? text + 1 : record;
	end = strchr(text, '\n');
	if (end)
		*end = '\0';
	snprintf(line, KERNEL_LOG_LINE, "%.*s", KERNEL_LOG_LINE - 1, text);
	return true;
}

bool kernel_log_warns(int log, char line[KERNEL_LOG_LINE])
{
	int level;

	while (kernel_log_read(log, &level, line)) {
		if (level <= WARNING)
			return true;
	}
	return false;
}

bool kernel_log_has_after(const char *start, const char *text)
{
	int log = open_at_start(), level;
	char line[KERNEL_LOG_LINE];
	bool found = false;

	while (kernel_log_read(log, &level, line))
		found = !strncmp(line, text, strlen(text)) ||
			(found && !strstr(line, start));
	close(log);
	return found;
}

void kernel_log_say(const char *text)
{
	write_file(LOG, text);
}

void kernel_log_expect(const char *lines)
{
	char whole[MOST_EXPECTED];

	igt_assert_f(!strchr(lines, '\\'), "a backslash in %s\n", lines);
	igt_assert_lt(snprintf(whole, sizeof(whole), "^(%s)$", lines), sizeof(whole));
	igt_emit_ignore_dmesg_regex(whole);
}

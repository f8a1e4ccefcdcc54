// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>

#include "../igt_shim.h"
#include "monitor.h"

#define PORT_NAMES "/sys/class/virtio-ports/*/name"
#define ANSWER_TIMEOUT_MS 30000

static bool has_name(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	char line[64] = "";

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return !strcmp(line, name);
}

/* The node in /dev has the name of the folder. */
static bool find_port(char *node, size_t size)
{
	bool found = false;
	glob_t names;

	if (glob(PORT_NAMES, 0, NULL, &names))
		return false;
	for (size_t i = 0; i < names.gl_pathc && !found; i++) {
		char *path = names.gl_pathv[i];

		found = has_name(path, MONITOR_PORT);
		*strrchr(path, '/') = '\0';
		if (found)
			snprintf(node, size, "/dev/%s", strrchr(path, '/') + 1);
	}
	globfree(&names);
	return found;
}

/* A byte at a time: nothing of the next line is lost. */
static void read_line(int monitor, char *line, size_t size)
{
	struct pollfd readable = { .fd = monitor, .events = POLLIN };
	size_t length = 0;
	char byte = 0;

	while (byte != '\n') {
		igt_assert_f(poll(&readable, 1, ANSWER_TIMEOUT_MS) == 1,
			     "QEMU's monitor does not answer\n");
		igt_assert_eq(read(monitor, &byte, 1), 1);
		if (length + 1 < size)
			line[length++] = byte;
	}
	line[length] = '\0';
}

/* The answer has the number of the question; events and a greeting come in between. */
static bool ask(int monitor, const char *command, const char *arguments)
{
	static unsigned int number;
	char line[512], id[32];
	int length;

	snprintf(id, sizeof(id), "\"id\": %u", ++number);
	length = snprintf(line, sizeof(line), "{\"execute\": \"%s\", \"arguments\": {%s}, %s}\n",
			  command, arguments, id);
	igt_assert_lt(length, (int)sizeof(line));
	igt_assert_eq(write(monitor, line, length), length);
	do {
		read_line(monitor, line, sizeof(line));
	} while (!strstr(line, id));
	if (strstr(line, "\"error\""))
		igt_info("QEMU's monitor: %s", line);
	return !strstr(line, "\"error\"");
}

int monitor_open(void)
{
	char node[64];
	int monitor;

	igt_require_f(find_port(node, sizeof(node)), "no virtio port " MONITOR_PORT "\n");
	monitor = open(node, O_RDWR | O_CLOEXEC);
	igt_assert_f(monitor >= 0, "%s: %s\n", node, strerror(errno));
	/* Refused if it was asked for before, which does no harm. */
	ask(monitor, "qmp_capabilities", "");
	return monitor;
}

void monitor_close(int monitor)
{
	close(monitor);
}

void monitor_dump_screen(int monitor, const char *path)
{
	char arguments[256];

	snprintf(arguments, sizeof(arguments), "\"filename\": \"%s\"", path);
	igt_assert(ask(monitor, "screendump", arguments));
}

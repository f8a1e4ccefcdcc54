// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>

#include "../igt_shim.h"
#include "access.h"
#include "monitor.h"

#define PORT_NAMES "/sys/class/virtio-ports/*/name"
#define ANSWER_TIMEOUT_SECONDS 30
/* The longest answer is a page table, 512 numbers as text. */
#define LINE_SIZE 65536

/* Input that was read and not used yet. */
static char input[4096];
static size_t input_at, input_size;
static char line[LINE_SIZE];

static bool has_name(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	char found[64] = "";

	if (!file)
		return false;
	if (!fgets(found, sizeof(found), file))
		found[0] = '\0';
	fclose(file);
	found[strcspn(found, "\n")] = '\0';
	return !strcmp(found, name);
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

/* Does not sleep: a question about a processor is answered while this process runs on it. */
static void await_input(int monitor)
{
	double limit = seconds_now() + ANSWER_TIMEOUT_SECONDS;
	ssize_t count;

	do {
		count = read(monitor, input, sizeof(input));
		igt_assert_f(count > 0 || (count < 0 && errno == EAGAIN),
			     "QEMU's monitor is not there: %s\n", strerror(errno));
		igt_assert_f(count > 0 || seconds_now() < limit,
			     "QEMU's monitor does not answer\n");
	} while (count < 0);
	input_at = 0;
	input_size = count;
}

static void read_line(int monitor)
{
	size_t length = 0;
	char byte = 0;

	while (byte != '\n') {
		if (input_at == input_size)
			await_input(monitor);
		byte = input[input_at++];
		if (length + 1 < sizeof(line))
			line[length++] = byte;
	}
	line[length] = '\0';
}

/*
 * The answer has the PID and number of the question: events, a greeting, and answers to
 * processes that have ended may come before it. The answer is left in the variable line.
 */
static bool ask(int monitor, const char *command, const char *arguments)
{
	static unsigned int number;
	char question[512], id[48];
	int length;

	snprintf(id, sizeof(id), "\"id\": \"%d-%u\"", getpid(), ++number);
	length = snprintf(question, sizeof(question),
			  "{\"execute\": \"%s\", \"arguments\": {%s}, %s}\n", command, arguments,
			  id);
	igt_assert_lt(length, (int)sizeof(question));
	igt_assert_eq(write(monitor, question, length), length);
	do {
		read_line(monitor);
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
	monitor = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	igt_assert_f(monitor >= 0, "%s: %s\n", node, strerror(errno));
	input_at = 0;
	input_size = 0;
	/* Refused if it was already done, which does no harm. */
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

/* Replaces a JSON string of plain text by the text that it stands for. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text && *text != '"'; text++) {
		if (*text != '\\')
			*to++ = *text;
		else if (*++text == 'n')
			*to++ = '\n';
		else if (*text != 'r')
			*to++ = *text;
	}
	*to = '\0';
}

const char *monitor_ask(int monitor, int cpu, const char *command)
{
	static const char key[] = "\"return\": \"";
	char arguments[256];
	char *answer;

	snprintf(arguments, sizeof(arguments), "\"command-line\": \"%s\", \"cpu-index\": %d",
		 command, cpu);
	igt_assert(ask(monitor, "human-monitor-command", arguments));
	answer = strstr(line, key);
	igt_assert_f(answer, "QEMU's monitor: no text in '%s'\n", line);
	answer += strlen(key);
	unescape(answer);
	return answer;
}

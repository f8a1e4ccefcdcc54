// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace.h"

#define TRACING "/sys/kernel/tracing/"

static bool set(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* Only this function is traced, so the functions that it calls take no longer. */
bool trace_begin(const char *function)
{
	return set(TRACING "set_ftrace_filter", function) &&
	       set(TRACING "current_tracer", "function_graph") &&
	       set(TRACING "trace", "") && set(TRACING "tracing_on", "1");
}

/* " 0)   5.123 us    |  function();" */
static uint64_t duration_ns(const char *line)
{
	const char *number = strchr(line, ')');
	double us;

	if (!number)
		return 0;
	number += 1 + strspn(number + 1, " +!#*@$");
	if (sscanf(number, "%lf us", &us) != 1 || !strstr(number, " us "))
		return 0;
	return (uint64_t)(us * 1000 + 0.5);
}

/* Calls for buffer objects that are not mapped may be in the trace, and take almost no time. */
uint64_t trace_end(void)
{
	FILE *trace = fopen(TRACING "trace", "r");
	uint64_t ns = 0;
	char line[256];

	if (!trace)
		err(EXIT_FAILURE, "cannot read the trace");
	while (fgets(line, sizeof(line), trace)) {
		uint64_t found = duration_ns(line);

		if (found > ns)
			ns = found;
	}
	fclose(trace);
	set(TRACING "current_tracer", "nop");
	set(TRACING "set_ftrace_filter", "");
	return ns;
}

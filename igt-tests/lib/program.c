// SPDX-License-Identifier: MIT

#include <stdarg.h>
#include <sys/wait.h>

#include "../igt_shim.h"
#include "program.h"

FILE *program_start(const char *format, ...)
{
	char command[512];
	va_list arguments;
	FILE *program;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	program = popen(command, "r");
	igt_assert(program);
	return program;
}

void program_finish(FILE *program, struct program_output *output)
{
	size_t length = fread(output->text, 1, sizeof(output->text) - 1, program);
	char rest[512];
	int status;

	output->text[length] = '\0';
	/* It would be killed if it could not write all. */
	while (fread(rest, 1, sizeof(rest), program))
		;
	status = pclose(program);
	output->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	/* It may have been cut in the middle of a line. */
	igt_info("%s\n", output->text);
}

void program_assert_says(const struct program_output *output, const char *text)
{
	igt_assert_f(strstr(output->text, text), "it does not say '%s'\n", text);
}

void program_assert_one_line(const struct program_output *output)
{
	igt_assert_eq(strcspn(output->text, "\n"), strlen(output->text) - 1);
}

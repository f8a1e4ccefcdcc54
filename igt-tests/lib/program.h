/* SPDX-License-Identifier: MIT */
/* Runs other programs, and looks at what they print. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdio.h>

/*
 * What it printed, errors too, as much of it as fits; and its exit status, which is more
 * than 128 if a signal killed it.
 */
struct program_output {
	char text[16384];
	int status;
};

/* A command line of the shell, as for printf(). */
FILE *program_start(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Waits until it ends. */
void program_finish(FILE *program, struct program_output *output);
void program_assert_says(const struct program_output *output, const char *text);
/* An error is one line. */
void program_assert_one_line(const struct program_output *output);

#endif

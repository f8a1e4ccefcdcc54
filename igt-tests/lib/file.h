/* SPDX-License-Identifier: MIT */
/* Files of sysfs, procfs and the like. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>

/* Writes a text in one call; returns 0 or an errno value. Safe in exit handlers. */
int write_file(const char *path, const char *text);

/* What a file of sysfs says, 0 if it is not there. */
long number_in_file(const char *path);

/* Whether the kernel was booted with a parameter, which is a word of its own. */
bool kernel_parameter_given(const char *name);

#endif

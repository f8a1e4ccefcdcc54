/* SPDX-License-Identifier: MIT */
/* Files in sysfs, procfs and the like. */
#ifndef FILE_H
#define FILE_H

#include <limits.h>
#include <stdbool.h>

/* Writes a text in one call; returns 0 or an errno value. Safe in exit handlers. */
int write_file(const char *path, const char *text);

/* The number in a file of sysfs, 0 if there is no such file. */
long number_in_file(const char *path);

/* The permission bits. */
unsigned int file_mode(const char *path);

/* Everybody can read a file of sysfs, and nobody can write it, not even root. */
void assert_read_only(const char *path);

/*
 * The folder of the device that an open device file is of. It is not the link by the numbers
 * of the file, which goes with the file.
 */
void device_folder(int fd, char folder[PATH_MAX]);

/* Whether the kernel was booted with a parameter that has no value. */
bool kernel_parameter_given(const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/* Files of sysfs, procfs and the like. */
#ifndef FILE_H
#define FILE_H

/* Writes a text in one call; returns 0 or an errno value. Safe in exit handlers. */
int write_file(const char *path, const char *text);

#endif

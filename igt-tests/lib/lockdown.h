/* SPDX-License-Identifier: MIT */
/*
 * A kernel that is locked down refuses access to everything that could change it: most of
 * debugfs, the BARs of devices, modules without a signature. The error is EPERM, which root
 * gets for no other reason here.
 */
#ifndef LOCKDOWN_H
#define LOCKDOWN_H

#include <stdio.h>

/* Skips if @error is EPERM; @what says what cannot be done. */
void skip_if_locked_down(int error, const char *what);

/*
 * Opens a file, usually one of debugfs, for reading and writing. Skips where lockdown
 * refuses that; returns -1 with errno for any other error.
 */
int open_unless_locked_down(const char *path);
/* As fopen(), but fails for any other error. */
FILE *fopen_unless_locked_down(const char *path, const char *mode);

#endif

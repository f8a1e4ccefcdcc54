/* SPDX-License-Identifier: MIT */
/*
 * A kernel that is locked down gives nobody what could change it: most of debugfs, the
 * BARs of devices, modules without a signature. It says EPERM, which root gets for no
 * other reason here.
 */
#ifndef LOCKDOWN_H
#define LOCKDOWN_H

/* Skips if an attempt ended in that error; what says what cannot be done. */
void skip_if_locked_down(int error, const char *what);

/*
 * open() of a file, most likely one of debugfs, to read and write it. Skips where lockdown
 * refuses that; with any other error the caller gets it.
 */
int open_unless_locked_down(const char *path);

#endif

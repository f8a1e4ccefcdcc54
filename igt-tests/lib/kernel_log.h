/* SPDX-License-Identifier: MIT */
/* The kernel log from some moment on. Needs root. */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <stdbool.h>

#define KERNEL_LOG_LINE 256

/* Skips if it cannot be read. To be closed. */
int kernel_log_open(void);
/* The next line; false if there is none yet. */
bool kernel_log_read(int log, int *level, char line[KERNEL_LOG_LINE]);
/* The next line at level warning or worse. */
bool kernel_log_warns(int log, char line[KERNEL_LOG_LINE]);
/* Says something in it, to tell what has led to the lines that follow. */
void kernel_log_say(const char *text);

#endif

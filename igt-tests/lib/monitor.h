/* SPDX-License-Identifier: MIT */
/* QEMU's monitor, where the guest has it on a virtio port of this name. */
#ifndef MONITOR_H
#define MONITOR_H

#define MONITOR_PORT "org.qemu.qmp"

/* Skips without such a port. */
int monitor_open(void);
void monitor_close(int monitor);
/* What the screen shows, into a file of the host, as PPM. Asserts. */
void monitor_dump_screen(int monitor, const char *path);
/*
 * What the monitor for people says to a command about one of the processors. The text
 * is there until the next question. Asserts, and is busy meanwhile.
 */
const char *monitor_ask(int monitor, int cpu, const char *command);

#endif

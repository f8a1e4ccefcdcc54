/* SPDX-License-Identifier: MIT */
/* QEMU's monitor, which the guest has on a virtio port of this name. */
#ifndef MONITOR_H
#define MONITOR_H

#define MONITOR_PORT "org.qemu.qmp"

/* Skips without such a port. */
int monitor_open(void);
void monitor_close(int monitor);
/* Writes what the screen shows to a file of the host, as PPM. Asserts. */
void monitor_dump_screen(int monitor, const char *path);
/*
 * The answer of the human monitor to a command about one of the processors. The text is
 * valid until the next question. Asserts, and waits without sleeping.
 */
const char *monitor_ask(int monitor, int cpu, const char *command);

#endif

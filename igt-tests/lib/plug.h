/* SPDX-License-Identifier: MIT */
/*
 * The device goes and comes: its driver is unbound and bound. Needs root. What is
 * unbound is bound again by device_plug(), or at the latest when the program ends.
 */
#ifndef PLUG_H
#define PLUG_H

/* The device of an open DRM file. */
void device_unplug(int fd);
/* Does nothing if the device is there. */
void device_plug(void);

#endif

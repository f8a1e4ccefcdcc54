/* SPDX-License-Identifier: MIT */
/*
 * Unplugs the device and plugs it in again, by unbinding and binding its driver. Needs
 * root. The driver is bound again by device_plug(), or at the latest when the program ends.
 */
#ifndef PLUG_H
#define PLUG_H

/* The device of an open DRM file. Fails if that does not end. */
void device_unplug(int fd);
/* Does nothing if the device is there. */
void device_plug(void);
/* Returns 0 or an errno value; after an error the device is not there. */
int device_try_plug(void);
/* The device that was unplugged before, also if it has no file that can be opened. */
void device_unplug_again(void);

#endif

/* SPDX-License-Identifier: MIT */
/* Loads and unloads modules of the kernel. Needs root. */
#ifndef MODULE_H
#define MODULE_H

/* From a file; returns 0 or an errno value. Asserts that the file is there. */
int module_load(const char *path, const char *parameters);
/* By its name; returns 0 or an errno value: EWOULDBLOCK if it is in use. */
int module_unload(const char *module);

#endif

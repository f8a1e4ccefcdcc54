/* SPDX-License-Identifier: MIT */
/* Loads bigbar again after it was unloaded. Needs root. */
#ifndef RELOAD_H
#define RELOAD_H

#include <stdbool.h>

/* A driver that is built in has no state as a module. */
bool is_built_in(const char *module);
/* Skips if it is built in. */
void require_module(const char *module);
/* Skips if bigbar, once unloaded, could not be loaded again. */
void require_reloadable(void);

void load_bigbar(void);
/* With parameters as for modprobe. It gets the devices that were given to it before. */
void load_bigbar_with(const char *parameters);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The device of the module freed_device, whose driver frees its structure by itself. Needs
 * root.
 */
#ifndef FREED_DEVICE_H
#define FREED_DEVICE_H

/* Skips without the module. */
void freed_device_require(void);
/*
 * Sets the device up and takes it down. Where @nth is not 0, the nth allocation of
 * drmm_ttm_huge_device_init() fails; injection_begin() has to be called before. Returns 0 or
 * an errno value: ERANGE if all has gone well with fewer allocations.
 */
int freed_device_set_up(unsigned int nth);

#endif

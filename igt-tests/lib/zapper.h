/* SPDX-License-Identifier: MIT */
/* Removes the entries of all mappings of a device, as its driver does to reset it. */
#ifndef ZAPPER_H
#define ZAPPER_H

/* Skips if the module zapper is not loaded. */
void zapper_require(void);
/*
 * So many times, with no reservation and no mmap lock held. Returns 0 or an errno value; does
 * not assert.
 */
int zap_all_mappings(int fd, unsigned int times);

#endif

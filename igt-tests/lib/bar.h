/* SPDX-License-Identifier: MIT */
/*
 * Witness: the memory of a PCI device, through sysfs. It needs no driver, shares no code
 * with one, and is there when the driver has left the device. Needs root.
 */
#ifndef BAR_H
#define BAR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "page_table.h"

struct bar {
	char path[PATH_MAX + 16];	/* what to map */
	uint64_t phys;
	uint64_t size;
};

/*
 * The largest memory BAR of a device, by its folder in sysfs, of size 0 if it has none; and
 * of that of an open DRM file.
 */
struct bar bar_in(const char *folder);
struct bar bar_of(int fd);
bool bar_has(const struct bar *bar, uint64_t phys);
/* Mapped for the caller to unmap; some kernels refuse that while a driver has it. */
char *bar_map(const struct bar *bar, uint64_t phys, uint64_t length, int prot);
/* How often a driver has it, by the kernel's tree of resources. */
unsigned int bar_owners(const char *driver);
/* How much of what a table maps is in the BAR, in bytes. */
uint64_t bytes_in_bar(const struct page_table *table, const struct bar *bar);

#endif

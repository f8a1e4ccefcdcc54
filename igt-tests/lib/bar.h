/* SPDX-License-Identifier: MIT */
/*
 * A witness: the memory of a PCI device, through sysfs. It needs no driver, shares no code
 * with one, and works when no driver is bound. Needs root.
 */
#ifndef BAR_H
#define BAR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "page_table.h"

struct bar {
	char path[PATH_MAX + 16];	/* the file to map */
	unsigned int number;
	uint64_t phys;
	uint64_t size;
	unsigned int count;		/* how many such BARs the device has */
};

/*
 * The largest memory BAR of a device, by its folder in sysfs, with size 0 if it has none;
 * and that of the device of an open DRM file. Registers are no memory.
 */
struct bar bar_in(const char *folder);
struct bar bar_of(int fd);
/* Where any BAR of that device begins, memory or registers. */
uint64_t bar_start(int fd, unsigned int number);
bool bar_has(const struct bar *bar, uint64_t phys);
/* Maps it; the caller unmaps. Some kernels refuse that while a driver has the BAR. */
char *bar_map(const struct bar *bar, uint64_t phys, uint64_t length, int prot);
/*
 * The folder of a device in sysfs that has a prefetchable BAR 2 of so many bytes or more, and no
 * driver; false if there is none.
 */
bool bar_folder_without_driver(uint64_t least, char folder[PATH_MAX]);
/* The number of resources that a driver has claimed, by the kernel's resource tree. */
unsigned int bar_owners(const char *driver);
/* The bytes that a table maps and that are in the BAR. */
uint64_t bytes_in_bar(const struct page_table *table, const struct bar *bar);

#endif

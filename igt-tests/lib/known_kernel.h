/* SPDX-License-Identifier: MIT */
/*
 * Which page-table entries a kernel can have for a device's memory: by a table of kernels,
 * by its configuration, and by the CPU. No driver is asked.
 */
#ifndef KNOWN_KERNEL_H
#define KNOWN_KERNEL_H

#include <stdbool.h>

#include "huge_level.h"

/* When the core asks a driver for PUD entries. */
enum core_asks {
	CORE_ASKS_NEVER,
	CORE_ASKS_IF_SYSFS_LETS,	/* the policy for transparent huge pages */
	CORE_ASKS,
};

/* What KVM can give to a virtual machine, of memory that it cannot pin. */
enum kvm_gives {
	KVM_GIVES_PTES,		/* and finds no larger entries */
	KVM_GIVES_VRAM,		/* at any level, and pages that have a reference each */
	KVM_GIVES_ALL,
};

/**
 * struct known_kernel - a row of the table
 * @version: 6 of 6.12.115,
 * @patchlevel: 12,
 * @first_update: and 115: the row also applies to later updates without a row of their own
 * @asks: when the core asks for PUD entries
 * @huge_special_bit: of an entry, which keeps fast GUP off huge ones
 * @kvm: what virtual machines can have
 * @tells_importers: of a dma-buf that it moves, also without CONFIG_DMABUF_MOVE_NOTIFY
 */
struct known_kernel {
	unsigned int version;
	unsigned int patchlevel;
	unsigned int first_update;
	enum core_asks asks;
	unsigned int huge_special_bit;
	enum kvm_gives kvm;
	bool tells_importers;
};

/*
 * The row of the running kernel. If there is none, the last row before it; the test
 * ttm_huge_witness@kernel then says what to add.
 */
const struct known_kernel *known_kernel(void);
bool known_kernel_has_row(void);
/* Whether it is built with an option, by the name without CONFIG_, and not as a module. */
bool known_kernel_is_configured(const char *symbol);

/* The largest entries that kernel and CPU can have. */
enum huge_level known_kernel_largest_level(void);

#endif

/* SPDX-License-Identifier: MIT */
/* dma-bufs of other drivers of the kernel, in system memory. Needs root. */
#ifndef FOREIGN_H
#define FOREIGN_H

#include <stdint.h>

struct foreign {
	int dma_buf;
	uint64_t size;
	char *address;	/* where this process has it mapped, not through the dma-buf */
};

/* These skip where the kernel does not have the driver. */
struct foreign foreign_vgem(uint64_t size);
struct foreign foreign_udmabuf(uint64_t size);
/* Closes and unmaps it: a device that has imported it keeps it. */
void foreign_close(struct foreign *foreign);

/* A client of vgem, which imports dma-bufs, too. The caller closes it. */
int foreign_open_vgem(void);
/* How many of its files, dma-bufs among them, are still in use. Skips without it. */
long foreign_vgem_users(void);
/* Unloads it, if it was not loaded before. */
void foreign_clean_up(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Drivers of other devices that use a dma-buf, by the module dma_buf_importer. Needs root, and
 * skips without the module.
 */
#ifndef IMPORTER_H
#define IMPORTER_H

#include <stdbool.h>
#include <stdint.h>

/* Contiguous memory, by its address for DMA, and its first word. */
struct importer_segment {
	uint64_t address;
	uint64_t length;
	uint64_t word;
};

#define IMPORTER_MOST_SEGMENTS 1024

struct importer_state {
	int takes_vram;		/* by peer-to-peer DMA */
	int goes_on;		/* with what it has begun before it was told to let go */
	unsigned int told;	/* to let go, since it has attached */
	unsigned int count;	/* of segments that it has mapped */
	struct importer_segment segments[IMPORTER_MOST_SEGMENTS];
};

/* Attaches to a dma-buf. Those that are still open are closed by importers_close(). */
int importer_static(int dma_buf);
int importer_dynamic(int dma_buf);
/*
 * A dynamic one that takes VRAM if its device can reach it: the PCI device of the open DRM
 * file. With -1 its device is on no PCI bus.
 */
int importer_peer(int dma_buf, int drm);
/* One that would take VRAM, but cannot be told to let go of it. Older kernels have none. */
int importer_deaf(int dma_buf, int drm);
/* Detaches. */
void importer_close(int importer);
void importers_close(void);

/*
 * "map", "unmap", "pin", "unpin", or "slow": the next time that it is told to let go, it goes
 * on for half a second. importer_try() returns 0 or an errno value.
 */
void importer_do(int importer, const char *command);
int importer_try(int importer, const char *command);

struct importer_state importer_state(int importer);
/* Where a byte of the memory is. */
uint64_t importer_address(const struct importer_state *state, uint64_t offset);

#endif

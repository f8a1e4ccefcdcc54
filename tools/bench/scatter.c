// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

#include "scatter.h"

static struct {
	struct bo *bos;
	unsigned int nr_bos;
	uint64_t vram;
} held;

/* A worker of TTM frees buffer objects, so this may have to wait. */
static void wait_for_free_vram(const struct device *device, uint64_t size)
{
	for (int tries = 0; free_vram(device) != size; tries++) {
		if (tries == 1000)
			errx(EXIT_FAILURE, "%lu bytes of VRAM free, not %lu",
			     free_vram(device), size);
		usleep(1000);
	}
}

static void hold(const struct device *device, uint64_t size)
{
	held.bos[held.nr_bos++] = create_bo(device, size, DRM_BIGBAR_PLACEMENT_VRAM, 0);
}

/*
 * Frees every other one of a row of blocks; all other VRAM is in use. The blocks are adjacent,
 * because the allocator takes them from the low or the high end, one after the other.
 */
void scatter_vram(const struct device *device, uint64_t total, uint64_t block)
{
	unsigned int holes = total / block;

	held.vram = free_vram(device);
	held.bos = malloc((2 * holes + 1) * sizeof(*held.bos));
	if (!held.bos)
		errx(EXIT_FAILURE, "no memory for the handles of %u BOs", 2 * holes);
	for (unsigned int i = 0; i < 2 * holes; i++)
		hold(device, block);
	if (held.vram > 2 * total)
		hold(device, held.vram - 2 * total);

	for (unsigned int i = 0; i < holes; i++) {
		destroy_bo(&held.bos[2 * i]);
		held.bos[i] = held.bos[2 * i + 1];
	}
	if (held.nr_bos > 2 * holes)
		held.bos[holes] = held.bos[2 * holes];
	held.nr_bos -= holes;
	wait_for_free_vram(device, total);
}

void gather_vram(void)
{
	const struct device *device = held.bos[0].device;

	while (held.nr_bos)
		destroy_bo(&held.bos[--held.nr_bos]);
	free(held.bos);
	wait_for_free_vram(device, held.vram);
}

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

/* Buffer objects are freed by a worker. */
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
 * Every other one of a row of neighbours becomes a hole, all else is in use. The
 * allocator hands out the lowest or the highest block first, one behind the other.
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

// SPDX-License-Identifier: MIT

#include "../igt_shim.h"
#include "scatter.h"
#include "subtest.h"

static const struct {
	uint64_t size;
	unsigned int count;
} holes[] = {
	{ MIB(2), SCATTER_HOLES_2M },
	{ KIB(64), SCATTER_HOLES_64K },
	{ KIB(4), SCATTER_HOLES_4K },
};

const struct huge_levels scattered_levels = { {
	[HUGE_PMD] = SCATTER_HOLES_2M,
	[HUGE_PTE] = SCATTER_HOLES_64K * 16 + SCATTER_HOLES_4K,
} };

/* Creates neighbours, of which every other one is to become a hole. */
static void make_rows(int fd, struct huge_bo *to_go, struct huge_bo *kept)
{
	for (unsigned int i = 0; i < COUNT_OF(holes); i++) {
		for (unsigned int n = 0; n < holes[i].count; n++) {
			*to_go++ = huge_vram_bo(fd, holes[i].size);
			*kept++ = huge_vram_bo(fd, holes[i].size);
		}
	}
}

struct scattered_vram scatter_vram(int fd)
{
	struct huge_bo to_go[SCATTERED_PIECES];
	struct scattered_vram scattered;
	struct huge_vram vram;

	make_rows(fd, to_go, scattered.kept);
	vram = huge_vram(fd);
	scattered.rest = huge_vram_rest(fd);
	for (unsigned int i = 0; i < SCATTERED_PIECES; i++)
		huge_bo_destroy(&to_go[i]);
	igt_assert_eq_u64(huge_vram_used_settled(fd, vram.size - SCATTERED_SIZE),
			  vram.size - SCATTERED_SIZE);
	return scattered;
}

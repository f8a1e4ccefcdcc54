// SPDX-License-Identifier: GPL-2.0-only
#include "measure/measure.h"
#include "touch.h"

void touch_every(uint64_t *map, uint64_t pages)
{
	touch_pages(map, pages, 0, 1);
}

void touch_and_read_every(uint64_t *map, uint64_t pages)
{
	const volatile uint64_t *words = map;

	touch_every(map, pages);
	for (uint64_t page = 0; page < pages; page++)
		(void)words[page * WORDS_PER_PAGE];
}

void touch_middle(uint64_t *map, uint64_t pages)
{
	touch_pages(map + pages / 2 * WORDS_PER_PAGE, 1, 0, 1);
}

void touch_random(uint64_t *map, uint64_t pages)
{
	uint64_t random = 1;

	for (uint64_t left = pages / 100; left; left--) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		touch_pages(map + (random >> 32) % pages * WORDS_PER_PAGE, 1, 0, 1);
	}
}

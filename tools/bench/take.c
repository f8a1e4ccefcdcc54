// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "measure/measure.h"
#include "take.h"
#include "touch.h"

static uint64_t count_bits(const uint64_t *bitmap, uint64_t words)
{
	uint64_t bits = 0;

	for (uint64_t word = 0; word < words; word++)
		bits += __builtin_popcountll(bitmap[word]);
	return bits;
}

/* Reads and clears the record; returns the number of pages in it. */
static uint64_t read_record(const struct subject *subject, uint64_t *bitmap, int64_t *ns)
{
	const uint64_t pages = subject_pages(subject);
	uint64_t start = now_ns();
	int error = bigbar_dirty_take(subject->bo.bigbar, 0, pages, bitmap);

	*ns = now_ns() - start;
	if (error)
		errx(EXIT_FAILURE, "cannot take the record of writes: %s", strerror(-error));
	return count_bits(bitmap, pages / 64);
}

/* @touch writes before the sample, or is NULL. A record that does not match is an error. */
static void sample_take(const struct subject *subject, uint64_t *map, touch_t touch,
			uint64_t *bitmap, struct result *result)
{
	int64_t ns;

	read_record(subject, bitmap, &ns);
	if (touch)
		touch(map, subject_pages(subject));
	rest();
	if (!read_record(subject, bitmap, &ns) != !touch)
		errx(EXIT_FAILURE, "%s: the record is not of what was written", result->name);
	add_sample(&result->ns, ns);
}

void run_take(const struct way *way, struct subject *subject, struct result *results)
{
	static const touch_t touches[] = { touch_every, touch_random, NULL };
	uint64_t *bitmap = calloc(subject_pages(subject) / 64, sizeof(*bitmap));
	uint64_t *map = map_subject(subject, choose_address(subject));

	(void)way;
	if (!bitmap)
		errx(EXIT_FAILURE, "no memory for a record of writes");
	for (unsigned int i = 0; i < ARRAY_SIZE(touches); i++) {
		do {
			sample_take(subject, map, touches[i], bitmap, &results[i]);
		} while (more_samples(&results[i].ns));
	}
	unmap_subject(subject, map);
	free(bitmap);
}

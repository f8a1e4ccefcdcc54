/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples of the time that the same thing takes.
 */
#ifndef SAMPLING_H
#define SAMPLING_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_SAMPLES 9

/**
 * struct samples - samples of the time that the same thing takes
 * @nr: number of samples
 * @warm_up: number of samples that were thrown away
 * @ns: the times
 */
struct samples {
	unsigned int nr;
	unsigned int warm_up;
	int64_t ns[MAX_SAMPLES];
};

/*
 * Whether time is wall time, and not counted in instructions. Wall time needs a warm-up, more
 * samples, and their median instead of the least.
 */
extern bool wall_time;

/* False if there are enough samples. */
bool more_samples(const struct samples *samples);
void add_sample(struct samples *samples, int64_t ns);
/* Called before a sample, so that nothing from before costs time in it. */
void rest(void);
/* The least of the samples, or their median for wall time. */
int64_t central_sample(const struct samples *samples);

/* Why misses of the data TLB are not counted, or NULL if they are. */
const char *why_no_tlb_misses(void);
/* Starts to count them; false if they cannot be counted. */
bool tlb_start(void);
/* The misses since tlb_start(), or -1. */
int64_t tlb_misses(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Times of the same thing, measured several times.
 */
#ifndef SAMPLING_H
#define SAMPLING_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_SAMPLES 9

/**
 * struct samples - times of the same thing
 * @nr: how many
 * @warm_up: how many have been thrown away
 * @ns: the times
 */
struct samples {
	unsigned int nr;
	unsigned int warm_up;
	int64_t ns[MAX_SAMPLES];
};

/*
 * Whether time is that of a clock on the wall, and not counted in instructions.
 * It then takes warm-up, more samples, and their median instead of the least.
 */
extern bool wall_time;

/* False once there are enough. */
bool more_samples(const struct samples *samples);
void add_sample(struct samples *samples, int64_t ns);
/* Before one: what happened until then is to cost nothing in it. */
void rest(void);
/* The least, or the median of wall time. */
int64_t central_sample(const struct samples *samples);

/* Why misses of the data TLB are not counted, or NULL if they are. */
const char *why_no_tlb_misses(void);
/* False if they are not. */
bool tlb_start(void);
/* Since tlb_start(), or -1. */
int64_t tlb_misses(void);

#endif

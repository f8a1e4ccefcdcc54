// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include "measure/measure.h"
#include "sampling.h"

#define WALL_WARM_UPS		1
/*
 * Counted instructions repeat. One sample is enough if it takes so long that one timer tick
 * more or less makes no difference.
 */
#define COUNTED_SAMPLES		3
#define COUNTED_ENOUGH_NS	10000000

bool wall_time;

static int64_t sum(const struct samples *samples)
{
	int64_t total = 0;

	for (unsigned int i = 0; i < samples->nr; i++)
		total += samples->ns[i];
	return total;
}

bool more_samples(const struct samples *samples)
{
	if (wall_time)
		return samples->nr < MAX_SAMPLES;
	return samples->nr < COUNTED_SAMPLES && sum(samples) < COUNTED_ENOUGH_NS;
}

void add_sample(struct samples *samples, int64_t ns)
{
	if (wall_time && samples->warm_up < WALL_WARM_UPS)
		samples->warm_up++;
	else
		samples->ns[samples->nr++] = ns;
}

/* A guest that counts instructions does not really wait for the second that settle() sleeps. */
void rest(void)
{
	if (wall_time)
		usleep(20000);
	else
		settle();
}

static int compare_ns(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

int64_t central_sample(const struct samples *samples)
{
	int64_t sorted[MAX_SAMPLES];

	memcpy(sorted, samples->ns, sizeof(sorted));
	qsort(sorted, samples->nr, sizeof(*sorted), compare_ns);
	return sorted[wall_time ? samples->nr / 2 : 0];
}

static int open_tlb_counter(uint64_t operation)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_HW_CACHE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_HW_CACHE_DTLB | operation << 8 |
			  PERF_COUNT_HW_CACHE_RESULT_MISS << 16,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

/*
 * The loops of this program write. Some CPUs count the misses of stores separately, others
 * together with those of loads.
 */
static int tlb_counter(void)
{
	static int fd = -2;

	if (fd == -2)
		fd = open_tlb_counter(PERF_COUNT_HW_CACHE_OP_WRITE);
	if (fd == -1)
		fd = open_tlb_counter(PERF_COUNT_HW_CACHE_OP_READ);
	return fd;
}

const char *why_no_tlb_misses(void)
{
	if (!wall_time)
		return "time is counted in instructions";
	if (tlb_counter() < 0)
		return "the guest's CPU has no counter of data TLB misses that perf knows";
	return NULL;
}

bool tlb_start(void)
{
	return !why_no_tlb_misses() && !ioctl(tlb_counter(), PERF_EVENT_IOC_RESET, 0);
}

int64_t tlb_misses(void)
{
	int64_t count;

	if (read(tlb_counter(), &count, sizeof(count)) != sizeof(count))
		return -1;
	return count;
}

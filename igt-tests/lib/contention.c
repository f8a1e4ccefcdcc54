// SPDX-License-Identifier: MIT

#include "../igt_shim.h"
#include "access.h"
#include "contention.h"

#define SECONDS 3
/* A busy host or a debug kernel may need so many more. */
#define MORE_SECONDS 60
#define LEAST_ROUNDS 10

static bool is_over;

bool work_by_touching(struct worker *worker)
{
	return pattern_renew(&worker->pattern);
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED) && !worker->failed) {
		worker->failed = !worker->work(worker);
		__atomic_fetch_add(&worker->rounds, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool have_all_worked(const struct worker *workers, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (__atomic_load_n(&workers[i].rounds, __ATOMIC_RELAXED) < LEAST_ROUNDS)
			return false;
	}
	return true;
}

static unsigned int move_to_and_fro(const struct worker *workers, unsigned int count)
{
	double end = seconds_now() + SECONDS, limit = end + MORE_SECONDS;
	unsigned int moves = 0;

	while (seconds_now() < end ||
	       ((moves < LEAST_ROUNDS || !have_all_worked(workers, count)) &&
		seconds_now() < limit)) {
		huge_bo_move(workers[0].bo, moves++ % 2 ? HUGE_VRAM : HUGE_SYSTEM);
		/* Moves back to back would leave the faults no time between them. */
		usleep(1000);
	}
	return moves;
}

void contend(struct worker *workers, unsigned int count)
{
	unsigned int moves;

	is_over = false;
	for (unsigned int i = 0; i < count; i++)
		igt_assert_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	moves = move_to_and_fro(workers, count);
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);

	for (unsigned int i = 0; i < count; i++) {
		igt_info("thread %u: %llu rounds, %u moves\n", i,
			 (unsigned long long)workers[i].rounds, moves);
		igt_assert(!workers[i].failed);
		igt_assert_lte_u64(LEAST_ROUNDS, workers[i].rounds);
	}
	igt_assert_lte(LEAST_ROUNDS, moves);
}

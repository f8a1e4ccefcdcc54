// SPDX-License-Identifier: MIT

#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/counters.h"
#include "lib/figures.h"
#include "lib/huge_device.h"
#include "lib/kernel_log.h"
#include "lib/leaks.h"
#include "lib/module_parameter.h"
#include "lib/plug.h"
#include "lib/random.h"
#include "lib/stress.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge stress
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: Everything at the same time, with every word checked that is read.
 *
 *	In the environment, STRESS_SECONDS (10) is the time, and STRESS_SEED repeats
 *	what each actor chooses. The order of their steps is up to the scheduler.
 */
IGT_TEST_DESCRIPTION("Everything at the same time, also unplug of the device");

#define SECONDS 10
#define ROUND_SECONDS 10
/* A debug kernel may need so many more until everything has happened once. */
#define MORE_SECONDS 200
/* How long the actors go on after unplug. */
#define UNPLUGGED_SECONDS 1
/* The longest that an actor's step may take, on a debug kernel. */
#define END_SECONDS 120

#define SMALL_BOS 24
#define BALLAST_SIZE MIB(32)
/* The VRAM that the ballast leaves free. */
#define ROOM MIB(8)

static struct stress_stage *stage;

/* Sums over all rounds of what the stage and the device count in one. */
static struct {
	uint64_t rounds;
	uint64_t unplugs;
	uint64_t faults;
	uint64_t failed_evictions;
	uint64_t leaked_bos;
	uint64_t leaked_vram;
} sums;

static void add_bo(int fd, uint64_t size, unsigned int flags)
{
	unsigned int i = stage->bo_count++;
	struct stress_bo *added = &stage->bos[i];

	igt_assert_lt(i, STRESS_MAX_BOS);
	*added = (struct stress_bo){
		.bo = huge_bo_create(fd, size, HUGE_VRAM, flags),
		.tracker = flags & HUGE_TRACKABLE ? (int)(i % STRESS_ACTORS) : -1,
	};
	tagged_init(&stage->tagged[i], stage->round * STRESS_MAX_BOS + i,
		    added->bo.size / HUGE_PAGE_SIZE);
}

static struct stress_bo *last_bo(void)
{
	return &stage->bos[stage->bo_count - 1];
}

/* The first is large enough for a PUD entry, if VRAM holds that and as much again. */
static void add_largest(int fd, struct choices *choices)
{
	bool has_room = huge_vram(fd).size >= 2 * GIB(1);

	add_bo(fd, has_room ? GIB(1) : MIB(64), one_in(choices, 2) ? HUGE_TRACKABLE : 0);
	last_bo()->is_large = true;
	last_bo()->is_movable = one_in(choices, 2);
}

static void add_small(int fd, struct choices *choices)
{
	static const uint64_t sizes[] = {
		KIB(4), KIB(64), KIB(260), MIB(1), MIB(2), MIB(2) + KIB(4), MIB(3), MIB(4), MIB(8),
	};
	static const unsigned int flags[] = {
		HUGE_TRACKABLE, HUGE_SYSTEM_WC, HUGE_CONTIGUOUS, HUGE_SINGLE_PAGES,
	};

	for (int i = 0; i < SMALL_BOS; i++) {
		unsigned int chosen = 0;

		for (unsigned int j = 0; j < COUNT_OF(flags); j++)
			chosen |= one_in(choices, 3) ? flags[j] : 0;
		add_bo(fd, sizes[choose(choices, COUNT_OF(sizes))], chosen);
		last_bo()->is_movable = one_in(choices, 2);
	}
}

/* Fills VRAM, except for ROOM. */
static void add_ballast(int fd)
{
	struct huge_vram vram = huge_vram(fd);
	uint64_t left = vram.size - vram.used;

	while (left > ROOM && stage->bo_count < STRESS_MAX_BOS) {
		add_bo(fd, left - ROOM < BALLAST_SIZE ? left - ROOM : BALLAST_SIZE, 0);
		last_bo()->is_large = true;
		vram = huge_vram(fd);
		left = vram.size - vram.used;
	}
	igt_require_f(left <= ROOM, "some of VRAM is left: nothing would be evicted\n");
}

static void set_stage(int fd)
{
	struct choices choices = choices_of(stage->seed, UINT64_MAX, stage->round);

	stage->stop = false;
	stage->is_unplugged = false;
	stage->bo_count = 0;
	add_largest(fd, &choices);
	add_small(fd, &choices);
	add_ballast(fd);
}

static void start_crews(pid_t crews[STRESS_CREWS])
{
	for (int i = 0; i < STRESS_CREWS; i++) {
		crews[i] = fork_child();
		if (!crews[i])
			stress_crew(stage, i);
	}
}

static bool goes_well(void)
{
	return !__atomic_load_n(&stage->complaints, __ATOMIC_RELAXED);
}

static void wait_while_it_goes_well(double seconds)
{
	double end = seconds_now() + seconds;

	while (seconds_now() < end && goes_well())
		usleep(20000);
}

/* The kernel stacks of the threads of a process that does not end. */
static void show_stacks(pid_t pid)
{
	char command[128];

	snprintf(command, sizeof(command), "grep -H . /proc/%d/task/*/stack >&2", pid);
	if (system(command))
		igt_info("no stacks of process %d\n", pid);
}

static void end_crew(pid_t pid)
{
	double end = seconds_now() + END_SECONDS;
	int status = 0;
	pid_t ended;

	do {
		usleep(5000);
		ended = waitpid(pid, &status, WNOHANG);
	} while (!ended && seconds_now() < end);
	if (!ended)
		show_stacks(pid);
	igt_assert_f(ended, "process %d does not end\n", pid);
	igt_assert_f(!status || !goes_well(), "a crew ended with status %#x\n", status);
}

static void end_crews(const pid_t crews[STRESS_CREWS])
{
	__atomic_store_n(&stage->stop, true, __ATOMIC_SEQ_CST);
	for (int i = 0; i < STRESS_CREWS; i++)
		end_crew(crews[i]);
	kill_children();
}

/* The actors go on for a moment, with pages that stand in for VRAM. */
static void pull_the_plug(int fd)
{
	__atomic_store_n(&stage->is_unplugged, true, __ATOMIC_SEQ_CST);
	device_unplug(fd);
	sums.unplugs++;
	wait_while_it_goes_well(UNPLUGGED_SECONDS);
}

static void count_leaks(const struct in_use *before, int fd)
{
	struct in_use leaked = in_use_beyond(before, fd);

	sums.leaked_bos += leaked.bos;
	sums.leaked_vram += leaked.vram;
}

/* Evictions may fail only because the device was unplugged. */
static void count_failed_evictions(int log)
{
	char line[KERNEL_LOG_LINE];
	int level;

	while (kernel_log_read(log, &level, line)) {
		if (strstr(line, EVICTION_FAILED))
			sums.failed_evictions++;
	}
}

static void play_round(double seconds, bool unplug)
{
	struct in_use before;
	pid_t crews[STRESS_CREWS];
	int fd = huge_open_when_there(), log = kernel_log_open();

	before = in_use_now(fd);
	set_stage(fd);
	start_crews(crews);
	wait_while_it_goes_well(seconds);
	sums.faults += reason_count(fd, NULL);
	if (unplug) {
		count_failed_evictions(log);
		pull_the_plug(fd);
	}
	end_crews(crews);
	huge_release_all();
	if (!unplug)
		count_failed_evictions(log);
	close(log);
	if (unplug) {
		count_leaks(&before, -1);
		device_plug();
		before.vram = 0;
	}
	count_leaks(&before, huge_open_when_there());
	huge_release_all();
	sums.rounds++;
}

#define SUM(member) sum_of(offsetof(struct stress_tally, member))

static uint64_t sum_of(size_t offset)
{
	uint64_t sum = 0;

	for (int i = 0; i < STRESS_ACTORS; i++)
		sum += *(uint64_t *)((char *)&stage->tallies[i] + offset);
	return sum;
}

#define MOST_FIGURES 32
/* The last of them are good if they are 0. */
#define GOOD_AT_ZERO 5

static unsigned int collect_figures(struct figure figures[MOST_FIGURES])
{
	const struct figure now[] = {
		{ "seed", stage->seed },
		{ "rounds", sums.rounds },
		{ "unplugs", sums.unplugs },
		{ "steps", SUM(steps) },
		{ "faults", sums.faults },
		{ "moves", SUM(moves) },
		{ "evictions", SUM(evictions) },
		{ "mappings", SUM(mappings) },
		{ "mprotects", SUM(protections) },
		{ "remaps", SUM(remaps) },
		{ "prefaults", SUM(prefaults) },
		{ "forks", SUM(forks) },
		{ "dirty records", SUM(records) },
		{ "policy changes", SUM(policies) },
		{ "bytes written", SUM(bytes_written) },
		{ "bytes verified", SUM(bytes_verified) },
		{ "refused for memory", SUM(refused) },
		{ "mismatches", stage->mismatches },
		{ "failed evictions", sums.failed_evictions },
		{ "leaked BOs", sums.leaked_bos },
		{ "leaked VRAM", sums.leaked_vram },
	};

	memcpy(figures, now, sizeof(now));
	return COUNT_OF(now);
}

static void print_figures(void)
{
	struct figure figures[MOST_FIGURES];

	figures_print(figures, collect_figures(figures));
}

/* If a figure is 0, its operation was not tested. */
static const char *what_did_not_happen(void)
{
	struct figure figures[MOST_FIGURES];
	unsigned int count = collect_figures(figures);

	/* After the seed. */
	for (unsigned int i = 1; i < count - GOOD_AT_ZERO; i++) {
		if (!figures[i].value)
			return figures[i].name;
	}
	return NULL;
}

/**
 * SUBTEST: everything
 * Description: Threads of two processes touch, map, unmap, protect, remap, fork,
 *	prefault, move, evict, track writes, look at page tables and change the
 *	policy, on the same buffer objects. Each page has words of one writer,
 *	and each word that is read is checked. Every other round ends with unplug
 *	of the device while all of this goes on; the device is back for the next
 *	round. Nothing is leaked, and no eviction fails while the device is
 *	there. Skips where buffer objects do not fill VRAM, as with 4 GiB of it.
 */
static void test_everything(void)
{
	uint64_t seconds = number_of_environment("STRESS_SECONDS", SECONDS);
	/* At least one of each kind. */
	uint64_t rounds = 2 + seconds / ROUND_SECONDS / 2 * 2;
	double limit = seconds_now() + 2 * seconds + MORE_SECONDS;

	memset(&sums, 0, sizeof(sums));
	memset(stage, 0, sizeof(*stage));
	stage->seed = seed_of_environment("STRESS_SEED");
	kernel_log_expect(LOG_TTM EVICTION_FAILED);
	while (goes_well() && (stage->round < rounds ||
			       (what_did_not_happen() && seconds_now() < limit))) {
		play_round((double)seconds / rounds, stage->round % 2);
		stage->round++;
	}
	print_figures();
	igt_assert_f(goes_well(), "%s", stage->complaint);
	igt_assert_eq_u64(stage->mismatches, 0);
	igt_assert_eq_u64(sums.failed_evictions, 0);
	igt_assert_eq_u64(sums.leaked_bos, 0);
	igt_assert_eq_u64(sums.leaked_vram, 0);
	igt_assert_f(!what_did_not_happen(), "no %s\n", what_did_not_happen());
}

static void clean_up(void)
{
	kill_children();
	device_plug();
	max_level_restore();
	huge_release_all();
	huge_close(huge_open_when_there());
}

static const struct subtest subtests[] = {
	{ "everything", "Everything at the same time", test_everything },
};

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		max_level_save();
		stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		igt_assert(stage != MAP_FAILED);
	}

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

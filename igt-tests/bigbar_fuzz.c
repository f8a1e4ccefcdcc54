// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <sys/mman.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/figures.h"
#include "lib/fuzz.h"
#include "lib/huge_device.h"
#include "lib/injection.h"
#include "lib/kernel_log.h"
#include "lib/leaks.h"
#include "lib/random.h"
#include "lib/subtest.h"

/**
 * TEST: bigbar fuzz
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: uapi
 * Functionality: ioctls, mmap
 * Description: Calls that are almost right, or entirely wrong, return documented errors,
 *	cause no message in the kernel log, and leak nothing.
 *
 *	In the environment, FUZZ_CALLS (4000) is the number of calls, and FUZZ_SEED
 *	repeats them; FUZZ_CORPUS is the file with calls that once failed, and
 *	FUZZ_FAILED is a file for the calls that led to a failure.
 */
IGT_TEST_DESCRIPTION("Random ioctls and mappings");

#define CALLS 4000
#define PROCESSES 2
/* The percentage of allocations that fail, if memory is to be short. */
#define SHORT_PERCENT 5
/* After so many calls everything begins again: a failure depends on no earlier call. */
#define CALLS_TO_RESET 2000

/*
 * What the kernel logs when an allocation fails; vmalloc() adds a stack and the state of
 * memory.
 */
#define WORD "[0-9A-Za-z_]+"
#define LOG_STACK \
	"(CPU:|Tainted:|Hardware name:) .*" \
	"|Call Trace:| </?TASK>| ([?] )?[0-9A-Za-z_.]+[+]0x" WORD "/0x" WORD "( [[]" WORD "[]])?" \
	"|(RIP|RSP|RAX|RDX|RBP|R[0-9][0-9]|Code): .*"
#define LOG_MEMORY \
	"Mem-Info:|active_anon:.*|Node [0-9]+ .*|lowmem_reserve.*" \
	"|[0-9]+ (total pagecache pages|pages .*)|(Free|Total) swap .*"
#define LOG_SHORT_MEMORY \
	LOG_NO_MEMORY "|" LOG_NO_DENTRY "|" LOG_FAULT_REPEATED \
	"|warn_alloc: [0-9]+ callbacks suppressed" \
	"|bigbar_fuzz: vmalloc error: size .*|" LOG_STACK "|" LOG_MEMORY

/* What the processes share with their parent. */
static struct tally {
	uint64_t calls;
	uint64_t succeeded;
	uint64_t refused;
	bool has_failed;
} *tallies;

static uint64_t seed;
static bool is_memory_short;

static struct fuzz_call call_of(const struct fuzz_stage *stage, uint64_t process, uint64_t number)
{
	struct choices choices = choices_of(seed, process, number);

	return fuzz_choose(stage, &choices);
}

/* Writes the calls to FUZZ_FAILED, in the form of the corpus. */
static void keep_calls(const struct fuzz_stage *stage, uint64_t process, uint64_t number)
{
	const char *path = getenv("FUZZ_FAILED");
	FILE *file = path ? fopen(path, "w") : NULL;
	char line[FUZZ_LINE];

	if (!file)
		return;
	fprintf(file, "# seed %" PRIu64 ", process %" PRIu64 "\nreset\n", seed, process);
	for (uint64_t i = number - number % CALLS_TO_RESET; i <= number; i++) {
		struct fuzz_call call = call_of(stage, process, i);

		fuzz_print(&call, line);
		fprintf(file, "%s\n", line);
	}
	fclose(file);
}

/* For a process that has died, or was killed after another one had died. */
static void tell_last_call(uint64_t process)
{
	uint64_t number = tallies[process].calls;
	struct fuzz_stage stage = {};
	char line[FUZZ_LINE];
	struct fuzz_call call;

	fuzz_open(&stage);
	keep_calls(&stage, process, number);
	call = call_of(&stage, process, number);
	fuzz_print(&call, line);
	igt_info("process %" PRIu64 " ended in call %" PRIu64 ": '%s'\n", process, number, line);
	fuzz_reset(&stage);
}

static void make_call(struct fuzz_stage *stage, uint64_t process, uint64_t number)
{
	struct fuzz_call call = call_of(stage, process, number);
	char line[FUZZ_LINE];
	int error;

	if (is_memory_short)
		injection_let_fail(true);
	error = fuzz_make(stage, &call);
	if (is_memory_short)
		injection_let_fail(false);
	tallies[process].calls++;
	tallies[process].succeeded += !error;
	tallies[process].refused += !!error;
	if (fuzz_may_give(&call, error, is_memory_short))
		return;
	tallies[process].has_failed = true;
	keep_calls(stage, process, number);
	fuzz_print(&call, line);
	igt_assert_f(false, "seed %" PRIu64 ", process %" PRIu64 ", call %" PRIu64
		     ": '%s' gave %s\n", seed, process, number, line, strerrorname_np(error));
}

static void say_where_we_are(uint64_t process, uint64_t number)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "<6>bigbar_fuzz: seed %" PRIu64 ", process %" PRIu64 ", from call %" PRIu64 "\n",
		 seed, process, number);
	kernel_log_say(text);
}

static void make_calls(uint64_t process, uint64_t count)
{
	struct fuzz_stage stage = {};

	for (uint64_t i = 0; i < count; i++) {
		if (i % CALLS_TO_RESET == 0) {
			if (i)
				fuzz_reset(&stage);
			fuzz_open(&stage);
			say_where_we_are(process, i);
		}
		make_call(&stage, process, i);
	}
	fuzz_reset(&stage);
}

static uint64_t total(size_t offset)
{
	uint64_t sum = 0;

	for (int i = 0; i < PROCESSES; i++)
		sum += *(uint64_t *)((char *)&tallies[i] + offset);
	return sum;
}

static void assert_quiet(int log)
{
	char line[KERNEL_LOG_LINE];

	igt_assert_f(!kernel_log_warns(log, line), "kernel log: %s\n", line);
}

/* A new client makes a buffer object and uses it. */
static void assert_works(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2) + KIB(4));
	volatile uint64_t *word = huge_bo_map(&bo);

	*word = 1;
	huge_bo_move(&bo, HUGE_SYSTEM);
	igt_assert_eq_u64(*word, 1);
	huge_release_all();
}

static void wait_for_processes(uint64_t calls)
{
	int status = __igt_waitchildren();
	bool has_told = false;

	for (uint64_t process = 0; process < PROCESSES; process++)
		has_told |= tallies[process].has_failed;
	for (uint64_t process = 0; process < PROCESSES && status && !has_told; process++) {
		if (tallies[process].calls < calls)
			tell_last_call(process);
	}
	igt_assert_eq(status, 0);
}

static void make_random_calls(bool memory_short)
{
	uint64_t each = (number_of_environment("FUZZ_CALLS", CALLS) + PROCESSES - 1) / PROCESSES;
	int fd = huge_open(), log = kernel_log_open();
	struct in_use before = in_use_now(fd), leaked;

	seed = seed_of_environment("FUZZ_SEED");
	is_memory_short = memory_short;
	memset(tallies, 0, PROCESSES * sizeof(*tallies));
	igt_fork(process, PROCESSES)
		make_calls(process, each);
	wait_for_processes(each);

	leaked = in_use_beyond(&before, fd);
	figures_print((struct figure[]){
		{ "seed", seed },
		{ "calls", total(offsetof(struct tally, calls)) },
		{ "succeeded", total(offsetof(struct tally, succeeded)) },
		{ "refused", total(offsetof(struct tally, refused)) },
		{ "leaked BOs", leaked.bos },
		{ "leaked VRAM", leaked.vram },
	}, 6);
	igt_assert_eq_u64(PROCESSES * each, total(offsetof(struct tally, calls)));
	igt_assert_lt_u64(0, total(offsetof(struct tally, succeeded)));
	igt_assert_eq_u64(leaked.bos, 0);
	igt_assert_eq_u64(leaked.vram, 0);
	/* If memory is short, the kernel may log that. */
	if (!memory_short)
		assert_quiet(log);
	close(log);
	assert_works();
}

/**
 * SUBTEST: calls
 * Description: Two processes make random calls: all ioctls of the driver, those of
 *	the core for buffer objects, others; mappings of all kinds in a small
 *	arena, and accesses to them.
 */
static void test_calls(void)
{
	make_random_calls(false);
}

/**
 * SUBTEST: short-memory
 * Description: Random calls while some of the kernel's allocations fail: calls may fail
 *	for lack of memory, and accesses by SIGBUS.
 */
static void test_short_memory(void)
{
	kernel_log_expect(LOG_SHORT_MEMORY);
	injection_begin();
	injection_spare_pages();
	injection_set_percent(SHORT_PERCENT);
	make_random_calls(true);
}

static void replay(struct fuzz_stage *stage, const char *line, unsigned int number)
{
	struct fuzz_call call;
	int expected, error;

	igt_assert_f(fuzz_parse(line, &call, &expected), "line %u: not a call: %s\n", number, line);
	error = fuzz_make(stage, &call);
	igt_assert_f(fuzz_may_give(&call, error, false), "line %u: %s: %s", number,
		     error ? strerrorname_np(error) : "success", line);
	igt_assert_f(expected < 0 || error == expected, "line %u: %s: %s", number,
		     error ? strerrorname_np(error) : "success", line);
}

/**
 * SUBTEST: corpus
 * Description: The calls of a file: those that once failed, and others that are easily
 *	handled wrong.
 */
static void test_corpus(void)
{
	const char *path = getenv("FUZZ_CORPUS");
	struct fuzz_stage stage = {};
	struct in_use before, leaked;
	unsigned int number = 0, calls = 0;
	char line[FUZZ_LINE];
	int fd, log;
	FILE *file;

	igt_require_f(path, "FUZZ_CORPUS does not name the file\n");
	file = fopen(path, "r");
	igt_assert_f(file, "%s: %s\n", path, strerror(errno));
	fd = huge_open();
	before = in_use_now(fd);
	log = kernel_log_open();
	fuzz_open(&stage);
	while (fgets(line, sizeof(line), file)) {
		number++;
		if (*line == '#' || *line == '\n')
			continue;
		if (!strcmp(line, "reset\n")) {
			fuzz_reset(&stage);
			fuzz_open(&stage);
			continue;
		}
		replay(&stage, line, number);
		calls++;
	}
	fclose(file);
	fuzz_reset(&stage);
	igt_info("%u calls\n", calls);
	igt_assert_lt(0, calls);
	leaked = in_use_beyond(&before, fd);
	igt_assert_eq_u64(leaked.bos, 0);
	igt_assert_eq_u64(leaked.vram, 0);
	assert_quiet(log);
	close(log);
	assert_works();
}

static void clean_up(void)
{
	injection_end();
	huge_release_all();
}

static const struct subtest subtests[] = {
	{ "corpus", "Calls that once failed", test_corpus },
	{ "calls", "Random calls", test_calls },
	{ "short-memory", "Random calls with allocations that fail", test_short_memory },
};

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		tallies = mmap(NULL, PROCESSES * sizeof(*tallies), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		igt_assert(tallies != MAP_FAILED);
	}

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

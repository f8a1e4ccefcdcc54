// SPDX-License-Identifier: MIT

#include <inttypes.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/huge_device.h"
#include "lib/page_table.h"
#include "lib/program.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge hugemap
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: tools
 * Functionality: huge CPU mappings of VRAM
 * Description: The program hugemap, which shows how a process maps buffer objects, says
 *	what the page tables have, and why entries are not larger.
 *
 *	In the environment, HUGEMAP is the path of the program.
 */
IGT_TEST_DESCRIPTION("How hugemap shows mappings");

#define WATCH_SECONDS 4
/* On a busy host, with a kernel that checks itself. */
#define WAIT_SECONDS 120
#define HUGEMAP "exec \"$HUGEMAP\" %s 2>&1"

static struct program_output hugemap_of(const struct huge_bo *bo, pid_t pid)
{
	struct program_output output;
	char arguments[128];

	snprintf(arguments, sizeof(arguments), "--bo 0x%" PRIx64 " --size 0x%" PRIx64 " %d",
		 bo->offset, bo->size, pid);
	program_finish(program_start(HUGEMAP, arguments), &output);
	return output;
}

/**
 * SUBTEST: levels
 * Description: For a buffer object with entries of two levels hugemap shows how much each
 *	level maps, and which parts are not mapped; and that nothing is mapped before the
 *	first access.
 */
static void test_levels(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(6) + KIB(8), 0, &address);
	struct program_output output = hugemap_of(&bo, getpid());

	igt_assert_eq(output.status, 1);
	program_assert_says(&output, "nothing is mapped");
	(void)*(volatile char *)address;
	output = hugemap_of(&bo, getpid());
	igt_assert_eq(output.status, 0);
	program_assert_says(&output, ": 6 MiB PMD of ");
	program_assert_says(&output, "3 PMD\n");
	program_assert_says(&output, "8 KiB          not mapped");
	(void)*(volatile char *)(address + MIB(6));
	output = hugemap_of(&bo, getpid());
	program_assert_says(&output, ": 6 MiB PMD, 8 KiB PTE of ");
	program_assert_says(&output, "2 PTE\n");
}

/**
 * SUBTEST: why
 * Description: hugemap says that a mapping is too small for a PUD entry, and how the
 *	address of a mapping without PMD entries is aligned.
 */
static void test_why(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(8));
	char *area = huge_reserve(MIB(16), MIB(2));
	struct program_output output;

	huge_bo_map_at(&bo, area, 0, bo.size);
	(void)*(volatile char *)area;
	output = hugemap_of(&bo, getpid());
	program_assert_says(&output, "why: the mapping is smaller than 1 GiB\n");
	munmap(area, bo.size);
	huge_bo_map_at(&bo, area + KIB(12), 0, bo.size);
	(void)*(volatile char *)(area + KIB(12));
	output = hugemap_of(&bo, getpid());
	program_assert_says(&output, "why: the address is aligned to 4 KiB, not to 2 MiB");
}

/**
 * SUBTEST: process-gone
 * Description: For a process that has ended hugemap prints one line with the error.
 */
static void test_process_gone(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));
	struct program_output output;
	pid_t child = fork();

	if (!child)
		_exit(0);
	igt_assert_eq(waitpid(child, NULL, 0), child);
	output = hugemap_of(&bo, child);
	igt_assert_eq(output.status, 2);
	program_assert_says(&output, "has ended\n");
	program_assert_one_line(&output);
}

/**
 * SUBTEST: watch
 * Description: hugemap prints a fault that happens while it watches, and sums up.
 */
static void test_watch(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));
	double end = seconds_now() + WAIT_SECONDS;
	char arguments[64], *address;
	struct pollfd said = { .events = POLLIN };
	struct program_output output;
	FILE *pipe;

	snprintf(arguments, sizeof(arguments), "--watch --seconds %d %d", WATCH_SECONDS, getpid());
	pipe = program_start(HUGEMAP, arguments);
	said.fd = fileno(pipe);
	/* It may take a while until it watches. */
	while (poll(&said, 1, 100) == 0 && seconds_now() < end) {
		address = huge_bo_map(&bo);
		*(volatile char *)address = 1;
		huge_unmap(address, bo.size);
	}
	program_finish(pipe, &output);
	igt_assert_eq(output.status, 0);
	program_assert_says(&output, "write ");
	program_assert_says(&output, "   1 PMD  why: ");
	program_assert_says(&output, " faults\n");
}

static const struct subtest subtests[] = {
	{ "levels", "How much is mapped at which level", test_levels },
	{ "why", "Why entries are not larger", test_why },
	{ "process-gone", "A process that has ended", test_process_gone },
	{ "watch", "Faults as they happen", test_watch },
};

int igt_main()
{
	igt_fixture() {
		struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));

		igt_require_f(getenv("HUGEMAP"), "HUGEMAP does not name the program\n");
		/* Skips where a kernel that is locked down hides the page tables. */
		close(page_table_open(bo.fd));
		huge_release_all();
	}

	run_subtests(subtests, COUNT_OF(subtests), huge_release_all);
}

// SPDX-License-Identifier: MIT

#include <xf86drm.h>

#include "igt_shim.h"
#include "lib/huge_device.h"
#include "lib/program.h"
#include "lib/subtest.h"

/**
 * TEST: bigbar library
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: tools
 * Functionality: huge CPU mappings of VRAM
 * Description: Programs that use libbigbar, which the tests do not use: its example, and a
 *	program that looks at what the driver does with the library's mappings.
 *
 *	In the environment, LIBBIGBAR is the folder that the programs were built in.
 */
IGT_TEST_DESCRIPTION("Programs that use libbigbar");

#define PROGRAM(name) "exec \"$LIBBIGBAR\"/" name " %s %s 2>&1"

static struct program_output run_example(const char *node)
{
	struct program_output output;

	program_finish(program_start(PROGRAM("example"), node, ""), &output);
	return output;
}

/* It says what was not so. */
static void run_guest_test(const char *test)
{
	char *node = drmGetRenderDeviceNameFromFd(huge_open());
	struct program_output output;

	igt_assert(node);
	program_finish(program_start(PROGRAM("guest-test"), node, test), &output);
	free(node);
	igt_assert_eq(output.status, 0);
}

/**
 * SUBTEST: example
 * Description: The example draws into VRAM, copies all pages, then the pages that it has
 *	drawn anew and no others, and the copy is right. For what is no device of bigbar it
 *	prints one line with the error.
 */
static void test_example(void)
{
	char *node = drmGetRenderDeviceNameFromFd(huge_open());
	struct program_output output;

	igt_assert(node);
	output = run_example(node);
	free(node);
	igt_assert_eq(output.status, 0);
	program_assert_says(&output, "copied 2048 pages, then the 128 that have changed\n");

	output = run_example("/dev/null");
	igt_assert_eq(output.status, 1);
	program_assert_says(&output, "cannot open the device: No such device\n");
	program_assert_one_line(&output);
}

/**
 * SUBTEST: grow-in-place
 * Description: A mapping with small entries, and with room after it, has large ones when the
 *	library has made it longer, and its contents and address.
 */
static void test_grow_in_place(void)
{
	run_guest_test("grow-in-place");
}

/**
 * SUBTEST: grow-elsewhere
 * Description: The same without room after it: its address is another.
 */
static void test_grow_elsewhere(void)
{
	run_guest_test("grow-elsewhere");
}

/**
 * SUBTEST: dma-buf
 * Description: A dma-buf is mapped by large entries at the address that the library chooses,
 *	also when it is mapped anew and ahead of use.
 */
static void test_dma_buf(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));

	/* Skips where the kernel exports nothing. */
	huge_bo_export(&bo);
	run_guest_test("dma-buf");
}

/**
 * SUBTEST: prefault
 * Description: A range is mapped ahead of use to its end while a timer sends signals.
 */
static void test_prefault(void)
{
	run_guest_test("prefault");
}

static const struct subtest subtests[] = {
	{ "example", "The example of the library", test_example },
	{ "grow-in-place", "A mapping with room to grow", test_grow_in_place },
	{ "grow-elsewhere", "A mapping without room to grow", test_grow_elsewhere },
	{ "dma-buf", "A mapping of a dma-buf", test_dma_buf },
	{ "prefault", "A prefault under a timer", test_prefault },
};

int igt_main()
{
	igt_fixture() {
		igt_require_f(getenv("LIBBIGBAR"), "LIBBIGBAR does not name the folder\n");
		huge_close(huge_open());
		huge_require_level(HUGE_PMD);
	}

	run_subtests(subtests, COUNT_OF(subtests), huge_release_all);
}

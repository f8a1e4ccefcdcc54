// SPDX-License-Identifier: MIT

#include <xf86drm.h>

#include "igt_shim.h"
#include "lib/huge_device.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/program.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge cost
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: tools
 * Functionality: huge CPU mappings of VRAM
 * Description: The program ttm-map-cost, which measures what a mapping costs, counts as many
 *	faults as TTM's own handler takes, and as ttm_huge takes.
 *
 *	In the environment, MAP_COST is the path of the program.
 */
IGT_TEST_DESCRIPTION("What ttm-map-cost measures");

#define BO_SIZE MIB(64)
#define BO_PAGES (BO_SIZE / HUGE_PAGE_SIZE)
#define MAP_COST "exec \"$MAP_COST\" --device %s --size 64M --samples 3 %s %s 2>&1"

/* With max_level set to a word. */
static struct program_output map_cost(const char *max_level, const char *option, const char *file)
{
	char *node = drmGetDeviceNameFromFd2(huge_open());
	struct program_output output;

	igt_assert(node);
	max_level_set(max_level);
	program_finish(program_start(MAP_COST, node, option, file), &output);
	free(node);
	return output;
}

/* The number after a name, in JSON. */
static uint64_t json_number(const struct program_output *output, const char *name)
{
	const char *found;
	char key[32];

	snprintf(key, sizeof(key), "\"%s\": ", name);
	found = strstr(output->text, key);
	igt_assert_f(found, "it does not say '%s'\n", key);
	return strtoull(found + strlen(key), NULL, 10);
}

static void assert_measured(const char *max_level, uint64_t faults, enum huge_level level)
{
	struct program_output output = map_cost(max_level, "--no-profile --json", "-");

	igt_assert_eq(output.status, 0);
	program_assert_says(&output, "\"how\": \"bigbar's GEM_CREATE, in VRAM\"");
	igt_assert_eq_u64(json_number(&output, "faults"), faults);
	igt_assert_eq_u64(json_number(&output, huge_level_name(level)),
			  BO_SIZE / huge_level_size(level));
}

/**
 * SUBTEST: faults
 * Description: For a buffer object of 64 MiB the program counts 1,024 faults and 16,384 PTEs
 *	with TTM's own handler, and one fault and 32 PMD entries with ttm_huge.
 */
static void test_faults(void)
{
	assert_measured("off", BO_PAGES / TTM_PREFAULT_PAGES, HUGE_PTE);
	assert_measured("pud", 1, HUGE_PMD);
}

/**
 * SUBTEST: compare
 * Description: The program compares a report that it has made with TTM's own handler with
 *	what it measures with ttm_huge. The former says which part of the time faults take.
 */
static void test_compare(void)
{
	char old[] = "/tmp/ttm-map-cost-XXXXXX";
	struct program_output first, second;
	int fd = mkstemp(old);

	igt_assert(fd >= 0);
	close(fd);
	first = map_cost("off", "--json", old);
	second = map_cost("pud", "--no-profile --compare", old);
	unlink(old);
	igt_assert_eq(first.status, 0);
	igt_assert_eq(second.status, 0);
	program_assert_says(&first, "max_level=off;");
	program_assert_says(&first, "handle_mm_fault().");
	program_assert_says(&second, "max_level=pud;");
	program_assert_says(&second, " 1,024 -> 1 ");
}

static const struct subtest subtests[] = {
	{ "faults", "How many faults it counts", test_faults },
	{ "compare", "Before and after", test_compare },
};

static void clean_up(void)
{
	max_level_restore();
	huge_release_all();
}

int igt_main()
{
	igt_fixture() {
		struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));

		igt_require_f(getenv("MAP_COST"), "MAP_COST does not name the program\n");
		/* Skips where a kernel that is locked down hides the page tables. */
		close(page_table_open(bo.fd));
		huge_release_all();
		max_level_save();
	}

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

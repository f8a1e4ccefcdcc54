// SPDX-License-Identifier: MIT

#include <errno.h>
#include <glob.h>
#include <limits.h>

#include "igt_shim.h"
#include "lib/file.h"
#include "lib/huge_device.h"
#include "lib/kernel_log.h"
#include "lib/module.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge kunit
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: kunit
 * Functionality: huge CPU mappings of VRAM
 * Description: The KUnit tests of what needs no device, where the kernel has KUnit.
 */
IGT_TEST_DESCRIPTION("KUnit tests of the libraries");

#define KUNIT "/sys/kernel/debug/kunit"
#define FILTER "/sys/module/kunit/parameters/filter_glob"
#define LINE 256

/* On a busy host. */
#define LOG_SLOW " *# [a-z_0-9]+: Test should be marked slow [(]runtime: [0-9.]+s[)]"
/* What ttm_huge refuses, if it is for the first time. */
#define LOG_REFUSED "ttm_huge: a TTM device without .* is refused" \
	"|.*no TTM_HUGE_VM_OPS in the driver's vm_ops: it cannot be mapped"

/* What the suites of a module have to say. */
struct verdicts {
	unsigned int passed, failed;
	char first[LINE];	/* of those that failed */
};

static void add_line(struct verdicts *verdicts, const char *line)
{
	line += strspn(line, " ");
	verdicts->passed += !strncmp(line, "ok ", 3);
	if (strncmp(line, "not ok ", 7))
		return;
	if (!verdicts->failed++)
		strcpy(verdicts->first, line);
	igt_info("%s", line);
}

static void add_suite(struct verdicts *verdicts, const char *path)
{
	FILE *results = fopen(path, "r");
	char line[LINE];

	igt_assert_f(results, "%s: %s\n", path, strerror(errno));
	while (fgets(line, sizeof(line), results))
		add_line(verdicts, line);
	fclose(results);
}

static struct verdicts verdicts_of(const char *module)
{
	struct verdicts verdicts = {};
	char pattern[PATH_MAX];
	glob_t files;

	snprintf(pattern, sizeof(pattern), KUNIT "/%s_*/results", module);
	igt_assert_eq(glob(pattern, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		add_suite(&verdicts, files.gl_pathv[i]);
	globfree(&files);
	return verdicts;
}

/* They run when their module is loaded, or ran at boot if they are built in. */
static void run_suites(const char *module)
{
	const char *folder = getenv("KUNIT_MODULES");
	struct verdicts verdicts;
	char path[PATH_MAX], name[64];
	bool is_module;

	igt_require_f(!access(KUNIT, F_OK), "the kernel has no KUnit\n");
	igt_require_f(folder, "KUNIT_MODULES does not name a folder\n");
	snprintf(name, sizeof(name), "%s_test", module);
	snprintf(path, sizeof(path), "%s/%s/tests/%s.ko", folder, module, name);
	is_module = !access(path, R_OK);
	/* The debug kernel is told at boot to run none but these of its own. */
	write_file(FILTER, "*");
	if (is_module)
		igt_assert_eq(module_load(path, ""), 0);
	verdicts = verdicts_of(module);
	if (is_module)
		igt_assert_eq(module_unload(name), 0);
	igt_assert_f(!verdicts.failed, "%u cases failed, the first is %s", verdicts.failed,
		     verdicts.first);
	igt_assert_lt(0, verdicts.passed);
}

/**
 * SUBTEST: pfnmap
 * Description: The KUnit tests of pfnmap pass.
 */
static void test_pfnmap(void)
{
	kernel_log_expect(LOG_SLOW);
	run_suites("pfnmap");
}

/**
 * SUBTEST: ttm-huge
 * Description: The KUnit tests of ttm_huge pass.
 */
static void test_ttm_huge(void)
{
	kernel_log_expect(LOG_SLOW "|" LOG_REFUSED);
	run_suites("ttm_huge");
}

static const struct subtest subtests[] = {
	{ "pfnmap", "KUnit tests of pfnmap", test_pfnmap },
	{ "ttm-huge", "KUnit tests of ttm_huge", test_ttm_huge },
};

int igt_main()
{
	igt_fixture()
		huge_close(huge_open());

	run_subtests(subtests, COUNT_OF(subtests), huge_release_all);
}

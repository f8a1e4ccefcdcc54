// SPDX-License-Identifier: MIT

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include "igt_shim.h"
#include "lib/counters.h"
#include "lib/huge_device.h"
#include "lib/page_table.h"
#include "lib/setting.h"
#include "lib/subtest.h"
#include "lib/thp_eligible.h"

#ifndef PR_THP_DISABLE_EXCEPT_ADVISED
#define PR_THP_DISABLE_EXCEPT_ADVISED 2
#endif

/**
 * TEST: ttm huge policy
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: How the policies of system, mapping and process for transparent huge pages
 *	affect huge mappings of VRAM: the table in Documentation/tools/older-kernels.rst,
 *	cell by cell.
 */
IGT_TEST_DESCRIPTION("THP policy and huge mappings of VRAM");

/* The columns of the table. */
enum column {
	COLUMN_6_1,
	COLUMN_6_12,
	COLUMN_6_12_115,
	COLUMN_7_2,
	COLUMNS,
};

/* What the core of a kernel does: this tells its column, and not its version. */
enum behaviour {
	ASKS_IF_ALWAYS = 1 << 0,	/* for huge entries, with sysfs at "always" */
	ASKS_IF_NEVER = 1 << 1,
	KNOWS_EXCEPT_ADVISED = 1 << 2,	/* the flag of prctl() */
};

static const struct {
	const char *heading;
	unsigned int behaviour;
} columns[COLUMNS] = {
	[COLUMN_6_1] = { "6.1", 0 },
	[COLUMN_6_12] = { "6.12 before 6.12.115", ASKS_IF_ALWAYS },
	[COLUMN_6_12_115] = { "6.12 from 6.12.115", ASKS_IF_ALWAYS | ASKS_IF_NEVER },
	[COLUMN_7_2] = { "7.2, 7.3-rc", ASKS_IF_ALWAYS | ASKS_IF_NEVER | KNOWS_EXCEPT_ADVISED },
};

/* What the headings say. Updates of one version are in order. */
static const struct release {
	unsigned int version;
	unsigned int patchlevel;
	unsigned int first_update;
	enum column column;
} releases[] = {
	{ 6, 1, 0, COLUMN_6_1 },
	{ 6, 12, 0, COLUMN_6_12 },
	{ 6, 12, 115, COLUMN_6_12_115 },
	{ 7, 2, 0, COLUMN_7_2 },
	{ 7, 3, 0, COLUMN_7_2 },
};

/* In place of a level: prctl() refuses the flag. */
#define REFUSED HUGE_LEVELS

/**
 * struct row - a row of the table
 * @name: of the subtest
 * @what: its description
 * @system: setting in sysfs; NULL for all of them
 * @advice: for madvise() on the mapping; MADV_NORMAL does not change the policy
 * @disable: prctl(PR_SET_THP_DISABLE),
 * @flags: and its flags
 * @cells: the largest level that faults set, by column
 */
struct row {
	const char *name;
	const char *what;
	const char *system;
	int advice;
	bool disable;
	unsigned long flags;
	enum huge_level cells[COLUMNS];
};

static const char * const system_settings[] = { "always", "madvise", "never" };

#define EXCEPT PR_THP_DISABLE_EXCEPT_ADVISED
#define PTE HUGE_PTE
#define PMD HUGE_PMD
#define PUD HUGE_PUD

static const struct row rows[] = {
	{ "always", "sysfs: always",
	  "always", MADV_NORMAL, false, 0, { PMD, PUD, PUD, PUD } },
	{ "madvise", "sysfs: madvise",
	  "madvise", MADV_NORMAL, false, 0, { PMD, PMD, PUD, PUD } },
	{ "never", "sysfs: never",
	  "never", MADV_NORMAL, false, 0, { PMD, PMD, PUD, PUD } },
	{ "always-hugepage", "sysfs: always; MADV_HUGEPAGE",
	  "always", MADV_HUGEPAGE, false, 0, { PMD, PUD, PUD, PUD } },
	{ "madvise-hugepage", "sysfs: madvise; MADV_HUGEPAGE",
	  "madvise", MADV_HUGEPAGE, false, 0, { PMD, PUD, PUD, PUD } },
	{ "never-hugepage", "sysfs: never; MADV_HUGEPAGE",
	  "never", MADV_HUGEPAGE, false, 0, { PMD, PMD, PUD, PUD } },
	{ "nohugepage", "MADV_NOHUGEPAGE",
	  NULL, MADV_NOHUGEPAGE, false, 0, { PTE, PTE, PTE, PTE } },
	{ "disable", "PR_SET_THP_DISABLE",
	  NULL, MADV_NORMAL, true, 0, { PTE, PTE, PTE, PTE } },
	{ "disable-hugepage", "PR_SET_THP_DISABLE; MADV_HUGEPAGE",
	  NULL, MADV_HUGEPAGE, true, 0, { PTE, PTE, PTE, PTE } },
	{ "except-advised", "PR_THP_DISABLE_EXCEPT_ADVISED",
	  NULL, MADV_NORMAL, true, EXCEPT, { REFUSED, REFUSED, REFUSED, PTE } },
	{ "except-advised-hugepage", "PR_THP_DISABLE_EXCEPT_ADVISED; MADV_HUGEPAGE",
	  NULL, MADV_HUGEPAGE, true, EXCEPT, { REFUSED, REFUSED, REFUSED, PUD } },
};

static struct setting system_policy = {
	.path = "/sys/kernel/mm/transparent_hugepage/enabled",
};

/* The column of this kernel; COLUMNS if there is none. */
static enum column this_column;

/* Returns 0 or an errno value. */
static int set_thp_disable(bool disable, unsigned long flags)
{
	return prctl(PR_SET_THP_DISABLE, disable, flags, 0, 0) ? errno : 0;
}

static bool core_asks_under(const char *system)
{
	char *address;
	bool asks;

	setting_set(&system_policy, system);
	huge_mapped_bo(MIB(2), 0, &address);
	asks = thp_eligible(address);
	huge_release_all();
	setting_restore(&system_policy);
	return asks;
}

static bool knows_except_advised(void)
{
	int error = set_thp_disable(true, EXCEPT);

	set_thp_disable(false, 0);
	return !error;
}

static unsigned int measure_behaviour(void)
{
	return (core_asks_under("always") ? ASKS_IF_ALWAYS : 0) |
	       (core_asks_under("never") ? ASKS_IF_NEVER : 0) |
	       (knows_except_advised() ? KNOWS_EXCEPT_ADVISED : 0);
}

static enum column column_of(unsigned int behaviour)
{
	enum column column = 0;

	while (column < COLUMNS && columns[column].behaviour != behaviour)
		column++;
	return column;
}

/* By the kernel's version; COLUMNS if no heading names it. */
static enum column documented_column(const char *kernel)
{
	unsigned int version = 0, patchlevel = 0, update = 0;
	enum column column = COLUMNS;
	const struct release *release;
	int numbers = sscanf(kernel, "%u.%u.%u", &version, &patchlevel, &update);

	igt_assert_lte(2, numbers);
	for_each_case(release, releases) {
		if (release->version == version && release->patchlevel == patchlevel &&
		    release->first_update <= update)
			column = release->column;
	}
	return column;
}

/**
 * SUBTEST: kernel
 * Description: The core of this kernel, apart from the driver, behaves as the table's
 *	column for this version says. Skips if no column names this version.
 */
static void test_kernel(void)
{
	enum column documented;
	struct utsname uts;

	igt_assert_eq(uname(&uts), 0);
	documented = documented_column(uts.release);
	igt_require_f(documented < COLUMNS, "%s is new: no column of the table names it\n",
		      uts.release);
	igt_assert_f(this_column == documented, "%s does not behave like %s\n",
		     uts.release, columns[documented].heading);
}

/* What one fault maps: a whole page table, or as much of it as the mapping has. */
static struct huge_levels one_fault(enum huge_level level, uint64_t size)
{
	uint64_t table = huge_level_size(level == HUGE_PUD ? HUGE_PUD : level + 1);

	return huge_levels_at(level, size < table ? size : table);
}

static void assert_one_fault(const struct huge_bo *bo, char *address, enum huge_level level)
{
	struct huge_levels found, expected = one_fault(level, bo->size);

	*(volatile char *)address = 1;
	found = huge_levels_of(bo, address, bo->size);
	huge_assert_levels(&found, &expected, "after one write");
}

static char *make_mapping(uint64_t size, const struct row *row, struct huge_bo *bo)
{
	char *address;

	*bo = huge_mapped_bo(size, 0, &address);
	igt_assert_eq(madvise(address, size, row->advice), 0);
	igt_assert_eq(thp_eligible(address), row->cells[this_column] == HUGE_PUD);
	return address;
}

/* The reason that the driver gives must be the one that the table has. */
static void assert_gib(const struct row *row, enum huge_level level)
{
	static const char * const reasons[] = { "policy", "kernel", "largest" };
	struct huge_bo bo;
	char *address = make_mapping(GIB(1), row, &bo);
	uint64_t count = reason_count(bo.fd, reasons[level]), sum = reason_count(bo.fd, NULL);

	assert_one_fault(&bo, address, level);
	igt_assert_eq_u64(reason_count(bo.fd, reasons[level]), count + 1);
	igt_assert_eq_u64(reason_count(bo.fd, NULL), sum + 1);
	huge_release_all();
}

static void assert_two_mib(const struct row *row, enum huge_level level)
{
	struct huge_bo bo;
	char *address = make_mapping(MIB(2), row, &bo);

	assert_one_fault(&bo, address, level < HUGE_PMD ? level : HUGE_PMD);
	huge_release_all();
}

static void assert_cell(const struct row *row, const char *system)
{
	enum huge_level cell = row->cells[this_column];

	igt_info("sysfs: %s; %s expected\n", system,
		 cell == REFUSED ? "EINVAL" : huge_level_name(cell));
	setting_set(&system_policy, system);
	igt_assert_eq(set_thp_disable(row->disable, row->flags), cell == REFUSED ? EINVAL : 0);
	if (cell == REFUSED)
		return;
	assert_gib(row, cell);
	assert_two_mib(row, cell);
}

/**
 * SUBTEST: %s
 * Description: With %arg[1], the first write to a mapping of 1 GiB and of 2 MiB sets the
 *	entries that the table has for this kernel, for the reason that the table has. Where
 *	sysfs is not named, this is so with each of its settings.
 *
 * arg[1]:
 *
 * @always:			always in sysfs
 * @madvise:			madvise in sysfs
 * @never:			never in sysfs
 * @always-hugepage:		always in sysfs, MADV_HUGEPAGE
 * @madvise-hugepage:		madvise in sysfs, MADV_HUGEPAGE
 * @never-hugepage:		never in sysfs, MADV_HUGEPAGE
 * @nohugepage:			MADV_NOHUGEPAGE
 * @disable:			PR_SET_THP_DISABLE
 * @disable-hugepage:		PR_SET_THP_DISABLE, MADV_HUGEPAGE
 * @except-advised:		PR_THP_DISABLE_EXCEPT_ADVISED
 * @except-advised-hugepage:	PR_THP_DISABLE_EXCEPT_ADVISED, MADV_HUGEPAGE
 */
static void test_row(const struct row *row)
{
	igt_require_f(this_column < COLUMNS, "no kernel of the table behaves like this one\n");
	for (unsigned int i = 0; i < COUNT_OF(system_settings); i++) {
		if (!row->system || !strcmp(row->system, system_settings[i]))
			assert_cell(row, system_settings[i]);
	}
}

static void clean_up(void)
{
	set_thp_disable(false, 0);
	setting_restore(&system_policy);
	huge_release_all();
}

int igt_main()
{
	const struct row *row;

	igt_fixture() {
		huge_close(huge_open());
		setting_save(&system_policy);
		this_column = column_of(measure_behaviour());
	}

	igt_describe("The core behaves as the table's headings say");
	igt_subtest("kernel")
		test_kernel();

	for_each_case(row, rows) {
		igt_describe(row->what);
		igt_subtest(row->name)
			test_row(row);
		igt_fixture()
			clean_up();
	}
}

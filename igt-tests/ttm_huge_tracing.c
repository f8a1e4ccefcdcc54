// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/debugger.h"
#include "lib/huge_device.h"
#include "lib/known_kernel.h"
#include "lib/page_table.h"
#include "lib/program.h"
#include "lib/subtest.h"
#include "lib/trace.h"

/**
 * TEST: ttm huge tracing
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: tools
 * Functionality: tracepoints
 * Description: What the tracepoints tell of faults, of entries that are removed, and of
 *	writes that are recorded; and that the commands in the documentation show it.
 *
 *	In the environment, TRACING is the path of Documentation/use/tracing.rst.
 */
IGT_TEST_DESCRIPTION("What tracepoints, perf, trace-cmd and bpftrace tell");

#define FAULT "pfnmap/pfnmap_fault"
#define ZAP "pfnmap/pfnmap_zap"
#define WRITE "ttm_huge/ttm_huge_write"
#define RECORD "ttm_huge/ttm_huge_dirty"

static double began;

static void start_clock(void)
{
	began = seconds_now();
}

/* What took so long has begun after start_clock(), and ended before this. */
static void assert_took(uint64_t ns)
{
	double most = seconds_now() - began;

	igt_info("it took %" PRIu64 " ns of %.0f\n", ns, most * 1e9);
	igt_assert_lt_u64(0, ns);
	igt_assert(ns <= most * 1e9);
}

/**
 * SUBTEST: fault-cost
 * Description: The tracepoint of a fault says how long it took to set the entries.
 */
static void test_fault_cost(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);

	huge_bo_await_idle(&bo);
	trace_start(FAULT);
	start_clock();
	*(volatile char *)address = 1;
	assert_took(trace_only_fault().ns);
}

/* The zap in the trace has removed these entries, of all of a mapping. */
static void assert_zapped(const struct huge_levels *levels, const char *address, uint64_t size,
			  const char *reason)
{
	struct traced_zap zap = trace_only_zap();

	assert_took(zap.ns);
	igt_assert_eq_u64(zap.address, (uintptr_t)address);
	igt_assert_eq_u64(zap.size, size);
	igt_assert_f(!strcmp(zap.reason, reason), "the trace says %s\n", zap.reason);
	huge_assert_levels(&zap.levels, levels, "in the trace");
}

/**
 * SUBTEST: zap-split
 * Description: When a mapping is split inside a PUD entry, or inside what such an entry
 *	could map, the tracepoint says which entries were removed, and how long that took.
 */
static void test_zap_split(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(GIB(1), 0, &address);
	struct huge_levels before;

	(void)*(volatile char *)address;
	before = huge_levels_of(&bo, address, bo.size);
	trace_start(ZAP);
	start_clock();
	igt_assert_eq(mprotect(address + MIB(4), MIB(4), PROT_READ), 0);
	assert_zapped(&before, address, bo.size, "split");
}

/**
 * SUBTEST: zap-mremap
 * Description: Before mremap() moves a mapping of a part, the entries for that part are
 *	removed in all mappings of the process, and the tracepoint has a line for each.
 */
static void test_zap_mremap(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(8));
	char *whole = huge_bo_map(&bo), *area = huge_reserve(MIB(16), MIB(16));
	char *part = huge_bo_map_at(&bo, area, MIB(4), MIB(4));

	(void)*(volatile char *)whole;
	(void)*(volatile char *)part;
	trace_start(ZAP);
	igt_assert(mremap(part, MIB(4), MIB(4), MREMAP_MAYMOVE | MREMAP_FIXED, area + MIB(8)) ==
		   area + MIB(8));
	igt_assert_eq_u64(trace_count("pfnmap_zap:"), 2);
	igt_assert_eq_u64(trace_count("size=400000 puds=0 pmds=2 ptes=0 reason=mremap "), 2);
}

static void fork_and_wait(void)
{
	pid_t pid = fork_child();
	int status;

	if (!pid)
		_exit(0);
	igt_assert(child_ends_with(pid, &status));
}

/**
 * SUBTEST: zap-fork
 * Description: Before fork() copies a mapping, its entries are removed. The tracepoint says
 *	which, and does not take holes for entries.
 */
static void test_zap_fork(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(8), 0, &address);
	const struct huge_levels one = huge_levels_at(HUGE_PMD, MIB(2));

	igt_assert_eq(madvise(address, bo.size, MADV_RANDOM), 0);
	(void)*(volatile char *)(address + MIB(2));
	trace_start(ZAP);
	start_clock();
	fork_and_wait();
	assert_zapped(&one, address, bo.size, "fork");
}

/**
 * SUBTEST: zap-none
 * Description: fork(), mremap() and a split of a mapping too small for huge entries remove
 *	none, and the tracepoint says nothing.
 */
static void test_zap_none(void)
{
	char *address, *area = huge_reserve(MIB(2), MIB(2));

	huge_mapped_bo(MIB(2) - KIB(4), 0, &address);
	(void)*(volatile char *)address;
	trace_start(ZAP);
	fork_and_wait();
	igt_assert_eq(mprotect(address + KIB(64), KIB(64), PROT_READ), 0);
	igt_assert(mremap(address, KIB(64), KIB(64), MREMAP_MAYMOVE | MREMAP_FIXED, area) == area);
	igt_assert_eq_u64(trace_count("pfnmap_zap:"), 0);
}

static volatile char *page_of(char *address, uint64_t page)
{
	return address + page * HUGE_PAGE_SIZE;
}

/* As a debugger writes, here to its own process. */
static void write_as_debugger(char *address, uint64_t page)
{
	const char byte = 1;

	igt_assert_eq(debugger_proc_mem.write(getpid(), address + page * HUGE_PAGE_SIZE, &byte, 1),
		      1);
}

static void assert_write_traced(const struct huge_bo *bo, uint64_t page)
{
	char expected[96];

	snprintf(expected, sizeof(expected), "offset=%" PRIx64 " page=%" PRIu64 " pages=1\n",
		 bo->offset, page);
	igt_assert_eq_u64(trace_count(expected), 1);
}

/**
 * SUBTEST: writes
 * Description: The tracepoint of writes has a line for the first write to a page, whether
 *	the page was read before or not, and for a debugger's write; and none for the second
 *	write, or while nothing is tracked.
 */
static void test_writes(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), HUGE_TRACKABLE, &address);

	trace_start(WRITE);
	*page_of(address, 3) = 1;
	write_as_debugger(address, 4);
	igt_assert_eq_u64(trace_count("ttm_huge_write:"), 0);
	huge_dirty_start(&bo);
	*page_of(address, 5) = 1;
	*page_of(address, 5) = 2;
	(void)*page_of(address, 6);
	*page_of(address, 6) = 1;
	write_as_debugger(address, 7);
	igt_assert_eq_u64(trace_count("ttm_huge_write:"), 3);
	for (uint64_t page = 5; page <= 7; page++)
		assert_write_traced(&bo, page);
}

static void assert_record(const struct huge_bo *bo, const struct traced_record *expected)
{
	struct traced_record found = trace_only_record();

	trace_stop();
	assert_took(found.ns);
	igt_assert_eq_u64(found.offset, bo->offset);
	igt_assert_f(!strcmp(found.op, expected->op), "the trace says %s\n", found.op);
	igt_assert_eq_u64(found.page, expected->page);
	igt_assert_eq_u64(found.pages, expected->pages);
	igt_assert_eq_u64(found.written, expected->written);
	igt_assert_eq(found.result, 0);
}

/**
 * SUBTEST: records
 * Description: The tracepoint of records tells when one is started, taken and stopped, for
 *	which pages, how many of them were written, and how long it took.
 */
static void test_records(void)
{
	const struct traced_record started = { .op = "start", .pages = 512 };
	const struct traced_record taken = {
		.op = "take", .page = 64, .pages = 128, .written = 2,
	};
	const struct traced_record stopped = { .op = "stop", .pages = 512, .written = 1 };
	uint64_t bitmap[2];
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), HUGE_TRACKABLE, &address);

	huge_bo_await_idle(&bo);
	trace_start(RECORD);
	start_clock();
	huge_dirty_start(&bo);
	assert_record(&bo, &started);
	*page_of(address, 63) = 1;
	*page_of(address, 64) = 1;
	*page_of(address, 191) = 1;
	trace_start(RECORD);
	start_clock();
	igt_assert_eq(huge_dirty_try_take(&bo, taken.page, taken.pages, bitmap), 0);
	assert_record(&bo, &taken);
	trace_start(RECORD);
	start_clock();
	huge_dirty_stop(&bo);
	assert_record(&bo, &stopped);
}

/* All that the tracepoints tell of; without assertions, as a child does it. */
static void be_busy(const struct huge_bo *bo, char *address)
{
	uint64_t bitmap[16];
	pid_t pid;

	if (mmap(address, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, bo->fd,
		 bo->offset) != address)
		_exit(1);
	(void)*page_of(address, 0);
	*page_of(address, 7) = 1;
	huge_dirty_try_take(bo, 0, bo->size / HUGE_PAGE_SIZE, bitmap);
	(void)*page_of(address, 0);
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

/* Some times in a second: a slow machine takes long to print what is traced. */
#define BUSY_EACH_US 100000

/* A process that is busy until it is killed. */
static pid_t keep_busy(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(4), HUGE_TRACKABLE, &address);
	pid_t pid;

	huge_dirty_start(&bo);
	pid = fork_child();
	while (!pid) {
		be_busy(&bo, address);
		usleep(BUSY_EACH_US);
	}
	return pid;
}

static void assert_says(const struct program_output *output, const char *expression)
{
	regex_t regex;

	igt_assert_eq(regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB | REG_NEWLINE), 0);
	igt_assert_f(!regexec(&regex, output->text, 0, NULL, 0), "it does not say '%s'\n",
		     expression);
	regfree(&regex);
}

/**
 * struct documented - a command in the documentation
 * @begins: how its line begins
 * @says: what it has to print, as a regular expression
 */
struct documented {
	const char *begins;
	const char *says;
};

/* The first where the kernel has PUD entries. */
#define REASON "(vma_edge|kernel)"
/* As the kernel prints it. */
#define SAYS_FAULT "pfnmap_fault: +address=.* level=pmd entries=.* at .* reason=" REASON " "

static const struct documented all_documented[] = {
	{ "trace-cmd record -q -e pfnmap -e ttm_huge ",
	  SAYS_FAULT },
	{ "trace-cmd record -q -e pfnmap:pfnmap_fault -f ",
	  SAYS_FAULT },
	{ "perf stat ",
	  "[1-9][0-9,.]* +pfnmap:pfnmap_zap" },
	{ "perf record ",
	  SAYS_FAULT },
	{ "bpftrace -e 't:pfnmap:pfnmap_fault ",
	  "^@\\[pmd, " REASON "\\]: [1-9]" },
	{ "bpftrace -e 't:pfnmap:pfnmap_zap ",
	  "^@ns\\[fork\\]:" },
	{ "bpftrace -e 't:ttm_huge:ttm_huge_dirty ",
	  "^@pages\\[.*, take\\]: [1-9]" },
	{ "bpftrace -e 'k:unmap_mapping_range ",
	  "^@bytes\\[.*\\]:" },
};

#define MAX_COMMAND 256

/* The row of a command; each command of the page has one. */
static const struct documented *find_documented(const char *command)
{
	const struct documented *row;

	for_each_case(row, all_documented) {
		if (!strncmp(command, row->begins, strlen(row->begins)))
			return row;
	}
	igt_assert_f(false, "the test knows no such command: %s\n", command);
	return NULL;
}

static void run_documented(const char *command)
{
	const struct documented *row = find_documented(command);
	struct program_output output;
	pid_t pid = keep_busy();

	igt_info("%s\n", command);
	program_finish(program_start("{ %s; } 2>&1", command), &output);
	igt_assert_eq(kill(pid, SIGKILL), 0);
	igt_assert(child_ends(pid));
	igt_assert_eq(output.status, 0);
	assert_says(&output, row->says);
	huge_release_all();
}

static unsigned int count_rows(const char *tool)
{
	const struct documented *row;
	unsigned int count = 0;

	for_each_case(row, all_documented)
		count += !strncmp(row->begins, tool, strlen(tool));
	return count;
}

/* Runs all lines of the page that are commands of a tool. */
static void run_all_documented(const char *tool)
{
	const char *path = getenv("TRACING");
	char line[MAX_COMMAND], indented[32], is_there[64];
	unsigned int count = 0;
	FILE *page;

	igt_require_f(path, "TRACING does not name the page\n");
	snprintf(is_there, sizeof(is_there), "command -v %s >/dev/null", tool);
	igt_require_f(!system(is_there), "there is no %s\n", tool);
	page = fopen(path, "r");
	igt_assert_f(page, "%s: %s\n", path, strerror(errno));
	snprintf(indented, sizeof(indented), "   %s ", tool);
	while (fgets(line, sizeof(line), page)) {
		if (strncmp(line, indented, strlen(indented)))
			continue;
		line[strcspn(line, "\n")] = '\0';
		run_documented(line + strspn(line, " "));
		count++;
	}
	fclose(page);
	igt_assert_eq(count, count_rows(tool));
}

/**
 * SUBTEST: trace-cmd
 * Description: The commands with trace-cmd in the documentation show faults by level and
 *	reason, and filter them.
 */
static void test_trace_cmd(void)
{
	run_all_documented("trace-cmd");
}

/**
 * SUBTEST: perf
 * Description: The commands with perf in the documentation count and show what happens.
 */
static void test_perf(void)
{
	run_all_documented("perf");
}

/**
 * SUBTEST: bpftrace
 * Description: The commands with bpftrace in the documentation sum up faults, the time that
 *	removing entries took, pages written, and what else removes entries.
 */
static void test_bpftrace(void)
{
	igt_require_f(known_kernel_is_configured("BPF_EVENTS"), "the kernel has no BPF\n");
	run_all_documented("bpftrace");
}

static void clean_up(void)
{
	trace_stop();
	kill_children();
	huge_release_all();
}

static const struct subtest subtests[] = {
	{ "fault-cost", "How long a fault took", test_fault_cost },
	{ "zap-split", "What a split removed", test_zap_split },
	{ "zap-mremap", "What mremap() removed", test_zap_mremap },
	{ "zap-fork", "What fork() removed", test_zap_fork },
	{ "zap-none", "When nothing is removed", test_zap_none },
	{ "writes", "Which pages are written", test_writes },
	{ "records", "Records that are started, taken and stopped", test_records },
	{ "trace-cmd", "Commands with trace-cmd", test_trace_cmd },
	{ "perf", "Commands with perf", test_perf },
	{ "bpftrace", "Commands with bpftrace", test_bpftrace },
};

int igt_main()
{
	igt_fixture()
		huge_close(huge_open());

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

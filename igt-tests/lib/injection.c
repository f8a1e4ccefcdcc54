// SPDX-License-Identifier: MIT

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "../igt_shim.h"
#include "file.h"
#include "injection.h"
#include "lockdown.h"
#include "subtest.h"

#define DEBUGFS "/sys/kernel/debug/"
#define LEAST_ORDER DEBUGFS "fail_page_alloc/min-order"
#define ABOVE_ALL_ORDERS "64"
#define TIMES DEBUGFS "failslab/times"
#define COPIES DEBUGFS "fail_usercopy"
#define CACHES "/sys/kernel/slab"
#define MAKE_IT_FAIL "/proc/thread-self/make-it-fail"
#define FAIL_NTH "/proc/thread-self/fail-nth"

static struct setting {
	const char *path;
	const char *value;
	char saved[16];
	/* Not every kernel with fault injection has this setting. */
	bool is_optional;
} settings[] = {
	/* Allocations that may sleep fail, too: most of them may. */
	{ .path = DEBUGFS "failslab/ignore-gfp-wait", .value = "N" },
	{ .path = DEBUGFS "fail_page_alloc/ignore-gfp-wait", .value = "N" },
	{ .path = DEBUGFS "fail_page_alloc/ignore-gfp-highmem", .value = "N" },
	{ .path = LEAST_ORDER, .value = "0" },
	{ .path = DEBUGFS "failslab/cache-filter", .value = "Y" },
	{ .path = DEBUGFS "failslab/task-filter", .value = "Y" },
	{ .path = DEBUGFS "fail_page_alloc/task-filter", .value = "Y" },
	{ .path = TIMES, .value = "-1" },
	{ .path = DEBUGFS "fail_page_alloc/times", .value = "-1" },
	{ .path = DEBUGFS "failslab/interval", .value = "1" },
	{ .path = DEBUGFS "fail_page_alloc/interval", .value = "1" },
	{ .path = DEBUGFS "failslab/probability", .value = "0" },
	{ .path = DEBUGFS "fail_page_alloc/probability", .value = "0" },
	/* No line in the kernel log for each. */
	{ .path = DEBUGFS "failslab/verbose", .value = "0" },
	{ .path = DEBUGFS "fail_page_alloc/verbose", .value = "0" },
	/*
	 * A bug in TTM of Linux 7.2: ttm_buffer_object_transfer() counts one buffer object
	 * too many each time that it gets no memory for the fences of a ghost. Synchronous
	 * moves make no ghosts; tests that queue moves allow for it.
	 */
	{ .path = "/sys/module/bigbar/parameters/async_moves", .value = "N", .is_optional = true },
	{ .path = COPIES "/verbose", .value = "0", .is_optional = true },
};

static int nth_fd = -1;

static void restore(int signal)
{
	struct setting *setting;

	(void)signal;
	for_each_case(setting, settings) {
		if (setting->saved[0])
			write_file(setting->path, setting->saved);
		setting->saved[0] = '\0';
	}
}

static void save(struct setting *setting)
{
	int fd = open_unless_locked_down(setting->path);

	igt_require_f(fd >= 0, "%s: %s: the kernel has no fault injection\n", setting->path,
		      strerror(errno));
	igt_assert_lt(0, read(fd, setting->saved, sizeof(setting->saved) - 1));
	close(fd);
}

/*
 * A bug in the buddy allocator up to Linux 7.2: if it gets no memory to split a block, it
 * frees a block that is still in its tree, and uses it again.
 */
static bool is_of_buddy_allocator(const char *cache)
{
	return strstr(cache, "buddy_block");
}

/* These marks stay, and have no effect while the setting cache-filter is off. */
static int mark_cache(const char *cache, bool fails)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), CACHES "/%s/failslab", cache);
	return write_file(path, fails ? "1" : "0");
}

static void mark_caches(bool fail)
{
	DIR *caches = opendir(CACHES);
	struct dirent *cache;

	igt_require_f(caches, CACHES ": %s\n", strerror(errno));
	while ((cache = readdir(caches)))
		mark_cache(cache->d_name, fail && !is_of_buddy_allocator(cache->d_name));
	closedir(caches);
}

void injection_begin(void)
{
	struct setting *setting;

	nth_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	igt_require_f(nth_fd >= 0, FAIL_NTH ": %s: the kernel has no fault injection\n",
		      strerror(errno));
	igt_install_exit_handler(restore);
	for_each_case(setting, settings) {
		if (setting->is_optional && access(setting->path, F_OK))
			continue;
		save(setting);
		igt_assert_eq(write_file(setting->path, setting->value), 0);
	}
	mark_caches(true);
}

void injection_spare_pages(void)
{
	igt_assert_eq(write_file(LEAST_ORDER, "1"), 0);
}

void injection_narrow_to(const char *cache)
{
	igt_assert_eq(write_file(LEAST_ORDER, ABOVE_ALL_ORDERS), 0);
	mark_caches(false);
	igt_assert_eq(mark_cache(cache, true), 0);
}

void injection_require_copies(void)
{
	igt_require_f(!access(COPIES, F_OK), "the kernel lets no copies of user memory fail\n");
}

void injection_end(void)
{
	if (nth_fd >= 0)
		close(nth_fd);
	nth_fd = -1;
	restore(0);
}

static bool write_nth(unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(nth_fd, text, length, 0) == length;
}

void injection_arm(unsigned int nth)
{
	igt_assert(write_nth(nth));
}

/* On a kernel where copies of user memory can fail, these calls themselves may be the nth. */
bool injection_disarm(void)
{
	char text[16] = "";

	if (pread(nth_fd, text, sizeof(text) - 1, 0) < 0)
		return false;
	/* The rest of the countdown: 0 if the nth allocation has failed. */
	if (!strtoul(text, NULL, 10))
		return true;
	igt_assert(write_nth(0) || write_nth(0));
	return false;
}

void injection_set_percent(unsigned int percent)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", percent);
	igt_assert_eq(write_file(DEBUGFS "failslab/probability", text), 0);
	igt_assert_eq(write_file(DEBUGFS "fail_page_alloc/probability", text), 0);
}

void injection_let_fail(bool fail)
{
	static pid_t opened_by;
	static int fd;

	/* Kept open, because an open() to end it could fail. */
	if (opened_by != gettid()) {
		fd = open(MAKE_IT_FAIL, O_WRONLY | O_CLOEXEC);
		igt_assert_f(fd >= 0, MAKE_IT_FAIL ": %s\n", strerror(errno));
		opened_by = gettid();
	}
	igt_assert_eq(pwrite(fd, fail ? "1" : "0", 1, 0), 1);
}

void injection_begin_row(unsigned int count)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", count);
	igt_assert_eq(write_file(TIMES, text), 0);
	injection_set_percent(100);
	injection_let_fail(true);
}

unsigned int injection_end_row(void)
{
	injection_let_fail(false);
	return number_in_file(TIMES);
}

/* SPDX-License-Identifier: MIT */
/*
 * What the tests need from IGT. In an igt-gpu-tools tree that is igt.h. Distributions
 * package libigt.so without its headers: for them, this declares the part of its interface
 * that the tests use, in the form that it has had since IGT 2.3.
 */
#ifndef IGT_SHIM_H
#define IGT_SHIM_H

#if defined(HAVE_IGT_H) || __has_include("igt.h")
#include "igt.h"
#include "igt_device_scan.h"
#else

#include <getopt.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHIM_NORETURN __attribute__((noreturn))
#define SHIM_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* The test program: "int igt_main() { ... }" defines main() and its body. */
typedef int (*igt_opt_handler_t)(int opt, int opt_index, void *data);
int igt_subtest_init_parse_opts(int *argc, char **argv, const char *short_opts,
				const struct option *long_opts, const char *help,
				igt_opt_handler_t handler, void *handler_data);
SHIM_NORETURN void igt_exit(void);
void shim_test_body(void);

#define igt_main() \
	main(int argc, char **argv) \
	{ \
		igt_subtest_init_parse_opts(&argc, argv, NULL, NULL, NULL, NULL, NULL); \
		shim_test_body(); \
		igt_exit(); \
	} \
	void shim_test_body(void)

/* libigt looks this symbol up in the program. */
#define IGT_TEST_DESCRIPTION(text) const char *__igt_test_description = text

/*
 * Subtests and fixtures. A failure, a skip and the end of a subtest all return through the
 * jump buffer, so the loops run their body at most once.
 */
extern jmp_buf igt_subtest_jmpbuf;
bool __igt_run_subtest(const char *name, const char *file, const int line);
void igt_success(void);
bool __igt_fixture(void);
void __igt_fixture_complete(void);
SHIM_PRINTF(1, 2) void igt_describe_f(const char *format, ...);

#define igt_describe(text) igt_describe_f("%s", text)

#define igt_subtest(name) \
	for (; __igt_run_subtest(name, __FILE__, __LINE__) && \
	       !sigsetjmp(igt_subtest_jmpbuf, 1); igt_success())

#define igt_subtest_f(...) \
	for (char shim_name[128]; \
	     snprintf(shim_name, sizeof(shim_name), __VA_ARGS__), \
	     __igt_run_subtest(shim_name, __FILE__, __LINE__) && \
	     !sigsetjmp(igt_subtest_jmpbuf, 1); igt_success())

#define igt_fixture() \
	for (volatile bool shim_first = true; \
	     shim_first && __igt_fixture() && !sigsetjmp(igt_subtest_jmpbuf, 1); \
	     shim_first = false, __igt_fixture_complete())

/* Assertions and requirements. */
SHIM_NORETURN SHIM_PRINTF(6, 7)
void __igt_fail_assert(const char *domain, const char *file, const int line,
		       const char *func, const char *assertion, const char *format, ...);
SHIM_NORETURN SHIM_PRINTF(5, 6)
void __igt_skip_check(const char *file, const int line, const char *func,
		      const char *check, const char *format, ...);

#define shim_fail(text, ...) \
	__igt_fail_assert(NULL, __FILE__, __LINE__, __func__, text, __VA_ARGS__)

#define igt_assert(expression) \
	do { \
		if (!(expression)) \
			shim_fail(#expression, NULL); \
	} while (0)

#define igt_assert_f(expression, ...) \
	do { \
		if (!(expression)) \
			shim_fail(#expression, __VA_ARGS__); \
	} while (0)

#define shim_compare(type, conversion, a, op, b) \
	do { \
		type shim_a = (a), shim_b = (b); \
		if (!(shim_a op shim_b)) \
			shim_fail(#a " " #op " " #b, \
				  "error: !(" conversion " " #op " " conversion ")\n", \
				  shim_a, shim_b); \
	} while (0)

#define igt_assert_eq(a, b)		shim_compare(int, "%d", a, ==, b)
#define igt_assert_neq(a, b)		shim_compare(int, "%d", a, !=, b)
#define igt_assert_lte(a, b)		shim_compare(int, "%d", a, <=, b)
#define igt_assert_lt(a, b)		shim_compare(int, "%d", a, <, b)
#define igt_assert_eq_u64(a, b)		shim_compare(unsigned long long, "%#llx", a, ==, b)
#define igt_assert_lte_u64(a, b)	shim_compare(unsigned long long, "%#llx", a, <=, b)
#define igt_assert_lt_u64(a, b)		shim_compare(unsigned long long, "%#llx", a, <, b)
#define igt_assert_fd(fd) \
	igt_assert_f((fd) >= 0, "file descriptor " #fd " failed\n")

#define igt_require_f(expression, ...) \
	do { \
		if (!(expression)) \
			__igt_skip_check(__FILE__, __LINE__, __func__, #expression, __VA_ARGS__); \
	} while (0)

/* Child processes: the body runs in each child; a child that fails makes the test fail. */
bool __igt_fork(void);
void igt_waitchildren(void);
/* Waits without failing: returns 0, or the exit status of a child that failed. */
int __igt_waitchildren(void);

#define igt_fork(child, count) \
	for (int child = 0; child < (count); child++) \
		for (; __igt_fork(); exit(0))

/* The test fails after so many seconds, unless the timeout is reset before. */
void igt_set_timeout(unsigned int seconds, const char *operation);
void igt_reset_timeout(void);

typedef void (*igt_exit_handler_t)(int signal);
void igt_install_exit_handler(igt_exit_handler_t handler);

/* The devices that --device or IGT_DEVICE ask for: their number, and an open card, or -1. */
int igt_device_filter_count(void);
int drm_open_filtered_card(int index);

/* Log. */
enum igt_log_level {
	IGT_LOG_DEBUG,
	IGT_LOG_INFO,
	IGT_LOG_WARN,
	IGT_LOG_CRITICAL,
	IGT_LOG_NONE,
};

SHIM_PRINTF(3, 4)
void igt_log(const char *domain, enum igt_log_level level, const char *format, ...);

#define igt_info(...) igt_log(NULL, IGT_LOG_INFO, __VA_ARGS__)

/*
 * The runner does not take matching lines of the kernel log for warnings, until the subtest
 * ends or sets another regular expression.
 */
void igt_emit_ignore_dmesg_regex(const char *regex);

#endif /* igt.h */

#endif

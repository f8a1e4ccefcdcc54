/* SPDX-License-Identifier: MIT */
/*
 * The kernel's gup_test: calls of get_user_pages() and its relatives, by name.
 * Only a kernel with CONFIG_GUP_TEST has it.
 */
#ifndef GUP_TEST_H
#define GUP_TEST_H

enum gup_call {
	GUP_FAST = 1,
	PIN_FAST,
	PIN_LONGTERM,
	GUP_BASIC,
	PIN_BASIC,
};

/*
 * Asks for one page, to read or to write it. Returns 0 if the kernel found it and
 * EFAULT if it did not; skips the subtest if the kernel has no gup_test.
 */
int gup_test(enum gup_call call, void *page, int write);

#endif

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../igt_shim.h"
#include "gup_test.h"
#include "huge_level.h"
#include "lockdown.h"

#define GUP_TEST "/sys/kernel/debug/gup_test"

/* The kernel's mm/gup_test.h, which it does not install. */
struct gup_test {
	uint64_t get_delta_usec;
	uint64_t put_delta_usec;
	uint64_t addr;
	uint64_t size;
	uint32_t nr_pages_per_call;
	uint32_t gup_flags;
	uint32_t test_flags;
	uint32_t which_pages[8];
};

#define FOLL_WRITE 1

int gup_test(enum gup_call call, void *page, int write)
{
	struct gup_test arg = {
		.addr = (uintptr_t)page,
		.size = HUGE_PAGE_SIZE,
		.nr_pages_per_call = 1,
		.gup_flags = write ? FOLL_WRITE : 0,
	};
	int fd = open_unless_locked_down(GUP_TEST), error;

	igt_require_f(fd >= 0, "%s: %s\n", GUP_TEST, strerror(errno));
	error = ioctl(fd, _IOWR('g', call, struct gup_test), &arg) ? errno : 0;
	close(fd);
	igt_assert_f(!error, "%s: %s\n", GUP_TEST, strerror(error));
	/* The ioctl does not return the error, but how much it got. */
	return arg.size == HUGE_PAGE_SIZE ? 0 : EFAULT;
}

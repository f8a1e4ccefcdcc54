// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#ifdef HAVE_LIBURING
#include <liburing.h>
#endif
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "igt_shim.h"
#include "lib/gup_test.h"
#include "lib/huge_device.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge gup
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: VRAM has no struct page, and the pages of system memory are TTM's. A system
 *	call that needs the pages of a mapping of a buffer object gets EFAULT, at every
 *	page-table level.
 */
IGT_TEST_DESCRIPTION("get_user_pages() is refused on mappings of buffer objects");

/* Returns 0 or an errno value for the page at the address. */
typedef int (*gup_user_t)(char *page);

static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

static int use_vmsplice(char *page)
{
	struct iovec iov = { .iov_base = page, .iov_len = HUGE_PAGE_SIZE };
	int ends[2], error;

	igt_assert_eq(pipe(ends), 0);
	error = error_of(vmsplice(ends[1], &iov, 1, 0));
	close(ends[0]);
	close(ends[1]);
	return error;
}

/* A small ext4 on a loop device: a real file system that can do O_DIRECT. */
static struct {
	char dir[32];
	char mount_point[48];
	char file[64];
	bool made;
	bool mounted;
} disk;

__attribute__((format(printf, 1, 2))) static int shell(const char *format, ...)
{
	char command[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	return system(command);
}

static void remove_disk(int signal)
{
	(void)signal;
	if (disk.mounted)
		shell("umount %s", disk.mount_point);
	if (disk.made)
		shell("rm -rf %s", disk.dir);
	disk.mounted = false;
	disk.made = false;
}

/* The image lies in memory. */
static void make_disk(void)
{
	strcpy(disk.dir, "/dev/shm/ttm-huge-XXXXXX");
	disk.made = mkdtemp(disk.dir);
	igt_require_f(disk.made, "%s: %s\n", disk.dir, strerror(errno));
	igt_install_exit_handler(remove_disk);
	snprintf(disk.mount_point, sizeof(disk.mount_point), "%s/mnt", disk.dir);
	snprintf(disk.file, sizeof(disk.file), "%s/file", disk.mount_point);
	/* May fail, because the driver may be built in; if there is none, mount says so. */
	shell("modprobe -q loop");
	igt_require_f(!shell("truncate -s 32M %s/image && mkdir %s/mnt", disk.dir, disk.dir),
		      "no room for a file system\n");
	igt_require_f(!shell("mkfs.ext4 -q -F %s/image", disk.dir), "cannot make an ext4\n");
	disk.mounted = !shell("mount -o loop %s/image %s", disk.dir, disk.mount_point);
	igt_require_f(disk.mounted, "cannot mount an ext4 on a loop device\n");
}

static int open_direct(void)
{
	int fd = open(disk.file, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);

	igt_assert_f(fd >= 0, "%s: %s\n", disk.file, strerror(errno));
	return fd;
}

static int use_direct_write(char *page)
{
	int fd = open_direct();
	int error = error_of(pwrite(fd, page, HUGE_PAGE_SIZE, 0));

	close(fd);
	return error;
}

/* First writes another block, so that there is something to read. */
static int use_direct_read(char *page)
{
	static char block[4096] __attribute__((aligned(4096)));
	int fd = open_direct(), error;

	igt_assert_eq(pwrite(fd, block, sizeof(block), 0), sizeof(block));
	error = error_of(pread(fd, page, HUGE_PAGE_SIZE, 0));
	close(fd);
	return error;
}

#ifdef HAVE_LIBURING
static int use_io_uring(char *page)
{
	struct iovec iov = { .iov_base = page, .iov_len = HUGE_PAGE_SIZE };
	struct io_uring ring;
	int error = -io_uring_queue_init(1, &ring, 0);

	igt_require_f(!error, "io_uring: %s\n", strerror(error));
	error = -io_uring_register_buffers(&ring, &iov, 1);
	io_uring_queue_exit(&ring);
	return error;
}
#else
static int use_io_uring(char *page)
{
	(void)page;
	igt_require_f(false, "built without liburing\n");
	return 0;
}
#endif

/* EAGAIN, for a word of another value, is returned after the kernel has found the page. */
static int use_futex(char *page)
{
	uint32_t *word = (uint32_t *)page;
	int error = error_of(syscall(SYS_futex, word, FUTEX_WAIT, *word + 1, NULL, NULL, 0));

	return error == EAGAIN ? 0 : error;
}

static int use_process_vm_readv(char *page)
{
	static char copy[4096];
	struct iovec local = { .iov_base = copy, .iov_len = sizeof(copy) };
	struct iovec remote = { .iov_base = page, .iov_len = sizeof(copy) };

	return error_of(process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
}

/* For reading and for writing, which must have the same result. */
static int use_gup_test(enum gup_call call, char *page)
{
	int to_read = gup_test(call, page, false), to_write = gup_test(call, page, true);

	igt_assert_eq(to_read, to_write);
	return to_read;
}

static int use_gup_fast(char *page)
{
	return use_gup_test(GUP_FAST, page);
}

static int use_pin_fast(char *page)
{
	return use_gup_test(PIN_FAST, page);
}

static int use_gup_slow(char *page)
{
	return use_gup_test(GUP_BASIC, page);
}

static int use_pin_slow(char *page)
{
	return use_gup_test(PIN_BASIC, page);
}

static int use_pin_longterm(char *page)
{
	return use_gup_test(PIN_LONGTERM, page);
}

struct gup_case {
	const char *name;
	gup_user_t use;
	bool needs_disk;
};

static const struct gup_case gup_cases[] = {
	{ "vmsplice", use_vmsplice, false },
	{ "direct-write", use_direct_write, true },
	{ "direct-read", use_direct_read, true },
	{ "io-uring-buffer", use_io_uring, false },
	{ "futex", use_futex, false },
	{ "process-vm-readv", use_process_vm_readv, false },
	{ "gup-fast", use_gup_fast, false },
	{ "pin-fast", use_pin_fast, false },
	{ "gup-slow", use_gup_slow, false },
	{ "pin-slow", use_pin_slow, false },
	{ "pin-longterm", use_pin_longterm, false },
};

/* Where the memory is, and by which entries it is mapped. */
struct place {
	const char *name;
	enum huge_placement placement;
	enum huge_level level;
};

/* The largest block of system memory that TTM gets is smaller than a PUD. */
static const struct place places[] = {
	{ "pte", HUGE_VRAM, HUGE_PTE },
	{ "pmd", HUGE_VRAM, HUGE_PMD },
	{ "pud", HUGE_VRAM, HUGE_PUD },
	{ "system-pte", HUGE_SYSTEM, HUGE_PTE },
	{ "system-pmd", HUGE_SYSTEM, HUGE_PMD },
};

/* Shows that the test can tell the difference: on memory that has pages the call must succeed. */
static void assert_works_on_anonymous_memory(gup_user_t use)
{
	char *page = mmap(NULL, HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int error;

	igt_assert(page != MAP_FAILED);
	*page = 1;
	error = use(page);
	munmap(page, HUGE_PAGE_SIZE);
	igt_assert_f(!error, "on anonymous memory: %s\n", strerror(error));
}

static char *map_at(struct huge_bo *bo, const struct place *place)
{
	enum huge_level level = place->level;
	struct pattern pattern;
	char *address;

	*bo = huge_bo_create(huge_open(), huge_size_for_level(level), place->placement, 0);
	address = huge_bo_map(bo);
	pattern = pattern_of(address, bo->size, 3);
	pattern.stride = pattern.pages / 16;
	pattern_write(&pattern);
	huge_assert_mapped_at(bo, address, level, "page table");
	return address;
}

/**
 * SUBTEST: %s-%s
 * Description: %arg[1] on a mapping of %arg[2] fails with EFAULT and leaves
 *	mapping and data as they are.
 *
 * arg[1]:
 *
 * @vmsplice:		vmsplice() into a pipe
 * @direct-write:	write() to a file that is open with O_DIRECT
 * @direct-read:	read() from a file that is open with O_DIRECT
 * @io-uring-buffer:	registering an io_uring buffer
 * @futex:		waiting on a shared futex
 * @process-vm-readv:	process_vm_readv() of the own process
 * @gup-fast:		get_user_pages_fast()
 * @pin-fast:		pin_user_pages_fast()
 * @gup-slow:		get_user_pages()
 * @pin-slow:		pin_user_pages()
 * @pin-longterm:	pin_user_pages() with FOLL_LONGTERM
 *
 * arg[2]:
 *
 * @pte:	VRAM by PTEs
 * @pmd:	VRAM by a PMD
 * @pud:	VRAM by a PUD
 * @system-pte:	system memory by PTEs
 * @system-pmd:	system memory by a PMD
 */
static void test_refused(const struct gup_case *c, const struct place *place)
{
	struct huge_bo bo;
	struct pattern pattern;
	char *address;

	if (c->needs_disk && !disk.mounted)
		make_disk();
	assert_works_on_anonymous_memory(c->use);

	address = map_at(&bo, place);
	igt_assert_eq(c->use(address), EFAULT);
	igt_assert_eq(c->use(address + bo.size / 2), EFAULT);
	igt_assert_eq(c->use(address + bo.size - HUGE_PAGE_SIZE), EFAULT);
	huge_assert_mapped_at(&bo, address, place->level, "page table");

	pattern = pattern_of(address, bo.size, 3);
	pattern.stride = pattern.pages / 16;
	pattern_assert(&pattern);
}

/**
 * SUBTEST: proc-mem-%s
 * Description: /proc/PID/mem reads and writes a mapping of %arg[1] through the
 *	driver, as a debugger does.
 *
 * arg[1]:
 *
 * @pte:	VRAM by PTEs
 * @pmd:	VRAM by a PMD
 * @pud:	VRAM by a PUD
 * @system-pte:	system memory by PTEs
 * @system-pmd:	system memory by a PMD
 */
static void test_proc_mem(const struct place *place)
{
	const uint64_t written = 0x0123456789abcdef;
	struct huge_bo bo;
	char *address = map_at(&bo, place);
	off_t middle = (uintptr_t)(address + bo.size / 2);
	uint64_t seen;
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	igt_assert_fd(fd);
	igt_assert_f(pread(fd, &seen, sizeof(seen), middle) == sizeof(seen),
		     "reading /proc/self/mem: %s\n", strerror(errno));
	igt_assert_eq_u64(seen, *(volatile uint64_t *)middle);
	igt_assert_f(pwrite(fd, &written, sizeof(written), middle) == sizeof(written),
		     "writing /proc/self/mem: %s\n", strerror(errno));
	igt_assert_eq_u64(*(volatile uint64_t *)middle, written);
	close(fd);
	huge_assert_mapped_at(&bo, address, place->level, "page table");
}

#define BUFFERED KIB(32)

/**
 * SUBTEST: buffered-%s
 * Description: A file that is open without O_DIRECT is written from and read into a mapping
 *	of %arg[1]: the kernel copies.
 *
 * arg[1]:
 *
 * @pte:	VRAM by PTEs
 * @pmd:	VRAM by a PMD
 * @pud:	VRAM by a PUD
 * @system-pte:	system memory by PTEs
 * @system-pmd:	system memory by a PMD
 */
static void test_buffered(const struct place *place)
{
	struct huge_bo bo;
	char *address = map_at(&bo, place), *second = address + bo.size - BUFFERED;
	struct pattern pattern = pattern_of(address, BUFFERED, 4);
	int file = memfd_create("buffered", MFD_CLOEXEC);

	igt_assert_fd(file);
	pattern_write(&pattern);
	igt_assert_eq(pwrite(file, address, BUFFERED, 0), BUFFERED);
	igt_assert_eq(pread(file, second, BUFFERED, 0), BUFFERED);
	igt_assert(!memcmp(address, second, BUFFERED));
	pattern.address = second;
	pattern_assert(&pattern);
	close(file);
	huge_assert_mapped_at(&bo, address, place->level, "page table");
}

static const struct {
	const char *name;
	const char *what;
	void (*run)(const struct place *place);
} allowed[] = {
	{ "proc-mem", "A debugger can read and write it", test_proc_mem },
	{ "buffered", "Files without O_DIRECT can be read and written", test_buffered },
};

int igt_main()
{
	const struct gup_case *c;
	const struct place *place;

	igt_fixture()
		huge_close(huge_open());

	for_each_case(c, gup_cases) {
		for_each_case(place, places) {
			igt_describe_f("%s is refused: %s", c->name, place->name);
			igt_subtest_f("%s-%s", c->name, place->name)
				test_refused(c, place);
			igt_fixture()
				huge_release_all();
		}
	}

	for (unsigned int i = 0; i < COUNT_OF(allowed); i++) {
		for_each_case(place, places) {
			igt_describe(allowed[i].what);
			igt_subtest_f("%s-%s", allowed[i].name, place->name)
				allowed[i].run(place);
			igt_fixture()
				huge_release_all();
		}
	}

	igt_fixture()
		remove_disk(0);
}

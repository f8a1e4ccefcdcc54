// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/dma-buf.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <xf86drm.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/cgroup.h"
#include "lib/fdinfo.h"
#include "lib/file.h"
#include "lib/gem.h"
#include "lib/hold.h"
#include "lib/huge_device.h"
#include "lib/leaks.h"
#include "lib/lockdown.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/program.h"
#include "lib/setting.h"
#include "lib/subtest.h"

/**
 * TEST: bigbar stats
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: tools
 * Functionality: accounting of memory
 * Description: The memory that a client, or the device, has in use, as programs read it: in
 *	fdinfo, in the form of the kernel's drm-usage-stats; in sysfs and debugfs; and in control
 *	groups, which also limit it.
 */
IGT_TEST_DESCRIPTION("Memory in use, as programs read it");

/* It shows a client in the second round, and prints to a terminal only. */
#define GPUTOP "script -qec 'gputop -n 2 -d 1' /dev/null </dev/null 2>&1"

static void assert_memory(int fd, const char *region, struct fdinfo_memory expected)
{
	struct fdinfo_memory found = fdinfo_memory(fd, region);

	igt_info("%s: total %" PRIu64 ", shared %" PRIu64 ", active %" PRIu64 ", resident %"
		 PRIu64 "\n", region, found.total, found.shared, found.active, found.resident);
	igt_assert_eq_u64(found.total, expected.total);
	igt_assert_eq_u64(found.shared, expected.shared);
	igt_assert_eq_u64(found.active, expected.active);
	igt_assert_eq_u64(found.resident, expected.resident);
}

/* All of it idle, and the client's own. */
static void assert_own(int fd, uint64_t vram, uint64_t system, uint64_t resident_system)
{
	const struct fdinfo_memory in_vram = { .total = vram, .resident = vram };
	const struct fdinfo_memory in_system = { .total = system, .resident = resident_system };

	assert_memory(fd, "vram", in_vram);
	assert_memory(fd, "system", in_system);
}

/**
 * SUBTEST: fdinfo
 * Description: A client's fdinfo counts its buffer objects, none of another client's, where
 *	they are now. In system memory they are not resident before their first access. It
 *	has no other lines of DRM than those that are looked at here, and DRM's own.
 */
static void test_fdinfo(void)
{
	int fd = huge_open(), other = huge_open();
	struct huge_bo vram, system;

	fdinfo_require(fd);
	fdinfo_assert_keys(fd);
	assert_own(fd, 0, 0, 0);
	vram = huge_vram_bo(fd, MIB(5) + KIB(4));
	huge_bo_await_idle(&vram);
	assert_own(fd, vram.size, 0, 0);
	system = huge_bo_create(fd, MIB(3), HUGE_SYSTEM, HUGE_SYSTEM_WB);
	assert_own(fd, vram.size, system.size, 0);
	*(volatile char *)huge_bo_map(&system) = 1;
	assert_own(fd, vram.size, system.size, system.size);
	assert_own(other, 0, 0, 0);
	huge_bo_move(&vram, HUGE_SYSTEM);
	huge_bo_await_idle(&vram);
	assert_own(fd, 0, vram.size + system.size, vram.size + system.size);
	huge_bo_destroy(&system);
	assert_own(fd, 0, vram.size, vram.size);
	huge_bo_destroy(&vram);
	assert_own(fd, 0, 0, 0);
}

/**
 * SUBTEST: fdinfo-swapped
 * Description: A buffer object that is swapped out is not resident until its next access.
 */
static void test_fdinfo_swapped(void)
{
	struct huge_bo bo = huge_bo_create(huge_open(), MIB(4), HUGE_SYSTEM, HUGE_SYSTEM_WB);
	struct huge_bo other = huge_bo_create(huge_open(), MIB(4), HUGE_SYSTEM, HUGE_SYSTEM_WB);
	volatile char *address = huge_bo_map(&bo);

	fdinfo_require(bo.fd);
	*address = 1;
	assert_own(bo.fd, 0, bo.size, bo.size);
	/* Room for one and a half of them. */
	ttm_pages_limit_set(bo.size / HUGE_PAGE_SIZE * 3 / 2);
	*(volatile char *)huge_bo_map(&other) = 1;
	ttm_pages_limit_restore();
	assert_own(bo.fd, 0, bo.size, 0);
	igt_assert_eq(*address, 1);
	assert_own(bo.fd, 0, bo.size, bo.size);
}

/**
 * SUBTEST: fdinfo-move-killed
 * Description: A buffer object whose move was ended by a signal counts where it has stayed.
 */
static void test_fdinfo_move_killed(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	pid_t pid;

	fdinfo_require(bo.fd);
	huge_bo_await_idle(&bo);
	hold_fence(address, "kernel");
	pid = fork_child();
	if (!pid)
		_exit(huge_bo_try_move(&bo, HUGE_SYSTEM));
	await_sleep_in_driver(pid);
	igt_assert_eq(kill(pid, SIGKILL), 0);
	igt_assert_f(child_ends(pid), "the process does not end\n");
	igt_assert_f(is_held(), "waited for the hold\n");
	release_hold();
	assert_own(bo.fd, bo.size, 0, 0);
}

static const struct fdinfo_memory shared = {
	.total = MIB(2), .shared = MIB(2), .resident = MIB(2),
};

/**
 * SUBTEST: fdinfo-shared-by-name
 * Description: A buffer object that has a name counts as its client's own until another
 *	client opens it by this name, and then as shared, for both.
 */
static void test_fdinfo_shared_by_name(void)
{
	/* Names are for the primary node. */
	int fd = huge_open_node(DRM_NODE_PRIMARY), other = huge_open_node(DRM_NODE_PRIMARY);
	struct huge_bo bo = huge_vram_bo(fd, MIB(2));
	struct drm_gem_flink flink = { .handle = bo.handle };
	struct drm_gem_open by_name = {};

	fdinfo_require(fd);
	huge_bo_await_idle(&bo);
	igt_assert_eq(gem_call(fd, DRM_IOCTL_GEM_FLINK, &flink), 0);
	assert_own(fd, bo.size, 0, 0);
	by_name.name = flink.name;
	igt_assert_eq(gem_call(other, DRM_IOCTL_GEM_OPEN, &by_name), 0);
	assert_memory(fd, "vram", shared);
	assert_memory(other, "vram", shared);
}

/**
 * SUBTEST: fdinfo-shared
 * Description: A buffer object that was exported as a dma-buf counts as shared, wherever it
 *	is.
 */
static void test_fdinfo_shared(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));

	fdinfo_require(bo.fd);
	huge_bo_await_idle(&bo);
	huge_bo_export(&bo);
	assert_memory(bo.fd, "vram", shared);
	huge_bo_move(&bo, HUGE_SYSTEM);
	huge_bo_await_idle(&bo);
	assert_memory(bo.fd, "system", shared);
}

/**
 * SUBTEST: fdinfo-active
 * Description: A buffer object with a fence of a move or of rendering counts as active until
 *	the fence signals, and one with another fence does not; in VRAM and in system memory.
 */
static void test_fdinfo_active(void)
{
	static const char * const usages[] = { "kernel", "write", "read" };
	const struct fdinfo_memory idle = { .total = MIB(2), .resident = MIB(2) };
	const struct fdinfo_memory active = {
		.total = MIB(2), .active = MIB(2), .resident = MIB(2),
	};
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	const char * const *usage;

	fdinfo_require(bo.fd);
	huge_bo_await_idle(&bo);
	for_each_case(usage, usages) {
		hold_fence(address, *usage);
		assert_memory(bo.fd, "vram", active);
		igt_assert(is_held());
		release_hold();
		assert_memory(bo.fd, "vram", idle);
	}
	hold_fence(address, "bookkeep");
	assert_memory(bo.fd, "vram", idle);
	release_hold();

	huge_bo_move(&bo, HUGE_SYSTEM);
	huge_bo_await_idle(&bo);
	hold_fence(address, "kernel");
	assert_memory(bo.fd, "system", active);
	release_hold();
}

static void assert_idle_in_vram(void *argument)
{
	const struct huge_bo *bo = argument;

	assert_own(bo->fd, bo->size, 0, 0);
}

/**
 * SUBTEST: fdinfo-held
 * Description: While a buffer object is reserved, which may take long, its client's fdinfo
 *	can be read.
 */
static void test_fdinfo_held(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);

	fdinfo_require(bo.fd);
	huge_bo_await_idle(&bo);
	hold_reservation(address);
	assert_ignores_hold(assert_idle_in_vram, &bo);
}

/**
 * SUBTEST: fdinfo-keeps-order
 * Description: Reading a client's fdinfo does not change the order of eviction: the oldest
 *	buffer object is still the first.
 */
static void test_fdinfo_keeps_order(void)
{
	struct huge_bo first = huge_vram_bo(huge_open(), MIB(4));
	struct huge_bo second = huge_vram_bo(huge_open(), MIB(4));
	struct huge_bo filler;

	fdinfo_require(first.fd);
	filler = huge_vram_rest(second.fd);
	huge_bo_await_idle(&filler);
	fdinfo_read(first.fd);
	huge_vram_bo(second.fd, first.size);
	igt_assert_eq(huge_bo_placement(&first), HUGE_SYSTEM);
	igt_assert_eq(huge_bo_placement(&second), HUGE_VRAM);
}

#define CLIENTS 32

/**
 * SUBTEST: fdinfo-copies
 * Description: The time that clearing and moving buffer objects took counts for the client
 *	that made them, and for no other one: each time is added. It still counts when the
 *	buffer objects are gone, and more clients have come.
 */
static void test_fdinfo_copies(void)
{
	int fd = huge_open(), other = huge_open();
	const struct in_use before = in_use_now(-1);
	uint64_t cleared, moved, all;
	double start = seconds_now();
	struct huge_bo bo, small;

	fdinfo_require(fd);
	igt_assert_eq_u64(fdinfo_copy_ns(fd), 0);
	bo = huge_vram_bo(fd, MIB(8));
	huge_bo_await_idle(&bo);
	cleared = fdinfo_copy_ns(fd);
	/* No memory takes 100 bytes in a nanosecond. */
	igt_assert_lt_u64(bo.size / 100, cleared);
	huge_bo_move(&bo, HUGE_SYSTEM);
	huge_bo_await_idle(&bo);
	moved = fdinfo_copy_ns(fd);
	igt_assert_lt_u64(cleared, moved);
	/* To clear so little takes far less time than the move. */
	small = huge_vram_bo(fd, KIB(64));
	huge_bo_await_idle(&small);
	all = fdinfo_copy_ns(fd);
	igt_assert_lt_u64(moved, all);
	igt_assert(all / 1e9 < seconds_now() - start);
	igt_assert_eq_u64(fdinfo_copy_ns(other), 0);

	huge_bo_destroy(&bo);
	huge_bo_destroy(&small);
	igt_assert_eq_u64(in_use_beyond(&before, -1).bos, 0);
	for (int i = 0; i < CLIENTS; i++)
		huge_open();
	igt_assert_eq_u64(fdinfo_copy_ns(fd), all);
}

/**
 * SUBTEST: fdinfo-new-clients
 * Description: No time has counted for new clients yet, although what the kernel keeps for
 *	them has the memory of what it kept for others.
 */
static void test_fdinfo_new_clients(void)
{
	fdinfo_require(huge_open());
	for (int i = 0; i < CLIENTS; i++) {
		struct huge_bo bo = huge_vram_bo(huge_open(), KIB(64));

		huge_bo_await_idle(&bo);
		igt_assert_lt_u64(0, fdinfo_copy_ns(bo.fd));
	}
	huge_release_all();
	for (int i = 0; i < CLIENTS; i++)
		igt_assert_eq_u64(fdinfo_copy_ns(huge_open()), 0);
}

static void assert_in_sysfs(int fd, const char *name, uint64_t number)
{
	char folder[PATH_MAX], path[PATH_MAX + 64], found[SETTING_SIZE], line[SETTING_SIZE];

	device_folder(fd, folder);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_read_only(path);
	setting_read(&(struct setting){ .path = path }, found);
	snprintf(line, sizeof(line), "%" PRIu64 "\n", number);
	igt_assert_f(!strcmp(found, line), "%s has '%s', and not '%s'\n", path, found, line);
}

/**
 * SUBTEST: sysfs
 * Description: The device's files in sysfs tell how large VRAM is, and how much of it is in
 *	use, as the ioctl does, each in one line. Nobody can write them. The kernel's own file
 *	has 64 bits of address for DMA, so that memory of other devices is imported wherever it
 *	is.
 */
static void test_sysfs(void)
{
	int fd = huge_open();
	struct huge_vram vram;

	huge_vram_bo(fd, MIB(2) + KIB(8));
	vram = huge_vram(fd);
	igt_assert_lt_u64(0, vram.used);
	assert_in_sysfs(fd, "mem_info_vram_total", vram.size);
	assert_in_sysfs(fd, "mem_info_vram_used", vram.used);
	assert_in_sysfs(fd, "dma_mask_bits", 64);
}

/* More than the clients of a subtest have. */
#define GEMS_SIZE 4096

/* These lines are in the file of buffer objects, one after the other. */
static void assert_in_gems(int fd, const char *lines)
{
	struct huge_path path = huge_debugfs(fd, "gems");
	FILE *file = fopen_unless_locked_down(path.text, "r");
	char text[GEMS_SIZE];
	size_t length = fread(text, 1, sizeof(text) - 1, file);

	fclose(file);
	text[length] = '\0';
	igt_assert_f(strstr(text, lines), "%s has\n%sand not\n%s", path.text, text, lines);
}

static void assert_mode(int fd, const char *name, unsigned int mode)
{
	igt_assert_eq(file_mode(huge_debugfs(fd, name).text), mode);
}

/**
 * SUBTEST: gems
 * Description: A file of debugfs shows each client, the oldest first, with its process, and
 *	its buffer objects, with the size, where it is now, the largest level by which it can
 *	be mapped, and the name by which others open it. It shows none that are gone. A process
 *	whose name has a line break has one line, too. Only root can open the file.
 */
static void test_gems(void)
{
	/* Names are for the primary node. */
	int fd = huge_open_node(DRM_NODE_PRIMARY), other = huge_open();
	struct huge_bo named = huge_vram_bo(fd, MIB(2)), gone = huge_vram_bo(fd, MIB(2));
	struct huge_bo small = huge_vram_bo(fd, MIB(2) - KIB(4));
	struct huge_bo single = huge_bo_create(fd, MIB(4), HUGE_VRAM, HUGE_SINGLE_PAGES);
	struct huge_bo large = huge_bo_create(other, GIB(1), HUGE_SYSTEM, 0);
	struct drm_gem_flink flink = { .handle = named.handle };
	char lines[GEMS_SIZE];

	igt_assert_eq(gem_call(fd, DRM_IOCTL_GEM_FLINK, &flink), 0);
	huge_bo_destroy(&gone);
	huge_bo_move(&single, HUGE_SYSTEM);
	snprintf(lines, sizeof(lines),
		 "client %d command bigbar_stats\n"
		 "handle %u size 2097152 placement vram level pmd name %u\n"
		 "handle %u size 2093056 placement vram level pte name 0\n"
		 "handle %u size 4194304 placement system level pte name 0\n"
		 "client %d command bigbar_stats\n"
		 "handle %u size 1073741824 placement system level pud name 0\n",
		 getpid(), named.handle, flink.name, small.handle, single.handle, getpid(),
		 large.handle);
	assert_in_gems(fd, lines);
	assert_mode(fd, "gems", 0400);
	igt_assert_eq(prctl(PR_SET_NAME, "big\nbar"), 0);
	snprintf(lines, sizeof(lines), "client %d command big\\012bar\nhandle", getpid());
	assert_in_gems(fd, lines);
	igt_assert_eq(prctl(PR_SET_NAME, "bigbar_stats"), 0);
}

/* The errno of a request to a file that counts entries, or 0. */
static int request_levels(int file, const char *text)
{
	return write(file, text, strlen(text)) < 0 ? errno : 0;
}

static void assert_shows_no_levels(int file)
{
	char byte;

	igt_assert_eq(pread(file, &byte, 1, 0), 0);
}

/**
 * SUBTEST: levels
 * Description: A file of debugfs shows, when it is asked, by how many entries of each level a
 *	buffer object is mapped: all of its mappings in this process count, and no others.
 *	Before it is asked, it shows nothing. Only root can open it.
 */
static void test_levels(void)
{
	int fd = huge_open(), file = levels_open(fd);
	struct huge_bo bo = huge_vram_bo(fd, MIB(2) + KIB(4)), other = huge_vram_bo(fd, KIB(64));
	struct huge_levels expected = { .entries = { [HUGE_PTE] = 1, [HUGE_PMD] = 1 } };
	struct huge_levels found;
	char *address;

	assert_shows_no_levels(file);
	assert_mode(fd, LEVELS, 0600);
	close(file);
	*(volatile char *)huge_bo_map(&other) = 1;
	address = huge_bo_map(&bo);
	*(volatile char *)address = 1;
	*(volatile char *)(address + MIB(2)) = 1;
	found = huge_bo_levels(&bo);
	huge_assert_levels(&found, &expected, "mapped once");

	address = huge_bo_map_part(&bo, MIB(2), KIB(4), PROT_READ);
	(void)*(volatile char *)address;
	expected.entries[HUGE_PTE]++;
	found = huge_bo_levels(&bo);
	huge_assert_levels(&found, &expected, "a page mapped twice");
}

/* The longest text that the file accepts. */
#define MOST_BYTES 31

/* Of the request that begins the text, the rest of which is blank. */
static void assert_length_limited(int file, char *text, size_t size)
{
	size_t length = strlen(text);

	memset(text + length, ' ', size - length - 1);
	text[MOST_BYTES + 1] = '\0';
	igt_assert_eq(request_levels(file, text), EINVAL);
	assert_shows_no_levels(file);
	text[MOST_BYTES] = '\0';
	igt_assert_eq(request_levels(file, text), 0);
}

/**
 * SUBTEST: levels-input
 * Description: Bad requests to the file of debugfs that counts entries: text that is no file
 *	and handle, is too long or cannot be read, a file that is not open or not of the device,
 *	an unknown handle. Nothing is kept of them, nor of a good one: neither the buffer object
 *	nor the file.
 */
static void test_levels_input(void)
{
	int looker = huge_open(), file = levels_open(looker), foreign = open("/dev/null", O_RDWR);
	int fd = huge_open();
	struct huge_bo bo = huge_vram_bo(fd, MIB(2));
	const struct {
		int error;
		int fd;
		const char *rest;
	} requests[] = {
		{ EINVAL, fd, "" }, { EINVAL, fd, " x" }, { EINVAL, fd, " 1 1" },
		{ EINVAL, fd, " -1" }, { EINVAL, fd, " 4294967296" }, { EINVAL, -1, " 1" },
		{ EINVAL, fd, "                               1" }, { EINVAL, foreign, " 1" },
		{ EBADF, 1000000, " 1" }, { ENOENT, fd, " 0" }, { ENOENT, fd, " 1000000" },
	};
	char text[64];

	for (unsigned int i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		snprintf(text, sizeof(text), "%d%s", requests[i].fd, requests[i].rest);
		igt_assert_eq(request_levels(file, text), requests[i].error);
		assert_shows_no_levels(file);
	}
	igt_assert_eq(write(file, huge_reserve(KIB(4), KIB(4)), 1), -1);
	igt_assert_eq(errno, EFAULT);
	snprintf(text, sizeof(text), " %d %u\n", fd, bo.handle);
	assert_length_limited(file, text, sizeof(text));
	/* With its handle. */
	huge_close(fd);
	igt_assert_eq_u64(huge_vram_used_settled(looker, 0), 0);
	close(foreign);
	close(file);
}

/**
 * SUBTEST: gems-label
 * Description: This file shows the name that a dma-buf was given as the label of the buffer
 *	object, in one line, also when only the buffer object is left.
 */
static void test_gems_label(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(2));
	struct huge_bo dma_buf = huge_bo_export(&bo);

	assert_in_gems(bo.fd, "placement vram level pmd name 0\n");
	igt_assert_eq(ioctl(dma_buf.fd, DMA_BUF_SET_NAME_B, (uintptr_t)"front\nbuffer"), 0);
	assert_in_gems(bo.fd, "placement vram level pmd name 0 label front\\012buffer\n");
	huge_close(dma_buf.fd);
	assert_in_gems(bo.fd, "placement vram level pmd name 0 label front\\012buffer\n");
}

/* VRAM, as the controller dmem calls it. */
struct region {
	char name[64];
};

static struct region region_of(int fd)
{
	struct region region;
	char folder[PATH_MAX];

	device_folder(fd, folder);
	snprintf(region.name, sizeof(region.name), "drm/%.16s/vram", strrchr(folder, '/') + 1);
	return region;
}

/* Of 10 ms each, for the kernel to free what a move has left. */
#define FREE_TRIES 2000

static void assert_charged(const struct region *region, uint64_t bytes)
{
	for (int tries = 0; cgroup_dmem(region->name) != bytes && tries < FREE_TRIES; tries++)
		usleep(10000);
	igt_assert_eq_u64(cgroup_dmem(region->name), bytes);
}

static void use_vram_in_group(const struct region *region)
{
	struct huge_bo bo;

	cgroup_enter();
	assert_charged(region, 0);
	bo = huge_vram_bo(huge_open(), MIB(6));
	igt_assert_eq_u64(cgroup_dmem(region->name), bo.size);
	huge_bo_move(&bo, HUGE_SYSTEM);
	assert_charged(region, 0);
	huge_bo_move(&bo, HUGE_VRAM);
	igt_assert_eq_u64(cgroup_dmem(region->name), bo.size);
	huge_bo_destroy(&bo);
	assert_charged(region, 0);
}

/**
 * SUBTEST: dmem
 * Description: VRAM is a region of the control groups' controller dmem, with its size. What
 *	a process has in VRAM is charged to its group, and nothing else is: not what was
 *	moved to system memory, and not what others have.
 */
static void test_dmem(void)
{
	int fd = huge_open();
	const struct region region = region_of(fd);

	cgroup_make("dmem");
	huge_vram_bo(fd, MIB(2));
	igt_assert_eq_u64(cgroup_dmem_capacity(region.name), huge_vram(fd).size);
	igt_fork(child, 1)
		use_vram_in_group(&region);
	igt_waitchildren();
}

#define LIMIT MIB(4)

static void exceed_limit(const struct region *region)
{
	struct huge_bo first, second, large;
	int fd;

	cgroup_enter();
	fd = huge_open();
	first = huge_vram_bo(fd, LIMIT);
	second = huge_vram_bo(fd, LIMIT);
	igt_assert_eq(huge_bo_placement(&first), HUGE_SYSTEM);
	igt_assert_eq(huge_bo_placement(&second), HUGE_VRAM);
	assert_charged(region, LIMIT);
	igt_assert_eq(huge_bo_try_create(fd, LIMIT + KIB(4), HUGE_VRAM, 0, &large), ENOMEM);
	large = huge_bo_create(fd, LIMIT + KIB(4), HUGE_SYSTEM, 0);
	igt_assert_eq(huge_bo_try_move(&large, HUGE_VRAM), ENOMEM);
	igt_assert_eq(huge_bo_placement(&large), HUGE_SYSTEM);
}

/**
 * SUBTEST: dmem-limit
 * Description: A control group that is at its limit for VRAM gets more only by the eviction
 *	of what it has there itself, although VRAM is free. What is larger than the limit
 *	cannot be made in VRAM, nor be moved there. Buffer objects of others stay in VRAM.
 */
static void test_dmem_limit(void)
{
	int fd = huge_open();
	const struct region region = region_of(fd);
	struct huge_bo other;

	cgroup_make("dmem");
	other = huge_vram_bo(fd, LIMIT);
	cgroup_limit_dmem(region.name, LIMIT);
	igt_fork(child, 1)
		exceed_limit(&region);
	igt_waitchildren();
	igt_assert_eq(huge_bo_placement(&other), HUGE_VRAM);
}

/**
 * SUBTEST: gputop
 * Description: gputop shows a client with the memory that it has, and the name of its
 *	process.
 */
static void test_gputop(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), MIB(34));
	struct program_output output;

	fdinfo_require(bo.fd);
	igt_require_f(!system("command -v gputop && command -v script"),
		      "no gputop, or no script, which gives it a terminal\n");
	program_finish(program_start(GPUTOP), &output);
	igt_assert_eq(output.status, 0);
	program_assert_says(&output, "34M");
	program_assert_says(&output, "bigbar_stats");
}

/* In the last column; the name is freed. */
static void assert_shows_node(const struct program_output *output, char *node)
{
	char text[64];

	igt_assert(node);
	snprintf(text, sizeof(text), "drm:%s\n", node);
	free(node);
	program_assert_says(output, text);
}

/**
 * SUBTEST: lsgpu
 * Description: lsgpu shows the nodes of the device, and how large its VRAM is.
 */
static void test_lsgpu(void)
{
	int fd = huge_open();
	struct program_output output;
	char size[64];

	igt_require_f(!system("command -v lsgpu"), "there is no lsgpu\n");
	program_finish(program_start("lsgpu 2>&1"), &output);
	igt_assert_eq(output.status, 0);
	assert_shows_node(&output, drmGetPrimaryDeviceNameFromFd(fd));
	assert_shows_node(&output, drmGetRenderDeviceNameFromFd(fd));

	program_finish(program_start("lsgpu -p | grep -F mem_info_vram_total"), &output);
	igt_assert_eq(output.status, 0);
	snprintf(size, sizeof(size), ": %" PRIu64 "\n", huge_vram(fd).size);
	program_assert_says(&output, size);
}

static void clean_up(void)
{
	release_all_holds();
	kill_children();
	ttm_pages_limit_restore();
	huge_release_all();
	cgroup_remove();
}

static const struct subtest subtests[] = {
	{ "fdinfo", "Memory of a client", test_fdinfo },
	{ "fdinfo-swapped", "Memory that is swapped out", test_fdinfo_swapped },
	{ "fdinfo-move-killed", "Memory whose move was ended", test_fdinfo_move_killed },
	{ "fdinfo-shared", "Memory that is exported", test_fdinfo_shared },
	{ "fdinfo-shared-by-name", "Memory that has a name", test_fdinfo_shared_by_name },
	{ "fdinfo-active", "Memory that is in use", test_fdinfo_active },
	{ "fdinfo-copies", "Time that copies took", test_fdinfo_copies },
	{ "fdinfo-new-clients", "Time that copies of others took", test_fdinfo_new_clients },
	{ "fdinfo-held", "Memory that is reserved", test_fdinfo_held },
	{ "fdinfo-keeps-order", "Order of evictions", test_fdinfo_keeps_order },
	{ "sysfs", "VRAM of the device", test_sysfs },
	{ "gems", "Buffer objects of clients", test_gems },
	{ "gems-label", "Labels of buffer objects", test_gems_label },
	{ "levels", "Entries that map a buffer object", test_levels },
	{ "levels-input", "Bad requests to count entries", test_levels_input },
	{ "dmem", "VRAM that a control group has", test_dmem },
	{ "dmem-limit", "VRAM that a control group may have", test_dmem_limit },
	{ "gputop", "Clients that gputop shows", test_gputop },
	{ "lsgpu", "The device that lsgpu shows", test_lsgpu },
};

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		ttm_pages_limit_save();
	}

	run_subtests(subtests, COUNT_OF(subtests), clean_up);
}

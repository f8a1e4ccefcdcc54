// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/bar.h"
#include "lib/file.h"
#include "lib/huge_device.h"
#include "lib/kernel_log.h"
#include "lib/known_kernel.h"
#include "lib/module.h"
#include "lib/outside.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/plug.h"
#include "lib/setting.h"
#include "lib/smaps.h"
#include "lib/subtest.h"
#include "lib/trace.h"

/**
 * TEST: plain bar
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: driver
 * Functionality: huge CPU mappings of a BAR
 * Description: What a driver without TTM and GEM has to do by itself: decide what may be
 *	mapped, and remove what is mapped when the device is unplugged.
 */
IGT_TEST_DESCRIPTION("A BAR that pfnmap alone maps, and that is unplugged while it is mapped");

#define DRIVER "plain_bar"
#define NODE "/dev/" DRIVER
#define PARAMETERS "/sys/module/" DRIVER "/parameters/"

static struct setting fault_ms = { .path = PARAMETERS "fault_ms" };
static struct setting registered = { .path = PARAMETERS "registered" };
static bool is_unregistered;

static int error_of_opening(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int error_of_mapping(int fd, uint64_t start, uint64_t length, int flags)
{
	void *address = mmap(NULL, length, PROT_READ, flags, fd, start);

	if (address == MAP_FAILED)
		return errno;
	munmap(address, length);
	return 0;
}

/**
 * SUBTEST: range
 * Description: The whole BAR can be mapped, and any part of it, but nothing past its end,
 *	and nothing by a private mapping. A program that has opened it for reading may map
 *	it for reading.
 */
static void test_range(void)
{
	int fd = huge_open(), to_read = open(NODE, O_RDONLY | O_CLOEXEC);
	const uint64_t end = bar_of(fd).size;

	igt_assert_eq(error_of_mapping(fd, 0, end, MAP_SHARED), 0);
	igt_assert_eq(error_of_mapping(fd, end - KIB(4), KIB(4), MAP_SHARED), 0);
	igt_assert_eq(error_of_mapping(fd, end - KIB(4), KIB(8), MAP_SHARED), EINVAL);
	igt_assert_eq(error_of_mapping(fd, end, KIB(4), MAP_SHARED), EINVAL);
	igt_assert_eq(error_of_mapping(fd, 0, end + KIB(4), MAP_SHARED), EINVAL);
	igt_assert_eq(error_of_mapping(fd, 0, KIB(4), MAP_PRIVATE), EINVAL);
	igt_assert_fd(to_read);
	igt_assert_eq(error_of_mapping(to_read, 0, KIB(4), MAP_SHARED), 0);
	close(to_read);
}

/**
 * SUBTEST: flags
 * Description: A mapping is shared, is not memory to mm (io, pf), does not grow (de), and is
 *	left out of core dumps (dd): VmFlags in smaps has each of these.
 */
static void test_flags(void)
{
	static const char * const wanted[] = { " sh ", " io ", " pf ", " de ", " dd " };
	char *address, flags[SMAPS_LINE];
	const char * const *flag;

	huge_mapped_bo(KIB(64), 0, &address);
	smaps_field(address, "VmFlags:", flags);
	for_each_case(flag, wanted)
		igt_assert_f(strstr(flags, *flag), "no '%s' in '%s'\n", *flag, flags);
}

static void assert_set(long entries)
{
	igt_assert_eq(number_in_file(PARAMETERS "set"), entries);
}

/**
 * SUBTEST: plan
 * Description: pfnmap tells the driver how many entries a fault has set: one, and none if the
 *	entry is there and only has to become writable. The core makes entries begin
 *	read-only when a program wants to know which memory is written (soft-dirty). The
 *	trace tells that nothing keeps the largest entry from being larger, whatever was in
 *	the plan before.
 */
static void test_plan(void)
{
	char *address, *gib;
	struct huge_bo bo = huge_mapped_bo(huge_size_for_level(HUGE_PMD), 0, &address);

	igt_require_f(known_kernel_is_configured("MEM_SOFT_DIRTY"), "no soft-dirty bits\n");
	igt_assert_eq(write_file("/proc/self/clear_refs", "4"), 0);
	igt_assert_eq(signal_of_reading(address), 0);
	assert_set(1);
	huge_assert_writable(&bo, address, bo.size, false);
	igt_assert_eq(signal_of_writing(address, 1), 0);
	assert_set(0);
	huge_assert_writable(&bo, address, bo.size, true);

	huge_mapped_bo(huge_size_for_level(HUGE_PUD), 0, &gib);
	trace_start("pfnmap/pfnmap_fault");
	igt_assert_eq(signal_of_reading(gib), 0);
	igt_assert(!strcmp(trace_only_fault().reason, "largest"));
	trace_stop();
}

/**
 * SUBTEST: unregistered-%s
 * Description: The kernel has no record of how the BAR is cached: %arg[1] entries are
 *	uncached, although the driver asks for write-combining ones. So the page tables in
 *	memory have it, and so does the dump.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_unregistered(enum huge_level level)
{
	struct page_table table;
	struct huge_bo bo;
	char *address;

	device_unplug(huge_open());
	huge_release_all();
	setting_set(&registered, "N");
	is_unregistered = true;
	device_plug();
	huge_close(huge_open_when_there());

	bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);
	igt_assert_eq(signal_of_writing(address, 1), 0);
	huge_assert_mapped_at(&bo, address, level, "not registered");
	table = outside_read(address, bo.size);
	page_table_assert_caching(&table, PAGE_UC);
	page_table_free(&table);
	huge_assert_caching(&bo, PAGE_UC);
}

/* A mapping with known contents, mapped by entries of the level. */
static struct pattern map_some(enum huge_level level, struct huge_bo *bo)
{
	struct pattern pattern;
	char *address;

	*bo = huge_mapped_bo(huge_size_for_level(level), 0, &address);
	pattern = pattern_of(address, bo->size, 71);
	pattern.stride = pattern.pages / 16;
	pattern_write(&pattern);
	huge_assert_mapped_at(bo, address, level, "at first");
	return pattern;
}

/* By the page tables in memory: the driver and its debugfs file are gone. */
static void assert_no_entries(const void *address, uint64_t length)
{
	struct huge_levels found = outside_levels_of(address, length), nothing = {};

	huge_assert_levels(&found, &nothing, "without a device");
}

static void assert_gone(const struct huge_bo *bo, char *address)
{
	igt_assert_eq(bar_owners(DRIVER), 0);
	assert_no_entries(address, bo->size);
	igt_assert_eq(signal_of_reading(address), SIGBUS);
	igt_assert_eq(signal_of_writing(address + bo->size / 2, 1), SIGBUS);
	igt_assert_eq(error_of_opening(NODE), ENOENT);
}

/**
 * SUBTEST: unbind-%s
 * Description: The driver is unbound while the BAR is mapped by %arg[1] entries: the
 *	entries are removed, and an access is SIGBUS, also after the driver is bound again.
 *	A program that opens it then finds the BAR and what was written there.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_unbind(enum huge_level level)
{
	struct huge_bo bo;
	struct pattern before = map_some(level, &bo), after = before;
	char *address = before.address;

	device_unplug(bo.fd);
	assert_gone(&bo, address);
	device_plug();
	igt_assert_eq(bar_owners(DRIVER), 1);
	bo.fd = huge_open_when_there();
	igt_assert_eq(signal_of_reading(address), SIGBUS);
	after.address = huge_bo_map(&bo);
	pattern_assert(&after);
	huge_assert_mapped_at(&bo, after.address, level, "bound again");
	igt_assert_eq(signal_of_reading(address), SIGBUS);
}

/* Longer than it takes to unbind the driver. */
#define LONG_FAULT_MS "2000"

static struct {
	char *address;
	pid_t thread;
} reader;

/* If the driver is gone when the access is repeated after the fault, it is SIGBUS. */
static void *read_once(void *unused)
{
	(void)unused;
	__atomic_store_n(&reader.thread, gettid(), __ATOMIC_RELEASE);
	signal_of_reading(reader.address);
	return NULL;
}

/* Returns when the fault of another thread is about to set an entry at the address. */
static pthread_t start_fault(char *address)
{
	pthread_t thread;

	reader.address = address;
	reader.thread = 0;
	igt_assert_eq(pthread_create(&thread, NULL, read_once, NULL), 0);
	while (!__atomic_load_n(&reader.thread, __ATOMIC_ACQUIRE))
		sched_yield();
	await_sleep_in_driver(reader.thread);
	return thread;
}

/**
 * SUBTEST: unbind-faulting
 * Description: The driver is unbound while a fault is about to set an entry: there is no
 *	entry after both.
 */
static void test_unbind_faulting(void)
{
	char *address;
	struct huge_bo bo = huge_mapped_bo(MIB(2), 0, &address);
	pthread_t thread;

	setting_set(&fault_ms, LONG_FAULT_MS);
	thread = start_fault(address);
	device_unplug(bo.fd);
	igt_assert_eq(pthread_join(thread, NULL), 0);
	assert_gone(&bo, address);
}

/**
 * SUBTEST: kept
 * Description: The module cannot be unloaded while its file is open or the BAR is mapped,
 *	also when the driver is unbound.
 */
static void test_kept(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open(), KIB(64));

	igt_assert_eq(module_unload(DRIVER), EWOULDBLOCK);
	huge_bo_map(&bo);
	device_unplug(bo.fd);
	igt_assert_eq(module_unload(DRIVER), EWOULDBLOCK);
	huge_close(bo.fd);
	igt_assert_eq(module_unload(DRIVER), EWOULDBLOCK);
}

/* The device of which a subtest has changed driver_override, in sysfs, and what that was. */
static struct {
	char folder[PATH_MAX];
	const char *driver;
} changed;

static int write_in(const char *folder, const char *file, const char *text)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	return write_file(path, text);
}

static void change_override(const char *folder, const char *from, const char *to)
{
	strcpy(changed.folder, folder);
	changed.driver = from;
	igt_assert_eq(write_in(folder, "driver_override", to), 0);
}

static void restore_override(void)
{
	if (changed.folder[0])
		igt_assert_eq(write_in(changed.folder, "driver_override", changed.driver), 0);
	changed.folder[0] = '\0';
}

static int error_of_binding(const char *folder)
{
	return write_file("/sys/bus/pci/drivers/" DRIVER "/bind", strrchr(folder, '/') + 1);
}

/**
 * SUBTEST: given
 * Description: The driver takes no device that driver_override does not give it, and cannot
 *	be bound to one.
 */
static void test_given(void)
{
	int fd = huge_open();
	char folder[PATH_MAX];

	device_folder(fd, folder);
	device_unplug(fd);
	change_override(folder, DRIVER, "\n");
	igt_assert_eq(write_file("/sys/bus/pci/drivers_probe", strrchr(folder, '/') + 1), 0);
	igt_assert_eq(error_of_binding(folder), ENODEV);
	igt_assert_eq(bar_owners(DRIVER), 0);
	restore_override();
	device_plug();
	igt_assert_eq(bar_owners(DRIVER), 1);
}

/**
 * SUBTEST: one-at-a-time
 * Description: The driver refuses a second device, and still has the BAR of the first.
 */
static void test_one_at_a_time(void)
{
	int fd = huge_open();
	const uint64_t size = bar_of(fd).size;
	char other[PATH_MAX];

	igt_require_f(bar_folder_without_driver(1, other), "no other device has a BAR 2\n");
	kernel_log_expect(DRIVER " [0-9a-f:.]+: probe with driver " DRIVER
			  " failed with error -16");
	change_override(other, "\n", DRIVER);
	igt_assert_eq(error_of_binding(other), EBUSY);
	igt_assert_eq(error_of_mapping(fd, 0, size, MAP_SHARED), 0);
	igt_assert_eq(bar_owners(DRIVER), 1);
}

#define OTHER_NODE NODE "-other"

/**
 * SUBTEST: other-node
 * Description: A second device node with the same numbers cannot be opened: it has another
 *	inode, whose mappings would stay when the driver is unbound.
 */
static void test_other_node(void)
{
	struct stat node;
	int error;

	igt_assert_eq(fstat(huge_open(), &node), 0);
	igt_assert_eq(mknod(OTHER_NODE, S_IFCHR | 0600, node.st_rdev), 0);
	error = error_of_opening(OTHER_NODE);
	igt_assert_eq(unlink(OTHER_NODE), 0);
	igt_assert_eq(error, EBUSY);
}

/* More than the other nodes that may come and go meanwhile. */
#define ROUNDS 8
/* Of 10 ms each. */
#define TRIES 500

/* By the count that the file system of device nodes keeps. */
static uint64_t inodes_free(void)
{
	struct statvfs nodes;

	igt_assert_eq(statvfs("/dev", &nodes), 0);
	igt_require_f(nodes.f_files, "/dev does not count inodes\n");
	return nodes.f_ffree;
}

/**
 * SUBTEST: inodes
 * Description: The inode of the device node, of which each device has another, is freed when
 *	the driver is unbound and the file is closed.
 */
static void test_inodes(void)
{
	uint64_t before;

	device_unplug(huge_open());
	huge_release_all();
	before = inodes_free();
	for (int round = 0; round < ROUNDS; round++) {
		device_plug();
		device_unplug(huge_open_when_there());
		huge_release_all();
	}
	for (int tries = 0; inodes_free() < before && tries < TRIES; tries++)
		usleep(10000);
	igt_assert_lte_u64(before, inodes_free());
}

/* The device is bound. */
static void register_again(void)
{
	if (!is_unregistered)
		return;
	is_unregistered = false;
	setting_restore(&registered);
	device_unplug_again();
	device_plug();
}

static void clean_up(void)
{
	trace_stop();
	setting_restore(&fault_ms);
	huge_release_all();
	restore_override();
	device_plug();
	register_again();
}

static const struct level_subtest level_subtests[] = {
	{ "unregistered", "No caching of the BAR is on record", test_unregistered },
	{ "unbind", "The driver is unbound while the BAR is mapped", test_unbind },
};

static const struct subtest subtests[] = {
	{ "range", "What can be mapped", test_range },
	{ "flags", "The flags of a mapping", test_flags },
	{ "plan", "What the driver learns of a fault", test_plan },
	{ "unbind-faulting", "The driver is unbound while there are faults", test_unbind_faulting },
	{ "kept", "The module stays while it is needed", test_kept },
	{ "given", "No device is taken that was not given", test_given },
	{ "one-at-a-time", "A second device is refused", test_one_at_a_time },
	{ "other-node", "A second device node is refused", test_other_node },
	{ "inodes", "No inode is kept of a device that is gone", test_inodes },
};

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		setting_save(&fault_ms);
		setting_save(&registered);
		outside_start();
	}

	run_level_subtests(level_subtests, COUNT_OF(level_subtests), clean_up);
	run_subtests(subtests, COUNT_OF(subtests), clean_up);

	igt_fixture()
		outside_stop();
}

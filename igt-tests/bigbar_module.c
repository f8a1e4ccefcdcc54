// SPDX-License-Identifier: MIT

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <xf86drm.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/bar.h"
#include "lib/file.h"
#include "lib/hold.h"
#include "lib/huge_device.h"
#include "lib/module_parameter.h"
#include "lib/kernel_log.h"
#include "lib/leaks.h"
#include "lib/module.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/plug.h"
#include "lib/program.h"
#include "lib/reload.h"
#include "lib/setting.h"
#include "lib/subtest.h"

/**
 * TEST: bigbar module
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: driver
 * Functionality: probe, load and unload
 * Description: The bigbar driver refuses devices that it cannot drive with one
 *	clear line, and cannot be unloaded while it is in use.
 */
IGT_TEST_DESCRIPTION("Devices that cannot be driven, unload while in use, leaks");

#define PCI "/sys/bus/pci"
#define VRAM_OFFSET_PARAMETER "/sys/module/bigbar/parameters/vram_offset"
#define LEAST_BAR_SIZE MIB(2)
/* Kernels without CONFIG_SYMBOLIC_ERRNAME have the number. */
#define REFUSED "bigbar [0-9a-f:.]+: error (-ENODEV|-19): "

/* The name of a PCI device in sysfs: 0000:00:10.0 */
struct pci_name {
	char text[16];
};

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

static void device_path(char path[PATH_MAX], const struct pci_name *name, const char *file)
{
	snprintf(path, PATH_MAX, PCI "/devices/%s/%s", name->text, file);
}

static long device_number(const struct pci_name *name, const char *file)
{
	char path[PATH_MAX];

	device_path(path, name, file);
	igt_assert_f(exists(path), "%s is not there\n", path);
	return number_in_file(path);
}

static bool is_a(const struct pci_name *name, long vendor, long device)
{
	return device_number(name, "vendor") == vendor && device_number(name, "device") == device;
}

static bool has_driver(const struct pci_name *name)
{
	char path[PATH_MAX];

	device_path(path, name, "driver");
	return exists(path);
}

static struct bar memory_bar(const struct pci_name *name)
{
	char folder[PATH_MAX];

	device_path(folder, name, ".");
	return bar_in(folder);
}

/* The size of the memory that virtual machines share; 0 if the device is no ivshmem device. */
static uint64_t ivshmem_size(const struct pci_name *name)
{
	return is_a(name, 0x1af4, 0x1110) ? memory_bar(name).size : 0;
}

static bool is_ivshmem_with_small_bar(const struct pci_name *name)
{
	uint64_t size = ivshmem_size(name);

	return size && size < LEAST_BAR_SIZE;
}

/* Large enough for bigbar, but not given to it. */
static bool is_neighbours_ivshmem(const struct pci_name *name)
{
	char path[PATH_MAX], driver[64] = "";
	FILE *stream;

	if (ivshmem_size(name) < LEAST_BAR_SIZE)
		return false;
	device_path(path, name, "driver_override");
	stream = fopen(path, "r");
	igt_assert_f(stream, "%s: %s\n", path, strerror(errno));
	igt_assert(fgets(driver, sizeof(driver), stream));
	fclose(stream);
	return strcmp(driver, "bigbar\n");
}

static bool is_neighbours_with_least_bar(const struct pci_name *name)
{
	return ivshmem_size(name) == LEAST_BAR_SIZE && is_neighbours_ivshmem(name);
}

static bool is_serial_without_memory_bar(const struct pci_name *name)
{
	return is_a(name, 0x1b36, 0x0002) && !memory_bar(name).size;
}

/* QEMU's device for teaching: a BAR of 1 MiB, which cannot be prefetched. */
static bool is_edu(const struct pci_name *name)
{
	return is_a(name, 0x1234, 0x11e8);
}

/* QEMU's display with a frame buffer in BAR 0 and registers in BAR 2, but not the console. */
static bool is_second_display(const struct pci_name *name)
{
	return is_a(name, 0x1234, 0x1111) && device_number(name, "class") == 0x038000 &&
	       !has_driver(name);
}

/*
 * QEMU's NVMe controller, with its buffer in BAR 2 and persistent memory in BAR 4: until a
 * register enables the latter, it has no contents.
 */
static bool is_nvme_with_largest(const struct pci_name *name, unsigned int number)
{
	const struct bar bar = memory_bar(name);

	return is_a(name, 0x1b36, 0x0010) && bar.count == 2 && bar.number == number &&
	       !has_driver(name);
}

static bool is_nvme_with_large_buffer(const struct pci_name *name)
{
	return is_nvme_with_largest(name, 2);
}

static bool is_nvme_with_small_buffer(const struct pci_name *name)
{
	return is_nvme_with_largest(name, 4);
}

static struct pci_name require_device(bool (*matches)(const struct pci_name *name),
				      const char *what)
{
	struct pci_name name = {}, found = {};
	DIR *dir = opendir(PCI "/devices");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!isxdigit(entry->d_name[0]) || strlen(entry->d_name) >= sizeof(name.text))
			continue;
		strcpy(name.text, entry->d_name);
		if (matches(&name))
			found = name;
	}
	if (dir)
		closedir(dir);
	igt_require_f(found.text[0], "the machine has no %s\n", what);
	return found;
}

/* What the kernel itself says of a probe: which addresses were taken, and that it has failed. */
static bool is_of_core(const char *text)
{
	return strstr(text, "can't reserve") || strstr(text, "probe with driver");
}

/* Counts the driver's lines about a device, and copies the last one. Closes the log. */
static int count_lines(int log, const struct pci_name *name, char last[KERNEL_LOG_LINE])
{
	char text[KERNEL_LOG_LINE], prefix[64];
	int count = 0, level;

	snprintf(prefix, sizeof(prefix), "bigbar %s: ", name->text);
	while (kernel_log_read(log, &level, text)) {
		if (strncmp(text, prefix, strlen(prefix)) || is_of_core(text))
			continue;
		igt_info("%s\n", text);
		strcpy(last, text);
		count++;
	}
	close(log);
	return count;
}

static int bind_to_bigbar(const struct pci_name *name)
{
	return write_file(PCI "/drivers/bigbar/bind", name->text);
}

static void assert_not_bound(const struct pci_name *name)
{
	igt_assert_f(!has_driver(name), "%s has a driver\n", name->text);
}

/* The log has one line since it was opened, and nothing of the device is left. */
static void assert_refused(const struct pci_name *name, int log, const char *why)
{
	char line[KERNEL_LOG_LINE] = "", path[PATH_MAX];

	igt_assert_eq(count_lines(log, name, line), 1);
	igt_assert_f(strstr(line, why), "not '%s' in: %s\n", why, line);
	device_path(path, name, "drm");
	igt_assert_f(!exists(path), "%s is there\n", path);
	assert_not_bound(name);
}

static void assert_probe_refused(const struct pci_name *name, int error, const char *why)
{
	int log = kernel_log_open();

	igt_assert_eq(bind_to_bigbar(name), error);
	assert_refused(name, log, why);
}

/* The device that was taken from its own driver. */
static struct pci_name borrowed;

static void give_back(int signal)
{
	char path[PATH_MAX];

	(void)signal;
	if (!borrowed.text[0])
		return;
	/* If bigbar has it. */
	device_path(path, &borrowed, "driver/unbind");
	write_file(path, borrowed.text);
	device_path(path, &borrowed, "driver_override");
	write_file(path, "\n");
	write_file(PCI "/drivers_probe", borrowed.text);
	borrowed.text[0] = '\0';
}

static void borrow(const struct pci_name *name)
{
	char path[PATH_MAX];

	igt_install_exit_handler(give_back);
	borrowed = *name;
	device_path(path, name, "driver/unbind");
	if (has_driver(name))
		igt_assert_eq(write_file(path, name->text), 0);
	device_path(path, name, "driver_override");
	igt_assert_eq(write_file(path, "bigbar"), 0);
}

/**
 * SUBTEST: bar-too-small
 * Description: A device with a BAR below 2 MiB: no probe, one line in the kernel
 *	log, no device node.
 */
static void test_bar_too_small(void)
{
	struct pci_name name = require_device(is_ivshmem_with_small_bar,
					      "ivshmem device with a BAR below 2 MiB");

	kernel_log_expect(REFUSED "BAR 2 has 1024 KiB, at least 2048 KiB are needed");
	borrow(&name);
	assert_probe_refused(&name, ENODEV,
			     "BAR 2 has 1024 KiB, at least 2048 KiB are needed");
	give_back(0);
}

/* The device of an open file. */
static struct pci_name name_of(int fd)
{
	struct pci_name name = {};
	char folder[PATH_MAX];

	device_folder(fd, folder);
	igt_assert_lt(snprintf(name.text, sizeof(name.text), "%s", strrchr(folder, '/') + 1),
		      sizeof(name.text));
	return name;
}

static void assert_without_memory(const struct pci_name *name)
{
	kernel_log_expect(REFUSED ".*BAR.*");
	borrow(name);
	assert_probe_refused(name, ENODEV, "no prefetchable memory BAR");
	give_back(0);
}

/**
 * SUBTEST: no-memory-bar
 * Description: A device without a memory BAR, given by driver_override: no probe,
 *	one line in the kernel log, no device node.
 */
static void test_no_memory_bar(void)
{
	struct pci_name name = require_device(is_serial_without_memory_bar,
					      "PCI serial port without a memory BAR");

	assert_without_memory(&name);
}

/**
 * SUBTEST: registers
 * Description: A device whose only memory BAR cannot be prefetched, because it has registers:
 *	refused like one without a memory BAR.
 */
static void test_registers(void)
{
	struct pci_name name = require_device(is_edu, "edu device");

	assert_without_memory(&name);
}

static struct program_output bind_tool(const char *option, const struct pci_name *name)
{
	struct program_output output;

	igt_require_f(getenv("BIGBAR_BIND"), "BIGBAR_BIND does not name the program\n");
	program_finish(program_start("exec \"$BIGBAR_BIND\" %s %s 2>&1", option, name->text),
		       &output);
	return output;
}

static void assert_tool_refuses(const struct pci_name *name, const char *why)
{
	struct program_output output = bind_tool("--dry-run", name);

	igt_assert_eq(output.status, 1);
	program_assert_one_line(&output);
	program_assert_says(&output, why);
}

static bool has_bigbar(const struct pci_name *name)
{
	char path[PATH_MAX], driver[PATH_MAX];

	device_path(path, name, "driver");
	return realpath(path, driver) && !strcmp(driver, PCI "/drivers/bigbar");
}

#define LOG_CLAIMED \
	"bigbar [0-9a-f:.]+: (error (-EBUSY|-16): BAR 2 is in use|BAR 2.*: can't reserve .*)"
#define LOG_PROBE_FAILED "bigbar [0-9a-f:.]+: probe with driver .* failed .*" \
	"|bigbar: probe of .* failed .*"

/**
 * SUBTEST: bar-in-use
 * Description: Another driver has claimed the BAR: no probe, one line in the kernel log
 *	besides those of the kernel's core, no device node. When the BAR is free again,
 *	the device is accepted.
 */
static void test_bar_in_use(void)
{
	struct pci_name name = require_device(is_neighbours_with_least_bar,
					      "ivshmem device with a BAR of 2 MiB to lend");
	int claim = open("/sys/kernel/debug/bar_claimer", O_WRONLY | O_CLOEXEC);

	igt_require_f(claim >= 0, "the module bar_claimer is not loaded\n");
	kernel_log_expect(LOG_CLAIMED "|" LOG_PROBE_FAILED);
	borrow(&name);
	igt_assert_lt(0, dprintf(claim, "%s 2", name.text));
	assert_probe_refused(&name, EBUSY, "BAR 2 is in use");
	close(claim);
	igt_assert_eq(bind_to_bigbar(&name), 0);
	igt_assert(has_bigbar(&name));
	give_back(0);
}

/**
 * SUBTEST: bind-tool
 * Description: The program bigbar-bind says what it would do, gives a device to bigbar, and
 *	takes it away again. It refuses a device that has a driver, one that has only
 *	registers, and one that is not there, with one line.
 */
static void test_bind_tool(void)
{
	struct pci_name name = require_device(is_neighbours_with_least_bar,
					      "ivshmem device with a BAR of 2 MiB to lend");
	struct pci_name edu = require_device(is_edu, "edu device"), own = name_of(huge_open());
	struct program_output output = bind_tool("--dry-run", &name);

	igt_assert_eq(output.status, 0);
	program_assert_says(&output, "2 MiB of VRAM");
	program_assert_says(&output, "nothing was changed");
	igt_assert(is_neighbours_with_least_bar(&name) && !has_bigbar(&name));
	assert_tool_refuses(&own, "bigbar has ");
	assert_tool_refuses(&edu, "no prefetchable memory BAR");
	assert_tool_refuses(&(struct pci_name){ "ffff:00:00.0" }, "no PCI device");

	igt_install_exit_handler(give_back);
	borrowed = name;
	output = bind_tool("", &name);
	igt_assert_eq(output.status, 0);
	igt_assert(has_bigbar(&name));
	output = bind_tool("--release", &name);
	igt_assert_eq(output.status, 0);
	igt_assert(is_neighbours_with_least_bar(&name) && !has_bigbar(&name));
}

static void ensure_loaded(void)
{
	if (!exists(PCI "/drivers/bigbar"))
		load_bigbar();
}

static void assert_works(void)
{
	struct huge_bo bo = huge_vram_bo(huge_open_when_there(), KIB(64));
	volatile char *address = huge_bo_map(&bo);

	*address = 1;
	igt_assert_eq(*address, 1);
}

/**
 * SUBTEST: unload-while-open
 * Description: The module cannot be unloaded while a file is open.
 */
static void test_unload_while_open(void)
{
	int fd;

	require_module("bigbar");
	fd = huge_open();
	igt_assert_eq(module_unload("bigbar"), EWOULDBLOCK);
	huge_vram(fd);
	assert_works();
}

/**
 * SUBTEST: unload-while-mapped
 * Description: The module cannot be unloaded while there is a mapping, even if its file is
 *	closed.
 */
static void test_unload_while_mapped(void)
{
	volatile char *address;
	struct huge_bo bo;

	require_module("bigbar");
	bo = huge_vram_bo(huge_open(), MIB(2));
	address = huge_bo_map(&bo);
	*address = 1;
	huge_close(bo.fd);
	igt_assert_eq(module_unload("bigbar"), EWOULDBLOCK);
	igt_assert_eq(*address, 1);
	assert_works();
}

/**
 * SUBTEST: unload-library
 * Description: The ttm_huge library cannot be unloaded while the driver uses it.
 */
static void test_unload_library(void)
{
	require_module("ttm_huge");
	igt_assert_eq(module_unload("ttm_huge"), EWOULDBLOCK);
	assert_works();
}

/**
 * SUBTEST: reload
 * Description: When everything is closed, the module can be unloaded, which disables the
 *	device and leaves no thread behind. It can be loaded again, and works as before.
 *	Its parameter vram_offset can be read, and not be changed.
 */
static void test_reload(void)
{
	struct pci_name name;
	int rescuers;

	require_reloadable();
	assert_read_only(VRAM_OFFSET_PARAMETER);
	assert_works();
	name = name_of(huge_open());
	igt_assert_eq(device_number(&name, "enable"), 1);
	rescuers = count_rescuers();
	igt_assert_lt(0, rescuers);
	huge_release_all();
	igt_assert_eq(module_unload("bigbar"), 0);
	igt_assert_eq(count_rescuers(), rescuers - 1);
	igt_assert_eq(device_number(&name, "enable"), 0);
	igt_assert_lt(huge_try_open_node(DRM_NODE_RENDER), 0);
	load_bigbar();
	assert_works();
}

/* While the device is enabled, its memory can be mapped without a driver. */
static void enable(const struct pci_name *name, bool on)
{
	char path[PATH_MAX];

	device_path(path, name, "enable");
	igt_assert_eq(write_file(path, on ? "1" : "0"), 0);
}

/* The beginning of the memory of a device that no driver has. */
static uint64_t *map_bare(const struct pci_name *name, uint64_t size)
{
	const struct bar bar = memory_bar(name);

	enable(name, true);
	return (uint64_t *)bar_map(&bar, bar.phys, size, PROT_READ | PROT_WRITE);
}

static void unmap_bare(const struct pci_name *name, uint64_t *memory, uint64_t size)
{
	munmap(memory, size);
	enable(name, false);
}

/* The device's last line in the kernel log says what is used of it. */
static void assert_accepted(const struct pci_name *name, const struct bar *bar)
{
	char line[KERNEL_LOG_LINE] = "", expected[KERNEL_LOG_LINE];
	int log = kernel_log_open();

	igt_assert_eq(bind_to_bigbar(name), 0);
	igt_assert_lt(0, count_lines(log, name, line));
	snprintf(expected, sizeof(expected), "bigbar %s: [drm] %" PRIu64 " MiB of VRAM in BAR %u",
		 name->text, bar->size / MIB(1), bar->number);
	igt_assert_f(!strcmp(line, expected), "not '%s', but: %s\n", expected, line);
}

/* Another device in place of the driver's own, which has to be unplugged. */
static int open_borrowed(const struct pci_name *name)
{
	const struct bar bar = memory_bar(name);
	int fd;

	borrow(name);
	assert_accepted(name, &bar);
	fd = huge_open_when_there();
	igt_assert(!strcmp(name_of(fd).text, name->text));
	igt_assert_eq_u64(huge_vram(fd).size, bar.size);
	return fd;
}

/* The memory may have no contents: only addresses are looked at. */
static void assert_uses_largest_bar(const struct pci_name *name)
{
	const struct bar bar = memory_bar(name);
	struct huge_bo bo = huge_vram_bo(open_borrowed(name), KIB(64));
	volatile char *address = huge_bo_map(&bo);
	struct page_table table;

	*address = 1;
	table = page_table_read(&bo);
	igt_assert_eq_u64(bytes_in_bar(&table, &bar), bo.size);
	page_table_free(&table);
	huge_release_all();
	give_back(0);
}

/**
 * SUBTEST: largest-bar
 * Description: Of two prefetchable memory BARs the larger one is VRAM, be it the first or the
 *	second; and BAR 0 and BAR 4 are as good as BAR 2. One line in the kernel log says how
 *	much VRAM there is in which BAR.
 */
static void test_largest_bar(void)
{
	const struct pci_name devices[] = {
		require_device(is_second_display, "second display to lend"),
		require_device(is_nvme_with_large_buffer, "NVMe controller with a large buffer"),
		require_device(is_nvme_with_small_buffer, "NVMe controller with a small buffer"),
	};
	const struct pci_name *name;

	device_unplug(huge_open());
	huge_release_all();
	for_each_case(name, devices)
		assert_uses_largest_bar(name);
	device_plug();
	assert_works();
}

/**
 * SUBTEST: bar-of-least
 * Description: A device has a BAR of exactly 2 MiB: all of it is VRAM, and can be used. One
 *	line in the kernel log says so.
 */
static void test_bar_of_least(void)
{
	struct pci_name name = require_device(is_neighbours_with_least_bar,
					      "ivshmem device with a BAR of 2 MiB to lend");
	struct huge_bo all;

	device_unplug(huge_open());
	huge_release_all();
	all = huge_vram_bo(open_borrowed(&name), LEAST_BAR_SIZE);
	igt_assert(is_zero(huge_bo_map(&all), all.size));
	huge_release_all();
	give_back(0);
	device_plug();
	assert_works();
}

/* Each word has a value of its own. */
static void fill(const struct pci_name *name, uint64_t size)
{
	uint64_t *memory = map_bare(name, size);

	for (uint64_t word = 0; word < size / sizeof(*memory); word++)
		memory[word] = ~word;
	unmap_bare(name, memory, size);
}

static void assert_filled(const struct pci_name *name, uint64_t size)
{
	uint64_t *memory = map_bare(name, size);

	for (uint64_t word = 0; word < size / sizeof(*memory); word++)
		igt_assert_eq_u64(memory[word], ~word);
	unmap_bare(name, memory, size);
}

static void load_with_offset(uint64_t mib)
{
	char parameter[64];

	snprintf(parameter, sizeof(parameter), "vram_offset=%" PRIu64, mib);
	load_bigbar_with(parameter);
}

#define VRAM_OFFSET MIB(256)

/* Uses all of VRAM, and then checks the entries of a GiB. */
static void assert_vram_behind_offset(uint64_t size)
{
	struct huge_levels largest = huge_levels_at(huge_largest_level(), GIB(1)), found;
	struct huge_bo all = huge_vram_bo(huge_open_when_there(), size), bo;
	char *address;

	igt_assert_eq_u64(huge_vram(all.fd).size, size);
	igt_assert_eq_u64(huge_vram(all.fd).used, size);
	huge_bo_await_idle(&all);
	huge_bo_destroy(&all);
	bo = huge_vram_bo(all.fd, GIB(1));
	address = huge_bo_map(&bo);
	*(volatile char *)address = 1;
	found = huge_levels_of(&bo, address, bo.size);
	huge_assert_levels(&found, &largest, "a GiB of VRAM");
	huge_assert_caching(&bo, PAGE_WC);
}

/**
 * SUBTEST: vram-offset
 * Description: VRAM begins in the middle of what a PUD entry maps, as on devices whose
 *	firmware keeps the first part. All the rest of the BAR is VRAM, a GiB of it has the
 *	largest entries there are, and no word before VRAM changes.
 */
static void test_vram_offset(void)
{
	struct pci_name name;

	require_reloadable();
	name = name_of(huge_open());
	igt_require_f(memory_bar(&name).size >= VRAM_OFFSET + GIB(2),
		      "the BAR has less than 2.25 GiB\n");
	huge_release_all();
	igt_assert_eq(module_unload("bigbar"), 0);
	fill(&name, VRAM_OFFSET);
	load_with_offset(VRAM_OFFSET / MIB(1));
	assert_vram_behind_offset(memory_bar(&name).size - VRAM_OFFSET);
	huge_release_all();
	igt_assert_eq(module_unload("bigbar"), 0);
	assert_filled(&name, VRAM_OFFSET);
	load_bigbar();
	assert_works();
}

/* Both when the module is loaded, and when the device is given to it later. */
static void assert_offset_refused(const struct pci_name *name, uint64_t mib)
{
	int log = kernel_log_open();
	char why[128];

	snprintf(why, sizeof(why),
		 "vram_offset=%" PRIu64 " is odd, or leaves less than 2 MiB of BAR %u", mib,
		 memory_bar(name).number);
	load_with_offset(mib);
	assert_refused(name, log, why);
	assert_probe_refused(name, ENODEV, why);
	igt_assert_eq(module_unload("bigbar"), 0);
}

/**
 * SUBTEST: vram-offset-refused
 * Description: An offset at which no PMD entry can begin, or that leaves less than 2 MiB of
 *	the BAR: no probe, one line in the kernel log. An offset that leaves 2 MiB is
 *	accepted.
 */
static void test_vram_offset_refused(void)
{
	struct pci_name name;
	uint64_t mib;

	require_reloadable();
	name = name_of(huge_open());
	mib = memory_bar(&name).size / MIB(1);
	kernel_log_expect(REFUSED "vram_offset=[0-9]+ is odd, or leaves less than 2 MiB of BAR 2");
	huge_release_all();
	igt_assert_eq(module_unload("bigbar"), 0);
	assert_offset_refused(&name, 1);
	assert_offset_refused(&name, mib - 1);
	assert_offset_refused(&name, mib);
	assert_offset_refused(&name, UINT32_MAX - 1);
	load_with_offset(mib - 2);
	igt_assert_eq_u64(huge_vram(huge_open_when_there()).size, MIB(2));
	huge_release_all();
	igt_assert_eq(module_unload("bigbar"), 0);
	load_bigbar();
	assert_works();
}

/**
 * SUBTEST: neighbour
 * Description: A device with memory that virtual machines share is suitable for bigbar, but
 *	was not given to it. After the module was loaded and has cleared all its VRAM, the
 *	device has no driver, and no word of its memory has changed.
 */
static void test_neighbour(void)
{
	struct pci_name name = require_device(is_neighbours_ivshmem,
					      "ivshmem device that bigbar was not given");
	const uint64_t size = memory_bar(&name).size;
	struct huge_bo all;
	int fd;

	if (!is_built_in("bigbar"))
		require_reloadable();
	assert_not_bound(&name);
	fill(&name, size);
	huge_release_all();
	if (!is_built_in("bigbar")) {
		igt_assert_eq(module_unload("bigbar"), 0);
		load_bigbar();
	}
	fd = huge_open_when_there();
	all = huge_vram_bo(fd, huge_vram(fd).size);
	huge_bo_await_idle(&all);
	assert_not_bound(&name);
	assert_filled(&name, size);
}

/* The file of a module, beside that of bigbar; or its name, where they are installed. */
static void module_file(char path[PATH_MAX], const char *module)
{
	const char *bigbar = getenv("BIGBAR_MODULE");
	const char *name = bigbar ? strrchr(bigbar, '/') : NULL;

	if (name)
		snprintf(path, PATH_MAX, "%.*s/../%s/%s.ko", (int)(name - bigbar), bigbar, module,
			 module);
	else
		snprintf(path, PATH_MAX, "%s", module);
}

/* In one line. */
static void read_modinfo(const char *module, const char *field, struct program_output *output)
{
	char path[PATH_MAX];

	module_file(path, module);
	program_finish(program_start("modinfo -F %s '%s'", field, path), output);
	igt_assert_eq(output->status, 0);
	program_assert_one_line(output);
}

/**
 * SUBTEST: modinfo
 * Description: modinfo shows the author of each module and its version, which is that of the
 *	module that is loaded.
 */
static void test_modinfo(void)
{
	static const char * const modules[] = { "pfnmap", "ttm_huge", "bigbar" };
	char path[PATH_MAX], version[SETTING_SIZE];
	const char * const *module;
	struct program_output output;

	for_each_case(module, modules) {
		require_module(*module);
		read_modinfo(*module, "author", &output);
		read_modinfo(*module, "version", &output);
		snprintf(path, sizeof(path), "/sys/module/%s/version", *module);
		igt_assert_f(exists(path), "%s is not there\n", path);
		setting_read(&(struct setting){ .path = path }, version);
		igt_assert_f(!strcmp(output.text, version), "%s has %s", path, version);
	}
}

#define MOVING_ROUNDS 8
#define MOVING_BOS 16

/**
 * SUBTEST: unload-while-moving
 * Description: The module is unloaded as soon as that is possible, while moves of destroyed
 *	buffer objects are still queued, and works after it is loaded again.
 */
static void test_unload_while_moving(void)
{
	require_reloadable();
	for (int round = 0; round < MOVING_ROUNDS; round++) {
		int fd = huge_open_when_there();

		for (int i = 0; i < MOVING_BOS; i++) {
			struct huge_bo bo = huge_bo_create(fd, MIB(2), HUGE_SYSTEM, 0);
			char *address = huge_bo_map(&bo);

			*(volatile char *)address = 1;
			huge_unmap(address, bo.size);
			huge_bo_move(&bo, HUGE_VRAM);
		}
		huge_close(fd);
		igt_assert_eq(module_unload("bigbar"), 0);
		load_bigbar();
	}
	assert_works();
}

/**
 * SUBTEST: unload-while-waiting
 * Description: While a fault waits for a buffer object that is reserved, its mapping is
 *	removed, its file is closed and its device is unplugged. The module cannot be
 *	unloaded until the fault is over. The fault finds nothing mapped.
 */
static void test_unload_while_waiting(void)
{
	static struct kernel_reader reader;
	struct huge_bo bo;

	require_reloadable();
	bo = huge_vram_bo(huge_open(), MIB(2));
	reader.address = huge_bo_map(&bo);
	hold_reservation(reader.address);
	start_kernel_reader(&reader);
	await_sleep_in_driver(reader.id);
	huge_unmap(reader.address, bo.size);
	device_unplug(bo.fd);
	/* Not huge_release_all(): it would wait for what is held. */
	huge_close(bo.fd);
	device_plug();
	igt_assert_eq(module_unload("bigbar"), EWOULDBLOCK);
	igt_assert_f(is_held(), "waited for the hold\n");
	release_hold();
	igt_assert_eq(pthread_join(reader.thread, NULL), 0);
	igt_assert_eq(reader.error, EFAULT);
	igt_assert_eq(module_unload("bigbar"), 0);
	load_bigbar();
	assert_works();
}

/**
 * SUBTEST: no-leaks
 * Description: With all clients gone nothing is left in VRAM.
 */
static void test_no_leaks(void)
{
	igt_assert_eq_u64(huge_vram_used_settled(huge_open(), 0), 0);
}

static const struct subtest cases[] = {
	{ "bar-too-small", "A device with a BAR below 2 MiB", test_bar_too_small },
	{ "bar-of-least", "A device with a BAR of exactly 2 MiB", test_bar_of_least },
	{ "largest-bar", "Devices with two BARs, and with one in another place", test_largest_bar },
	{ "neighbour", "A device that was not given to bigbar", test_neighbour },
	{ "no-memory-bar", "A device without a memory BAR", test_no_memory_bar },
	{ "registers", "A device with registers only", test_registers },
	{ "bar-in-use", "A device whose BAR another driver has", test_bar_in_use },
	{ "bind-tool", "The program that gives devices to bigbar", test_bind_tool },
	{ "unload-while-open", "Unload with an open file", test_unload_while_open },
	{ "unload-while-mapped", "Unload with a mapping", test_unload_while_mapped },
	{ "unload-library", "Unload of the library in use", test_unload_library },
	{ "reload", "Unload and load again", test_reload },
	{ "modinfo", "What modinfo tells", test_modinfo },
	{ "vram-offset", "VRAM begins in the middle of the BAR", test_vram_offset },
	{ "vram-offset-refused", "VRAM would not fit into the BAR", test_vram_offset_refused },
	{ "unload-while-moving", "Unload with moves in the queue", test_unload_while_moving },
	{ "unload-while-waiting", "Unload while a fault waits", test_unload_while_waiting },
	{ "no-leaks", "VRAM in use is zero", test_no_leaks },
};

static void clean_up(void)
{
	give_back(0);
	release_all_holds();
	device_plug();
	huge_release_all();
	if (number_in_file(VRAM_OFFSET_PARAMETER))
		module_unload("bigbar");
	ensure_loaded();
}

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		async_moves_save();
	}

	run_subtests(cases, COUNT_OF(cases), clean_up);
}

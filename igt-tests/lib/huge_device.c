// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <xf86drm.h>

#include "../igt_shim.h"
#include "bos_in_use.h"
#include "huge_device.h"
#include "known_kernel.h"
#include "subtest.h"

#define MAX_DEVICES 16
#define MAX_OPEN 64
/* Of 10 ms each, for work that the kernel does in the background. */
#define TRIES 2000

static const struct huge_device * const devices[] = {
	&huge_bigbar, &huge_qxl, &huge_radeon, &huge_amdgpu, &huge_plain,
};

/* What a subtest has not closed or unmapped yet. */
static int open_files[MAX_OPEN];
static int open_file_count;
static struct {
	void *address;
	uint64_t length;
} open_mappings[MAX_OPEN];
static int open_mapping_count;
/* When it opened its first file, if it has opened one. */
static uint64_t bos_at_first;
static bool has_opened;

static const struct huge_device *find_device(const char *driver)
{
	const struct huge_device * const *row;

	for_each_case(row, devices) {
		if (!strcmp((*row)->driver, driver))
			return *row;
	}
	igt_require_f(false, "IGT_FORCE_DRIVER=%s: the tests know no such driver\n", driver);
	return NULL;
}

static const struct huge_device *device(void)
{
	static const struct huge_device *chosen;
	const char *driver = getenv("IGT_FORCE_DRIVER");

	if (!chosen)
		chosen = driver ? find_device(driver) : devices[0];
	return chosen;
}

static bool has_driver(int fd, const char *driver)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool equal = version && !strcmp(version->name, driver);

	drmFreeVersion(version);
	return equal;
}

/*
 * The device that --device or IGT_DEVICE asks for, NULL if they ask for none. It is
 * remembered by its place on the bus, which stays when its nodes get other numbers.
 */
static drmDevicePtr wanted_device(void)
{
	static drmDevicePtr wanted;
	int fd;

	if (wanted || !igt_device_filter_count())
		return wanted;
	fd = drm_open_filtered_card(0);
	igt_require_f(fd >= 0, "no device as --device or IGT_DEVICE have it\n");
	igt_assert_eq(drmGetDevice2(fd, 0, &wanted), 0);
	close(fd);
	return wanted;
}

static int open_if_driver(drmDevicePtr candidate, int node_type)
{
	drmDevicePtr wanted = wanted_device();
	int fd;

	if (wanted && !drmDevicesEqual(candidate, wanted))
		return -1;
	if (!(candidate->available_nodes & (1 << node_type)))
		return -1;
	fd = open(candidate->nodes[node_type], O_RDWR | O_CLOEXEC);
	if (fd >= 0 && !has_driver(fd, device()->driver)) {
		close(fd);
		return -1;
	}
	/* The first client to open it becomes the display's master, which others may need. */
	if (fd >= 0 && node_type == DRM_NODE_PRIMARY)
		drmDropMaster(fd);
	return fd;
}

static int try_open_drm_node(int node_type)
{
	drmDevicePtr candidates[MAX_DEVICES];
	int count = drmGetDevices2(0, candidates, MAX_DEVICES);
	int fd = -1;

	for (int i = 0; i < count && fd < 0; i++)
		fd = open_if_driver(candidates[i], node_type);
	if (count > 0)
		drmFreeDevices(candidates, count);
	return fd;
}

int huge_try_open_node(int node_type)
{
	int fd = device()->open ? device()->open() : try_open_drm_node(node_type);

	if (fd < 0)
		return -1;
	igt_assert_lt(open_file_count, MAX_OPEN);
	if (!has_opened)
		bos_at_first = bos_in_use();
	has_opened = true;
	open_files[open_file_count++] = fd;
	return fd;
}

int huge_open_node(int node_type)
{
	int fd = huge_try_open_node(node_type);

	igt_require_f(fd >= 0, "no device of driver %s\n", device()->driver);
	return fd;
}

int huge_open(void)
{
	return huge_open_node(device()->node_type);
}

int huge_open_when_there(void)
{
	int fd = huge_try_open_node(device()->node_type);

	for (int tries = 0; fd < 0 && tries < TRIES; tries++) {
		usleep(10000);
		fd = huge_try_open_node(device()->node_type);
	}
	igt_assert_f(fd >= 0, "no device node of driver %s\n", device()->driver);
	return fd;
}

void huge_close(int fd)
{
	for (int i = 0; i < open_file_count; i++) {
		if (open_files[i] == fd)
			open_files[i--] = open_files[--open_file_count];
	}
	close(fd);
}

/* The minor of the device's primary node, which is the name of its folder in debugfs. */
static int primary_minor(int fd)
{
	char *name = drmGetPrimaryDeviceNameFromFd(fd);
	int minor;

	igt_assert(name);
	if (sscanf(name, "/dev/dri/card%d", &minor) != 1)
		minor = -1;
	free(name);
	igt_assert_lte(0, minor);
	return minor;
}

struct huge_path huge_debugfs(int fd, const char *file)
{
	const char *folder = device()->debugfs;
	struct huge_path path;
	char drm[32];
	int length;

	if (!folder) {
		snprintf(drm, sizeof(drm), "dri/%d", primary_minor(fd));
		folder = drm;
	}
	length = snprintf(path.text, sizeof(path.text), "/sys/kernel/debug/%s/%s", folder, file);
	igt_assert_lt(length, sizeof(path.text));
	return path;
}

/*
 * A worker frees the buffer objects that are still cleared or moved. Until then the next
 * subtest would find less VRAM free, and less of it in one piece.
 */
static void await_bos_freed(void)
{
	for (int tries = 0; tries < TRIES; tries++) {
		if (bos_in_use() <= bos_at_first)
			return;
		usleep(10000);
	}
	igt_info("%" PRIu64 " buffer objects are still there\n", bos_in_use() - bos_at_first);
}

void huge_release_all(void)
{
	while (open_mapping_count) {
		open_mapping_count--;
		munmap(open_mappings[open_mapping_count].address,
		       open_mappings[open_mapping_count].length);
	}
	while (open_file_count)
		close(open_files[--open_file_count]);
	if (has_opened && !device()->kernel_bos)
		await_bos_freed();
	has_opened = false;
}

const char *huge_driver(void)
{
	return device()->driver;
}

bool huge_claims(void)
{
	return device()->claims;
}

bool huge_counts(void)
{
	return device()->counts;
}

bool huge_prefaults(void)
{
	return device()->prefault;
}

bool huge_has_flags(unsigned int flags)
{
	return !(flags & ~device()->flags);
}

bool huge_clears(void)
{
	return device()->clears;
}

struct huge_vram huge_vram(int fd)
{
	struct huge_vram vram;

	igt_assert_eq(device()->vram(fd, &vram), 0);
	return vram;
}

uint64_t huge_vram_used_settled(int fd, uint64_t expected)
{
	uint64_t used = huge_vram(fd).used;

	for (int tries = 0; used != expected && tries < TRIES; tries++) {
		usleep(10000);
		used = huge_vram(fd).used;
	}
	return used;
}

int huge_bo_try_create(int fd, uint64_t size, enum huge_placement placement,
		       unsigned int flags, struct huge_bo *bo)
{
	struct huge_bo_info info;
	int error;

	*bo = (struct huge_bo){ .fd = fd };
	error = device()->create(fd, size, placement, flags, &bo->handle);
	if (error)
		return error;
	error = device()->mmap_offset(fd, bo->handle, &bo->offset);
	if (!error)
		error = huge_bo_try_info(bo, &info);
	if (error)
		return error;
	bo->size = info.size;
	bo->alignment = info.alignment;
	return 0;
}

struct huge_bo huge_bo_create(int fd, uint64_t size, enum huge_placement placement,
			      unsigned int flags)
{
	struct huge_bo bo;

	igt_require_f(huge_has_flags(flags), "%s has no such buffer objects\n", device()->driver);
	igt_require_f(size <= device()->largest, "%s makes no buffer object of %llu bytes\n",
		      device()->driver, (unsigned long long)size);
	igt_assert_eq(huge_bo_try_create(fd, size, placement, flags, &bo), 0);
	return bo;
}

struct huge_bo huge_vram_bo(int fd, uint64_t size)
{
	return huge_bo_create(fd, size, HUGE_VRAM, HUGE_SYSTEM_WB);
}

struct huge_bo huge_vram_rest(int fd)
{
	struct huge_vram vram = huge_vram(fd);

	return huge_vram_bo(fd, vram.size - vram.used);
}

struct huge_bo huge_mapped_bo(uint64_t size, unsigned int flags, char **address)
{
	struct huge_bo bo = huge_bo_create(huge_open(), size, HUGE_VRAM, flags);

	*address = huge_bo_map(&bo);
	return bo;
}

int huge_bo_try_destroy(const struct huge_bo *bo)
{
	return device()->destroy(bo->fd, bo->handle);
}

void huge_bo_destroy(const struct huge_bo *bo)
{
	igt_assert_eq(huge_bo_try_destroy(bo), 0);
}

int huge_bo_try_move(const struct huge_bo *bo, enum huge_placement placement)
{
	return device()->move(bo->fd, bo->handle, placement);
}

void huge_bo_move(const struct huge_bo *bo, enum huge_placement placement)
{
	igt_require_f(device()->move, "%s moves no buffer object\n", device()->driver);
	igt_assert_eq(huge_bo_try_move(bo, placement), 0);
}

int huge_dirty_try_start(const struct huge_bo *bo)
{
	return device()->dirty_start(bo->fd, bo->handle);
}

int huge_dirty_try_stop(const struct huge_bo *bo)
{
	return device()->dirty_stop(bo->fd, bo->handle);
}

void huge_dirty_start(const struct huge_bo *bo)
{
	igt_require_f(device()->dirty_start, "%s tracks no writes\n", device()->driver);
	igt_assert_eq(huge_dirty_try_start(bo), 0);
}

void huge_dirty_stop(const struct huge_bo *bo)
{
	igt_assert_eq(huge_dirty_try_stop(bo), 0);
}

int huge_dirty_try_take(const struct huge_bo *bo, uint64_t first_page, uint64_t pages,
			uint64_t *bitmap)
{
	return device()->dirty_take(bo->fd, bo->handle, first_page, pages, bitmap);
}

int huge_prefault(int fd, void *address, uint64_t length, uint64_t *done)
{
	*done = 0;
	return huge_prefault_rest(fd, address, length, done);
}

int huge_prefault_rest(int fd, void *address, uint64_t length, uint64_t *done)
{
	igt_require_f(huge_prefaults(), "%s maps nothing ahead of use\n", device()->driver);
	return device()->prefault(fd, address, length, done);
}

int huge_bo_try_info(const struct huge_bo *bo, struct huge_bo_info *info)
{
	return device()->info(bo->fd, bo->handle, info);
}

struct huge_bo_info huge_bo_info(const struct huge_bo *bo)
{
	struct huge_bo_info info;

	igt_assert_eq(huge_bo_try_info(bo, &info), 0);
	return info;
}

int huge_bo_try_placement(const struct huge_bo *bo, enum huge_placement *placement)
{
	return device()->placement(bo->fd, bo->handle, placement);
}

enum huge_placement huge_bo_placement(const struct huge_bo *bo)
{
	enum huge_placement placement;

	igt_assert_eq(huge_bo_try_placement(bo, &placement), 0);
	return placement;
}

struct huge_bo huge_bo_export(const struct huge_bo *bo)
{
	struct huge_bo dma_buf = { .size = bo->size, .alignment = bo->alignment };
	int error;

	error = drmPrimeHandleToFD(bo->fd, bo->handle, O_CLOEXEC | O_RDWR, &dma_buf.fd) ?
		errno : 0;
	igt_require_f(error != ENOSYS,
		      "the kernel exports nothing of drivers that do not ask\n");
	igt_assert_eq(error, 0);
	igt_assert_lt(open_file_count, MAX_OPEN);
	open_files[open_file_count++] = dma_buf.fd;
	return dma_buf;
}

static void *remember(void *address, uint64_t length)
{
	igt_assert_f(address != MAP_FAILED, "mmap: %s\n", strerror(errno));
	igt_assert_lt(open_mapping_count, MAX_OPEN);
	open_mappings[open_mapping_count].address = address;
	open_mappings[open_mapping_count++].length = length;
	return address;
}

void *huge_bo_map_part(const struct huge_bo *bo, uint64_t start, uint64_t length, int prot)
{
	return remember(mmap(NULL, length, prot, MAP_SHARED, bo->fd, bo->offset + start), length);
}

void *huge_bo_map(const struct huge_bo *bo)
{
	return huge_bo_map_part(bo, 0, bo->size, PROT_READ | PROT_WRITE);
}

void *huge_bo_map_at(const struct huge_bo *bo, void *address, uint64_t start, uint64_t length)
{
	void *mapped = mmap(address, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			    bo->fd, bo->offset + start);

	igt_assert_f(mapped == address, "mmap: %s\n", strerror(errno));
	return mapped;
}

void *huge_bo_map_near(const struct huge_bo *bo, void *hint)
{
	return remember(mmap(hint, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, bo->fd,
			     bo->offset), bo->size);
}

void huge_unmap(void *address, uint64_t length)
{
	igt_assert_eq(munmap(address, length), 0);
	for (int i = 0; i < open_mapping_count; i++) {
		if (open_mappings[i].address == address && open_mappings[i].length == length)
			open_mappings[i--] = open_mappings[--open_mapping_count];
	}
}

void huge_bo_await_idle(const struct huge_bo *bo)
{
	char *address = huge_bo_map_part(bo, 0, HUGE_PAGE_SIZE, PROT_READ);

	(void)*(volatile char *)address;
	huge_unmap(address, HUGE_PAGE_SIZE);
}

char *huge_reserve(uint64_t length, uint64_t alignment)
{
	char *area = mmap(NULL, length + alignment, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	remember(area, length + alignment);
	return area + (-(uintptr_t)area & (alignment - 1));
}

enum huge_level huge_largest_level(void)
{
	static enum huge_level largest_level = HUGE_LEVELS;

	if (largest_level == HUGE_LEVELS)
		largest_level = known_kernel_largest_level();
	return largest_level;
}

void huge_require_level(enum huge_level level)
{
	igt_require_f(level <= huge_largest_level(),
		      "kernel and CPU have no %s entries for this\n",
		      huge_level_name(level));
}

struct huge_levels huge_possible_levels(struct huge_levels levels)
{
	for (enum huge_level level = HUGE_PUD; level > huge_largest_level(); level--) {
		levels.entries[level - 1] += levels.entries[level] * huge_level_size(level) /
					     huge_level_size(level - 1);
		levels.entries[level] = 0;
	}
	return levels;
}

uint64_t huge_size_for_level(enum huge_level level)
{
	huge_require_level(level);
	return level == HUGE_PTE ? 16 * HUGE_PAGE_SIZE : huge_level_size(level);
}

// SPDX-License-Identifier: MIT
/*
 * The qxl driver's row in the table of devices, for a qxl that uses ttm_huge. Its VRAM is
 * the memory of surfaces, in the larger of its two BARs.
 */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <qxl_drm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "gem.h"
#include "page_table.h"

#define QXL_FORMAT_32_XRGB 32
#define BYTES_PER_PIXEL 4
#define LONGEST_STRIDE KIB(32)

/* Parses a line that is a name and a number. */
static void read_number(const char *line, const char *name, uint64_t *number)
{
	line += strspn(line, " ");
	if (!strncmp(line, name, strlen(name)))
		*number = strtoull(line + strlen(name), NULL, 10);
}

/* What a memory manager of the driver says about itself, in a file in debugfs. */
static int read_manager(int fd, const char *name, struct huge_vram *vram)
{
	struct huge_path path = huge_debugfs(fd, name);
	FILE *manager = fopen(path.text, "r");
	uint64_t pages = 0, used = 0;
	char line[128];

	if (!manager)
		return errno;
	while (fgets(line, sizeof(line), manager)) {
		read_number(line, "size:", &pages);
		read_number(line, "usage:", &used);
	}
	fclose(manager);
	*vram = (struct huge_vram){ .size = pages * HUGE_PAGE_SIZE, .used = used };
	return pages ? 0 : ENODATA;
}

static int qxl_vram(int fd, struct huge_vram *vram)
{
	return read_manager(fd, "qxl_surf_mm", vram);
}

/* The driver makes a surface one line larger than it is asked for. */
static uint32_t stride_for(uint64_t size)
{
	uint32_t stride = LONGEST_STRIDE;

	while (size % stride || size / stride < 2)
		stride /= 2;
	return stride;
}

static int create_surface(int fd, uint64_t size, uint32_t *handle)
{
	uint32_t stride = stride_for(size);
	struct drm_qxl_alloc_surf surface = {
		.format = QXL_FORMAT_32_XRGB,
		.width = stride / BYTES_PER_PIXEL,
		.height = size / stride - 1,
		.stride = stride,
	};
	int error = gem_call(fd, DRM_IOCTL_QXL_ALLOC_SURF, &surface);

	*handle = error ? 0 : surface.handle;
	return error;
}

static int qxl_mmap_offset(int fd, uint32_t handle, uint64_t *offset)
{
	struct drm_qxl_map map = { .handle = handle };
	int error = gem_call(fd, DRM_IOCTL_QXL_MAP, &map);

	*offset = map.offset;
	return error;
}

/* New buffer objects for which the BAR of surfaces has no room may be in the other BAR. */
static int both_bars(int fd, struct huge_vram *vram)
{
	struct huge_vram other;
	int error = qxl_vram(fd, vram) ?: read_manager(fd, "qxl_mem_mm", &other);

	if (!error) {
		vram->size += other.size;
		vram->used += other.used;
	}
	return error;
}

/* No ioctl moves a buffer object out of VRAM, but new ones that fill VRAM evict it. */
static int evict(int fd)
{
	return gem_fill(fd, both_bars, create_surface);
}

/* The ioctl that updates an area validates the surface first, which moves it to VRAM. */
static int validate(int fd, uint32_t handle)
{
	struct drm_qxl_update_area area = { .handle = handle, .right = 1, .bottom = 1 };

	return gem_call(fd, DRM_IOCTL_QXL_UPDATE_AREA, &area);
}

static int try_to_move(int fd, uint32_t handle, enum huge_placement placement)
{
	return placement == HUGE_VRAM ? validate(fd, handle) : evict(fd);
}

static int qxl_move(int fd, uint32_t handle, enum huge_placement placement)
{
	return gem_move(fd, handle, placement, try_to_move, huge_qxl.placement);
}

static int qxl_create(int fd, uint64_t size, enum huge_placement placement,
		      unsigned int flags, uint32_t *handle)
{
	int error = create_surface(fd, size, handle);

	(void)flags;
	if (!error && placement == HUGE_SYSTEM)
		error = qxl_move(fd, *handle, HUGE_SYSTEM);
	return error;
}

static bool is_in_bar(int fd, uint64_t address)
{
	uint64_t start, end;
	drmDevicePtr device;
	char path[64];
	bool found = false;
	FILE *bars;

	if (drmGetDevice2(fd, 0, &device))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%04x:%02x:%02x.%d/resource",
		 device->businfo.pci->domain, device->businfo.pci->bus,
		 device->businfo.pci->dev, device->businfo.pci->func);
	drmFreeDevice(&device);
	bars = fopen(path, "r");
	while (bars && !found && fscanf(bars, "%" SCNx64 " %" SCNx64 " %*x", &start, &end) == 2)
		found = address >= start && address <= end;
	if (bars)
		fclose(bars);
	return found;
}

static int placement_of_page(const struct huge_bo *bo, const void *page,
			     enum huge_placement *placement)
{
	struct page_table table = page_table_read(bo);
	uint64_t address = (uintptr_t)page;
	int error = ENODATA;

	for (unsigned int i = 0; i < table.count; i++) {
		const struct page_run *run = &table.runs[i];

		if (address < run->start || address >= run->end)
			continue;
		error = 0;
		*placement = is_in_bar(bo->fd, run->pfn * HUGE_PAGE_SIZE + address - run->start) ?
			     HUGE_VRAM : HUGE_SYSTEM;
	}
	page_table_free(&table);
	return error;
}

/* No ioctl tells the placement: this touches a page, and reads its page table. */
static int qxl_placement(int fd, uint32_t handle, enum huge_placement *placement)
{
	struct huge_bo bo = { .fd = fd, .handle = handle, .size = HUGE_PAGE_SIZE };
	int error = qxl_mmap_offset(fd, handle, &bo.offset);
	char *page;

	if (error)
		return error;
	page = mmap(NULL, HUGE_PAGE_SIZE, PROT_READ, MAP_SHARED, fd, bo.offset);
	if (page == MAP_FAILED)
		return errno;
	(void)*(volatile char *)page;
	error = placement_of_page(&bo, page, placement);
	munmap(page, HUGE_PAGE_SIZE);
	return error;
}

const struct huge_device huge_qxl = {
	.driver = "qxl",
	.node_type = DRM_NODE_PRIMARY,
	.flags = HUGE_CONTIGUOUS,
	/* Sizes in its ioctls are of type int. */
	.largest = INT_MAX,
	.kernel_bos = true,
	.vram = qxl_vram,
	.create = qxl_create,
	.destroy = gem_close,
	.mmap_offset = qxl_mmap_offset,
	.move = qxl_move,
	.info = gem_info,
	.placement = qxl_placement,
};

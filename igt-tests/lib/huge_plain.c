// SPDX-License-Identifier: MIT
/*
 * The row of plain_bar in the table of devices: a module of the tests that maps a BAR
 * through pfnmap, without TTM and GEM. The driver has no buffer objects: here, one is a
 * piece of the BAR that nothing else in this process uses.
 */

#include <errno.h>
#include <fcntl.h>

#include "bar.h"
#include "huge_device.h"

#define MAX_PIECES 4096

/* The index is the handle less one. */
static struct {
	uint64_t offset;
	uint64_t size;
} pieces[MAX_PIECES];
static unsigned int piece_count;

static int plain_open(void)
{
	return open("/dev/plain_bar", O_RDWR | O_CLOEXEC);
}

static int plain_vram(int fd, struct huge_vram *vram)
{
	*vram = (struct huge_vram){ .size = bar_of(fd).size };
	return 0;
}

/*
 * After the last one, or at the beginning again: the piece there belonged to a subtest that
 * has ended, or this one has more of them than there is room for.
 */
static void add_piece(uint64_t size, uint64_t bar_size)
{
	const uint64_t alignment = huge_expected_alignment(size);
	static uint64_t end;
	uint64_t start = (end + alignment - 1) / alignment * alignment;

	if (start + size > bar_size)
		start = 0;
	end = start + size;
	pieces[piece_count].offset = start;
	pieces[piece_count++].size = size;
}

static int plain_create(int fd, uint64_t size, enum huge_placement placement,
			unsigned int flags, uint32_t *handle)
{
	const uint64_t bar_size = bar_of(fd).size;
	int error = 0;

	if (placement != HUGE_VRAM || flags || size % HUGE_PAGE_SIZE)
		error = EINVAL;
	else if (size > bar_size || piece_count == MAX_PIECES)
		error = ENOSPC;
	if (error)
		return error;
	add_piece(size, bar_size);
	*handle = piece_count;
	return 0;
}

static int plain_destroy(int fd, uint32_t handle)
{
	(void)fd;
	return handle && handle <= piece_count ? 0 : ENOENT;
}

static int plain_mmap_offset(int fd, uint32_t handle, uint64_t *offset)
{
	(void)fd;
	*offset = pieces[handle - 1].offset;
	return 0;
}

static int plain_info(int fd, uint32_t handle, struct huge_bo_info *info)
{
	(void)fd;
	info->size = pieces[handle - 1].size;
	info->alignment = huge_expected_alignment(info->size);
	return 0;
}

static int plain_placement(int fd, uint32_t handle, enum huge_placement *placement)
{
	(void)fd;
	(void)handle;
	*placement = HUGE_VRAM;
	return 0;
}

const struct huge_device huge_plain = {
	.driver = "plain_bar",
	.open = plain_open,
	.debugfs = "plain_bar",
	.largest = UINT64_MAX,
	.vram = plain_vram,
	.create = plain_create,
	.destroy = plain_destroy,
	.mmap_offset = plain_mmap_offset,
	.info = plain_info,
	.placement = plain_placement,
};

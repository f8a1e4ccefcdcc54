// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

#define WINDOW_PAGES 32768

/**
 * struct bigbar_dirty - a way through the record of a buffer object
 * @bo: the buffer object
 * @pages: its pages
 * @first: first page of the window, which is the part that was taken last
 * @taken: pages of the window, none in the beginning
 * @next: page of the window at which the next run may begin
 * @bitmap: the record of the window
 */
struct bigbar_dirty {
	const struct bigbar_bo *bo;
	uint64_t pages;
	uint64_t first;
	uint64_t taken;
	uint64_t next;
	uint64_t bitmap[WINDOW_PAGES / 64];
};

static int call_dirty(const struct bigbar_bo *bo, struct drm_bigbar_gem_dirty arg)
{
	arg.handle = bo->handle;
	return libbigbar_call(bo->device->fd, DRM_IOCTL_BIGBAR_GEM_DIRTY, &arg);
}

int bigbar_dirty_start(const struct bigbar_bo *bo)
{
	return call_dirty(bo, (struct drm_bigbar_gem_dirty){ .op = DRM_BIGBAR_DIRTY_START });
}

int bigbar_dirty_start_by_bits(const struct bigbar_bo *bo)
{
	return call_dirty(bo, (struct drm_bigbar_gem_dirty){
		.op = DRM_BIGBAR_DIRTY_START_BY_BITS,
	});
}

int bigbar_dirty_stop(const struct bigbar_bo *bo)
{
	return call_dirty(bo, (struct drm_bigbar_gem_dirty){ .op = DRM_BIGBAR_DIRTY_STOP });
}

int bigbar_dirty_take(const struct bigbar_bo *bo, uint64_t first_page, uint64_t pages,
		      uint64_t *bitmap)
{
	return call_dirty(bo, (struct drm_bigbar_gem_dirty){
		.op = DRM_BIGBAR_DIRTY_TAKE,
		.first_page = first_page,
		.nr_pages = pages,
		.bitmap = (uintptr_t)bitmap,
	});
}

int bigbar_dirty_begin(const struct bigbar_bo *bo, struct bigbar_dirty **dirty)
{
	struct bigbar_dirty *made = malloc(sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->bo = bo;
	made->pages = bo->size / sysconf(_SC_PAGESIZE);
	made->first = 0;
	made->taken = 0;
	made->next = 0;
	*dirty = made;
	return 0;
}

static int take_next_window(struct bigbar_dirty *dirty)
{
	uint64_t first = dirty->first + dirty->taken;
	uint64_t left = dirty->pages - first;
	uint64_t pages = left < WINDOW_PAGES ? left : WINDOW_PAGES;
	int error = bigbar_dirty_take(dirty->bo, first, pages, dirty->bitmap);

	if (error)
		return error;
	dirty->first = first;
	dirty->taken = pages;
	dirty->next = 0;
	return 0;
}

int bigbar_dirty_next(struct bigbar_dirty *dirty, uint64_t *first_page, uint64_t *pages)
{
	uint64_t first, count;

	while (!libbigbar_next_run(dirty->bitmap, dirty->taken, dirty->next, &first, &count)) {
		int error;

		if (dirty->first + dirty->taken == dirty->pages)
			return 0;
		error = take_next_window(dirty);
		if (error)
			return error;
	}
	dirty->next = first + count;
	*first_page = dirty->first + first;
	*pages = count;
	return 1;
}

void bigbar_dirty_end(struct bigbar_dirty *dirty)
{
	free(dirty);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocates VRAM: a TTM resource manager that uses the buddy allocator.
 */

#include <linux/cgroup_dmem.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/list_sort.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <drm/drm_buddy.h>
#include <drm/drm_drv.h>
#include <drm/drm_print.h>
#include <drm/ttm/ttm_placement.h>

#include "bigbar_drv.h"

static u64 bigbar_vram_offset_of(const struct list_head *link)
{
	return gpu_buddy_block_offset(list_entry(link, struct gpu_buddy_block,
						 link));
}

static unsigned int bigbar_vram_order_of(const struct list_head *link)
{
	return gpu_buddy_block_order(list_entry(link, struct gpu_buddy_block,
						link));
}

static int bigbar_vram_by_offset(void *unused, const struct list_head *a,
				 const struct list_head *b)
{
	return bigbar_vram_offset_of(a) < bigbar_vram_offset_of(b) ? -1 : 1;
}

static int bigbar_vram_large_first(void *unused, const struct list_head *a,
				   const struct list_head *b)
{
	if (bigbar_vram_order_of(a) != bigbar_vram_order_of(b))
		return bigbar_vram_order_of(a) > bigbar_vram_order_of(b) ? -1 : 1;
	return bigbar_vram_by_offset(unused, a, b);
}

/* Bytes from the last multiple of PUD_SIZE to where VRAM begins: these are not VRAM. */
static u64 bigbar_vram_bytes_before(const struct bigbar_vram *vram)
{
	return vram->phys & ~PUD_MASK;
}

/* Blocks that follow each other both in VRAM and in the buffer object make a piece. */
static int bigbar_vram_make_pieces(struct bigbar_vram *vram,
				   struct bigbar_vram_resource *vres)
{
	struct gpu_buddy *buddy = &vram->buddy;
	size_t nr_blocks = list_count_nodes(&vres->blocks);
	struct bigbar_piece *piece = NULL;
	struct gpu_buddy_block *block;
	struct bigbar_pieces *pieces;
	unsigned long first = 0;

	pieces = kvmalloc(struct_size(pieces, piece, nr_blocks), GFP_KERNEL);
	if (!pieces)
		return -ENOMEM;
	kref_init(&pieces->kref);
	pieces->count = 0;

	list_for_each_entry(block, &vres->blocks, link) {
		unsigned long at = PHYS_PFN(gpu_buddy_block_offset(block) -
					    bigbar_vram_bytes_before(vram));
		unsigned long nr = gpu_buddy_block_size(buddy, block) >> PAGE_SHIFT;

		if (piece && piece->vram_page + piece->nr_pages == at) {
			piece->nr_pages += nr;
		} else {
			piece = &pieces->piece[pieces->count++];
			*piece = (struct bigbar_piece){
				.first = first,
				.nr_pages = nr,
				.vram_page = at,
			};
		}
		first += nr;
	}
	vres->pieces = pieces;
	return 0;
}

/* The buddy allocator returns -EINVAL for a block that is larger than any it has. */
static int bigbar_vram_no_space(int ret)
{
	return ret == -EINVAL ? -ENOSPC : ret;
}

/*
 * Allocate one block if there is one: it is aligned to its size. Otherwise allocate
 * several, from large to small, so that each begins at a multiple of its size both
 * in the buffer object and in VRAM.
 */
static int bigbar_vram_alloc_blocks(struct bigbar_vram *vram,
				    struct bigbar_vram_resource *vres, u64 size,
				    u64 align, bool contiguous)
{
	int ret;

	ret = gpu_buddy_alloc_blocks(&vram->buddy, 0, vram->buddy.size, size,
				     align, &vres->blocks,
				     GPU_BUDDY_CONTIGUOUS_ALLOCATION);
	if (!ret)
		list_sort(NULL, &vres->blocks, bigbar_vram_by_offset);
	if (!ret || ret == -ENOMEM || contiguous)
		return bigbar_vram_no_space(ret);

	ret = gpu_buddy_alloc_blocks(&vram->buddy, 0, vram->buddy.size, size,
				     PAGE_SIZE, &vres->blocks, 0);
	if (!ret)
		list_sort(NULL, &vres->blocks, bigbar_vram_large_first);
	return bigbar_vram_no_space(ret);
}

/* Allocate blocks, and make a list of the pieces that they amount to. */
static int bigbar_vram_take(struct bigbar_vram *vram,
			    struct bigbar_vram_resource *vres, u64 size,
			    u64 align, bool contiguous)
{
	int ret;

	guard(mutex)(&vram->lock);
	ret = bigbar_vram_alloc_blocks(vram, vres, size, align, contiguous);
	if (ret)
		return ret;
	ret = bigbar_vram_make_pieces(vram, vres);
	if (ret)
		gpu_buddy_free_list(&vram->buddy, &vres->blocks, 0);
	return ret;
}

static struct bigbar_device *bigbar_vram_device(struct bigbar_vram *vram)
{
	return container_of(vram, struct bigbar_device, vram);
}

static int bigbar_vram_alloc_awake(struct ttm_resource_manager *man,
				   struct ttm_buffer_object *bo,
				   const struct ttm_place *place,
				   struct ttm_resource **res)
{
	struct bigbar_vram *vram = to_bigbar_vram(man);
	u64 align = (u64)bo->page_alignment << PAGE_SHIFT;
	struct bigbar_vram_resource *vres;
	int ret;

	vres = kzalloc_obj(*vres);
	if (!vres)
		return -ENOMEM;
	INIT_LIST_HEAD(&vres->blocks);
	ttm_resource_init(bo, place, &vres->base);

	ret = bigbar_vram_take(vram, vres, bo->base.size, align,
			       place->flags & TTM_PL_FLAG_CONTIGUOUS);
	if (ret) {
		ttm_resource_fini(man, &vres->base);
		kfree(vres);
		return ret;
	}
	*res = &vres->base;
	return 0;
}

/* The device is awake as long as there is something in VRAM. */
static int bigbar_vram_alloc(struct ttm_resource_manager *man,
			     struct ttm_buffer_object *bo,
			     const struct ttm_place *place,
			     struct ttm_resource **res)
{
	struct bigbar_device *bigbar = bigbar_vram_device(to_bigbar_vram(man));
	int ret;

	ret = bigbar_pm_get(bigbar);
	if (ret)
		return ret;
	ret = bigbar_vram_alloc_awake(man, bo, place, res);
	if (ret)
		bigbar_pm_put(bigbar);
	return ret;
}

static void bigbar_vram_free(struct ttm_resource_manager *man,
			     struct ttm_resource *res)
{
	struct bigbar_vram_resource *vres = to_bigbar_vram_resource(res);
	struct bigbar_vram *vram = to_bigbar_vram(man);

	scoped_guard(mutex, &vram->lock)
		gpu_buddy_free_list(&vram->buddy, &vres->blocks, 0);

	ttm_resource_fini(man, res);
	bigbar_pieces_put(vres->pieces);
	kfree(vres);
	bigbar_pm_put(bigbar_vram_device(vram));
}

/**
 * bigbar_vram_used - VRAM that buffer objects have
 * @vram: the memory
 *
 * Context: process context; takes the lock of @vram.
 *
 * Return: bytes.
 */
u64 bigbar_vram_used(struct bigbar_vram *vram)
{
	guard(mutex)(&vram->lock);
	/* What lies before VRAM counts as allocated, so it is not in avail. */
	return vram->size - vram->buddy.avail;
}

static void bigbar_vram_debug(struct ttm_resource_manager *man,
			      struct drm_printer *printer)
{
	struct bigbar_vram *vram = to_bigbar_vram(man);

	drm_printf(printer, "used %llu of %llu bytes\n",
		   bigbar_vram_used(vram), vram->size);
	scoped_guard(mutex, &vram->lock)
		drm_buddy_print(&vram->buddy, printer);
}

static const struct ttm_resource_manager_func bigbar_vram_funcs = {
	.alloc = bigbar_vram_alloc,
	.free = bigbar_vram_free,
	.debug = bigbar_vram_debug,
};

/**
 * bigbar_pieces_get - take a reference to the pieces of a buffer object
 * @pieces: the pieces, or NULL
 *
 * They tell where memory is, but do not keep it from being freed: a fence does that.
 *
 * Context: any.
 *
 * Return: @pieces; bigbar_pieces_put() drops the reference.
 */
struct bigbar_pieces *bigbar_pieces_get(struct bigbar_pieces *pieces)
{
	if (pieces)
		kref_get(&pieces->kref);
	return pieces;
}

static void bigbar_vram_pieces_free(struct kref *kref)
{
	kvfree(container_of(kref, struct bigbar_pieces, kref));
}

/**
 * bigbar_pieces_put - undo bigbar_pieces_get()
 * @pieces: the pieces, or NULL
 *
 * Context: process context.
 */
void bigbar_pieces_put(struct bigbar_pieces *pieces)
{
	if (pieces)
		kref_put(&pieces->kref, bigbar_vram_pieces_free);
}

/**
 * bigbar_piece - find the contiguous VRAM that holds a page
 * @pieces: where a buffer object is
 * @page: page offset into the buffer object, less than its size
 *
 * Context: any.
 *
 * Return: the piece, which stays as long as @pieces.
 */
const struct bigbar_piece *bigbar_piece(const struct bigbar_pieces *pieces,
					unsigned long page)
{
	unsigned int low = 0, high = pieces->count;

	while (high - low > 1) {
		unsigned int mid = low + (high - low) / 2;

		if (pieces->piece[mid].first <= page)
			low = mid;
		else
			high = mid;
	}
	return &pieces->piece[low];
}

/**
 * bigbar_vram_address - where the kernel has a page of VRAM mapped
 * @vram: the memory
 * @pieces: where a buffer object is in it
 * @page: page offset into the buffer object
 *
 * Context: any, inside drm_dev_enter(): the kernel mapping goes away with the device.
 *
 * Return: the address; from there on the mapping is contiguous up to the end of the
 * piece that holds @page.
 */
void __iomem *bigbar_vram_address(struct bigbar_vram *vram,
				  const struct bigbar_pieces *pieces,
				  unsigned long page)
{
	const struct bigbar_piece *piece = bigbar_piece(pieces, page);

	return vram->io +
	       ((u64)(piece->vram_page + page - piece->first) << PAGE_SHIFT);
}

/* Allocate what lies before VRAM, so that no buffer object gets it. */
static int bigbar_vram_take_before(struct bigbar_vram *vram)
{
	const u64 size = bigbar_vram_bytes_before(vram);

	INIT_LIST_HEAD(&vram->before);
	if (!size)
		return 0;
	return gpu_buddy_alloc_blocks(&vram->buddy, 0, size, size, PAGE_SIZE,
				      &vram->before,
				      GPU_BUDDY_RANGE_ALLOCATION);
}

/**
 * bigbar_vram_init - set up the VRAM manager
 * @bigbar: the device, with TTM set up
 *
 * Return: 0, or -ENOMEM. bigbar_vram_fini() undoes it.
 */
int bigbar_vram_init(struct bigbar_device *bigbar)
{
	struct bigbar_vram *vram = &bigbar->vram;
	const struct dmem_cgroup_init init = { .size = vram->size };
	struct dmem_cgroup_region *region;
	int ret;

	/* Undone when DRM releases the device, after the last buffer object. */
	region = drmm_cgroup_register_region(&bigbar->drm, "vram", &init);
	if (IS_ERR(region))
		return PTR_ERR(region);

	ret = gpu_buddy_init(&vram->buddy,
			     bigbar_vram_bytes_before(vram) + vram->size,
			     PAGE_SIZE);
	if (ret)
		return ret;
	ret = bigbar_vram_take_before(vram);
	if (ret) {
		gpu_buddy_fini(&vram->buddy);
		return ret;
	}

	mutex_init(&vram->lock);
	gpu_buddy_driver_set_lock(&vram->buddy, &vram->lock);
	vram->man.func = &bigbar_vram_funcs;
	ttm_resource_manager_init(&vram->man, &bigbar->ttm.base, vram->size);
	/* From here on TTM charges VRAM to cgroups, and evicts by their limits. */
	ttm_resource_manager_set_dmem_region(&vram->man, region);
	ttm_set_driver_manager(&bigbar->ttm.base, TTM_PL_VRAM, &vram->man);
	ttm_resource_manager_set_used(&vram->man, true);
	return 0;
}

/**
 * bigbar_vram_fini - undo bigbar_vram_init()
 * @bigbar: the device, with no buffer object left
 */
void bigbar_vram_fini(struct bigbar_device *bigbar)
{
	struct bigbar_vram *vram = &bigbar->vram;

	ttm_resource_manager_set_used(&vram->man, false);
	ttm_resource_manager_evict_all(&bigbar->ttm.base, &vram->man);
	drm_WARN_ON(&bigbar->drm, ttm_resource_manager_usage(&vram->man));
	ttm_resource_manager_cleanup(&vram->man);
	ttm_set_driver_manager(&bigbar->ttm.base, TTM_PL_VRAM, NULL);
	scoped_guard(mutex, &vram->lock)
		gpu_buddy_free_list(&vram->buddy, &vram->before, 0);
	gpu_buddy_fini(&vram->buddy);
	mutex_destroy(&vram->lock);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shares buffer objects with other devices, as dma-bufs.
 *
 * An importer is the driver of another device. One that lets go of VRAM when it is told to,
 * and whose device reaches VRAM by peer-to-peer DMA, gets the addresses of VRAM if the
 * buffer object is there. All others get system memory: the buffer object is moved there
 * when they map it. Importers are told before the buffer object moves or is swapped out, and
 * when VRAM goes away with the device. For those that cannot be told the core pins it.
 *
 * Memory of another device is a buffer object without pages. It stays where that device
 * has it, which also maps it for programs. For DMA it is mapped until the buffer object goes or
 * the device is unbound.
 *
 * DRM forgets the dma-buf of a buffer object when the last handle is closed, but importers
 * may use it for longer: so it is kept here until the dma-buf itself goes.
 */

#include <linux/cleanup.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci-p2pdma.h>
#include <linux/pm_runtime.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include <asm/barrier.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_managed.h>
#include <drm/drm_prime.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_tt.h>

#include <drm/bigbar_drm.h>

#include "bigbar_drv.h"

MODULE_IMPORT_NS("DMA_BUF");

/* The length of a segment is an unsigned int, in bytes. */
#define BIGBAR_SEGMENT_PAGES	(SZ_1G / PAGE_SIZE)

static struct bigbar_bo *bigbar_prime_bo(const struct dma_buf *dma_buf)
{
	return gem_to_bigbar_bo(dma_buf->priv);
}

/*
 * Without @peer2peer in system memory, with pages. A move can still be going on in the
 * background when this returns.
 */
static int bigbar_prime_place(struct bigbar_bo *bo, bool peer2peer)
{
	struct ttm_operation_ctx ctx = {
		.interruptible = true,
		.gfp_retry_mayfail = true,
	};
	int ret;

	if (peer2peer && bo->ttm.resource->mem_type == TTM_PL_VRAM)
		return 0;
	ret = bigbar_bo_place(bo, DRM_BIGBAR_PLACEMENT_SYSTEM, &ctx);
	/* Pinned in VRAM. The core expects -EBUSY of attach alone, and warns. */
	if (ret == -EBUSY)
		return -EINVAL;
	return ret ?: ttm_bo_populate(&bo->ttm, &ctx);
}

/* An importer that could not be made to let go of VRAM gets system memory. */
static int bigbar_prime_attach(struct dma_buf *dma_buf,
			       struct dma_buf_attachment *attach)
{
	struct device *dev = bigbar_prime_bo(dma_buf)->ttm.base.dev->dev;

	if (!dma_buf_attach_revocable(attach) ||
	    pci_p2pdma_distance(to_pci_dev(dev), attach->dev, false) < 0)
		attach->peer2peer = false;
	return 0;
}

/* All who are attached have to reach it where it is. */
static int bigbar_prime_pin(struct dma_buf_attachment *attach)
{
	struct bigbar_bo *bo = bigbar_prime_bo(attach->dmabuf);
	struct dma_buf_attachment *other;
	bool peer2peer = true;
	long ret;

	dma_resv_assert_held(bo->ttm.base.resv);
	list_for_each_entry(other, &attach->dmabuf->attachments, node)
		peer2peer &= other->peer2peer;

	ret = bigbar_prime_place(bo, peer2peer);
	if (ret)
		return ret;
	/* The importer that pins it need not wait for moves. */
	ret = dma_resv_wait_timeout(bo->ttm.base.resv, DMA_RESV_USAGE_KERNEL, true,
				    MAX_SCHEDULE_TIMEOUT);
	if (ret < 0)
		return ret;
	ttm_bo_pin(&bo->ttm);
	return 0;
}

static void bigbar_prime_unpin(struct dma_buf_attachment *attach)
{
	ttm_bo_unpin(&bigbar_prime_bo(attach->dmabuf)->ttm);
}

/* How many pages from @page on are a segment of their own. */
static unsigned long bigbar_prime_segment(const struct bigbar_pieces *pieces,
					  unsigned long page, unsigned long end)
{
	const struct bigbar_piece *piece = bigbar_piece(pieces, page);

	return min3(piece->first + piece->nr_pages - page, end - page,
		    BIGBAR_SEGMENT_PAGES);
}

static unsigned int bigbar_prime_count_segments(const struct bigbar_pieces *pieces,
						unsigned long end)
{
	unsigned int count = 0;
	unsigned long page;

	for (page = 0; page < end; page += bigbar_prime_segment(pieces, page, end))
		count++;
	return count;
}

/* Segments have no pages, which tells a table of VRAM from one of system memory. */
static int bigbar_prime_map_segment(const struct bigbar_bo *bo, struct scatterlist *sg,
				    unsigned long page, struct device *dev,
				    enum dma_data_direction dir)
{
	const struct bigbar_pieces *pieces =
		to_bigbar_vram_resource(bo->ttm.resource)->pieces;
	const struct bigbar_piece *piece = bigbar_piece(pieces, page);
	phys_addr_t phys = to_bigbar(bo->ttm.base.dev)->vram.phys +
			   ((u64)(piece->vram_page + page - piece->first) << PAGE_SHIFT);
	size_t size = bigbar_prime_segment(pieces, page, PFN_UP(bo->ttm.base.size)) <<
		      PAGE_SHIFT;
	dma_addr_t address;

	address = dma_map_resource(dev, phys, size, dir, DMA_ATTR_SKIP_CPU_SYNC);
	if (dma_mapping_error(dev, address))
		return -EIO;
	sg_set_page(sg, NULL, size, 0);
	sg_dma_address(sg) = address;
	sg_dma_len(sg) = size;
	return 0;
}

/* Segments after those that have been mapped have no length. */
static void bigbar_prime_free_vram(struct sg_table *sgt, struct device *dev,
				   enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sgtable_sg(sgt, sg, i) {
		if (!sg_dma_len(sg))
			break;
		dma_unmap_resource(dev, sg_dma_address(sg), sg_dma_len(sg), dir,
				   DMA_ATTR_SKIP_CPU_SYNC);
	}
	sg_free_table(sgt);
	kfree(sgt);
}

static struct sg_table *bigbar_prime_table_of_vram(const struct bigbar_bo *bo,
						   struct device *dev,
						   enum dma_data_direction dir)
{
	const struct bigbar_pieces *pieces =
		to_bigbar_vram_resource(bo->ttm.resource)->pieces;
	unsigned long page = 0, end = PFN_UP(bo->ttm.base.size);
	struct sg_table *sgt = kzalloc_obj(*sgt);
	struct scatterlist *sg;
	int i, ret;

	if (!sgt)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table(sgt, bigbar_prime_count_segments(pieces, end), GFP_KERNEL);
	if (ret) {
		kfree(sgt);
		return ERR_PTR(ret);
	}

	for_each_sgtable_sg(sgt, sg, i) {
		ret = bigbar_prime_map_segment(bo, sg, page, dev, dir);
		if (ret) {
			bigbar_prime_free_vram(sgt, dev, dir);
			return ERR_PTR(ret);
		}
		page += sg_dma_len(sg) >> PAGE_SHIFT;
	}
	return sgt;
}

/*
 * Unplugging the device waits for this, and then until all is unmapped. The device is awake,
 * because the buffer object is in VRAM, and stays so if that moves away meanwhile.
 */
static struct sg_table *bigbar_prime_map_vram(const struct bigbar_bo *bo,
					      struct device *dev,
					      enum dma_data_direction dir)
{
	struct bigbar_device *bigbar = to_bigbar(bo->ttm.base.dev);
	struct sg_table *sgt;
	int idx;

	if (!drm_dev_enter(&bigbar->drm, &idx))
		return ERR_PTR(-ENODEV);
	sgt = bigbar_prime_table_of_vram(bo, dev, dir);
	if (!IS_ERR(sgt)) {
		pm_runtime_get_noresume(bigbar->drm.dev);
		atomic_inc(&bigbar->prime.in_vram);
	}
	drm_dev_exit(idx);
	return sgt;
}

static struct sg_table *bigbar_prime_map(struct dma_buf_attachment *attach,
					 enum dma_data_direction dir)
{
	struct bigbar_bo *bo = bigbar_prime_bo(attach->dmabuf);
	int ret;

	dma_resv_assert_held(bo->ttm.base.resv);
	ret = bigbar_prime_place(bo, attach->peer2peer);
	if (ret)
		return ERR_PTR(ret);
	if (bo->ttm.resource->mem_type == TTM_PL_VRAM)
		return bigbar_prime_map_vram(bo, attach->dev, dir);
	return drm_gem_map_dma_buf(attach, dir);
}

/* Unplugging the device waits for the last. */
static void bigbar_prime_unmapped(atomic_t *count)
{
	if (atomic_dec_and_test(count))
		wake_up_var(count);
}

/* The buffer object may be elsewhere by now. */
static void bigbar_prime_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
			       enum dma_data_direction dir)
{
	struct bigbar_bo *bo = bigbar_prime_bo(attach->dmabuf);
	struct bigbar_device *bigbar = to_bigbar(bo->ttm.base.dev);

	dma_resv_assert_held(bo->ttm.base.resv);
	if (sg_page(sgt->sgl)) {
		drm_gem_unmap_dma_buf(attach, sgt, dir);
		return;
	}
	bigbar_prime_free_vram(sgt, attach->dev, dir);
	bigbar_prime_unmapped(&bigbar->prime.in_vram);
	bigbar_pm_put(bigbar);
}

/* Before the access the core waits for moves. */
static int bigbar_prime_end_cpu_access(struct dma_buf *dma_buf,
				       enum dma_data_direction dir)
{
	/* Writes to VRAM are combined, and may not have reached it yet. */
	wmb();
	return 0;
}

static void bigbar_prime_release(struct dma_buf *dma_buf)
{
	struct bigbar_bo *bo = bigbar_prime_bo(dma_buf);
	struct bigbar_device *bigbar = to_bigbar(bo->ttm.base.dev);

	scoped_guard(mutex, &bigbar->prime.lock)
		list_del(&bo->link);
	dma_resv_lock(bo->ttm.base.resv, NULL);
	bo->exported = NULL;
	dma_resv_unlock(bo->ttm.base.resv);
	drm_gem_dmabuf_release(dma_buf);
}

static const struct dma_buf_ops bigbar_prime_ops = {
	.attach = bigbar_prime_attach,
	.pin = bigbar_prime_pin,
	.unpin = bigbar_prime_unpin,
	.map_dma_buf = bigbar_prime_map,
	.unmap_dma_buf = bigbar_prime_unmap,
	.end_cpu_access = bigbar_prime_end_cpu_access,
	.mmap = drm_gem_dmabuf_mmap,
	.release = bigbar_prime_release,
};

/**
 * bigbar_prime_export - make the dma-buf of a buffer object
 * @obj: the buffer object, which has none
 * @flags: of the dma-buf's file
 *
 * For &drm_gem_object_funcs.export.
 *
 * Context: process context.
 *
 * Return: the dma-buf, which holds @obj and its device, or an error pointer.
 */
struct dma_buf *bigbar_prime_export(struct drm_gem_object *obj, int flags)
{
	struct bigbar_device *bigbar = to_bigbar(obj->dev);
	struct bigbar_bo *bo = gem_to_bigbar_bo(obj);
	struct dma_buf *dma_buf = drm_gem_prime_export(obj, flags);

	if (IS_ERR(dma_buf))
		return dma_buf;
	dma_buf->ops = &bigbar_prime_ops;
	/* Without the reservation: nobody is attached yet. */
	WRITE_ONCE(bo->exported, dma_buf);
	scoped_guard(mutex, &bigbar->prime.lock)
		list_add(&bo->link, &bigbar->prime.exported);
	return dma_buf;
}

/**
 * bigbar_prime_get_sg_table - list the pages of a buffer object
 * @obj: the buffer object, in system memory and populated
 *
 * For &drm_gem_object_funcs.get_sg_table.
 *
 * Context: process context with the reservation of @obj held.
 *
 * Return: the list, which the caller frees, or an error pointer.
 */
struct sg_table *bigbar_prime_get_sg_table(struct drm_gem_object *obj)
{
	struct ttm_tt *tt = gem_to_bigbar_bo(obj)->ttm.ttm;

	dma_resv_assert_held(obj->resv);
	return drm_prime_pages_to_sg(obj->dev, tt->pages, tt->num_pages);
}

/**
 * bigbar_prime_notify - tell importers that a buffer object is about to leave its memory
 * @bo: the buffer object
 *
 * They may use the memory until the fences in the reservation have signaled; they may add
 * some.
 *
 * Context: process context with the reservation of @bo held.
 */
void bigbar_prime_notify(struct bigbar_bo *bo)
{
	struct dma_buf *exported = READ_ONCE(bo->exported);

	dma_resv_assert_held(bo->ttm.base.resv);
	if (exported)
		dma_buf_invalidate_mappings(exported);
}

static void bigbar_prime_wait(struct bigbar_bo *bo)
{
	dma_resv_wait_timeout(bo->ttm.base.resv, DMA_RESV_USAGE_BOOKKEEP, false,
			      MAX_SCHEDULE_TIMEOUT);
}

/**
 * bigbar_prime_stop - tell importers the same, and wait until they do not use the memory
 * @bo: the buffer object
 *
 * Context: process context with the reservation of @bo held.
 */
void bigbar_prime_stop(struct bigbar_bo *bo)
{
	bigbar_prime_notify(bo);
	bigbar_prime_wait(bo);
}

/* Calls @call with the reservation held, for all that other devices may have in VRAM. */
static void bigbar_prime_for_exported(struct bigbar_prime *prime,
				      void (*call)(struct bigbar_bo *bo))
{
	struct bigbar_bo *bo;

	guard(mutex)(&prime->lock);
	list_for_each_entry(bo, &prime->exported, link) {
		dma_resv_lock(bo->ttm.base.resv, NULL);
		if (bo->ttm.resource->mem_type == TTM_PL_VRAM)
			call(bo);
		dma_resv_unlock(bo->ttm.base.resv);
	}
}

/**
 * bigbar_prime_revoke - take all VRAM back from importers
 * @bigbar: the device, unplugged: nobody maps VRAM any more
 *
 * System memory is left to them. All are told before the wait for one of them begins: an
 * importer may need longer than another, and none gets more time than it needs.
 *
 * Context: process context. Waits until importers have unmapped VRAM, which they have to do
 * in bounded time.
 */
void bigbar_prime_revoke(struct bigbar_device *bigbar)
{
	struct bigbar_prime *prime = &bigbar->prime;

	bigbar_prime_for_exported(prime, bigbar_prime_notify);
	bigbar_prime_for_exported(prime, bigbar_prime_wait);
	wait_var_event(&prime->in_vram, !atomic_read(&prime->in_vram));
}

/* Unplugging the device waits for this, and then finds the buffer object. */
static struct drm_gem_object *bigbar_prime_import_foreign(struct drm_device *drm,
							  struct dma_buf *dma_buf)
{
	struct drm_gem_object *obj;
	int idx;

	if (!drm_dev_enter(drm, &idx))
		return ERR_PTR(-ENODEV);
	obj = drm_gem_prime_import(drm, dma_buf);
	if (!IS_ERR(obj))
		atomic_inc(&to_bigbar(drm)->prime.imported);
	drm_dev_exit(idx);
	return obj;
}

/**
 * bigbar_prime_import - make a buffer object of a dma-buf
 * @drm: the device
 * @dma_buf: the dma-buf
 *
 * For &drm_driver.gem_prime_import.
 *
 * Context: process context.
 *
 * Return: the buffer object itself if @drm has exported it, else one that stands for the
 * memory of another device, with a reference taken; or an error pointer.
 */
struct drm_gem_object *bigbar_prime_import(struct drm_device *drm,
					   struct dma_buf *dma_buf)
{
	struct drm_gem_object *obj = dma_buf->priv;

	if (dma_buf->ops != &bigbar_prime_ops || obj->dev != drm)
		return bigbar_prime_import_foreign(drm, dma_buf);
	drm_gem_object_get(obj);
	return obj;
}

/**
 * bigbar_prime_destroy_imported - let go of another device's memory for good
 * @bo: an imported buffer object, which is about to be freed
 *
 * Context: process context; takes the reservation of the dma-buf.
 */
void bigbar_prime_destroy_imported(struct bigbar_bo *bo)
{
	drm_prime_gem_destroy(&bo->ttm.base, bo->ttm.sg);
	bigbar_prime_unmapped(&to_bigbar(bo->ttm.base.dev)->prime.imported);
}

/* Some kernels map a dma-buf when it is attached, and unmap it when it is detached. */
static void bigbar_prime_detach_one(struct bigbar_bo *bo)
{
	struct drm_gem_object *obj = &bo->ttm.base;
	struct dma_buf_attachment *attach = obj->import_attach;
	struct sg_table *sgt = bo->ttm.sg;

	/* A call that has begun before the device was unplugged may look at it. */
	scoped_guard(mutex, &obj->dev->object_name_lock)
		obj->import_attach = NULL;
	/* Nobody else looks at these while there is a reference. */
	bo->ttm.sg = NULL;
	bo->ttm.ttm->sg = NULL;

	dma_buf_unmap_attachment_unlocked(attach, sgt, DMA_BIDIRECTIONAL);
	dma_buf_detach(bo->imported, attach);
	/* The one that DRM has taken. */
	dma_buf_put(bo->imported);
	bigbar_prime_unmapped(&to_bigbar(obj->dev)->prime.imported);
}

/**
 * bigbar_prime_detach - have nothing of other devices mapped for this one
 * @bigbar: the device, unplugged: nothing is imported any more
 *
 * A buffer object that is imported stays, and so does what programs have mapped: that does
 * not need the device.
 *
 * Context: process context. Takes reservations of dma-bufs, one at a time, with no lock of
 * ours held: below it the exporter takes locks of its own. Waits for TTM's worker, where that
 * is about to free what was imported.
 */
void bigbar_prime_detach(struct bigbar_device *bigbar)
{
	struct bigbar_prime *prime = &bigbar->prime;
	struct bigbar_bo *bo = NULL;

	while ((bo = bigbar_bo_next(bigbar, bo))) {
		/* Not if DRM has undone the import, and somebody still holds what it made. */
		if (drm_gem_is_imported(&bo->ttm.base))
			bigbar_prime_detach_one(bo);
	}
	wait_var_event(&prime->imported, !atomic_read(&prime->imported));
}

/**
 * bigbar_prime_import_sg_table - make a buffer object of another device's memory
 * @drm: the device
 * @attach: its attachment to the other device's dma-buf
 * @sgt: where the memory is, mapped for @drm
 *
 * For &drm_driver.gem_prime_import_sg_table. The buffer object holds the dma-buf also where
 * this fails and TTM frees it later: it has the dma-buf's reservation.
 *
 * Context: process context; takes the reservation of the dma-buf.
 *
 * Return: the buffer object, to which the caller owns a reference, or an error pointer.
 */
struct drm_gem_object *
bigbar_prime_import_sg_table(struct drm_device *drm,
			     struct dma_buf_attachment *attach,
			     struct sg_table *sgt)
{
	struct ttm_operation_ctx ctx = { .interruptible = true };
	struct dma_buf *dma_buf = attach->dmabuf;
	struct drm_gem_object *obj = NULL;
	struct bigbar_bo *bo;
	int ret;

	bo = kzalloc_obj(*bo);
	if (!bo)
		return ERR_PTR(-ENOMEM);
	ret = dma_resv_lock_interruptible(dma_buf->resv, NULL);
	if (ret) {
		kfree(bo);
		return ERR_PTR(ret);
	}

	get_dma_buf(dma_buf);
	bo->imported = dma_buf;
	ret = bigbar_bo_init(to_bigbar(drm), bo, PAGE_ALIGN(dma_buf->size),
			     DRM_BIGBAR_PLACEMENT_SYSTEM, sgt);
	if (ret)
		goto out_unlock;
	obj = &bo->ttm.base;
	ret = ttm_bo_populate(&bo->ttm, &ctx);
out_unlock:
	dma_resv_unlock(dma_buf->resv);
	if (!ret)
		return obj;
	if (obj)
		drm_gem_object_put(obj);
	return ERR_PTR(ret);
}

/**
 * bigbar_prime_mmap - map an imported buffer object
 * @bo: the buffer object
 * @vma: the mapping, which begins with the first byte and holds a reference to @bo
 *
 * The exporter maps it: only that knows when the memory moves.
 *
 * Context: process context with the mmap lock of the current process held for writing.
 *
 * Return: 0, and the mapping holds the dma-buf in place of @bo; or a negative error code.
 */
int bigbar_prime_mmap(struct bigbar_bo *bo, struct vm_area_struct *vma)
{
	int ret;

	/* An exporter need not set these. */
	vma->vm_private_data = NULL;
	vma->vm_ops = NULL;
	ret = dma_buf_mmap(bo->imported, vma, 0);
	if (ret)
		return ret;
	/* Nor this, which DRM requires. */
	vm_flags_set(vma, VM_DONTEXPAND);
	drm_gem_object_put(&bo->ttm.base);
	return 0;
}

/**
 * bigbar_prime_init - set up what other devices use
 * @bigbar: the device
 *
 * Return: 0, or -ENOMEM. It is undone when the DRM device is released.
 */
int bigbar_prime_init(struct bigbar_device *bigbar)
{
	INIT_LIST_HEAD(&bigbar->prime.exported);
	return drmm_mutex_init(&bigbar->drm, &bigbar->prime.lock);
}

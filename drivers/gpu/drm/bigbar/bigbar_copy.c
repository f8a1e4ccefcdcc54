// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies and clears memory, at once or in the background.
 *
 * The queue stands for the engine of a GPU: copies that are handed to it run later, in
 * order, and each signals a fence. The queue takes no reservation and allocates nothing: a
 * thread that waits for the fence may hold any reservation, and may be about to free
 * memory. The queue does not own what it works on: until the fence has signaled, pages and
 * VRAM belong to their buffer object, or to the ghost that TTM has made of it; and the
 * buffer object keeps its client. VRAM that TTM has freed meanwhile is only given to
 * buffer objects that wait for the same fence.
 */

#include <linux/cleanup.h>
#include <linux/dma-fence.h>
#include <linux/io.h>
#include <linux/iosys-map.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <drm/drm_drv.h>
#include <drm/ttm/ttm_kmap_iter.h>
#include <drm/ttm/ttm_tt.h>

#include "bigbar_drv.h"

/* Walks VRAM, piece by piece. */
struct vram_iter {
	struct ttm_kmap_iter base;
	struct bigbar_vram *vram;
	const struct bigbar_pieces *pieces;
};

union any_iter {
	struct vram_iter vram;
	struct ttm_kmap_iter_tt tt;
};

static void bigbar_copy_map_local(struct ttm_kmap_iter *base,
				  struct iosys_map *map, pgoff_t page)
{
	struct vram_iter *iter = container_of(base, struct vram_iter, base);

	/* At least once for each copied page: ttm_move_memcpy() does not reschedule. */
	cond_resched();
	iosys_map_set_vaddr_iomem(map, bigbar_vram_address(iter->vram,
							   iter->pieces, page));
}

static const struct ttm_kmap_iter_ops vram_iter_ops = {
	.map_local = bigbar_copy_map_local,
};

static struct ttm_kmap_iter *bigbar_copy_iter(union any_iter *iter,
					      struct bigbar_device *bigbar,
					      const struct bigbar_memory *memory)
{
	if (memory->tt)
		return ttm_kmap_iter_tt_init(&iter->tt, memory->tt);

	iter->vram = (struct vram_iter){
		.base.ops = &vram_iter_ops,
		.vram = &bigbar->vram,
		.pieces = memory->pieces,
	};
	return &iter->vram.base;
}

/* In steps, so that a large buffer object does not keep other tasks from running. */
static void bigbar_copy_clear(const struct bigbar_copy *copy)
{
	const struct bigbar_pieces *pieces = copy->dst.pieces;
	unsigned long page, nr_pages;

	for (page = 0; page < copy->nr_pages; page += nr_pages) {
		const struct bigbar_piece *piece = bigbar_piece(pieces, page);

		nr_pages = min(piece->first + piece->nr_pages - page,
			       PMD_SIZE >> PAGE_SHIFT);
		memset_io(bigbar_vram_address(&copy->bigbar->vram, pieces, page),
			  0, nr_pages << PAGE_SHIFT);
		cond_resched();
	}
}

/**
 * bigbar_copy - copy or clear memory
 * @copy: from where to where; at least one side is VRAM, and memory to be cleared has to
 *	be VRAM
 *
 * Context: process context, with both sides idle and kept from being freed.
 *
 * Return: 0, and all mappings of the destination show it; -ENODEV if VRAM is gone, and
 * nothing has been done.
 */
int bigbar_copy(const struct bigbar_copy *copy)
{
	union any_iter dst, src;
	ktime_t start;
	int idx;

	if (!drm_dev_enter(&copy->bigbar->drm, &idx))
		return -ENODEV;
	start = ktime_get();
	if (copy->src.tt || copy->src.pieces)
		ttm_move_memcpy(false, copy->nr_pages,
				bigbar_copy_iter(&dst, copy->bigbar, &copy->dst),
				bigbar_copy_iter(&src, copy->bigbar, &copy->src));
	else
		bigbar_copy_clear(copy);
	/* Writes to VRAM are combined, and may not have reached it yet. */
	wmb();
	if (copy->client)
		atomic64_add(ktime_to_ns(ktime_sub(ktime_get(), start)),
			     &copy->client->copy_ns);
	drm_dev_exit(idx);
	return 0;
}

/**
 * struct job - a copy in the queue
 * @fence: signals when the copy has been made; first: freeing the fence frees the job.
 * @lock: of @fence.
 * @work: makes the copy.
 * @copy: what to do, with references to the pieces of both sides.
 */
struct job {
	struct dma_fence fence;
	spinlock_t lock; /* protects fence */
	struct work_struct work;
	struct bigbar_copy copy;
};

static_assert(!offsetof(struct job, fence));

static const char *bigbar_copy_driver_name(struct dma_fence *fence)
{
	return "bigbar";
}

static const char *bigbar_copy_timeline_name(struct dma_fence *fence)
{
	return "copies";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = bigbar_copy_driver_name,
	.get_timeline_name = bigbar_copy_timeline_name,
};

static void bigbar_copy_run(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);
	bool cookie = dma_fence_begin_signalling();
	int ret;

	ret = bigbar_copy(&job->copy);
	if (ret)
		dma_fence_set_error(&job->fence, ret);
	dma_fence_signal(&job->fence);
	dma_fence_end_signalling(cookie);

	bigbar_pieces_put(job->copy.dst.pieces);
	bigbar_pieces_put(job->copy.src.pieces);
	dma_fence_put(&job->fence);
}

/**
 * bigbar_copy_queue - copy or clear memory in the background
 * @copy: as for bigbar_copy(); not used after the return
 *
 * If VRAM goes away before the copy has been made, the destination stays as it is, and
 * the fence signals with the error -ENODEV.
 *
 * Context: process context, with both sides idle. The caller keeps both from being freed
 * until the fence has signaled, or leaves that to TTM.
 *
 * Return: a fence, to which the caller owns a reference; or an error pointer: -ENOMEM.
 */
struct dma_fence *bigbar_copy_queue(const struct bigbar_copy *copy)
{
	struct bigbar_queue *queue = &copy->bigbar->queue;
	struct job *job;

	job = kzalloc_obj(*job);
	if (!job)
		return ERR_PTR(-ENOMEM);
	job->copy = *copy;
	bigbar_pieces_get(job->copy.dst.pieces);
	bigbar_pieces_get(job->copy.src.pieces);
	spin_lock_init(&job->lock);
	INIT_WORK(&job->work, bigbar_copy_run);

	guard(spinlock)(&queue->lock);
	dma_fence_init(&job->fence, &fence_ops, &job->lock, queue->context,
		       ++queue->seqno);
	/* One for the job, one for the caller. */
	dma_fence_get(&job->fence);
	queue_work(queue->wq, &job->work);
	return &job->fence;
}

/**
 * bigbar_queue_init - set up copies in the background
 * @queue: zeroed
 *
 * Context: probe.
 *
 * Return: 0, or -ENOMEM. bigbar_queue_fini() undoes it.
 */
int bigbar_queue_init(struct bigbar_queue *queue)
{
	/* Memory reclaim may wait for memory that only a copy in the queue frees. */
	queue->wq = alloc_ordered_workqueue("bigbar", WQ_MEM_RECLAIM);
	if (!queue->wq)
		return -ENOMEM;
	queue->context = dma_fence_context_alloc(1);
	spin_lock_init(&queue->lock);
	return 0;
}

/**
 * bigbar_queue_flush - wait for the copies in the background
 * @queue: the queue
 *
 * Context: process context. Waits for those that are in the queue now.
 */
void bigbar_queue_flush(struct bigbar_queue *queue)
{
	flush_workqueue(queue->wq);
}

/**
 * bigbar_queue_fini - undo bigbar_queue_init()
 * @queue: the queue; the copies in it are made first
 *
 * Context: process context.
 */
void bigbar_queue_fini(struct bigbar_queue *queue)
{
	destroy_workqueue(queue->wq);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _BIGBAR_DRV_H_
#define _BIGBAR_DRV_H_

#include <linux/atomic.h>
#include <linux/gpu_buddy.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/spinlock.h>

#include <drm/drm_connector.h>
#include <drm/drm_crtc.h>
#include <drm/drm_device.h>
#include <drm/drm_encoder.h>
#include <drm/drm_gem.h>
#include <drm/drm_plane.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_resource.h>
#include <drm/ttm_huge.h>

struct attribute_group;
struct dev_pm_ops;
struct dma_buf;
struct dma_buf_attachment;
struct dma_fence;
struct drm_file;
struct drm_minor;
struct drm_mode_create_dumb;
struct drm_printer;
struct pci_dev;
struct sg_table;
struct ttm_place;
struct ttm_placement;
struct ttm_tt;
struct vm_area_struct;
struct workqueue_struct;

/**
 * struct bigbar_vram - the memory BAR, and which parts of it are allocated
 * @man: TTM's view of it.
 * @lock: protects @buddy; taken last.
 * @buddy: free and allocated blocks. Their offsets count from @phys rounded down to a
 *	multiple of what a PUD entry maps: a block is aligned to its size, and then so is
 *	its physical address.
 * @before: the blocks before @phys, which are not VRAM.
 * @phys: physical address, in bytes.
 * @size: size in bytes, a multiple of PMD_SIZE.
 * @io: write-combining kernel mapping of all of it; gone once the device is
 *	unplugged.
 */
struct bigbar_vram {
	struct ttm_resource_manager man;
	struct mutex lock; /* protects buddy */
	struct gpu_buddy buddy;
	struct list_head before;
	resource_size_t phys;
	u64 size;
	void __iomem *io;
};

/**
 * struct bigbar_piece - contiguous VRAM of a buffer object
 * @first: first page of the buffer object that it holds.
 * @nr_pages: how many it holds.
 * @vram_page: page of VRAM that holds @first.
 */
struct bigbar_piece {
	unsigned long first;
	unsigned long nr_pages;
	unsigned long vram_page;
};

/**
 * struct bigbar_pieces - where the pages of a buffer object are in VRAM
 * @kref: held by the resource, and by copies, which may end after the resource is gone.
 * @count: number of @piece.
 * @piece: in the order of the buffer object's pages.
 */
struct bigbar_pieces {
	struct kref kref;
	unsigned int count;
	struct bigbar_piece piece[];
};

/**
 * struct bigbar_vram_resource - VRAM of one buffer object
 * @base: TTM's view of it.
 * @blocks: what the buddy allocator gave, as &gpu_buddy_block.
 * @pieces: the same in the order of the buffer object's pages.
 */
struct bigbar_vram_resource {
	struct ttm_resource base;
	struct list_head blocks;
	struct bigbar_pieces *pieces;
};

/**
 * struct bigbar_memory - one side of a copy; at most one member is set
 * @tt: system memory, populated.
 * @pieces: VRAM.
 */
struct bigbar_memory {
	struct ttm_tt *tt;
	struct bigbar_pieces *pieces;
};

/**
 * struct bigbar_client - the data of a client
 * @kref: held by its open file, and by its buffer objects.
 * @copy_ns: how long copies for its buffer objects took.
 */
struct bigbar_client {
	struct kref kref;
	atomic64_t copy_ns;
};

/**
 * struct bigbar_copy - what a move has to do
 * @bigbar: the device.
 * @client: whose buffer object it is for, or NULL.
 * @nr_pages: how many pages.
 * @dst: where to.
 * @src: where from; with neither member set, @dst is cleared.
 */
struct bigbar_copy {
	struct bigbar_device *bigbar;
	struct bigbar_client *client;
	unsigned long nr_pages;
	struct bigbar_memory dst;
	struct bigbar_memory src;
};

/**
 * struct bigbar_queue - copies in the background, one after the other
 * @wq: runs them, in order.
 * @context: of their fences.
 * @seqno: of the last fence.
 * @lock: makes @wq run copies in the order of @seqno.
 */
struct bigbar_queue {
	struct workqueue_struct *wq;
	u64 context;
	u64 seqno;
	spinlock_t lock; /* protects seqno */
};

/**
 * struct bigbar_prime - what other devices use, and what this one uses of theirs
 * @lock: protects @exported; taken before reservations.
 * @exported: buffer objects that have a dma-buf.
 * @in_vram: how many times other devices have VRAM of theirs mapped.
 * @imported: how many dma-bufs of other devices are mapped for this one.
 */
struct bigbar_prime {
	struct mutex lock; /* protects exported */
	struct list_head exported;
	atomic_t in_vram;
	atomic_t imported;
};

/**
 * struct bigbar_bos - the buffer objects of a device
 * @lock: protects @list; taken last, and no reservation is taken with it held.
 * @list: those to which a handle, a mapping or other code has a GEM reference.
 */
struct bigbar_bos {
	struct mutex lock; /* protects list */
	struct list_head list;
};

/**
 * struct bigbar_kms - the display, if there is one to drive
 * @registers: of the device.
 * @plane: shows a buffer object,
 * @crtc: in a mode,
 * @encoder: which is not changed,
 * @connector: on the screen.
 */
struct bigbar_kms {
	void __iomem *registers;
	struct drm_plane plane;
	struct drm_crtc crtc;
	struct drm_encoder encoder;
	struct drm_connector connector;
};

/**
 * struct bigbar_device - one PCI device
 * @drm: base.
 * @ttm: buffer objects, and how they are mapped.
 * @vram: where they live.
 * @queue: moves them in the background.
 * @bos: all buffer objects.
 * @prime: those that other devices use, and those of other devices.
 * @kms: the display.
 * @pm_notifier: is told before the system sleeps, and after it.
 */
struct bigbar_device {
	struct drm_device drm;
	struct ttm_huge_device ttm;
	struct bigbar_vram vram;
	struct bigbar_queue queue;
	struct bigbar_bos bos;
	struct bigbar_prime prime;
	struct bigbar_kms kms;
	struct notifier_block pm_notifier;
};

/**
 * struct bigbar_bo - a buffer object
 * @ttm: base.
 * @client: who has made it, or NULL.
 * @in_all: entry in the list of all buffer objects.
 * @exported: its dma-buf, or NULL. The dma-buf holds the buffer object, not the other way
 *	round; protected by the reservation.
 * @link: entry in the list of those that have one.
 * @imported: the dma-buf of another device that has its memory, or NULL.
 * @mem_type: where it is; written with the reservation held, read without.
 * @flags: DRM_BIGBAR_GEM_CREATE_* it was made with.
 * @shown: how many times it is on the display, and pinned for that; protected by the
 *	reservation.
 * @away: whether it is to go back to VRAM when the device is awake; protected by the
 *	reservation.
 */
struct bigbar_bo {
	struct ttm_buffer_object ttm;
	struct bigbar_client *client;
	struct list_head in_all;
	struct dma_buf *exported;
	struct list_head link;
	struct dma_buf *imported;
	u32 mem_type;
	u32 flags;
	unsigned int shown;
	bool away;
};

static inline struct bigbar_device *to_bigbar(struct drm_device *drm)
{
	return container_of(drm, struct bigbar_device, drm);
}

static inline struct bigbar_device *ttm_to_bigbar(struct ttm_device *ttm)
{
	return container_of(ttm, struct bigbar_device, ttm.base);
}

static inline struct bigbar_bo *to_bigbar_bo(struct ttm_buffer_object *ttm)
{
	return container_of(ttm, struct bigbar_bo, ttm);
}

static inline struct bigbar_bo *gem_to_bigbar_bo(struct drm_gem_object *obj)
{
	return container_of(obj, struct bigbar_bo, ttm.base);
}

static inline struct bigbar_vram *to_bigbar_vram(struct ttm_resource_manager *man)
{
	return container_of(man, struct bigbar_vram, man);
}

static inline struct bigbar_vram_resource *
to_bigbar_vram_resource(struct ttm_resource *res)
{
	return container_of(res, struct bigbar_vram_resource, base);
}

/* bigbar_client.c */
int bigbar_client_open(struct drm_device *drm, struct drm_file *file);
void bigbar_client_close(struct drm_device *drm, struct drm_file *file);
struct bigbar_client *bigbar_client_get(struct bigbar_client *client);
void bigbar_client_put(struct bigbar_client *client);
void bigbar_client_show_fdinfo(struct drm_printer *p, struct drm_file *file);

/* bigbar_copy.c */
int bigbar_copy(const struct bigbar_copy *copy);
struct dma_fence *bigbar_copy_queue(const struct bigbar_copy *copy);
int bigbar_queue_init(struct bigbar_queue *queue);
void bigbar_queue_flush(struct bigbar_queue *queue);
void bigbar_queue_fini(struct bigbar_queue *queue);

/* bigbar_count.c */
int bigbar_count_entries(struct bigbar_bo *bo, u64 entries[PFNMAP_LEVELS]);

/* bigbar_debugfs.c */
void bigbar_debugfs_init(struct drm_minor *minor);

/* bigbar_gem.c */
int bigbar_bos_init(struct bigbar_device *bigbar);
struct bigbar_bo *bigbar_bo_next(struct bigbar_device *bigbar, struct bigbar_bo *bo);
bool bigbar_is_bo(struct ttm_buffer_object *bo);
int bigbar_bo_init(struct bigbar_device *bigbar, struct bigbar_bo *bo, u64 size,
		   u32 placement, struct sg_table *sgt);
struct bigbar_bo *bigbar_bo_create(struct bigbar_device *bigbar,
				   struct bigbar_client *client, u64 size,
				   u32 placement, u32 flags);
int bigbar_bo_place(struct bigbar_bo *bo, u32 placement,
		    struct ttm_operation_ctx *ctx);
int bigbar_bo_move_to(struct bigbar_bo *bo, u32 placement);

/* bigbar_ioctl.c */
int bigbar_device_info_ioctl(struct drm_device *drm, void *data,
			     struct drm_file *file);
int bigbar_gem_create_ioctl(struct drm_device *drm, void *data,
			    struct drm_file *file);
int bigbar_gem_mmap_offset_ioctl(struct drm_device *drm, void *data,
				 struct drm_file *file);
int bigbar_gem_move_ioctl(struct drm_device *drm, void *data,
			  struct drm_file *file);
int bigbar_gem_info_ioctl(struct drm_device *drm, void *data,
			  struct drm_file *file);
int bigbar_gem_dirty_ioctl(struct drm_device *drm, void *data,
			   struct drm_file *file);
int bigbar_prefault_ioctl(struct drm_device *drm, void *data,
			  struct drm_file *file);
int bigbar_dumb_create(struct drm_file *file, struct drm_device *drm,
		       struct drm_mode_create_dumb *args);

/* bigbar_kms.c */
int bigbar_kms_take_over(struct pci_dev *pdev);
int bigbar_kms_init(struct bigbar_device *bigbar);
void bigbar_kms_off(struct bigbar_device *bigbar);
int bigbar_kms_suspend(struct bigbar_device *bigbar);
bool bigbar_kms_is_suspended(struct bigbar_device *bigbar);
void bigbar_kms_resume(struct bigbar_device *bigbar);

/* bigbar_move.c */
u32 bigbar_move_page_flags(void);
int bigbar_move(struct ttm_buffer_object *bo, bool evict,
		struct ttm_operation_ctx *ctx, struct ttm_resource *dst,
		struct ttm_place *hop);
int bigbar_access_memory(struct ttm_buffer_object *bo, unsigned long offset,
			 void *buf, int len, int write);

/* bigbar_pm.c */
extern const struct dev_pm_ops bigbar_pm_ops;
int bigbar_pm_get(struct bigbar_device *bigbar);
void bigbar_pm_put(struct bigbar_device *bigbar);
int bigbar_pm_init(struct bigbar_device *bigbar);
void bigbar_pm_allow(struct bigbar_device *bigbar);
void bigbar_pm_forbid(struct bigbar_device *bigbar);

/* bigbar_prime.c */
int bigbar_prime_init(struct bigbar_device *bigbar);
struct dma_buf *bigbar_prime_export(struct drm_gem_object *obj, int flags);
struct sg_table *bigbar_prime_get_sg_table(struct drm_gem_object *obj);
void bigbar_prime_notify(struct bigbar_bo *bo);
void bigbar_prime_stop(struct bigbar_bo *bo);
void bigbar_prime_revoke(struct bigbar_device *bigbar);
struct drm_gem_object *bigbar_prime_import(struct drm_device *drm,
					   struct dma_buf *dma_buf);
struct drm_gem_object *
bigbar_prime_import_sg_table(struct drm_device *drm,
			     struct dma_buf_attachment *attach,
			     struct sg_table *sgt);
void bigbar_prime_destroy_imported(struct bigbar_bo *bo);
void bigbar_prime_detach(struct bigbar_device *bigbar);
int bigbar_prime_mmap(struct bigbar_bo *bo, struct vm_area_struct *vma);

/* bigbar_sysfs.c */
extern const struct attribute_group *bigbar_groups[];

/* bigbar_ttm.c */
void bigbar_placement(u32 placement, u32 flags, struct ttm_place *place,
		      struct ttm_placement *out);
int bigbar_ttm_init(struct bigbar_device *bigbar);

/* bigbar_vram.c */
int bigbar_vram_init(struct bigbar_device *bigbar);
void bigbar_vram_fini(struct bigbar_device *bigbar);
u64 bigbar_vram_used(struct bigbar_vram *vram);
struct bigbar_pieces *bigbar_pieces_get(struct bigbar_pieces *pieces);
void bigbar_pieces_put(struct bigbar_pieces *pieces);
const struct bigbar_piece *bigbar_piece(const struct bigbar_pieces *pieces,
					unsigned long page);
void __iomem *bigbar_vram_address(struct bigbar_vram *vram,
				  const struct bigbar_pieces *pieces,
				  unsigned long page);

#endif

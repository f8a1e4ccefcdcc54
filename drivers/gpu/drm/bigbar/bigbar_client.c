// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients, and what fdinfo tells of them.
 */

#include <linux/dma-resv.h>
#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/drm_print.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_tt.h>

#include "bigbar_drv.h"

/**
 * bigbar_client_open - make the data of a client
 * @drm: the device
 * @file: the client
 *
 * Context: process context.
 *
 * Return: 0, or -ENOMEM. bigbar_client_close() drops it.
 */
int bigbar_client_open(struct drm_device *drm, struct drm_file *file)
{
	struct bigbar_client *client = kzalloc_obj(*client);

	if (!client)
		return -ENOMEM;
	kref_init(&client->kref);
	file->driver_priv = client;
	return 0;
}

/**
 * bigbar_client_close - drop the data of a client
 * @drm: the device
 * @file: the client
 *
 * Context: process context.
 */
void bigbar_client_close(struct drm_device *drm, struct drm_file *file)
{
	bigbar_client_put(file->driver_priv);
}

/**
 * bigbar_client_get - take a reference
 * @client: the client
 *
 * Context: any.
 *
 * Return: @client.
 */
struct bigbar_client *bigbar_client_get(struct bigbar_client *client)
{
	kref_get(&client->kref);
	return client;
}

static void bigbar_client_free(struct kref *kref)
{
	kfree(container_of(kref, struct bigbar_client, kref));
}

/**
 * bigbar_client_put - drop a reference
 * @client: the client
 *
 * Context: any.
 */
void bigbar_client_put(struct bigbar_client *client)
{
	kref_put(&client->kref, bigbar_client_free);
}

/* A client's buffer objects, by where they are. */
struct bigbar_client_memory {
	struct drm_memory_stats vram;
	struct drm_memory_stats system;
};

/*
 * Does not wait: unplugging waits for readers of fdinfo, so they must not wait for a
 * move. A buffer object that is reserved is in use, and counts as resident.
 */
static bool bigbar_client_has_resident(struct ttm_buffer_object *bo)
{
	bool resident;

	if (!dma_resv_trylock(bo->base.resv))
		return true;
	resident = bo->resource->mem_type == TTM_PL_VRAM ||
		   (bo->ttm && ttm_tt_is_populated(bo->ttm));
	dma_resv_unlock(bo->base.resv);
	return resident;
}

static void bigbar_client_add(struct bigbar_client_memory *memory, struct bigbar_bo *bo)
{
	struct drm_gem_object *obj = &bo->ttm.base;
	struct drm_memory_stats *stats = READ_ONCE(bo->mem_type) == TTM_PL_VRAM ?
					 &memory->vram : &memory->system;

	if (drm_gem_object_is_shared_for_memory_stats(obj))
		stats->shared += obj->size;
	else
		stats->private += obj->size;
	if (bigbar_client_has_resident(&bo->ttm))
		stats->resident += obj->size;
	if (!dma_resv_test_signaled(obj->resv, dma_resv_usage_rw(true)))
		stats->active += obj->size;
}

/**
 * bigbar_client_show_fdinfo - tell what a client has in use
 * @p: where to print
 * @file: the client
 *
 * In the form of Documentation/gpu/drm-usage-stats.rst. The time that copies took is
 * shown as that of an engine. Does not change the order of eviction.
 *
 * Context: process context, inside drm_dev_enter(). Waits for no reservation.
 */
void bigbar_client_show_fdinfo(struct drm_printer *p, struct drm_file *file)
{
	const enum drm_gem_object_status told = DRM_GEM_OBJECT_RESIDENT | DRM_GEM_OBJECT_ACTIVE;
	struct bigbar_client *client = file->driver_priv;
	struct bigbar_client_memory memory = {};
	struct drm_gem_object *obj;
	unsigned long handle, next;

	spin_lock(&file->table_lock);
	idr_for_each_entry_ul(&file->object_idr, obj, next, handle)
		bigbar_client_add(&memory, gem_to_bigbar_bo(obj));
	spin_unlock(&file->table_lock);

	drm_printf(p, "drm-engine-copy:\t%lld ns\n", atomic64_read(&client->copy_ns));
	drm_print_memory_stats(p, &memory.vram, told, "vram");
	drm_print_memory_stats(p, &memory.system, told, "system");
}

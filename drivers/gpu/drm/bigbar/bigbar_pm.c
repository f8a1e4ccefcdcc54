// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps what is in VRAM while the device sleeps.
 */

/**
 * DOC: Power
 *
 * A device that sleeps may lose its memory. Before the system is suspended or hibernated, all
 * buffer objects are moved from VRAM to system memory, like those that are evicted; their
 * mappings are zapped. When the device is awake again they are moved back, and faults set the
 * entries of mappings anew.
 *
 * This is done in two steps. The first is told by a notifier: programs still run, there is
 * swap to make room, and the devices that import buffer objects can let go of them. It does
 * nearly all of the work. The second is the device's suspend callback: it moves what has come
 * to VRAM since. On the way back, that of the device moves back what only the CPU has mapped,
 * before any program runs: an access to system memory would leave page tables behind that keep
 * entries small, as one between the two steps does. Buffer objects that are exported come last,
 * by the notifier, when the devices that import them are awake. If system memory does not
 * suffice, or another device keeps VRAM pinned, the system does not sleep. What the display
 * shows is moved in the second step, when the display is off.
 *
 * At run time the device sleeps only while nothing is in VRAM: what allocates VRAM wakes it
 * and keeps it awake. So mappings need not be zapped for that, and faults need not wake it.
 */

#include <linux/dma-resv.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/pm_runtime.h>
#include <linux/suspend.h>
#include <linux/swap.h>
#include <linux/vmstat.h>
#include <linux/wait_bit.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_print.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_tt.h>

#include <drm/bigbar_drm.h>

#include "bigbar_drv.h"

/* Importers have to let go of VRAM in bounded time, but their threads may be frozen. */
#define BIGBAR_PM_IMPORTERS_TIMEOUT	(5 * HZ)

/* How long VRAM is unused before the device sleeps. */
#define BIGBAR_PM_AUTOSUSPEND_MS	1000

/**
 * struct bigbar_pm_memory - what buffer objects have of system memory
 * @nr_pages: all of them together.
 * @largest: the largest of them, in pages.
 */
struct bigbar_pm_memory {
	unsigned long nr_pages;
	unsigned long largest;
};

static void bigbar_pm_count(struct bigbar_pm_memory *memory, const struct bigbar_bo *bo)
{
	memory->nr_pages += PFN_UP(bo->ttm.base.size);
	memory->largest = max(memory->largest, PFN_UP(bo->ttm.base.size));
}

/*
 * To take the last page would have the OOM killer end a process, at the next allocation that
 * anybody makes: so all else keeps a part of memory. And TTM, once buffer objects have half of
 * all memory, copies another one to memory that can be swapped out, which may have the killer do
 * the same.
 */
static bool bigbar_pm_has_memory_for(const struct bigbar_bo *bo,
				     const struct bigbar_pm_memory *memory)
{
	unsigned long nr_pages = PFN_UP(bo->ttm.base.size);
	long anon = global_node_page_state(NR_ACTIVE_ANON) +
		    global_node_page_state(NR_INACTIVE_ANON);
	long available = si_mem_available() + min(anon, get_nr_swap_pages());
	long needed = nr_pages + totalram_pages() / 32;

	if (memory->nr_pages + nr_pages > totalram_pages() / 2)
		needed += memory->largest;
	return needed <= available;
}

/* With the reservation held. */
static int bigbar_pm_evict_reserved(struct bigbar_bo *bo, struct bigbar_pm_memory *memory)
{
	struct ttm_operation_ctx ctx = { .gfp_retry_mayfail = true };
	int ret;

	if (bo->ttm.resource->mem_type != TTM_PL_VRAM)
		return 0;
	/* It stays where it is until the display is off. */
	if (bo->shown && !bigbar_kms_is_suspended(to_bigbar(bo->ttm.base.dev)))
		return 0;
	if (!bigbar_pm_has_memory_for(bo, memory))
		return -ENOMEM;
	ret = bigbar_bo_place(bo, DRM_BIGBAR_PLACEMENT_SYSTEM, &ctx);
	bo->away = !ret;
	if (!ret)
		bigbar_pm_count(memory, bo);
	return ret;
}

static int bigbar_pm_evict_bo(struct bigbar_bo *bo, struct bigbar_pm_memory *memory)
{
	int ret;

	ret = ttm_bo_reserve(&bo->ttm, false, false, NULL);
	if (ret)
		return ret;
	ret = bigbar_pm_evict_reserved(bo, memory);
	ttm_bo_unreserve(&bo->ttm);
	return ret;
}

static struct bigbar_pm_memory bigbar_pm_memory(struct bigbar_device *bigbar)
{
	struct bigbar_pm_memory memory = {};
	struct bigbar_bo *bo = NULL;

	while ((bo = bigbar_bo_next(bigbar, bo))) {
		if (READ_ONCE(bo->mem_type) != TTM_PL_VRAM)
			bigbar_pm_count(&memory, bo);
	}
	return memory;
}

/* Nothing of VRAM is in use after this, neither by copies nor by other devices. */
static int bigbar_pm_evict(struct bigbar_device *bigbar)
{
	struct bigbar_pm_memory memory = bigbar_pm_memory(bigbar);
	struct bigbar_prime *prime = &bigbar->prime;
	struct bigbar_bo *bo = NULL;
	int ret;

	while ((bo = bigbar_bo_next(bigbar, bo))) {
		ret = bigbar_pm_evict_bo(bo, &memory);
		if (ret) {
			drm_gem_object_put(&bo->ttm.base);
			return ret;
		}
	}
	bigbar_queue_flush(&bigbar->queue);
	if (!wait_var_event_timeout(&prime->in_vram, !atomic_read(&prime->in_vram),
				    BIGBAR_PM_IMPORTERS_TIMEOUT))
		return -EBUSY;
	return 0;
}

/* 0 if the device may lose its memory, else a negative error code, and a line that says why. */
static int bigbar_pm_prepare(struct bigbar_device *bigbar)
{
	int ret = bigbar_pm_evict(bigbar);

	/* There is nothing to keep any more. */
	if (!ret || drm_dev_is_unplugged(&bigbar->drm))
		return 0;
	drm_err(&bigbar->drm, "cannot sleep: %s\n", ret == -ENOMEM ?
		"system memory cannot hold what is in VRAM; close programs or add swap" :
		"another device does not let go of VRAM");
	return ret;
}

/* Where this fails, the buffer object stays where it is, with its contents. */
static void bigbar_pm_restore_bo(struct bigbar_bo *bo, bool importers_awake, bool swapped)
{
	struct ttm_operation_ctx ctx = { .gfp_retry_mayfail = true };

	if (ttm_bo_reserve(&bo->ttm, false, false, NULL))
		return;
	if (bo->away && (importers_awake || !bo->exported) &&
	    (swapped || !ttm_tt_is_swapped(bo->ttm.ttm))) {
		bo->away = false;
		bigbar_bo_place(bo, DRM_BIGBAR_PLACEMENT_VRAM, &ctx);
	}
	ttm_bo_unreserve(&bo->ttm);
}

static void bigbar_pm_restore_those(struct bigbar_device *bigbar, bool importers_awake,
				    bool swapped)
{
	struct bigbar_bo *bo = NULL;

	while ((bo = bigbar_bo_next(bigbar, bo)))
		bigbar_pm_restore_bo(bo, importers_awake, swapped);
}

/* First those that leave system memory to those that have to be swapped in. */
static void bigbar_pm_restore(struct bigbar_device *bigbar, bool importers_awake)
{
	bigbar_pm_restore_those(bigbar, importers_awake, false);
	bigbar_pm_restore_those(bigbar, importers_awake, true);
	bigbar_kms_resume(bigbar);
}

/* If it refuses, it is not told that the system has not slept. */
static int bigbar_pm_notify(struct notifier_block *notifier, unsigned long event,
			    void *unused)
{
	struct bigbar_device *bigbar =
		container_of(notifier, struct bigbar_device, pm_notifier);
	int ret = 0;

	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		ret = bigbar_pm_prepare(bigbar);
		if (ret)
			bigbar_pm_restore(bigbar, true);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		bigbar_pm_restore(bigbar, true);
		break;
	}
	return notifier_from_errno(ret);
}

static int bigbar_pm_suspend(struct device *dev)
{
	struct bigbar_device *bigbar = dev_get_drvdata(dev);
	int ret;

	ret = bigbar_kms_suspend(bigbar);
	if (ret)
		return ret;
	return bigbar_pm_prepare(bigbar);
}

static int bigbar_pm_resume(struct device *dev)
{
	bigbar_pm_restore(dev_get_drvdata(dev), false);
	return 0;
}

/* Nothing is in VRAM, but it may have been read for a buffer object that has left it. */
static int bigbar_pm_runtime_suspend(struct device *dev)
{
	struct bigbar_device *bigbar = dev_get_drvdata(dev);

	bigbar_queue_flush(&bigbar->queue);
	return 0;
}

/*
 * While the image is written, and then the system turned off, all stays in system memory: the
 * image has it.
 */
const struct dev_pm_ops bigbar_pm_ops = {
	.suspend = pm_sleep_ptr(bigbar_pm_suspend),
	.resume = pm_sleep_ptr(bigbar_pm_resume),
	.freeze = pm_sleep_ptr(bigbar_pm_suspend),
	.restore = pm_sleep_ptr(bigbar_pm_resume),
	RUNTIME_PM_OPS(bigbar_pm_runtime_suspend, NULL, NULL)
};

/**
 * bigbar_pm_get - wake the device, and keep it awake
 * @bigbar: the device
 *
 * Context: process context; any reservation may be held.
 *
 * Return: 0, or a negative error code if it does not wake. bigbar_pm_put() undoes it.
 */
int bigbar_pm_get(struct bigbar_device *bigbar)
{
	return pm_runtime_resume_and_get(bigbar->drm.dev);
}

/**
 * bigbar_pm_put - let the device sleep, if nothing else keeps it awake
 * @bigbar: the device; it may be unplugged
 *
 * Context: any.
 */
void bigbar_pm_put(struct bigbar_device *bigbar)
{
	struct device *dev = bigbar->drm.dev;

	pm_runtime_mark_last_busy(dev);
	pm_runtime_put_autosuspend(dev);
}

static void bigbar_pm_unregister(void *notifier)
{
	unregister_pm_notifier(notifier);
}

/**
 * bigbar_pm_init - be told when the system is to sleep
 * @bigbar: the device, with TTM set up
 *
 * Context: probe.
 *
 * Return: 0, and it is undone when the driver is unbound; or a negative error code.
 */
int bigbar_pm_init(struct bigbar_device *bigbar)
{
	int ret;

	bigbar->pm_notifier.notifier_call = bigbar_pm_notify;
	ret = register_pm_notifier(&bigbar->pm_notifier);
	if (ret)
		return ret;
	return devm_add_action_or_reset(bigbar->drm.dev, bigbar_pm_unregister,
					&bigbar->pm_notifier);
}

/**
 * bigbar_pm_allow - let the device sleep at run time
 * @bigbar: the device; the PCI core keeps it awake until this
 *
 * It sleeps if user space has written "auto" to the device's power/control.
 *
 * Context: at the end of probe. bigbar_pm_forbid() undoes it.
 */
void bigbar_pm_allow(struct bigbar_device *bigbar)
{
	struct device *dev = bigbar->drm.dev;

	pm_runtime_set_autosuspend_delay(dev, BIGBAR_PM_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	bigbar_pm_put(bigbar);
}

/**
 * bigbar_pm_forbid - undo bigbar_pm_allow()
 * @bigbar: the device
 *
 * Context: process context, when the driver is unbound.
 */
void bigbar_pm_forbid(struct bigbar_device *bigbar)
{
	struct device *dev = bigbar->drm.dev;

	pm_runtime_get_sync(dev);
	pm_runtime_dont_use_autosuspend(dev);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to mappings by ptrace() and the like.
 */

#include <linux/dma-resv.h>
#include <linux/export.h>
#include <linux/mm.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_resource.h>

#include "ttm_huge_internal.h"

/* One page at a time: for more, a kernel mapping would have to be made first. */
static int ttm_huge_access_page(struct ttm_buffer_object *bo,
				unsigned long offset, void *buf, int len,
				int write)
{
	struct ttm_bo_kmap_obj map;
	bool is_iomem;
	void *ptr;
	int ret;

	ret = ttm_bo_kmap(bo, offset >> PAGE_SHIFT, 1, &map);
	if (ret)
		return ret;

	ptr = ttm_kmap_obj_virtual(&map, &is_iomem) + offset_in_page(offset);
	if (write)
		memcpy(ptr, buf, len);
	else
		memcpy(buf, ptr, len);
	ttm_bo_kunmap(&map);
	return 0;
}

static int ttm_huge_access_system(struct ttm_buffer_object *bo,
				  unsigned long offset, void *buf, int len,
				  int write)
{
	int done, bytes, ret;

	for (done = 0; done < len; done += bytes) {
		bytes = min_t(int, len - done,
			      PAGE_SIZE - offset_in_page(offset + done));
		ret = ttm_huge_access_page(bo, offset + done, buf + done, bytes,
					   write);
		if (ret)
			return ret;
	}
	return len;
}

/* Like ttm_bo_vm_access(), except that the caller has taken the reservation. */
static int ttm_huge_access_reserved(struct ttm_buffer_object *bo,
				    unsigned long offset, void *buf, int len,
				    int write)
{
	struct ttm_device *bdev = bo->bdev;

	/* It has lost its memory, or has pages that the CPU must not access. */
	if (!bo->resource)
		return -ENODATA;
	if (!ttm_huge_is_mappable(bo))
		return -EIO;

	if (ttm_manager_type(bdev, bo->resource->mem_type)->use_tt)
		return ttm_huge_access_system(bo, offset, buf, len, write);
	if (!bdev->funcs->access_memory)
		return -EIO;
	return bdev->funcs->access_memory(bo, offset, buf, len, write);
}

/**
 * ttm_huge_vm_access - let ptrace() and the like read or write a mapping
 * @vma: the mapping, set up by ttm_huge_gem_mmap()
 * @addr: user address in it
 * @buf: kernel memory to copy to, or from
 * @len: bytes to copy; those past the end of @vma are left out
 * @write: nonzero to write to the mapping
 *
 * For &vm_operations_struct.access, in place of ttm_bo_vm_access(). Waits for moves,
 * and records what is written, both with the reservation held: the write is in a
 * record that is taken at the same time, or in the next one.
 *
 * Context: process context with the mmap lock of the mapping's process held for
 * reading. Sleeps on the reservation and on moves; a signal ends that.
 *
 * Return: bytes copied, or a negative error code.
 */
int ttm_huge_vm_access(struct vm_area_struct *vma, unsigned long addr,
		       void *buf, int len, int write)
{
	struct ttm_buffer_object *bo = vma->vm_private_data;
	unsigned long page = ttm_huge_bo_page(vma, addr);
	unsigned long offset = (page << PAGE_SHIFT) + offset_in_page(addr);
	int ret;

	/* The core passes on all that the debugger asks for, even past the end of @vma. */
	len = min_t(unsigned long, len, vma->vm_end - addr);

	ret = dma_resv_lock_interruptible(bo->base.resv, NULL);
	if (ret)
		return ret;
	if (dma_resv_wait_timeout(bo->base.resv, DMA_RESV_USAGE_KERNEL, true,
				  MAX_SCHEDULE_TIMEOUT) < 0) {
		ret = -EINTR;
		goto out_unlock;
	}

	ret = ttm_huge_access_reserved(bo, offset, buf, len, write);
	/* On error, too: a part may have been written. */
	if (write)
		ttm_huge_dirty_mark(bo, page,
				    PFN_UP(offset_in_page(addr) + len));
out_unlock:
	dma_resv_unlock(bo->base.resv);
	return ret;
}
EXPORT_SYMBOL_GPL(ttm_huge_vm_access);

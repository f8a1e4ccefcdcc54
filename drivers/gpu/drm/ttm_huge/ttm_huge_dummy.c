// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mappings show once the device is unplugged.
 */

#include <linux/dma-resv.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/xarray.h>

#include <drm/ttm/ttm_bo.h>

#include "ttm_huge_internal.h"

/* A page of zeros that stands in for all of the buffer object's memory. */
static struct page *ttm_huge_dummy_page(struct ttm_buffer_object *bo)
{
	struct ttm_huge_private *priv = to_ttm_huge(bo->bdev)->priv;
	unsigned long index = ttm_huge_bo_index(bo);
	struct page *page = xa_load(&priv->dummy_pages, index);

	if (page)
		return page;

	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (page && xa_err(xa_store(&priv->dummy_pages, index, page,
				    GFP_KERNEL))) {
		__free_page(page);
		page = NULL;
	}
	return page;
}

/**
 * ttm_huge_vm_dummy_page - handle a fault once the device is unplugged
 * @vmf: the fault
 * @order: as for ttm_huge_vm_fault_reserved()
 *
 * Programs that have the device's memory mapped must not be killed for it, so they see a
 * page of zeros that belongs to their buffer object. A fault sets one page-table entry.
 *
 * This is unlike ttm_bo_vm_dummy_page(), which fills the whole mapping.
 *
 * Context: as for ttm_huge_vm_fault_reserved().
 *
 * Return: as for ttm_huge_vm_fault_reserved(), but never VM_FAULT_RETRY.
 */
vm_fault_t ttm_huge_vm_dummy_page(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	struct ttm_buffer_object *bo = vma->vm_private_data;
	struct page *page;

	dma_resv_assert_held(bo->base.resv);
	if (order)
		return VM_FAULT_FALLBACK;
	/* A huge entry from before the unplug; it is about to be removed. */
	if (pmd_leaf(pmdp_get_lockless(vmf->pmd)))
		return VM_FAULT_NOPAGE;

	page = ttm_huge_dummy_page(bo);
	if (!page)
		return VM_FAULT_OOM;
	return vmf_insert_pfn_prot(vma, vmf->address, page_to_pfn(page),
				   vma->vm_page_prot);
}

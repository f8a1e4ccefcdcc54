// SPDX-License-Identifier: GPL-2.0-only
/*
 * A TTM driver that does not exist, with one of each thing that ttm-huge.cocci has to change
 * or to leave alone. 'test' compares the result with example.diff.
 */
#include <drm/drm_gem_ttm_helper.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>

struct example_device {
	struct drm_device drm;
	struct ttm_device ttm;
	struct ttm_resource_manager vram;
	resource_size_t vram_base, vram_size;
};

static vm_fault_t example_fault(struct vm_fault *vmf)
{
	struct ttm_buffer_object *bo = vmf->vma->vm_private_data;
	vm_fault_t ret;
	int idx;

	ret = ttm_bo_vm_reserve(bo, vmf);
	if (ret)
		return ret;

	if (drm_dev_enter(bo->base.dev, &idx)) {
		ret = example_make_visible(bo);
		if (!ret)
			ret = ttm_bo_vm_fault_reserved(vmf, vmf->vma->vm_page_prot,
						       TTM_BO_VM_NUM_PREFAULT);
		drm_dev_exit(idx);
	} else {
		ret = ttm_bo_vm_dummy_page(vmf, vmf->vma->vm_page_prot);
	}
	if (ret == VM_FAULT_RETRY && !(vmf->flags & FAULT_FLAG_RETRY_NOWAIT))
		return ret;

	dma_resv_unlock(bo->base.resv);
	return ret;
}

static const struct vm_operations_struct example_vm_ops = {
	.fault = example_fault,
	.open = ttm_bo_vm_open,
	.close = ttm_bo_vm_close,
	.access = ttm_bo_vm_access,
};

/* Tracks writes in its own way, so the semantic patch leaves it alone. */
static const struct vm_operations_struct example_tracking_vm_ops = {
	.pfn_mkwrite = example_mkwrite,
	.fault = example_tracking_fault,
	.open = ttm_bo_vm_open,
	.close = ttm_bo_vm_close,
};

static void example_free(struct drm_gem_object *obj)
{
	struct ttm_buffer_object *bo = drm_gem_ttm_of_gem(obj);

	ttm_bo_fini(bo);
}

/* This does not free a GEM object. */
static void example_drop(struct ttm_buffer_object *bo)
{
	ttm_bo_fini(bo);
}

static const struct drm_gem_object_funcs example_gem_funcs = {
	.free = example_free,
	.mmap = drm_gem_ttm_mmap,
	.vm_ops = &example_vm_ops,
};

static int example_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_pgoff == EXAMPLE_REGISTERS)
		return example_map_registers(vma);
	return drm_gem_mmap(file, vma);
}

static const struct file_operations example_fops = {
	.open = drm_open,
	.mmap = example_mmap,
};

static const struct file_operations example_other_fops = {
	.open = drm_open,
	.mmap = drm_gem_mmap,
};

DEFINE_DRM_GEM_FOPS(example_plain_fops);

static int example_create(struct example_device *example, struct ttm_buffer_object *bo)
{
	return ttm_bo_init_reserved(&example->ttm, bo, ttm_bo_type_device,
				    &example_placement, 0, &example_ctx, NULL, NULL,
				    example_destroy);
}

static int example_create_other(struct example_device *example, struct ttm_buffer_object *bo)
{
	return ttm_bo_init_validate(&example->ttm, bo, ttm_bo_type_device,
				    &example_placement, 0, true, NULL, NULL,
				    example_destroy);
}

static int example_init(struct example_device *example)
{
	int ret;

	arch_io_reserve_memtype_wc(example->vram_base, example->vram_size);
	ret = ttm_device_init(&example->ttm, &example_funcs, example->drm.dev,
			      example->drm.anon_inode->i_mapping,
			      example->drm.vma_offset_manager, 0);
	if (ret)
		return ret;

	ttm_set_driver_manager(&example->ttm, TTM_PL_VRAM, &example->vram);
	ret = ttm_range_man_init(&example->ttm, TTM_PL_PRIV, false, EXAMPLE_PRIV_PAGES);
	if (ret)
		return ret;

	/* An aperture of system memory. */
	return ttm_range_man_init(&example->ttm, TTM_PL_TT, true, EXAMPLE_TT_PAGES);
}

/* For a device whose VRAM is not in banks. */
static int example_init_small(struct example_device *example)
{
	return ttm_range_man_init(&example->ttm, TTM_PL_VRAM, false, EXAMPLE_VRAM_PAGES);
}

static void example_fini(struct example_device *example)
{
	ttm_set_driver_manager(&example->ttm, TTM_PL_VRAM, NULL);
	ttm_device_fini(&example->ttm);
}

static void example_debugfs_init(struct example_device *example, struct dentry *root)
{
	ttm_resource_manager_create_debugfs(ttm_manager_type(&example->ttm, TTM_PL_VRAM),
					    root, "vram");
}

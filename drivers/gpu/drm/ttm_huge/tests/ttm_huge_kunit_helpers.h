/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mock device and mock buffer objects for KUnit tests.
 */
#ifndef _TTM_HUGE_KUNIT_HELPERS_H_
#define _TTM_HUGE_KUNIT_HELPERS_H_

#include <kunit/test.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm_huge.h>

struct vm_area_struct;

/* What is asked for the memory of mock buffer objects, in pages. */
#define TTM_HUGE_MOCK_ALIGNMENT	1

/**
 * struct ttm_huge_mock - a TTM device without hardware
 * @drm: the DRM device.
 * @hdev: the device under test; its callbacks are @huge_funcs, those of the TTM device
 *	in it are @funcs.
 * @funcs: may be changed by a test.
 * @huge_funcs: may be changed by a test.
 */
struct ttm_huge_mock {
	struct drm_device *drm;
	struct ttm_huge_device hdev;
	struct ttm_device_funcs funcs;
	struct ttm_huge_funcs huge_funcs;
};

/**
 * struct ttm_huge_mock_bo - a buffer object of a mock device
 * @tbo: in system memory, not populated, with a fake offset unless it is for the kernel.
 * @pfns: where its iomem is, page by page, if a test says so.
 */
struct ttm_huge_mock_bo {
	struct ttm_buffer_object tbo;
	const unsigned long *pfns;
};

int ttm_huge_mock_init(struct kunit *test);
struct ttm_device *ttm_huge_mock_foreign(struct kunit *test);
struct ttm_huge_mock_bo *ttm_huge_mock_bo(struct kunit *test, u64 nr_pages);
struct ttm_huge_mock_bo *ttm_huge_mock_bo_reserved(struct kunit *test, u64 nr_pages,
						   enum ttm_bo_type type);
struct ttm_huge_mock_bo *ttm_huge_mock_bo_validated(struct kunit *test, u64 nr_pages,
						    enum ttm_bo_type type);
struct vm_area_struct *ttm_huge_mock_vma(struct kunit *test,
					 struct ttm_huge_mock_bo *bo);

#endif

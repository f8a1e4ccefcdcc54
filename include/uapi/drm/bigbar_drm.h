/* SPDX-License-Identifier: MIT */
/*
 * Interface of the bigbar DRM driver: buffer objects in the memory BAR of a
 * PCI device, mapped by the CPU with the largest page-table entries that fit.
 */
#ifndef _UAPI_BIGBAR_DRM_H_
#define _UAPI_BIGBAR_DRM_H_

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

/*
 * Every structure follows the rules for extensible DRM ioctls: members are
 * naturally aligned, a structure only ever grows at its end, and whatever user
 * space may not set (unknown flags, padding, output members) is refused with
 * EINVAL unless it is zero.
 *
 * Errors that any of them can give: ENOENT for a handle that the file does not
 * know, EINVAL for an unknown flag, placement or nonzero padding, ENODEV after
 * the device has been unplugged.
 */
#define DRM_BIGBAR_DEVICE_INFO		0x00
#define DRM_BIGBAR_GEM_CREATE		0x01
#define DRM_BIGBAR_GEM_MMAP_OFFSET	0x02
#define DRM_BIGBAR_GEM_MOVE		0x03
#define DRM_BIGBAR_GEM_INFO		0x04

/**
 * enum drm_bigbar_placement - where a buffer object lives
 * @DRM_BIGBAR_PLACEMENT_SYSTEM: system memory, allocated at first use.
 * @DRM_BIGBAR_PLACEMENT_VRAM: the memory BAR. Such a buffer object may be
 *	evicted to system memory when VRAM is full; it keeps its contents, its
 *	mappings and its offset.
 */
enum drm_bigbar_placement {
	DRM_BIGBAR_PLACEMENT_SYSTEM = 0,
	DRM_BIGBAR_PLACEMENT_VRAM = 1,
};

/**
 * enum drm_bigbar_level - level of a CPU page-table entry
 * @DRM_BIGBAR_LEVEL_PTE: one page (4 KiB on x86).
 * @DRM_BIGBAR_LEVEL_PMD: one PMD (2 MiB on x86).
 * @DRM_BIGBAR_LEVEL_PUD: one PUD (1 GiB on x86).
 * @DRM_BIGBAR_LEVELS: number of levels.
 */
enum drm_bigbar_level {
	DRM_BIGBAR_LEVEL_PTE = 0,
	DRM_BIGBAR_LEVEL_PMD = 1,
	DRM_BIGBAR_LEVEL_PUD = 2,
	DRM_BIGBAR_LEVELS = 3,
};

/**
 * struct drm_bigbar_device_info - what the device has
 * @vram_size: Out: bytes of VRAM that buffer objects can be placed in.
 * @vram_used: Out: bytes of VRAM that buffer objects hold now.
 */
struct drm_bigbar_device_info {
	__u64 vram_size;
	__u64 vram_used;
};

/*
 * While the buffer object is in system memory, map it write-combining. Without
 * this flag system memory is mapped cached.
 */
#define DRM_BIGBAR_GEM_CREATE_SYSTEM_WC		(1 << 0)
#define DRM_BIGBAR_GEM_CREATE_FLAGS_MASK	DRM_BIGBAR_GEM_CREATE_SYSTEM_WC

/**
 * struct drm_bigbar_gem_create - make a buffer object
 * @size: In: bytes, not zero. Out: the same, rounded up to whole pages.
 * @placement: In: one of enum drm_bigbar_placement.
 * @flags: In: any of DRM_BIGBAR_GEM_CREATE_*.
 * @handle: Out: GEM handle, never zero. Zero on input.
 * @pad: Zero.
 *
 * Every byte of the new buffer object reads as zero.
 *
 * Errors: EINVAL if @size is zero or overflows when it is rounded; E2BIG if it
 * is more than VRAM and system memory hold together; ENOMEM if it is more than
 * the placement holds, or no memory is left.
 */
struct drm_bigbar_gem_create {
	__u64 size;
	__u32 placement;
	__u32 flags;
	__u32 handle;
	__u32 pad;
};

/**
 * struct drm_bigbar_gem_mmap_offset - where to map a buffer object
 * @handle: In: GEM handle.
 * @pad: Zero.
 * @offset: Out: the offset of the buffer object's first byte, for mmap() on
 *	the same DRM file. Any page-aligned part of the buffer object can be
 *	mapped, MAP_SHARED only. Zero on input.
 *
 * The offset is aligned as the buffer object is: see &drm_bigbar_gem_info.
 * mmap() fails with EACCES on a file that has no handle for the buffer object,
 * and with EINVAL for a private writable mapping or one that ends behind the
 * buffer object.
 */
struct drm_bigbar_gem_mmap_offset {
	__u32 handle;
	__u32 pad;
	__u64 offset;
};

/**
 * struct drm_bigbar_gem_move - move a buffer object
 * @handle: In: GEM handle.
 * @placement: In: one of enum drm_bigbar_placement.
 * @flags: Zero.
 * @pad: Zero.
 *
 * Contents, mappings and offset stay. Other buffer objects are evicted where
 * VRAM is full.
 *
 * Errors: ENOMEM if the placement has no room; the buffer object then stays
 * where it is.
 */
struct drm_bigbar_gem_move {
	__u32 handle;
	__u32 placement;
	__u32 flags;
	__u32 pad;
};

/**
 * struct drm_bigbar_gem_info - what a buffer object is and how it is mapped
 * @handle: In: GEM handle.
 * @placement: Out: one of enum drm_bigbar_placement.
 * @flags: Out: the flags it was made with.
 * @pad: Zero.
 * @size: Out: bytes.
 * @alignment: Out: bytes; the size rounded up to a power of two, capped at what
 *	a PUD entry maps. VRAM block, offset and, where the kernel chooses it,
 *	user address are aligned to it.
 * @entries: Out: by enum drm_bigbar_level, how many entries of the calling
 *	process's page tables map this buffer object now.
 *
 * Output members and @pad are zero on input.
 */
struct drm_bigbar_gem_info {
	__u32 handle;
	__u32 placement;
	__u32 flags;
	__u32 pad;
	__u64 size;
	__u64 alignment;
	__u64 entries[DRM_BIGBAR_LEVELS];
};

#define DRM_IOCTL_BIGBAR_DEVICE_INFO \
	DRM_IOR(DRM_COMMAND_BASE + DRM_BIGBAR_DEVICE_INFO, \
		struct drm_bigbar_device_info)
#define DRM_IOCTL_BIGBAR_GEM_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_BIGBAR_GEM_CREATE, \
		 struct drm_bigbar_gem_create)
#define DRM_IOCTL_BIGBAR_GEM_MMAP_OFFSET \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_BIGBAR_GEM_MMAP_OFFSET, \
		 struct drm_bigbar_gem_mmap_offset)
#define DRM_IOCTL_BIGBAR_GEM_MOVE \
	DRM_IOW(DRM_COMMAND_BASE + DRM_BIGBAR_GEM_MOVE, \
		struct drm_bigbar_gem_move)
#define DRM_IOCTL_BIGBAR_GEM_INFO \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_BIGBAR_GEM_INFO, \
		 struct drm_bigbar_gem_info)

#if defined(__cplusplus)
}
#endif

#endif

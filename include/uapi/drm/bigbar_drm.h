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
 * Errors that any of the ioctls can give: ENOENT for a handle that the file does
 * not know, EINVAL for an unknown flag, placement or nonzero padding, ENODEV after
 * the device has been unplugged, ENOMEM if the kernel has no memory for its own
 * use.
 */
#define DRM_BIGBAR_DEVICE_INFO		0x00
#define DRM_BIGBAR_GEM_CREATE		0x01
#define DRM_BIGBAR_GEM_MMAP_OFFSET	0x02
#define DRM_BIGBAR_GEM_MOVE		0x03
#define DRM_BIGBAR_GEM_INFO		0x04
#define DRM_BIGBAR_GEM_DIRTY		0x05
#define DRM_BIGBAR_PREFAULT		0x06

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
/* While it is in VRAM, it is contiguous. Without this flag it may be scattered. */
#define DRM_BIGBAR_GEM_CREATE_CONTIGUOUS	(1 << 1)
/* It is mapped by single pages only. */
#define DRM_BIGBAR_GEM_CREATE_NO_HUGE		(1 << 2)
/*
 * Writes to it can be tracked: see &drm_bigbar_gem_dirty. While they are not
 * tracked, it is mapped like other buffer objects, except that each entry takes a
 * fault after mprotect() has allowed writes again.
 */
#define DRM_BIGBAR_GEM_CREATE_TRACKABLE		(1 << 3)
#define DRM_BIGBAR_GEM_CREATE_FLAGS_MASK	(DRM_BIGBAR_GEM_CREATE_SYSTEM_WC | \
						 DRM_BIGBAR_GEM_CREATE_CONTIGUOUS | \
						 DRM_BIGBAR_GEM_CREATE_NO_HUGE | \
						 DRM_BIGBAR_GEM_CREATE_TRACKABLE)

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
 * the placement holds, or no memory is left, or all that could be evicted for it
 * is in use at the moment; ENOSPC if no range of offsets is left.
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
 * and with EINVAL for a private mapping or one that reaches past the end of the
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
 * Errors, after which the buffer object is where it was: ENOMEM if the placement
 * has no room, as for creation; EBUSY if another device has it pinned elsewhere,
 * or the display shows it;
 * EINVAL also if it was imported from another device.
 */
struct drm_bigbar_gem_move {
	__u32 handle;
	__u32 placement;
	__u32 flags;
	__u32 pad;
};

/**
 * struct drm_bigbar_gem_info - what a buffer object is
 * @handle: In: GEM handle.
 * @placement: Out: one of enum drm_bigbar_placement.
 * @flags: Out: the flags it was made with.
 * @pad: Zero.
 * @size: Out: bytes.
 * @alignment: Out: bytes; the size rounded up to a power of two, capped at what
 *	a PUD entry maps; a page if the size is less than what a PMD entry maps. The
 *	offset and, where the kernel chooses it, the user address are aligned to it,
 *	as is VRAM that is not scattered.
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
};

/**
 * enum drm_bigbar_dirty_op - what to do about write tracking
 * @DRM_BIGBAR_DIRTY_START: begin to record writes, with an empty record.
 * @DRM_BIGBAR_DIRTY_STOP: end it and drop the record.
 * @DRM_BIGBAR_DIRTY_TAKE: read the record, and clear what is read.
 * @DRM_BIGBAR_DIRTY_START_BY_BITS: like START, but dense writes may be recorded by the
 *	CPU's dirty bits, which is many times faster. What a virtual machine writes, if a
 *	mapping is given to it as memory, may then be missing in the record.
 */
enum drm_bigbar_dirty_op {
	DRM_BIGBAR_DIRTY_START = 0,
	DRM_BIGBAR_DIRTY_STOP = 1,
	DRM_BIGBAR_DIRTY_TAKE = 2,
	DRM_BIGBAR_DIRTY_START_BY_BITS = 3,
};

/**
 * struct drm_bigbar_gem_dirty - track writes to a buffer object
 * @handle: In: GEM handle of a buffer object made with
 *	DRM_BIGBAR_GEM_CREATE_TRACKABLE.
 * @op: In: one of enum drm_bigbar_dirty_op.
 * @first_page: In: with TAKE, the first page (of 4 KiB) to look at, a multiple
 *	of 64; else zero.
 * @nr_pages: In: with TAKE, how many pages; else zero.
 * @bitmap: In: with TAKE, a pointer to an array of __u64 that has a bit for
 *	each page, rounded up to whole words; else zero. Page @first_page + n is
 *	bit n % 64 of word n / 64.
 *
 * Every write by a CPU through a mapping of the buffer object, in any process,
 * is recorded. What another device writes to it by DMA is not. A write that
 * happens during TAKE is in this record or in the next, or in both if a mapping of
 * the page goes or the memory moves during TAKE. A process that is killed during
 * TAKE leaves what is in the record there. While
 * writes are tracked, written pages are mapped by single pages, and they stay so
 * after STOP until the range is mapped again.
 *
 * Errors: EINVAL also if the buffer object cannot be tracked, or the pages are
 * not inside it; ENODATA for TAKE if it is not tracked now; EFAULT if @bitmap
 * cannot be written, in which case the record is lost.
 */
struct drm_bigbar_gem_dirty {
	__u32 handle;
	__u32 op;
	__u64 first_page;
	__u64 nr_pages;
	__u64 bitmap;
};

/**
 * struct drm_bigbar_prefault - map a range ahead of use
 * @address: In: user address of the calling process, page aligned.
 * @length: In: bytes, page aligned.
 * @done: In: bytes from @address on to skip, page aligned; 0 for a new range, or to map
 *	again what has been moved. Out, also on error: bytes from @address on that are
 *	mapped, skipped ones included. A call that is repeated unchanged after EINTR, as
 *	drmIoctl() does, continues where it stopped, and makes progress however many
 *	signals come, unless it has to wait.
 *
 * Has the same effect as reading each page, with fewer page faults. The
 * range may cover several mappings of this device, without a gap.
 *
 * Errors: EINVAL also if a part of the range is a mapping of something else, or
 * if the range or @done is not page aligned, or the range wraps, or ends before
 * @done; ENOMEM if a part is not mapped at all, or there is no memory for a page
 * table; EFAULT if a part cannot be read, or its memory cannot be allocated;
 * EINTR if a signal came.
 */
struct drm_bigbar_prefault {
	__u64 address;
	__u64 length;
	__u64 done;
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
#define DRM_IOCTL_BIGBAR_GEM_DIRTY \
	DRM_IOW(DRM_COMMAND_BASE + DRM_BIGBAR_GEM_DIRTY, \
		struct drm_bigbar_gem_dirty)
#define DRM_IOCTL_BIGBAR_PREFAULT \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_BIGBAR_PREFAULT, \
		 struct drm_bigbar_prefault)

#if defined(__cplusplus)
}
#endif

#endif

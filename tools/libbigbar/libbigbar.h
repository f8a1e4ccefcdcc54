/* SPDX-License-Identifier: MIT */
/*
 * libbigbar: buffer objects of bigbar devices, mapped by large page-table entries.
 *
 * Functions that can fail return a negative errno value if they do. Nothing has changed then,
 * and they have filled in nothing, except where it is said. Every argument that is a range of
 * bytes has to be page aligned.
 *
 * Several threads may call these functions at the same time, but not for the same map or the
 * same bigbar_dirty.
 */
#ifndef LIBBIGBAR_H
#define LIBBIGBAR_H

#include <stdint.h>

#include "bigbar_drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

struct bigbar_device;
struct bigbar_bo;
struct bigbar_map;
struct bigbar_dirty;

/**
 * struct bigbar_device_info - what a device has
 * @vram_size: bytes of VRAM.
 * @vram_used: bytes of it that buffer objects hold now.
 */
struct bigbar_device_info {
	uint64_t vram_size;
	uint64_t vram_used;
};

/**
 * struct bigbar_bo_info - what a buffer object is
 * @size: bytes.
 * @alignment: bytes to which its offset in the DRM file is aligned, and its VRAM if that is
 *	not scattered.
 * @placement: where it is now, one of enum drm_bigbar_placement.
 * @flags: those that it was made with, DRM_BIGBAR_GEM_CREATE_*.
 */
struct bigbar_bo_info {
	uint64_t size;
	uint64_t alignment;
	uint32_t placement;
	uint32_t flags;
};

/**
 * bigbar_device_open - open a device by the name of its node
 * @node: such as /dev/dri/renderD128, or a name in /dev/dri/by-path, which stays the same when
 *	other devices come and go
 * @device: filled in
 *
 * The device has to stay open for as long as its buffer objects are used.
 *
 * Return: 0; -ENODEV if it is not a bigbar device, or is unplugged; -ENOMEM; an error of
 * open().
 */
int bigbar_device_open(const char *node, struct bigbar_device **device);

/**
 * bigbar_device_open_fd - use a DRM file that the caller has
 * @fd: a file of a bigbar device; the library makes a copy of the number, and the caller may
 *	close its own
 * @device: filled in
 *
 * GEM handles of the file and of the device are the same.
 *
 * Return: 0; -ENODEV if it is not a bigbar device, or is unplugged; -ENOMEM; -EBADF; -EMFILE.
 */
int bigbar_device_open_fd(int fd, struct bigbar_device **device);

/**
 * bigbar_device_close - close a device
 * @device: the device, or NULL
 *
 * Its buffer objects have been freed by then. Mappings stay, but cannot grow any more.
 */
void bigbar_device_close(struct bigbar_device *device);

/**
 * bigbar_device_fd - the DRM file of a device
 * @device: the device
 *
 * For other functions of libdrm.
 *
 * Return: a file that is the library's, and is closed with the device.
 */
int bigbar_device_fd(const struct bigbar_device *device);

/**
 * bigbar_device_query_info - ask how much VRAM there is
 * @device: the device
 * @info: filled in
 *
 * Return: 0; -ENODEV after unplug.
 */
int bigbar_device_query_info(const struct bigbar_device *device,
			     struct bigbar_device_info *info);

/**
 * bigbar_bo_create - make a buffer object
 * @device: the device
 * @size: bytes, not zero; rounded up to whole pages
 * @placement: where it is to be, one of enum drm_bigbar_placement
 * @flags: any of DRM_BIGBAR_GEM_CREATE_*
 * @bo: filled in
 *
 * All of it reads as zero.
 *
 * Return: 0; -EINVAL; -E2BIG or -ENOMEM if it does not fit; -ENOSPC; -ENODEV after unplug.
 */
int bigbar_bo_create(struct bigbar_device *device, uint64_t size, uint32_t placement,
		     uint32_t flags, struct bigbar_bo **bo);

/**
 * bigbar_bo_free - drop a buffer object
 * @bo: the buffer object; it must not be used any more, also if this fails
 *
 * What is mapped of it stays mapped, but cannot grow any more.
 *
 * Return: 0; -ENODEV after unplug.
 */
int bigbar_bo_free(struct bigbar_bo *bo);

/**
 * bigbar_bo_handle - the GEM handle of a buffer object
 * @bo: the buffer object
 *
 * For other functions of libdrm. It goes when the buffer object is freed.
 *
 * Return: the handle.
 */
uint32_t bigbar_bo_handle(const struct bigbar_bo *bo);

/**
 * bigbar_bo_query_info - ask what a buffer object is, and where
 * @bo: the buffer object
 * @info: filled in
 *
 * Return: 0; -ENODEV after unplug.
 */
int bigbar_bo_query_info(const struct bigbar_bo *bo, struct bigbar_bo_info *info);

/**
 * bigbar_bo_mmap_offset - where a buffer object begins in the DRM file
 * @bo: the buffer object
 * @offset: filled in, for mmap()
 *
 * For programs that call mmap() themselves, with bigbar_device_fd().
 *
 * Return: 0; -ENODEV after unplug.
 */
int bigbar_bo_mmap_offset(const struct bigbar_bo *bo, uint64_t *offset);

/**
 * bigbar_bo_move - move a buffer object
 * @bo: the buffer object
 * @placement: one of enum drm_bigbar_placement
 *
 * Contents and mappings stay.
 *
 * Return: 0; -ENOMEM if there is no room, and it stays where it is; -ENODEV after unplug.
 */
int bigbar_bo_move(const struct bigbar_bo *bo, uint32_t placement);

/**
 * bigbar_bo_export - get a buffer object as a dma-buf
 * @bo: the buffer object
 * @fd: filled in with a file of the dma-buf, which the caller closes
 *
 * Return: 0; -ENOSYS if the kernel exports nothing, as Linux 6.1; -EMFILE; -ENOMEM; -ENODEV
 * after unplug.
 */
int bigbar_bo_export(const struct bigbar_bo *bo, int *fd);

/**
 * bigbar_bo_map - map a buffer object, or a part of one
 * @bo: the buffer object
 * @start: first byte of the part
 * @length: bytes
 * @prot: PROT_*, as for mmap()
 * @map: filled in
 *
 * The kernel chooses an address that large entries fit. @bo has to live for as long as the
 * mapping may grow.
 *
 * Return: 0; -EINVAL if the part is not inside the buffer object; -ENOMEM; -ENODEV after
 * unplug.
 */
int bigbar_bo_map(const struct bigbar_bo *bo, uint64_t start, uint64_t length, int prot,
		  struct bigbar_map **map);

/**
 * bigbar_dma_buf_map - map a dma-buf, or a part of one
 * @fd: a file of a dma-buf, of any driver; the library makes a copy of the number, and the
 *	caller may close its own
 * @start: first byte of the part
 * @length: bytes
 * @prot: PROT_*, as for mmap()
 * @map: filled in
 *
 * For the file of a dma-buf the kernel chooses any address. This function chooses one that is
 * aligned as the part is in the dma-buf: to what the largest entry maps that fits into the
 * dma-buf.
 *
 * Return: 0; -EINVAL if the part is not inside the dma-buf, or @fd has no size; -ENOMEM;
 * another error of lseek(), fcntl() or mmap().
 */
int bigbar_dma_buf_map(int fd, uint64_t start, uint64_t length, int prot,
		       struct bigbar_map **map);

/**
 * bigbar_map_address - where a mapping begins
 * @map: the mapping
 *
 * Return: the address, which may be another after bigbar_map_grow().
 */
void *bigbar_map_address(const struct bigbar_map *map);

/**
 * bigbar_map_length - how long a mapping is
 * @map: the mapping
 *
 * Return: bytes.
 */
uint64_t bigbar_map_length(const struct bigbar_map *map);

/**
 * bigbar_map_grow - make a mapping longer, or its entries larger
 * @map: the mapping
 * @length: bytes that it is to have, at least as many as it has
 *
 * Maps the range anew, so that it begins without page tables: where small entries have been,
 * for example while writes were tracked, there can be large ones again. For that alone, give
 * the length that the mapping has.
 *
 * If the addresses after the mapping are free, and its own suits the new length, it stays
 * where it is, and other threads may use it meanwhile. Otherwise its address changes: no
 * thread may use the old one any more.
 *
 * What was set by madvise(), mlock() or mprotect() for the range is lost.
 *
 * Return: 0; -EINVAL if the range is shorter, or is not inside the buffer object or dma-buf;
 * -ENOMEM; -EACCES if the buffer object has been freed; -ENODEV after unplug.
 */
int bigbar_map_grow(struct bigbar_map *map, uint64_t length);

/**
 * bigbar_unmap - end a mapping
 * @map: the mapping; after an error it is as before
 *
 * Return: 0; -ENOMEM.
 */
int bigbar_unmap(struct bigbar_map *map);

/**
 * bigbar_reserve - take addresses for mappings to come
 * @length: bytes
 * @alignment: a power of two
 * @shift: bytes that the address is to be past a multiple of @alignment
 * @address: filled in
 *
 * For programs that lay out addresses themselves. Accesses to them fault until mmap() with
 * MAP_FIXED has put something there; munmap() gives them back.
 *
 * Return: 0; -EINVAL; -ENOMEM.
 */
int bigbar_reserve(uint64_t length, uint64_t alignment, uint64_t shift, void **address);

/**
 * bigbar_prefault - map a range ahead of use
 * @device: the device
 * @address: first byte
 * @length: bytes, which may be of several adjacent mappings of the device
 * @done: NULL, or filled in, also on error: bytes from @address on that are mapped
 *
 * Has the effect of reading each page, without as many page faults. After a signal it goes on
 * where it was: a program that may want to end early calls it for one part after the other.
 *
 * Return: 0; -EINVAL if a part is a mapping of something else; -ENOMEM if a part is not
 * mapped at all, or there is no memory; -EFAULT if a part cannot be read; -ENODEV after
 * unplug.
 */
int bigbar_prefault(const struct bigbar_device *device, void *address, uint64_t length,
		    uint64_t *done);

/**
 * bigbar_dirty_start - begin to record writes
 * @bo: a buffer object that was made with DRM_BIGBAR_GEM_CREATE_TRACKABLE
 *
 * The record is of the writes that CPUs make through mappings, in any process. It begins empty.
 *
 * Return: 0; -EINVAL if the buffer object cannot be tracked; -ENOMEM; -ENODEV after unplug.
 */
int bigbar_dirty_start(const struct bigbar_bo *bo);

/**
 * bigbar_dirty_start_by_bits - begin to record writes by the CPU's dirty bits
 * @bo: as for bigbar_dirty_start()
 *
 * If many pages are written, this is many times faster. If a mapping is given to a virtual
 * machine as memory, what the machine writes may be missing in the record.
 *
 * Return: as for bigbar_dirty_start().
 */
int bigbar_dirty_start_by_bits(const struct bigbar_bo *bo);

/**
 * bigbar_dirty_stop - end the record of writes, and drop it
 * @bo: the buffer object
 *
 * Where it was written meanwhile it has small entries, until bigbar_map_grow() maps it anew.
 *
 * Return: 0; -EINVAL if the buffer object cannot be tracked; -ENODEV after unplug.
 */
int bigbar_dirty_stop(const struct bigbar_bo *bo);

/**
 * bigbar_dirty_take - read a part of the record, and clear that part
 * @bo: the buffer object
 * @first_page: first page of the part, a multiple of 64
 * @pages: pages of the part
 * @bitmap: filled in: a bit for each page, the first for @first_page, rounded up to whole
 *	words
 *
 * A write that happens at the same time is in this record or in the next. The buffer object
 * cannot be moved meanwhile, and faults on it wait: bigbar_dirty_next() takes the record in
 * parts that are not too large.
 *
 * Return: 0; -EINVAL if the pages are not inside the buffer object, or it cannot be tracked;
 * -ENODATA if it is not tracked now; -EFAULT; -ENOMEM; -ENODEV after unplug.
 */
int bigbar_dirty_take(const struct bigbar_bo *bo, uint64_t first_page, uint64_t pages,
		      uint64_t *bitmap);

/**
 * bigbar_dirty_begin - begin to read the record as runs of pages
 * @bo: the buffer object, which has to live until bigbar_dirty_end()
 * @dirty: filled in
 *
 * Return: 0; -ENOMEM.
 */
int bigbar_dirty_begin(const struct bigbar_bo *bo, struct bigbar_dirty **dirty);

/**
 * bigbar_dirty_next - the next run of pages that have been written
 * @dirty: from bigbar_dirty_begin()
 * @first_page: filled in with the first page of the run, counted in the buffer object
 * @pages: filled in with the number of its pages
 *
 * Takes the record in parts of 32,768 pages; a run does not go from one part into the next. What
 * is taken is cleared in the driver: a caller that stops before the end has lost what is left of
 * the last part.
 *
 * Return: 1 if there is a run, 0 at the end of the record; an error of bigbar_dirty_take(),
 * after which the same part can be tried again.
 */
int bigbar_dirty_next(struct bigbar_dirty *dirty, uint64_t *first_page, uint64_t *pages);

/**
 * bigbar_dirty_end - end reading the record
 * @dirty: from bigbar_dirty_begin(), or NULL
 *
 * Writes are recorded as before.
 */
void bigbar_dirty_end(struct bigbar_dirty *dirty);

#if defined(__cplusplus)
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The device under test: what the tests need from a driver, as one table of functions per
 * driver, and buffer objects and mappings on top of it.
 *
 * Functions assert by themselves. Files and mappings are remembered, so that
 * huge_release_all() frees what a failed subtest left behind.
 */
#ifndef HUGE_DEVICE_H
#define HUGE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "huge_level.h"

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

enum huge_placement {
	HUGE_SYSTEM,
	HUGE_VRAM,
};

/* How system memory of a buffer object is cached: the first of its flags. */
enum huge_system_caching {
	HUGE_SYSTEM_WB = 0,
	HUGE_SYSTEM_WC = 1 << 0,
};

/* The other flags; they can be or-ed. */
enum huge_bo_flag {
	HUGE_CONTIGUOUS = 1 << 1,	/* one block of VRAM */
	HUGE_SINGLE_PAGES = 1 << 2,	/* no huge entries */
	HUGE_TRACKABLE = 1 << 3,	/* writes can be tracked */
};

struct huge_bo_info {
	uint64_t size;
	uint64_t alignment;
};

struct huge_vram {
	uint64_t size;
	uint64_t used;
};

/*
 * One row for each driver; functions return 0 or an errno value. What a driver cannot
 * do is NULL, and subtests that need it are skipped.
 */
struct huge_device {
	const char *driver;
	int node_type;		/* the DRM node that its clients use */
	/* For a driver without DRM nodes: opens a client, or returns -1; its debugfs folder. */
	int (*open)(void);
	const char *debugfs;
	unsigned int flags;	/* that its buffer objects can have */
	uint64_t largest;	/* buffer object that its ioctls can make */
	bool clears;		/* new buffer objects are zero */
	bool kernel_bos;	/* it makes buffer objects for itself, too, at any time */
	bool claims;		/* it claims its BAR, so that no other driver takes it */
	bool counts;		/* it counts entries, in a file of its debugfs folder */
	int (*vram)(int fd, struct huge_vram *vram);
	int (*create)(int fd, uint64_t size, enum huge_placement placement,
		      unsigned int flags, uint32_t *handle);
	int (*destroy)(int fd, uint32_t handle);
	int (*mmap_offset)(int fd, uint32_t handle, uint64_t *offset);
	int (*move)(int fd, uint32_t handle, enum huge_placement placement);
	int (*info)(int fd, uint32_t handle, struct huge_bo_info *info);
	int (*placement)(int fd, uint32_t handle, enum huge_placement *placement);
	/* Write tracking: one bit for each page, the first for first_page. */
	int (*dirty_start)(int fd, uint32_t handle);
	int (*dirty_stop)(int fd, uint32_t handle);
	int (*dirty_take)(int fd, uint32_t handle, uint64_t first_page, uint64_t pages,
			  uint64_t *bitmap);
	/* Begins at *done, which is updated also on error; not repeated after EINTR. */
	int (*prefault)(int fd, void *address, uint64_t length, uint64_t *done);
};

extern const struct huge_device huge_bigbar;
extern const struct huge_device huge_qxl;
extern const struct huge_device huge_radeon;
extern const struct huge_device huge_amdgpu;
extern const struct huge_device huge_plain;

struct huge_bo {
	int fd;
	uint32_t handle;
	uint64_t size;
	uint64_t alignment;
	uint64_t offset;	/* of the first byte, for mmap() */
};

/*
 * Opens a new client, on a render node if the driver has one. Skips without device. The
 * driver is bigbar, or the one in the environment variable IGT_FORCE_DRIVER; the device is
 * its first, or the one that --device or IGT_DEVICE asks for.
 */
int huge_open(void);
int huge_open_node(int node_type);
/* Like huge_open_node(), but returns -1 if there is no device. */
int huge_try_open_node(int node_type);
/* Waits for the node, which appears a moment after the driver is bound. */
int huge_open_when_there(void);
void huge_close(int fd);

struct huge_path {
	char text[96];
};

/* A file of the device in debugfs. */
struct huge_path huge_debugfs(int fd, const char *file);
/*
 * Unmaps and closes what is still open, and waits until the kernel has freed the buffer
 * objects, so that the next subtest finds VRAM as this one did. Where the driver makes some
 * for itself it cannot wait: their number says nothing.
 */
void huge_release_all(void);

/* The driver under test. */
const char *huge_driver(void);
/* Whether it claims its BAR. */
bool huge_claims(void);
/* Whether it counts the entries that map a buffer object. */
bool huge_counts(void);
/* Whether it can prefault. */
bool huge_prefaults(void);
/* Whether the driver has buffer objects with these flags. */
bool huge_has_flags(unsigned int flags);
/* Whether new buffer objects are zero: some drivers do not clear VRAM. */
bool huge_clears(void);

struct huge_vram huge_vram(int fd);
/* Buffer objects are freed by a worker: waits a moment for VRAM in use to fall. */
uint64_t huge_vram_used_settled(int fd, uint64_t expected);

/* The largest entries that this kernel can have: some cores never ask for PUD entries. */
enum huge_level huge_largest_level(void);
/* Skips if this kernel cannot have entries of the level. */
void huge_require_level(enum huge_level level);
/* The same memory by entries that this kernel can have. */
struct huge_levels huge_possible_levels(struct huge_levels levels);
/*
 * The smallest size that is mapped by entries of this level only; for PTEs, 16 pages.
 * Skips if this kernel cannot have them.
 */
uint64_t huge_size_for_level(enum huge_level level);

struct huge_bo huge_bo_create(int fd, uint64_t size, enum huge_placement placement,
			      unsigned int flags);
/*
 * Functions with "try" in their names do the same without asserting, also in threads and
 * children. They return 0 or an errno value, and fill in results only with 0.
 */
int huge_bo_try_create(int fd, uint64_t size, enum huge_placement placement,
		       unsigned int flags, struct huge_bo *bo);
struct huge_bo huge_vram_bo(int fd, uint64_t size);
/* One that has all VRAM that is free. It is large: its clearing takes long. */
struct huge_bo huge_vram_rest(int fd);
/* A buffer object in VRAM of a new client, mapped as a whole. */
struct huge_bo huge_mapped_bo(uint64_t size, unsigned int flags, char **address);
void huge_bo_destroy(const struct huge_bo *bo);
int huge_bo_try_destroy(const struct huge_bo *bo);
void huge_bo_move(const struct huge_bo *bo, enum huge_placement placement);
int huge_bo_try_move(const struct huge_bo *bo, enum huge_placement placement);
/* Does not assert either. */
int huge_prefault(int fd, void *address, uint64_t length, uint64_t *done);
/* Begins at *done, where an earlier call has stopped. */
int huge_prefault_rest(int fd, void *address, uint64_t length, uint64_t *done);
struct huge_bo_info huge_bo_info(const struct huge_bo *bo);
int huge_bo_try_info(const struct huge_bo *bo, struct huge_bo_info *info);
enum huge_placement huge_bo_placement(const struct huge_bo *bo);
int huge_bo_try_placement(const struct huge_bo *bo, enum huge_placement *placement);

/*
 * The same buffer object as a dma-buf: functions that map it map the file of the dma-buf.
 * Skips where the kernel exports nothing.
 */
struct huge_bo huge_bo_export(const struct huge_bo *bo);

void *huge_bo_map(const struct huge_bo *bo);
void *huge_bo_map_part(const struct huge_bo *bo, uint64_t start, uint64_t length, int prot);
/* Maps at an address that huge_reserve() returned, or over another mapping. */
void *huge_bo_map_at(const struct huge_bo *bo, void *address, uint64_t start, uint64_t length);
/* Maps where the kernel chooses with this hint. */
void *huge_bo_map_near(const struct huge_bo *bo, void *hint);
void huge_unmap(void *address, uint64_t length);
/* Waits until clearing or a move is over, so that an access does not wait for it. */
void huge_bo_await_idle(const struct huge_bo *bo);
/* Reserves address space, to choose addresses in. */
char *huge_reserve(uint64_t length, uint64_t alignment);

void huge_dirty_start(const struct huge_bo *bo);
void huge_dirty_stop(const struct huge_bo *bo);
int huge_dirty_try_start(const struct huge_bo *bo);
int huge_dirty_try_stop(const struct huge_bo *bo);
/* Returns 0 or an errno value; @bitmap is as for dirty_take() of struct huge_device. */
int huge_dirty_try_take(const struct huge_bo *bo, uint64_t first_page, uint64_t pages,
			uint64_t *bitmap);

#endif

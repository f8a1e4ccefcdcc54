/* SPDX-License-Identifier: MIT */
/*
 * The device under test: what the tests need of a driver, by one table of functions per
 * driver, and buffer objects and mappings on top of it.
 *
 * Everything asserts by itself. Files and mappings are remembered, so that
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

/* How system memory of a buffer object is mapped: the first of its flags. */
enum huge_system_caching {
	HUGE_SYSTEM_WB = 0,
	HUGE_SYSTEM_WC = 1 << 0,
};

/* The others; they can be or-ed. */
enum huge_bo_flag {
	HUGE_CONTIGUOUS = 1 << 1,	/* one block of VRAM */
	HUGE_SINGLE_PAGES = 1 << 2,	/* no huge entries */
	HUGE_TRACKABLE = 1 << 3,	/* writes can be tracked */
};

struct huge_bo_info {
	uint64_t size;
	uint64_t alignment;
	struct huge_levels levels;
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
	int node_type;		/* of DRM's, that its clients use */
	/* Of a driver that has none of those: a new client, or -1; its folder in debugfs. */
	int (*open)(void);
	const char *debugfs;
	unsigned int flags;	/* of buffer objects that it can have */
	uint64_t largest;	/* buffer object that its ioctls can make */
	bool clears;		/* new buffer objects */
	bool claims;		/* its BAR, so that no other driver takes it */
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
	/* Goes on behind *done, which is filled in also on error; not repeated after EINTR. */
	int (*prefault)(int fd, void *address, uint64_t length, uint64_t *done);
};

extern const struct huge_device huge_bigbar;
extern const struct huge_device huge_qxl;
extern const struct huge_device huge_radeon;
extern const struct huge_device huge_plain;

struct huge_bo {
	int fd;
	uint32_t handle;
	uint64_t size;
	uint64_t alignment;
	uint64_t offset;	/* for mmap(): of the first byte */
};

/*
 * Opens a new client, on a render node if the driver has them. Skips without device.
 * The driver is bigbar, or the one that the environment has in IGT_FORCE_DRIVER; the device
 * is its first, or the one that --device or IGT_DEVICE asks for.
 */
int huge_open(void);
int huge_open_node(int node_type);
/* The same, but returns -1 if there is no device. */
int huge_try_open_node(int node_type);
/* Waits for the node, which comes a moment after driver and device. */
int huge_open_when_there(void);
void huge_close(int fd);

struct huge_path {
	char text[96];
};

/* A file of the device in debugfs, for a person to look at. */
struct huge_path huge_debugfs(int fd, const char *file);
void huge_release_all(void);

/* The driver under test. */
const char *huge_driver(void);
/* Whether it claims its BAR. */
bool huge_claims(void);
/* Whether it maps ahead of use. */
bool huge_prefaults(void);
/* Whether the driver has buffer objects with these flags. */
bool huge_has_flags(unsigned int flags);
/* Whether new buffer objects are zero: some drivers leave in VRAM what is there. */
bool huge_clears(void);

struct huge_vram huge_vram(int fd);
/* Buffer objects are freed by a worker: waits a moment for VRAM in use to fall. */
uint64_t huge_vram_used_settled(int fd, uint64_t expected);

/* What entries this kernel can have: the core of some never asks for PUD entries. */
enum huge_level huge_largest_level(void);
/* Skips if it is less than that. */
void huge_require_level(enum huge_level level);
/* As many entries as there are, in those that this kernel can have. */
struct huge_levels huge_possible_levels(struct huge_levels levels);
/*
 * The smallest size that entries of one level map alone; for PTEs, 16 of them.
 * Skips if this kernel cannot have them.
 */
uint64_t huge_size_for_level(enum huge_level level);

struct huge_bo huge_bo_create(int fd, uint64_t size, enum huge_placement placement,
			      unsigned int flags);
/*
 * What has "try" in its name does the same without asserting, also in threads and
 * children: an errno value, and what was asked for if it is 0.
 */
int huge_bo_try_create(int fd, uint64_t size, enum huge_placement placement,
		       unsigned int flags, struct huge_bo *bo);
struct huge_bo huge_vram_bo(int fd, uint64_t size);
/* A buffer object in VRAM of a new client, mapped as a whole. */
struct huge_bo huge_mapped_bo(uint64_t size, unsigned int flags, char **address);
void huge_bo_destroy(const struct huge_bo *bo);
int huge_bo_try_destroy(const struct huge_bo *bo);
void huge_bo_move(const struct huge_bo *bo, enum huge_placement placement);
int huge_bo_try_move(const struct huge_bo *bo, enum huge_placement placement);
/* Does not assert either. */
int huge_prefault(int fd, void *address, uint64_t length, uint64_t *done);
/* From where an earlier call has left off. */
int huge_prefault_rest(int fd, void *address, uint64_t length, uint64_t *done);
struct huge_bo_info huge_bo_info(const struct huge_bo *bo);
int huge_bo_try_info(const struct huge_bo *bo, struct huge_bo_info *info);
enum huge_placement huge_bo_placement(const struct huge_bo *bo);
int huge_bo_try_placement(const struct huge_bo *bo, enum huge_placement *placement);

void *huge_bo_map(const struct huge_bo *bo);
void *huge_bo_map_part(const struct huge_bo *bo, uint64_t start, uint64_t length, int prot);
/* Maps at an address that huge_reserve() returned, or over another mapping. */
void *huge_bo_map_at(const struct huge_bo *bo, void *address, uint64_t start, uint64_t length);
/* Where the kernel maps it that is asked for an address. */
void *huge_bo_map_near(const struct huge_bo *bo, void *hint);
void huge_unmap(void *address, uint64_t length);
/* Waits until it has been cleared, or moved: whoever touches it then does not. */
void huge_bo_await_idle(const struct huge_bo *bo);
/* Address space only, to choose addresses in. */
char *huge_reserve(uint64_t length, uint64_t alignment);

void huge_dirty_start(const struct huge_bo *bo);
void huge_dirty_stop(const struct huge_bo *bo);
int huge_dirty_try_start(const struct huge_bo *bo);
int huge_dirty_try_stop(const struct huge_bo *bo);
/* Whole record, or an errno value; bitmap as struct huge_device has it. */
int huge_dirty_try_take(const struct huge_bo *bo, uint64_t first_page, uint64_t pages,
			uint64_t *bitmap);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The device under test: what the tests need of a TTM driver, by one table of
 * functions per driver, and buffer objects and mappings on top of it.
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

/* How system memory of a buffer object is mapped. */
enum huge_system_caching {
	HUGE_SYSTEM_WB,
	HUGE_SYSTEM_WC,
};

struct huge_bo_info {
	enum huge_placement placement;
	uint64_t size;
	uint64_t alignment;
	struct huge_levels levels;
};

struct huge_vram {
	uint64_t size;
	uint64_t used;
};

/* One row for each driver; functions return 0 or an errno value. */
struct huge_device {
	const char *driver;
	int (*vram)(int fd, struct huge_vram *vram);
	int (*create)(int fd, uint64_t size, enum huge_placement placement,
		      enum huge_system_caching caching, uint32_t *handle);
	int (*destroy)(int fd, uint32_t handle);
	int (*mmap_offset)(int fd, uint32_t handle, uint64_t *offset);
	int (*move)(int fd, uint32_t handle, enum huge_placement placement);
	int (*info)(int fd, uint32_t handle, struct huge_bo_info *info);
};

extern const struct huge_device huge_bigbar;

struct huge_bo {
	int fd;
	uint32_t handle;
	uint64_t size;
	uint64_t alignment;
	uint64_t offset;	/* for mmap(): of the first byte */
};

/* Opens a new client; a render node unless told otherwise. Skips without device. */
int huge_open(void);
int huge_open_node(int node_type);
/* The same, but returns -1 if there is no device. */
int huge_try_open_node(int node_type);
void huge_close(int fd);
void huge_release_all(void);

struct huge_vram huge_vram(int fd);
/* Buffer objects are freed by a worker: waits a moment for VRAM in use to fall. */
uint64_t huge_vram_used_settled(int fd, uint64_t expected);

/* The smallest size that entries of one level map alone; for PTEs, 16 of them. */
uint64_t huge_size_for_level(enum huge_level level);

struct huge_bo huge_bo_create(int fd, uint64_t size, enum huge_placement placement,
			      enum huge_system_caching caching);
struct huge_bo huge_vram_bo(int fd, uint64_t size);
void huge_bo_destroy(const struct huge_bo *bo);
void huge_bo_move(const struct huge_bo *bo, enum huge_placement placement);
struct huge_bo_info huge_bo_info(const struct huge_bo *bo);

void *huge_bo_map(const struct huge_bo *bo);
void *huge_bo_map_part(const struct huge_bo *bo, uint64_t start, uint64_t length, int prot);
/* Maps at an address that huge_reserve() returned, or over another mapping. */
void *huge_bo_map_at(const struct huge_bo *bo, void *address, uint64_t start, uint64_t length);
void huge_unmap(void *address, uint64_t length);
/* Address space only, to choose addresses in. */
char *huge_reserve(uint64_t length, uint64_t alignment);

#endif

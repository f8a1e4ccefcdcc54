// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "bigbar_drm.h"
#include "igt_shim.h"
#include "lib/fdinfo.h"
#include "lib/gem.h"
#include "lib/huge_device.h"
#include "lib/leaks.h"
#include "lib/memory.h"
#include "lib/module_parameter.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/slab.h"
#include "lib/subtest.h"

/**
 * TEST: bigbar uapi
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: uapi
 * Functionality: bigbar ioctls and mmap
 * Description: Bad input to the bigbar driver returns the documented error; the driver
 *	still works, and the VRAM in use is what it was.
 */
IGT_TEST_DESCRIPTION("Bad input, both nodes, and structures of other sizes");

#define BAD_HANDLE 0x7fffffff
#define NOBODY 65534
#define ALL_ONES (~UINT64_C(0))

static int create(int fd, struct drm_bigbar_gem_create create)
{
	return gem_call(fd, DRM_IOCTL_BIGBAR_GEM_CREATE, &create);
}

static int mmap_offset(int fd, struct drm_bigbar_gem_mmap_offset arg)
{
	return gem_call(fd, DRM_IOCTL_BIGBAR_GEM_MMAP_OFFSET, &arg);
}

static int move(int fd, struct drm_bigbar_gem_move move)
{
	return gem_call(fd, DRM_IOCTL_BIGBAR_GEM_MOVE, &move);
}

static int info(int fd, struct drm_bigbar_gem_info info)
{
	return gem_call(fd, DRM_IOCTL_BIGBAR_GEM_INFO, &info);
}

/* The errno of mmap(), or 0 if it succeeded; the mapping is removed then. */
static int mmap_error(int fd, uint64_t offset, uint64_t length, int prot, int flags)
{
	void *address = mmap(NULL, length, prot, flags, fd, offset);

	if (address == MAP_FAILED)
		return errno;
	munmap(address, length);
	return 0;
}

/* A new client makes a buffer object, writes it and reads it back. */
static void assert_works(int node_type)
{
	int fd = huge_open_node(node_type);
	struct huge_bo bo = huge_vram_bo(fd, MIB(2) + KIB(4));
	struct pattern pattern = pattern_of(huge_bo_map(&bo), bo.size, 4);

	pattern_write(&pattern);
	huge_bo_move(&bo, HUGE_SYSTEM);
	pattern_assert(&pattern);
	huge_unmap(pattern.address, bo.size);
	huge_bo_destroy(&bo);
	huge_close(fd);
}

/**
 * SUBTEST: create-size
 * Description: Sizes of zero, sizes that overflow, and sizes that no memory can hold are
 *	refused.
 */
static void test_create_size(int fd)
{
	uint64_t vram = huge_vram(fd).size;
	uint64_t memory = sysconf(_SC_PHYS_PAGES) * HUGE_PAGE_SIZE;

	for (uint32_t placement = DRM_BIGBAR_PLACEMENT_SYSTEM;
	     placement <= DRM_BIGBAR_PLACEMENT_VRAM; placement++) {
		struct drm_bigbar_gem_create arg = { .placement = placement };

		igt_assert_eq(create(fd, arg), EINVAL);
		arg.size = ALL_ONES;
		igt_assert_eq(create(fd, arg), EINVAL);
		arg.size = ALL_ONES - HUGE_PAGE_SIZE + 2;
		igt_assert_eq(create(fd, arg), EINVAL);
		arg.size = ALL_ONES - HUGE_PAGE_SIZE + 1;
		igt_assert_eq(create(fd, arg), E2BIG);
		arg.size = vram + memory + GIB(1);
		igt_assert_eq(create(fd, arg), E2BIG);
	}

	igt_assert_eq(create(fd, (struct drm_bigbar_gem_create) {
			.size = vram + HUGE_PAGE_SIZE,
			.placement = DRM_BIGBAR_PLACEMENT_VRAM,
		}), ENOMEM);
	igt_assert_eq(create(fd, (struct drm_bigbar_gem_create) {
			.size = memory + HUGE_PAGE_SIZE,
			.placement = DRM_BIGBAR_PLACEMENT_SYSTEM,
		}), ENOMEM);
}

/**
 * SUBTEST: create-rounds-up
 * Description: A size of one byte becomes one page, and the handle is not zero.
 */
static void test_create_rounds_up(int fd)
{
	struct drm_bigbar_gem_create arg = {
		.size = 1,
		.placement = DRM_BIGBAR_PLACEMENT_VRAM,
	};

	igt_assert_eq(gem_call(fd, DRM_IOCTL_BIGBAR_GEM_CREATE, &arg), 0);
	igt_assert_eq_u64(arg.size, HUGE_PAGE_SIZE);
	igt_assert_neq(arg.handle, 0);
	igt_assert_eq(drmCloseBufferHandle(fd, arg.handle), 0);
}

/* The file in debugfs has the same numbers. */
static void assert_vram_file(int fd)
{
	const struct huge_vram vram = huge_vram(fd);
	unsigned long long used = 0, size = 0, ttm_used = 0, ttm_size = 0;
	struct huge_path path = huge_debugfs(fd, "vram");
	FILE *file = fopen(path.text, "r");
	char line[128];
	int found = 0;

	igt_assert_f(file, "%s: %s\n", path.text, strerror(errno));
	while (fgets(line, sizeof(line), file))
		found += sscanf(line, "used %llu of %llu bytes", &used, &size) == 2 ||
			 sscanf(line, " size: %llu", &ttm_size) == 1 ||
			 sscanf(line, " usage: %llu", &ttm_used) == 1 ||
			 strstr(line, "chunk_size:");
	fclose(file);
	igt_assert_eq(found, 4);
	igt_assert_eq_u64(size, vram.size);
	igt_assert_eq_u64(used, vram.used);
	igt_assert_eq_u64(ttm_size, vram.size);
	igt_assert_eq_u64(ttm_used, vram.used);
}

/**
 * SUBTEST: vram-used
 * Description: VRAM in use grows by the size of a buffer object, also where that is no
 *	power of two, contiguous or not; and it shrinks by the same. The file in debugfs has
 *	the same numbers, both the driver's and TTM's own, and what the manager prints about
 *	itself.
 */
static void test_vram_used(int fd)
{
	static const uint64_t sizes[] = { KIB(4), KIB(12), MIB(2) + KIB(4), MIB(3), MIB(33) };
	static const unsigned int flags[] = { 0, HUGE_CONTIGUOUS };
	const uint64_t before = huge_vram(fd).used;

	for (unsigned int i = 0; i < 2 * COUNT_OF(sizes); i++) {
		struct huge_bo bo = huge_bo_create(fd, sizes[i / 2], HUGE_VRAM, flags[i % 2]);

		igt_assert_eq_u64(huge_vram(fd).used, before + bo.size);
		assert_vram_file(fd);
		huge_bo_destroy(&bo);
		igt_assert_eq_u64(huge_vram_used_settled(fd, before), before);
	}
}

/**
 * SUBTEST: create-fields
 * Description: Unknown placements and flags, nonzero padding and nonzero output members of
 *	the create ioctl are refused.
 */
static void test_create_fields(int fd)
{
	const struct drm_bigbar_gem_create good = {
		.size = KIB(4),
		.placement = DRM_BIGBAR_PLACEMENT_VRAM,
	};
	struct drm_bigbar_gem_create bad;

	bad = good;
	bad.placement = DRM_BIGBAR_PLACEMENT_VRAM + 1;
	igt_assert_eq(create(fd, bad), EINVAL);
	bad.placement = UINT32_MAX;
	igt_assert_eq(create(fd, bad), EINVAL);

	for (int bit = 0; bit < 32; bit++) {
		bad = good;
		bad.flags = UINT32_C(1) << bit;
		if (!(bad.flags & DRM_BIGBAR_GEM_CREATE_FLAGS_MASK))
			igt_assert_eq(create(fd, bad), EINVAL);
	}

	bad = good;
	bad.handle = 1;
	igt_assert_eq(create(fd, bad), EINVAL);
	bad = good;
	bad.pad = 1;
	igt_assert_eq(create(fd, bad), EINVAL);
}

/**
 * SUBTEST: mmap-offset-fields
 * Description: Nonzero padding and output members of the mmap offset ioctl are refused.
 */
static void test_mmap_offset_fields(int fd)
{
	uint32_t handle = huge_vram_bo(fd, KIB(4)).handle;

	igt_assert_eq(mmap_offset(fd, (struct drm_bigbar_gem_mmap_offset) {
			.handle = handle, .pad = 1 }), EINVAL);
	igt_assert_eq(mmap_offset(fd, (struct drm_bigbar_gem_mmap_offset) {
			.handle = handle, .offset = 1 }), EINVAL);
}

/**
 * SUBTEST: move-fields
 * Description: Unknown placements and flags and nonzero padding of the move ioctl are
 *	refused.
 */
static void test_move_fields(int fd)
{
	uint32_t handle = huge_vram_bo(fd, KIB(4)).handle;

	igt_assert_eq(move(fd, (struct drm_bigbar_gem_move) {
			.handle = handle, .placement = DRM_BIGBAR_PLACEMENT_VRAM + 1 }), EINVAL);
	igt_assert_eq(move(fd, (struct drm_bigbar_gem_move) {
			.handle = handle, .flags = 1 }), EINVAL);
	igt_assert_eq(move(fd, (struct drm_bigbar_gem_move) {
			.handle = handle, .pad = 1 }), EINVAL);
}

/**
 * SUBTEST: info-fields
 * Description: Nonzero padding and output members of the info ioctl are refused.
 */
static void test_info_fields(int fd)
{
	uint32_t handle = huge_vram_bo(fd, KIB(4)).handle;
	struct drm_bigbar_gem_info bad = { .handle = handle };

	bad.placement = 1;
	igt_assert_eq(info(fd, bad), EINVAL);
	bad = (struct drm_bigbar_gem_info) { .handle = handle, .flags = 1 };
	igt_assert_eq(info(fd, bad), EINVAL);
	bad = (struct drm_bigbar_gem_info) { .handle = handle, .pad = 1 };
	igt_assert_eq(info(fd, bad), EINVAL);
	bad = (struct drm_bigbar_gem_info) { .handle = handle, .size = 1 };
	igt_assert_eq(info(fd, bad), EINVAL);
	bad = (struct drm_bigbar_gem_info) { .handle = handle, .alignment = 1 };
	igt_assert_eq(info(fd, bad), EINVAL);
}

/**
 * SUBTEST: info-values
 * Description: The info ioctl gives back how the buffer object was made.
 */
static void test_info_values(int fd)
{
	struct huge_bo bo = huge_bo_create(fd, MIB(3), HUGE_SYSTEM, HUGE_SYSTEM_WC);
	struct drm_bigbar_gem_info arg = { .handle = bo.handle };

	igt_assert_eq(gem_call(fd, DRM_IOCTL_BIGBAR_GEM_INFO, &arg), 0);
	igt_assert_eq(arg.placement, DRM_BIGBAR_PLACEMENT_SYSTEM);
	igt_assert_eq(arg.flags, DRM_BIGBAR_GEM_CREATE_SYSTEM_WC);
	igt_assert_eq_u64(arg.size, MIB(3));
	igt_assert_eq_u64(arg.alignment, MIB(4));

	huge_bo_move(&bo, HUGE_VRAM);
	igt_assert_eq(huge_bo_placement(&bo), HUGE_VRAM);
}

/**
 * SUBTEST: unknown-handle
 * Description: A handle that the file does not know is refused: one that never existed,
 *	zero, one that was closed, and one of another client.
 */
static void test_unknown_handle(int fd)
{
	struct huge_bo bo = huge_vram_bo(fd, KIB(4));
	uint32_t handles[] = { BAD_HANDLE, 0, bo.handle, 0 };
	int other = huge_open();

	huge_bo_destroy(&bo);
	/* The other client has more handles than this one. */
	for (int i = 0; i < 8; i++)
		handles[3] = huge_vram_bo(other, KIB(4)).handle;

	for (unsigned int i = 0; i < sizeof(handles) / sizeof(*handles); i++) {
		igt_assert_eq(mmap_offset(fd, (struct drm_bigbar_gem_mmap_offset) {
				.handle = handles[i] }), ENOENT);
		igt_assert_eq(move(fd, (struct drm_bigbar_gem_move) {
				.handle = handles[i] }), ENOENT);
		igt_assert_eq(info(fd, (struct drm_bigbar_gem_info) {
				.handle = handles[i] }), ENOENT);
	}
}

/**
 * SUBTEST: mmap-foreign-offset
 * Description: A second client cannot map the first one's buffer object.
 */
static void test_mmap_foreign_offset(int fd)
{
	struct huge_bo bo = huge_vram_bo(fd, MIB(2));
	int other = huge_open();

	igt_assert_eq(mmap_error(other, bo.offset, bo.size, PROT_READ, MAP_SHARED), EACCES);
	igt_assert_eq(mmap_error(other, bo.offset, KIB(4), PROT_READ | PROT_WRITE, MAP_SHARED),
		      EACCES);
	igt_assert_eq(mmap_error(fd, bo.offset, bo.size, PROT_READ, MAP_SHARED), 0);
}

/**
 * SUBTEST: mmap-private
 * Description: A private writable mapping is refused.
 */
static void test_mmap_private(int fd)
{
	struct huge_bo bo = huge_vram_bo(fd, MIB(2));

	igt_assert_eq(mmap_error(fd, bo.offset, bo.size, PROT_READ | PROT_WRITE, MAP_PRIVATE),
		      EINVAL);
	igt_assert_eq(mmap_error(fd, bo.offset, bo.size, PROT_WRITE, MAP_PRIVATE), EINVAL);
}

/**
 * SUBTEST: mmap-private-mprotect
 * Description: A private mapping that is read-only cannot become writable.
 */
static void test_mmap_private_mprotect(int fd)
{
	struct huge_bo bo = huge_vram_bo(fd, MIB(2));
	char *address = mmap(NULL, bo.size, PROT_READ, MAP_PRIVATE, fd, bo.offset);
	int error;

	/* The driver may also refuse the mapping itself. */
	if (address == MAP_FAILED) {
		igt_assert_eq(errno, EINVAL);
		return;
	}
	igt_assert_eq(*(volatile char *)address, 0);
	error = mprotect(address, bo.size, PROT_READ | PROT_WRITE) ? errno : 0;
	munmap(address, bo.size);
	igt_assert_eq(error, EACCES);
}

static void assert_maps_itself_only(const struct huge_bo *bo)
{
	const int prot = PROT_READ | PROT_WRITE;

	igt_assert_eq(mmap_error(bo->fd, bo->offset, bo->size + KIB(4), prot, MAP_SHARED), EINVAL);
	igt_assert_eq(mmap_error(bo->fd, bo->offset + KIB(4), bo->size, prot, MAP_SHARED), EINVAL);
	igt_assert_eq(mmap_error(bo->fd, bo->offset + bo->size, KIB(4), prot, MAP_SHARED), EINVAL);
	igt_assert_eq(mmap_error(bo->fd, bo->offset - KIB(4), KIB(4), prot, MAP_SHARED), EINVAL);
	igt_assert_eq(mmap_error(bo->fd, bo->offset, bo->size, prot, MAP_SHARED), 0);
}

/**
 * SUBTEST: mmap-range
 * Description: Mappings that begin before the buffer object or end past it are refused, and
 *	so are offsets that belong to no buffer object.
 */
static void test_mmap_range(int fd)
{
	/* The hole after the first is not aligned. */
	struct huge_bo first = huge_vram_bo(fd, KIB(64)), bo = huge_vram_bo(fd, MIB(2));
	const int prot = PROT_READ | PROT_WRITE;

	assert_maps_itself_only(&first);
	assert_maps_itself_only(&bo);
	igt_assert_eq(mmap_error(fd, 0, KIB(4), prot, MAP_SHARED), EINVAL);
	igt_assert_eq(mmap_error(fd, UINT64_C(1) << 60, KIB(4), prot, MAP_SHARED), EINVAL);

	/* TTM may hold them for a while, until they have been cleared. */
	huge_bo_destroy(&first);
	huge_bo_destroy(&bo);
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	igt_assert_eq(mmap_error(fd, first.offset, first.size, prot, MAP_SHARED), EINVAL);
	igt_assert_eq(mmap_error(fd, bo.offset, bo.size, prot, MAP_SHARED), EINVAL);
}

#define COPIED_SIZE MIB(4)

/* The mapping is the last user of its buffer object; the other client of @fd looks on. */
static void assert_still_there(int fd, uint64_t before, const struct pattern *pattern)
{
	igt_assert_eq_u64(huge_vram(fd).used, before + COPIED_SIZE);
	pattern_assert(pattern);
}

/**
 * SUBTEST: mmap-copies
 * Description: A mapping is all that is left of a buffer object whose handle and file are
 *	closed. A child inherits it and ends, it is split, its second half is moved, and its
 *	first half is unmapped: the contents are still there. The buffer object is freed when
 *	the rest is unmapped.
 */
static void test_mmap_copies(int fd)
{
	const uint64_t before = huge_vram(fd).used, half = COPIED_SIZE / 2;
	struct huge_bo bo = huge_vram_bo(huge_open(), COPIED_SIZE);
	char *address = huge_bo_map(&bo), *elsewhere = huge_reserve(half, half);
	struct pattern pattern = pattern_of(address, bo.size, 6);

	pattern_write(&pattern);
	huge_bo_destroy(&bo);
	huge_close(bo.fd);
	assert_still_there(fd, before, &pattern);
	igt_fork(child, 1)
		pattern_assert(&pattern);
	igt_waitchildren();
	assert_still_there(fd, before, &pattern);

	igt_assert_eq(mprotect(address + half, half, PROT_READ), 0);
	assert_still_there(fd, before, &pattern);
	igt_assert(mremap(address + half, half, half, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) ==
		   elsewhere);
	huge_unmap(address, bo.size);
	pattern.address = elsewhere;
	pattern.first_page = pattern.pages /= 2;
	assert_still_there(fd, before, &pattern);
	igt_assert_eq(munmap(elsewhere, half), 0);
	igt_assert_eq_u64(huge_vram_used_settled(fd, before), before);
}

/* Programs depend on all of it: it is part of the interface. */
static void assert_version(int fd)
{
	drmVersionPtr version = drmGetVersion(fd);

	igt_assert(version);
	igt_assert_eq(version->version_major, 1);
	igt_assert_eq(version->version_minor, 0);
	igt_assert_eq(version->version_patchlevel, 0);
	igt_assert(!strcmp(version->name, "bigbar"));
	igt_assert_f(!strcmp(version->desc, "Buffer objects in a PCI memory BAR"),
		     "described as '%s'\n", version->desc);
	drmFreeVersion(version);
}

/* 0, or the errno of the first call that fails. */
static int call_all(int fd)
{
	struct drm_bigbar_device_info device = {};
	struct huge_bo_info info;
	uint64_t record, done;
	struct huge_bo bo;
	void *address;
	int error;

	error = gem_call(fd, DRM_IOCTL_BIGBAR_DEVICE_INFO, &device);
	if (error)
		return error;
	error = huge_bo_try_create(fd, KIB(64), HUGE_VRAM, HUGE_TRACKABLE, &bo);
	if (error)
		return error;
	address = huge_bo_map(&bo);
	error = huge_prefault(fd, address, bo.size, &done);
	if (!error)
		error = huge_bo_try_info(&bo, &info);
	if (!error)
		error = huge_dirty_try_start(&bo);
	if (!error)
		error = huge_dirty_try_take(&bo, 0, 1, &record);
	if (!error)
		error = huge_bo_try_move(&bo, HUGE_SYSTEM);
	huge_unmap(address, bo.size);
	huge_bo_destroy(&bo);
	return error;
}

static void assert_serves_all_users(int node_type)
{
	int fd = huge_open_node(node_type), error;

	igt_assert_eq(seteuid(NOBODY), 0);
	error = call_all(fd);
	igt_assert_eq(seteuid(0), 0);
	igt_assert_eq(error, 0);
	huge_close(fd);
}

/*
 * A file that was opened neither by root nor as the first of its node, and so is neither
 * authenticated nor the master.
 */
static void assert_serves_unauthenticated(int fd)
{
	char *name = drmGetPrimaryDeviceNameFromFd(fd);
	int master = open(name, O_RDWR | O_CLOEXEC), other, error;
	struct stat node;

	igt_assert_fd(master);
	igt_assert_eq(stat(name, &node), 0);
	igt_assert_eq(chmod(name, 0666), 0);
	igt_assert_eq(seteuid(NOBODY), 0);
	other = open(name, O_RDWR | O_CLOEXEC);
	error = other < 0 ? errno : call_all(other);
	igt_assert_eq(seteuid(0), 0);
	igt_assert_eq(chmod(name, node.st_mode & 0777), 0);
	close(other);
	close(master);
	free(name);
	igt_assert_eq(error, 0);
}

/**
 * SUBTEST: nodes
 * Description: The render node and the primary node both support all calls, also for users
 *	other than root and on the primary node without authentication, and the version of the
 *	interface is right, with the driver's name and description.
 */
static void test_nodes(int fd)
{
	assert_version(fd);
	assert_works(DRM_NODE_RENDER);
	assert_works(DRM_NODE_PRIMARY);
	assert_serves_all_users(DRM_NODE_RENDER);
	assert_serves_all_users(DRM_NODE_PRIMARY);
	assert_serves_unauthenticated(fd);
}

#define FREED_ROUNDS 1024

/**
 * SUBTEST: memory-freed
 * Description: All calls, moves to and fro, counts of entries, and reads of fdinfo, of many
 *	clients and buffer objects leave only a few objects in the kernel's allocator.
 */
static void test_memory_freed(int fd)
{
	struct slab_caches before = {};

	slab_require_exact();
	for (int i = 0; i < FREED_ROUNDS + FREED_ROUNDS / 8; i++) {
		struct huge_bo bo = huge_vram_bo(huge_open(), KIB(4));

		if (i == FREED_ROUNDS / 8)
			before = slab_caches_now();
		fdinfo_read(bo.fd);
		huge_bo_levels(&bo);
		huge_bo_move(&bo, HUGE_SYSTEM);
		huge_bo_move(&bo, HUGE_VRAM);
		huge_bo_destroy(&bo);
		huge_close(bo.fd);
		igt_assert_eq(call_all(fd), 0);
	}
	igt_assert_eq_u64(huge_vram_used_settled(fd, 0), 0);
	slab_caches_assert_grown_less(&before, FREED_ROUNDS / 2);
}

/**
 * SUBTEST: memory-freed-full
 * Description: VRAM is full, and two buffer objects take the place in it from each other,
 *	many times. They leave only a few objects in the kernel's allocator, and all VRAM
 *	in use, by the count of the driver and by that of TTM.
 */
static void test_memory_freed_full(int fd)
{
	const uint64_t vram = huge_vram(fd).size;
	struct slab_caches before = {};
	struct huge_bo rest, bos[2];

	slab_require_exact();
	rest = huge_vram_bo(fd, vram - KIB(4));
	for (unsigned int i = 0; i < COUNT_OF(bos); i++)
		bos[i] = huge_bo_create(fd, KIB(4), HUGE_SYSTEM, 0);
	for (int i = 0; i < FREED_ROUNDS + FREED_ROUNDS / 8; i++) {
		if (i == FREED_ROUNDS / 8)
			before = slab_caches_now();
		/* What was asked about last is the last to be evicted. */
		igt_assert_eq(huge_bo_placement(&rest), HUGE_VRAM);
		huge_bo_move(&bos[i % 2], HUGE_VRAM);
		igt_assert_eq(huge_bo_placement(&bos[(i + 1) % 2]), HUGE_SYSTEM);
	}
	igt_assert_eq_u64(huge_vram(fd).used, vram);
	assert_vram_file(fd);
	slab_caches_assert_grown_less(&before, FREED_ROUNDS / 2);
}

#define MOVED_SIZE MIB(128)

static void assert_leaves_system_memory(int fd, const char *moves)
{
	struct huge_bo bo = huge_bo_create(fd, MOVED_SIZE, HUGE_SYSTEM, HUGE_SYSTEM_WB);
	struct in_use bos;
	uint64_t before;

	async_moves_set(moves);
	/* All of its memory is allocated by the first access. */
	*(volatile char *)huge_bo_map(&bo) = 1;
	bos = in_use_now(-1);
	before = memory_unaccounted();
	huge_bo_move(&bo, HUGE_VRAM);
	huge_bo_await_idle(&bo);
	/* TTM frees what was copied in the background a moment later. */
	igt_assert_eq_u64(in_use_beyond(&bos, -1).bos, 0);
	igt_assert_lt_u64(memory_unaccounted() + MOVED_SIZE / 2, before);
}

/**
 * SUBTEST: memory-freed-moved
 * Description: The system memory of a buffer object that has moved to VRAM is free, whether
 *	the move was over when the call returned or was made in the background.
 */
static void test_memory_freed_moved(int fd)
{
	assert_leaves_system_memory(fd, "N");
	assert_leaves_system_memory(fd, "Y");
}

/* Each array is a structure of the ioctl, as the first header has it. */
static void assert_tracks(int fd, uint32_t handle)
{
	uint64_t bitmap = 0;
	uint32_t dirty[8] = { handle, 2 };		/* TAKE */

	dirty[4] = 16;					/* pages */
	memcpy(&dirty[6], &(uint64_t){ (uintptr_t)&bitmap }, 8);
	igt_assert_eq(gem_call(fd, 0x40206445, dirty), ENODATA);
	igt_assert_eq(gem_call(fd, 0x40206445, (uint32_t [8]) { handle, 0 }), 0);	/* START */
	igt_assert_eq(gem_call(fd, 0x40206445, dirty), 0);
	igt_assert_eq(gem_call(fd, 0x40206445, (uint32_t [8]) { handle, 1 }), 0);	/* STOP */
	igt_assert_eq(gem_call(fd, 0x40206445, dirty), ENODATA);
}

static void assert_maps(int fd, uint32_t handle)
{
	uint32_t mmap_offset[4] = { handle };
	uint64_t prefault[3] = {};
	uint64_t offset;
	char *address;

	igt_assert_eq(gem_call(fd, 0xc0106442, mmap_offset), 0);
	memcpy(&offset, &mmap_offset[2], 8);
	address = mmap(NULL, KIB(64), PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	igt_assert(address != MAP_FAILED);
	prefault[0] = (uintptr_t)address;
	prefault[1] = KIB(64);
	igt_assert_eq(gem_call(fd, 0xc0186446, prefault), 0);
	igt_assert_eq_u64(prefault[2], KIB(64));
	munmap(address, KIB(64));
}

/**
 * SUBTEST: old-program
 * Description: A program that was built from the first header works: numbers of calls,
 *	members, flags and placements are what they were.
 */
static void test_old_program(int fd)
{
	const struct huge_vram vram = huge_vram(fd);
	/* size, VRAM, SYSTEM_WC and TRACKABLE */
	uint32_t create[6] = { KIB(64), 0, 1, 1 | 8 };
	uint32_t info[14] = {};
	uint64_t device[2] = {};

	igt_assert_eq(gem_call(fd, 0x80106440, device), 0);
	igt_assert_eq_u64(device[0], vram.size);
	igt_assert_eq_u64(device[1], vram.used);
	igt_assert_eq(gem_call(fd, 0xc0186441, create), 0);
	igt_assert_eq(gem_call(fd, 0x40106443, (uint32_t [4]) { create[4], 0 }), 0);	/* SYSTEM */
	info[0] = create[4];
	/* The first header had counts of entries at its end; now they stay as they are. */
	igt_assert_eq(gem_call(fd, 0xc0386444, info), 0);
	igt_assert_eq(info[1], 0);
	igt_assert_eq(info[2], 1 | 8);
	igt_assert_eq(info[4], KIB(64));
	igt_assert_eq(info[6], KIB(4));
	igt_assert_eq(info[8], 0);
	assert_maps(fd, create[4]);
	assert_tracks(fd, create[4]);
	igt_assert_eq(DRM_BIGBAR_GEM_CREATE_SYSTEM_WC, 1);
	igt_assert_eq(DRM_BIGBAR_GEM_CREATE_CONTIGUOUS, 2);
	igt_assert_eq(DRM_BIGBAR_GEM_CREATE_NO_HUGE, 4);
	igt_assert_eq(DRM_BIGBAR_GEM_CREATE_TRACKABLE, 8);
}

#define REQUEST_OF_SIZE(nr, size) \
	_IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE, DRM_COMMAND_BASE + (nr), size)

/**
 * SUBTEST: struct-growth
 * Description: A program with a shorter structure, from an older header, works, and so does
 *	one with a longer structure, from a newer header, with zeroes at its end.
 */
static void test_struct_growth(int fd)
{
	struct {
		struct drm_bigbar_gem_create create;
		uint64_t newer;
	} longer = { .create = { .size = MIB(2), .placement = DRM_BIGBAR_PLACEMENT_VRAM } };
	struct drm_bigbar_gem_create create = longer.create;
	struct drm_bigbar_gem_info info = {};
	const size_t without_pad = offsetof(struct drm_bigbar_gem_create, pad);
	const size_t without_size = offsetof(struct drm_bigbar_gem_info, size);

	/* What follows the shorter structure is the program's: it is neither read nor written. */
	create.pad = 1;
	igt_assert_eq(gem_call(fd, REQUEST_OF_SIZE(DRM_BIGBAR_GEM_CREATE, without_pad), &create),
		      0);
	igt_assert_neq(create.handle, 0);
	igt_assert_eq(create.pad, 1);

	igt_assert_eq(gem_call(fd, REQUEST_OF_SIZE(DRM_BIGBAR_GEM_CREATE, sizeof(longer)),
			       &longer), 0);
	igt_assert_neq(longer.create.handle, 0);
	igt_assert_neq(longer.create.handle, create.handle);
	igt_assert_eq_u64(longer.newer, 0);

	info.handle = create.handle;
	info.size = ALL_ONES;
	igt_assert_eq(gem_call(fd, REQUEST_OF_SIZE(DRM_BIGBAR_GEM_INFO, without_size), &info), 0);
	igt_assert_eq(info.placement, DRM_BIGBAR_PLACEMENT_VRAM);
	igt_assert_eq_u64(info.size, ALL_ONES);
}

/**
 * SUBTEST: no-events
 * Description: The file is never ready to be read or written, a read of a file that does
 *	not block ends with EAGAIN, and its position stays at zero.
 */
static void test_no_events(int fd)
{
	struct pollfd events = { .fd = fd, .events = POLLIN | POLLOUT };
	char event[64];

	igt_assert_eq(poll(&events, 1, 0), 0);
	igt_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	igt_assert_eq(read(fd, event, sizeof(event)), -1);
	igt_assert_eq(errno, EAGAIN);
	igt_assert_eq(lseek(fd, 1, SEEK_SET), 0);
}

/* There is no 32-bit C library: the call is made as a 32-bit program makes it. */
static int call_from_32_bits(int fd, unsigned int request, void *argument)
{
	int ret = -ENOSYS;

#ifdef __x86_64__
	const int ioctl_number = 54;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (ioctl_number), "b" (fd), "c" (request), "d" (argument)
		     : "memory", "cc", "r8", "r9", "r10", "r11");
#else
	(void)fd;
	(void)request;
	(void)argument;
#endif
	return -ret;
}

/* DRM_IOCTL_VERSION, and its argument, as 32-bit programs have them. */
#define VERSION_32_BITS _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE, 0, 36)

struct version_32_bits {
	int version[3];
	uint32_t name_length, name, date_length, date, description_length, description;
};

/**
 * SUBTEST: program-of-32-bits
 * Description: The driver's ioctls, and those of DRM whose structures differ, work when a
 *	32-bit program calls them.
 */
static void test_program_of_32_bits(int fd)
{
	struct arguments {
		struct drm_bigbar_device_info device;
		struct drm_bigbar_gem_create create;
		struct version_32_bits version;
	} *low = (void *)(uintptr_t)MIB(256);

	igt_require_f(!access("/proc/sys/abi/vsyscall32", F_OK),
		      "the kernel runs no 32-bit programs\n");
	igt_assert(mmap(low, sizeof(*low), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == low);
	igt_assert_eq(call_from_32_bits(fd, DRM_IOCTL_BIGBAR_DEVICE_INFO, &low->device), 0);
	igt_assert_eq_u64(low->device.vram_size, huge_vram(fd).size);
	igt_assert_eq(call_from_32_bits(fd, DRM_IOCTL_BIGBAR_GEM_CREATE, &low->create), EINVAL);
	low->create.size = KIB(4);
	igt_assert_eq(call_from_32_bits(fd, DRM_IOCTL_BIGBAR_GEM_CREATE, &low->create), 0);
	igt_assert_eq(gem_close(fd, low->create.handle), 0);
	igt_assert_eq(call_from_32_bits(fd, VERSION_32_BITS, &low->version), 0);
	igt_assert_eq(low->version.version[0], 1);
	igt_assert_eq(low->version.name_length, strlen("bigbar"));
	munmap(low, sizeof(*low));
}

static int create_dumb(int fd, struct drm_mode_create_dumb arg)
{
	return gem_call(fd, DRM_IOCTL_MODE_CREATE_DUMB, &arg);
}

/* Neither a display nor memory has these. */
static void assert_bad_dumb_refused(int fd)
{
	static const uint32_t bits[] = { 1, 15, 30, 40, 64 };

	for (unsigned int i = 0; i < COUNT_OF(bits); i++)
		igt_assert_eq(create_dumb(fd, (struct drm_mode_create_dumb) {
				.width = 64, .height = 64, .bpp = bits[i],
			}), EINVAL);
	igt_assert_eq(create_dumb(fd, (struct drm_mode_create_dumb) {
			.width = 1, .height = UINT32_MAX / 4, .bpp = 32,
		}), EINVAL);
	if (huge_vram(fd).size < GIB(4) - MIB(64))
		igt_assert_neq(create_dumb(fd, (struct drm_mode_create_dumb) {
				.width = 16384, .height = 65535, .bpp = 32,
			}), 0);
}

/**
 * SUBTEST: dumb
 * Description: A dumb buffer is contiguous VRAM, and is mapped by PMD entries. Its lines begin
 *	at multiples of 64 bytes. Bits of a pixel that no display has are refused, and so are
 *	sizes that no memory has. Render nodes have no dumb buffers.
 */
static void test_dumb(int render)
{
	struct drm_mode_create_dumb odd = { .width = 1001, .height = 3, .bpp = 24 };
	struct huge_bo bo = { .fd = huge_open_node(DRM_NODE_PRIMARY) };
	struct drm_bigbar_gem_info arg = {};
	struct pattern pattern;
	uint32_t pitch;

	igt_assert_eq(drmModeCreateDumbBuffer(bo.fd, 2048, 1536, 32, 0, &bo.handle, &pitch,
					      &bo.size), 0);
	igt_assert_eq(pitch, 2048 * 4);
	igt_assert_eq_u64(bo.size, MIB(12));
	igt_assert_eq(drmModeMapDumbBuffer(bo.fd, bo.handle, &bo.offset), 0);
	arg.handle = bo.handle;
	igt_assert_eq(gem_call(bo.fd, DRM_IOCTL_BIGBAR_GEM_INFO, &arg), 0);
	igt_assert_eq(arg.placement, DRM_BIGBAR_PLACEMENT_VRAM);
	igt_assert_eq(arg.flags, DRM_BIGBAR_GEM_CREATE_CONTIGUOUS);
	pattern = pattern_of(huge_bo_map(&bo), bo.size, 5);
	pattern_write(&pattern);
	huge_assert_mapped_at(&bo, pattern.address, HUGE_PMD, "dumb");
	huge_unmap(pattern.address, bo.size);
	igt_assert_eq(drmModeDestroyDumbBuffer(bo.fd, bo.handle), 0);

	igt_assert_eq(gem_call(bo.fd, DRM_IOCTL_MODE_CREATE_DUMB, &odd), 0);
	igt_assert_eq(odd.pitch, 3008);
	igt_assert_eq_u64(odd.size, KIB(12));
	assert_bad_dumb_refused(bo.fd);
	igt_assert_eq(create_dumb(render, odd), EACCES);
}

static const struct {
	const char *name;
	const char *what;
	void (*run)(int fd);
} cases[] = {
	{ "create-size", "Invalid sizes", test_create_size },
	{ "create-rounds-up", "Size is rounded up to pages", test_create_rounds_up },
	{ "vram-used", "VRAM in use is the sum of sizes", test_vram_used },
	{ "create-fields", "Bad members of create", test_create_fields },
	{ "mmap-offset-fields", "Bad members of mmap offset", test_mmap_offset_fields },
	{ "move-fields", "Bad members of move", test_move_fields },
	{ "info-fields", "Bad members of info", test_info_fields },
	{ "info-values", "Info gives back what create was given", test_info_values },
	{ "dumb", "Dumb buffers", test_dumb },
	{ "unknown-handle", "Handles that the file does not know", test_unknown_handle },
	{ "mmap-foreign-offset", "Offset of another client", test_mmap_foreign_offset },
	{ "mmap-private", "Private writable mapping", test_mmap_private },
	{ "mmap-private-mprotect", "Private mapping made writable", test_mmap_private_mprotect },
	{ "mmap-range", "Ranges outside the buffer object", test_mmap_range },
	{ "mmap-copies", "Copies of a mapping keep the buffer object", test_mmap_copies },
	{ "nodes", "Render node and primary node", test_nodes },
	{ "memory-freed", "No memory is left of calls", test_memory_freed },
	{ "memory-freed-full", "No memory is left of evictions", test_memory_freed_full },
	{ "memory-freed-moved", "No system memory is left of moves", test_memory_freed_moved },
	{ "old-program", "A program built from the first header", test_old_program },
	{ "struct-growth", "Shorter and longer structures", test_struct_growth },
	{ "no-events", "Nothing to read or to wait for", test_no_events },
	{ "program-of-32-bits", "Calls of a 32-bit program", test_program_of_32_bits },
};

static void run_and_check_nothing_leaked(void (*run)(int fd))
{
	int fd = huge_open();
	uint64_t before = huge_vram(fd).used;

	run(fd);
	huge_release_all();
	assert_works(DRM_NODE_RENDER);
	igt_assert_eq_u64(huge_vram_used_settled(huge_open(), before), before);
}

static void clean_up(void)
{
	async_moves_restore();
	huge_release_all();
}

int igt_main()
{
	igt_fixture() {
		huge_close(huge_open());
		async_moves_save();
	}

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		igt_describe(cases[i].what);
		igt_subtest(cases[i].name)
			run_and_check_nothing_leaked(cases[i].run);
		igt_fixture()
			clean_up();
	}
}

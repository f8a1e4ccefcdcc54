// SPDX-License-Identifier: MIT
/*
 * The amdgpu driver's row in the table of devices, for an amdgpu that uses ttm_huge. An
 * engine moves buffer objects, and is asked by a job that does nothing but use them. All is
 * done by ioctls, since libdrm's amdgpu wants a GPU that has shaders.
 */

#include <amdgpu_drm.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xf86drm.h>

#include "gem.h"

/* Of an engine's packets, zeros do nothing; their number is a multiple of 8. */
#define JOB_BYTES 32

/* A job's place in the GPU's page tables, one for each handle of its packets. */
#define JOBS_AT GIB(4)
#define JOB_ROOM MIB(2)

/*
 * On an APU the driver moves 8 MB in a second, or less, before jobs. Of each job it moves what
 * comes first, however large, if some time has passed since the last one.
 */
#define US_BEFORE_JOB 2000

/* For a placement that somebody else has reserved. */
#define PLACEMENT_TRIES 1000

static int query(int fd, uint32_t what, void *answer, uint32_t size)
{
	struct drm_amdgpu_info info = {
		.return_pointer = (uintptr_t)answer,
		.return_size = size,
		.query = what,
	};

	return gem_call(fd, DRM_IOCTL_AMDGPU_INFO, &info);
}

static int amdgpu_vram(int fd, struct huge_vram *vram)
{
	struct drm_amdgpu_memory_info memory = {};
	int error = query(fd, AMDGPU_INFO_MEMORY, &memory, sizeof(memory));

	*vram = (struct huge_vram){
		.size = memory.vram.total_heap_size,
		.used = memory.vram.heap_usage,
	};
	return error;
}

static int create_in(int fd, uint64_t size, uint32_t domain, uint64_t flags, uint32_t *handle)
{
	union drm_amdgpu_gem_create create = {
		.in = {
			.bo_size = size,
			.domains = domain,
			.domain_flags = AMDGPU_GEM_CREATE_CPU_ACCESS_REQUIRED | flags,
		},
	};
	int error = gem_call(fd, DRM_IOCTL_AMDGPU_GEM_CREATE, &create);

	*handle = error ? 0 : create.out.handle;
	return error;
}

static uint32_t domain_of(enum huge_placement placement)
{
	return placement == HUGE_VRAM ? AMDGPU_GEM_DOMAIN_VRAM : AMDGPU_GEM_DOMAIN_GTT;
}

static int amdgpu_create(int fd, uint64_t size, enum huge_placement placement,
			 unsigned int flags, uint32_t *handle)
{
	uint64_t ours = 0;

	if (flags & HUGE_SYSTEM_WC)
		ours |= AMDGPU_GEM_CREATE_CPU_GTT_USWC;
	if (flags & HUGE_CONTIGUOUS)
		ours |= AMDGPU_GEM_CREATE_VRAM_CONTIGUOUS;
	return create_in(fd, size, domain_of(placement), ours, handle);
}

static int amdgpu_mmap_offset(int fd, uint32_t handle, uint64_t *offset)
{
	union drm_amdgpu_gem_mmap map = { .in.handle = handle };
	int error = gem_call(fd, DRM_IOCTL_AMDGPU_GEM_MMAP, &map);

	*offset = map.out.addr_ptr;
	return error;
}

/* debugfs names buffer objects by the inode of their dma-buf. */
static int dma_buf_inode(int fd, uint32_t handle, ino_t *inode)
{
	struct stat status;
	int error, dma_buf;

	error = gem_export(fd, handle, &dma_buf);
	if (error)
		return error;
	error = fstat(dma_buf, &status) ? errno : 0;
	close(dma_buf);
	*inode = error ? 0 : status.st_ino;
	return error;
}

/* Finds the line of a buffer object, and the word in it that says where it is. */
static int read_placement(const char *path, ino_t wanted, char word[16])
{
	size_t room = 0;
	char *line = NULL;
	int error = ENOENT;
	FILE *file = fopen(path, "r");

	if (!file)
		return errno;
	while (error && getline(&line, &room, file) > 0) {
		const char *name = strstr(line, " exported as ino:");

		if (name && strtoul(strchr(name, ':') + 1, NULL, 10) == wanted &&
		    sscanf(line, " %*[^:]: %*u byte %15s", word) == 1)
			error = 0;
	}
	free(line);
	fclose(file);
	return error;
}

/* No ioctl tells where a buffer object is. */
static int amdgpu_placement(int fd, uint32_t handle, enum huge_placement *placement)
{
	struct huge_path path = huge_debugfs(fd, "amdgpu_gem_info");
	char word[16] = "UNKNOWN";
	ino_t inode;
	int error = dma_buf_inode(fd, handle, &inode);

	for (int tries = 0; !error && !strcmp(word, "UNKNOWN"); tries++) {
		error = tries < PLACEMENT_TRIES ? read_placement(path.text, inode, word) : EBUSY;
		if (!error && tries)
			usleep(1000);
	}
	*placement = strcmp(word, "VRAM") ? HUGE_SYSTEM : HUGE_VRAM;
	return error;
}

static int place(int fd, uint32_t handle, uint64_t address)
{
	struct drm_amdgpu_gem_va va = {
		.handle = handle,
		.operation = AMDGPU_VA_OP_MAP,
		.flags = AMDGPU_VM_PAGE_READABLE,
		.va_address = address,
		.map_size = HUGE_PAGE_SIZE,
	};

	return gem_call(fd, DRM_IOCTL_AMDGPU_GEM_VA, &va);
}

static int submit(int fd, uint32_t context, uint64_t address,
		  const struct drm_amdgpu_bo_list_entry entries[2], uint64_t *job)
{
	struct drm_amdgpu_bo_list_in list = {
		.operation = ~0,
		.list_handle = ~0,
		.bo_number = 2,
		.bo_info_size = sizeof(entries[0]),
		.bo_info_ptr = (uintptr_t)entries,
	};
	struct drm_amdgpu_cs_chunk_ib packets = {
		.va_start = address,
		.ib_bytes = JOB_BYTES,
		.ip_type = AMDGPU_HW_IP_DMA,
	};
	struct drm_amdgpu_cs_chunk chunks[] = {
		{ AMDGPU_CHUNK_ID_IB, sizeof(packets) / 4, (uintptr_t)&packets },
		{ AMDGPU_CHUNK_ID_BO_HANDLES, sizeof(list) / 4, (uintptr_t)&list },
	};
	uint64_t pointers[] = { (uintptr_t)&chunks[0], (uintptr_t)&chunks[1] };
	union drm_amdgpu_cs cs = {
		.in = {
			.ctx_id = context,
			.num_chunks = 2,
			.chunks = (uintptr_t)pointers,
		},
	};
	int error = gem_call(fd, DRM_IOCTL_AMDGPU_CS, &cs);

	*job = cs.out.handle;
	return error;
}

static int await(int fd, uint32_t context, uint64_t job)
{
	union drm_amdgpu_wait_cs wait = {
		.in = {
			.handle = job,
			.timeout = INT64_MAX,
			.ip_type = AMDGPU_HW_IP_DMA,
			.ctx_id = context,
		},
	};

	return gem_call(fd, DRM_IOCTL_AMDGPU_WAIT_CS, &wait);
}

/* The driver moves what a job uses to where it is wanted, before the job. */
static int use(int fd, uint32_t context, uint32_t handle)
{
	struct drm_amdgpu_bo_list_entry entries[2] = { { .bo_handle = handle } };
	uint64_t address, job;
	uint32_t packets;
	int error;

	error = create_in(fd, HUGE_PAGE_SIZE, AMDGPU_GEM_DOMAIN_GTT, 0, &packets);
	if (error)
		return error;
	address = JOBS_AT + packets * JOB_ROOM;
	entries[1].bo_handle = packets;
	error = place(fd, packets, address) ?:
		submit(fd, context, address, entries, &job) ?: await(fd, context, job);
	return gem_close(fd, packets) ?: error;
}

static int use_once(int fd, uint32_t handle)
{
	union drm_amdgpu_ctx context = { .in.op = AMDGPU_CTX_OP_ALLOC_CTX };
	int error = gem_call(fd, DRM_IOCTL_AMDGPU_CTX, &context);
	uint32_t id = context.out.alloc.ctx_id;

	if (error)
		return error;
	error = use(fd, id, handle);
	context = (union drm_amdgpu_ctx){
		.in = { .op = AMDGPU_CTX_OP_FREE_CTX, .ctx_id = id },
	};
	return gem_call(fd, DRM_IOCTL_AMDGPU_CTX, &context) ?: error;
}

static int try_to_move(int fd, uint32_t handle, enum huge_placement placement)
{
	struct drm_amdgpu_gem_op op = {
		.handle = handle,
		.op = AMDGPU_GEM_OP_SET_PLACEMENT,
		.value = domain_of(placement),
	};

	usleep(US_BEFORE_JOB);
	return gem_call(fd, DRM_IOCTL_AMDGPU_GEM_OP, &op) ?: use_once(fd, handle);
}

static int amdgpu_move(int fd, uint32_t handle, enum huge_placement placement)
{
	return gem_move(fd, handle, placement, try_to_move, amdgpu_placement);
}

const struct huge_device huge_amdgpu = {
	.driver = "amdgpu",
	.node_type = DRM_NODE_RENDER,
	.flags = HUGE_SYSTEM_WC | HUGE_CONTIGUOUS,
	.largest = GIB(4),
	.clears = true,
	.kernel_bos = true,
	.vram = amdgpu_vram,
	.create = amdgpu_create,
	.destroy = gem_close,
	.mmap_offset = amdgpu_mmap_offset,
	.move = amdgpu_move,
	.info = gem_info,
	.placement = amdgpu_placement,
};

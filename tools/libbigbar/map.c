// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

/* Addresses without memory. */
#define RESERVED (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

/**
 * struct bigbar_map - a mapping, and what is needed to map the same again
 * @fd: the file: the device's, or the map's own of a dma-buf
 * @is_dma_buf: whether it is of a dma-buf
 * @offset: where the object begins in the file
 * @size: bytes of the object
 * @start: where the mapping begins in the object
 * @length: bytes of the mapping
 * @prot: PROT_*
 * @address: where it is
 */
struct bigbar_map {
	int fd;
	bool is_dma_buf;
	uint64_t offset;
	uint64_t size;
	uint64_t start;
	uint64_t length;
	int prot;
	char *address;
};

static uint64_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

int bigbar_reserve(uint64_t length, uint64_t alignment, uint64_t shift, void **address)
{
	const uint64_t page = page_size();
	char *range, *chosen, *end;

	if (!length || ((length | shift) & (page - 1)) ||
	    alignment < page || (alignment & (alignment - 1)))
		return -EINVAL;
	if (length > SIZE_MAX - alignment)
		return -ENOMEM;
	range = mmap(NULL, length + alignment - page, PROT_NONE, RESERVED, -1, 0);
	if (range == MAP_FAILED)
		return -errno;
	end = range + length + alignment - page;
	chosen = (char *)(uintptr_t)libbigbar_congruent((uintptr_t)range, alignment, shift);
	/* Where this fails, there are some addresses less for the program. */
	if (chosen > range)
		munmap(range, chosen - range);
	if (end > chosen + length)
		munmap(chosen + length, end - (chosen + length));
	*address = chosen;
	return 0;
}

/* Addresses that were free a moment ago, at which the object can have its largest entries. */
static int find_addresses(const struct bigbar_map *map, uint64_t length, void **address)
{
	int error = bigbar_reserve(length, libbigbar_level(map->size, page_size()), map->start,
				   address);

	if (!error)
		munmap(*address, length);
	return error;
}

/*
 * The same, longer, at another address. The kernel chooses it for the DRM file. For a dma-buf,
 * it is not held while the file is mapped: if a driver refused, nobody could tell whether there
 * was still something to be given back.
 */
static int map_again(const struct bigbar_map *map, uint64_t length, char **address)
{
	const int flags = map->is_dma_buf ? MAP_SHARED | MAP_FIXED_NOREPLACE : MAP_SHARED;
	void *place = NULL, *found;

	do {
		int error = map->is_dma_buf ? find_addresses(map, length, &place) : 0;

		if (error)
			return error;
		found = mmap(place, length, map->prot, flags, map->fd, map->offset + map->start);
		/* Another thread may have taken the addresses. */
	} while (place && found == MAP_FAILED && errno == EEXIST);
	if (found == MAP_FAILED)
		return -errno;
	*address = found;
	return 0;
}

static int make_map(const struct bigbar_map *wanted, struct bigbar_map **map)
{
	struct bigbar_map *made;
	int error;

	if (!libbigbar_is_range(wanted->start, wanted->length, wanted->size, page_size()))
		return -EINVAL;
	made = malloc(sizeof(*made));
	if (!made)
		return -ENOMEM;
	*made = *wanted;
	error = map_again(wanted, wanted->length, &made->address);
	if (error) {
		free(made);
		return error;
	}
	*map = made;
	return 0;
}

int bigbar_bo_map(const struct bigbar_bo *bo, uint64_t start, uint64_t length, int prot,
		  struct bigbar_map **map)
{
	struct bigbar_map wanted = {
		.fd = bo->device->fd,
		.size = bo->size,
		.start = start,
		.length = length,
		.prot = prot,
	};
	int error = bigbar_bo_mmap_offset(bo, &wanted.offset);

	return error ? error : make_map(&wanted, map);
}

int bigbar_dma_buf_map(int fd, uint64_t start, uint64_t length, int prot,
		       struct bigbar_map **map)
{
	struct bigbar_map wanted = {
		.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
		.is_dma_buf = true,
		.start = start,
		.length = length,
		.prot = prot,
	};
	off_t size;
	int error;

	if (wanted.fd < 0)
		return -errno;
	size = lseek(wanted.fd, 0, SEEK_END);
	error = size < 0 ? -errno : 0;
	if (!error) {
		wanted.size = size;
		error = make_map(&wanted, map);
	}
	if (error)
		close(wanted.fd);
	return error;
}

void *bigbar_map_address(const struct bigbar_map *map)
{
	return map->address;
}

uint64_t bigbar_map_length(const struct bigbar_map *map)
{
	return map->length;
}

static bool suits(const struct bigbar_map *map, uint64_t length)
{
	return libbigbar_is_congruent((uintptr_t)map->address,
				      libbigbar_level(length, page_size()), map->start);
}

static bool take_addresses_behind(const struct bigbar_map *map, uint64_t length)
{
	char *end = map->address + map->length;

	return length == map->length ||
	       mmap(end, length - map->length, PROT_NONE, RESERVED | MAP_FIXED_NOREPLACE, -1, 0) ==
	       end;
}

static void give_addresses_back(const struct bigbar_map *map, uint64_t length)
{
	if (length > map->length)
		munmap(map->address + map->length, length - map->length);
}

/*
 * The kernel lets no mapping of page frames grow in its place. So a new one is made, which
 * nobody uses yet, and is moved over the old one. The addresses after that are taken first:
 * they would be as good as any for the new one.
 */
int bigbar_map_grow(struct bigbar_map *map, uint64_t length)
{
	bool stays;
	char *again;
	int error;

	if (length < map->length ||
	    !libbigbar_is_range(map->start, length, map->size, page_size()))
		return -EINVAL;
	stays = suits(map, length) && take_addresses_behind(map, length);
	error = map_again(map, length, &again);
	if (!error && stays && mremap(again, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
				      map->address) != MAP_FAILED) {
		map->length = length;
		return 0;
	}
	if (stays)
		give_addresses_back(map, length);
	if (error)
		return error;
	munmap(map->address, map->length);
	map->address = again;
	map->length = length;
	return 0;
}

int bigbar_unmap(struct bigbar_map *map)
{
	if (munmap(map->address, map->length))
		return -errno;
	if (map->is_dma_buf)
		close(map->fd);
	free(map);
	return 0;
}

int bigbar_prefault(const struct bigbar_device *device, void *address, uint64_t length,
		    uint64_t *done)
{
	struct drm_bigbar_prefault arg = {
		.address = (uintptr_t)address,
		.length = length,
	};
	/* Repeated after a signal, it begins at what is done. */
	int error = libbigbar_call(device->fd, DRM_IOCTL_BIGBAR_PREFAULT, &arg);

	if (done)
		*done = arg.done;
	return error;
}

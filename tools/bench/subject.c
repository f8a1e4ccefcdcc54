// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "measure/measure.h"
#include "subject.h"

void take_bo(struct subject *subject, struct bo bo)
{
	subject->bo = bo;
	subject->fd = bo.device->fd;
	subject->offset = bo.offset;
	subject->flags = MAP_SHARED;
	subject->advice = NO_ADVICE;
}

void *choose_address(const struct subject *subject)
{
	uint64_t *address;

	if (!subject->alignment)
		return NULL;
	address = reserve_addresses(subject->size, subject->alignment, subject->shift);
	unmap_bytes(address, subject->size);
	return address;
}

static void advise(const struct subject *subject, void *map, int advice)
{
	if (madvise(map, subject->size, advice))
		err(EXIT_FAILURE, "cannot give advice %d", advice);
}

uint64_t *map_subject(const struct subject *subject, void *address)
{
	int fixed = address ? MAP_FIXED_NOREPLACE : 0;
	void *map = mmap(address, subject->size, PROT_READ | PROT_WRITE,
			 subject->flags | fixed, subject->fd, subject->offset);

	if (map == MAP_FAILED) {
		fail_if_locked_down("mappings of BARs");
		err(EXIT_FAILURE, "cannot map %lu bytes", subject->size);
	}
	if (subject->advice != NO_ADVICE)
		advise(subject, map, subject->advice);
	if (subject->random)
		advise(subject, map, MADV_RANDOM);
	return map;
}

void unmap_subject(const struct subject *subject, uint64_t *map)
{
	unmap_bytes(map, subject->size);
}

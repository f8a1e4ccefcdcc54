// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "plan.h"

const uint64_t all_sizes[] = {
	KIB(4), KIB(12), KIB(64),
	MIB(2), MIB(8), STAGING_SIZE, MIB(32), MIB(128), MIB(512), GIB(1), GIB(2), GIB(8), 0
};

bool is_size_of(const struct work *work, uint64_t size)
{
	if (!work->sizes)
		return size >= MIB(2) && !(size & (size - 1));
	for (const uint64_t *one = work->sizes; *one; one++) {
		if (*one == size)
			return true;
	}
	return false;
}

void metric_name(char name[NAME_LENGTH], const char *metric, const struct way *way,
		 uint64_t size)
{
	unsigned int unit = 0;

	while (unit < 3 && size % KIB(1) == 0) {
		size /= KIB(1);
		unit++;
	}
	snprintf(name, NAME_LENGTH, "%s.%s.%lu%c", metric, way->name, size, "BKMG"[unit]);
}

static const char *why_not_size(const struct way *way, const struct work *work, uint64_t size)
{
	if (size < way->smallest)
		return way->too_small;
	if (way->largest && size > way->largest)
		return way->too_large;
	if (work->largest && size > work->largest)
		return work->too_large;
	if (work == &works[WORK_EVICT] && way->largest_moved && size > way->largest_moved)
		return "copying takes long, and the cost grows as up to there";
	return NULL;
}

const char *why_not(const struct way *way, const struct work *work, uint64_t size)
{
	if (!(way->works & 1U << (work - works)))
		return work->not_for;
	if (way->missing && way->missing())
		return way->missing();
	return why_not_size(way, work, size);
}

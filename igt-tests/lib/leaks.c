// SPDX-License-Identifier: MIT

#include <errno.h>
#include <glob.h>

#include "../igt_shim.h"
#include "bos_in_use.h"
#include "huge_device.h"
#include "leaks.h"

#define TRIES 2000
/* A thread that was stopped is still listed until it is gone. */
#define THREAD_TRIES 100

struct in_use in_use_now(int fd)
{
	igt_assert_f(fd < 0 || !access(BUFFER_OBJECTS, R_OK), "%s: %s\n", BUFFER_OBJECTS,
		     strerror(errno));
	return (struct in_use){
		.bos = bos_in_use(),
		.vram = fd < 0 ? 0 : huge_vram(fd).used,
	};
}

static uint64_t beyond(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

struct in_use in_use_beyond(const struct in_use *before, int fd)
{
	struct in_use now, more;

	for (int tries = 0; tries < TRIES; tries++) {
		now = in_use_now(fd);
		more = (struct in_use){
			.bos = beyond(now.bos, before->bos),
			.vram = fd < 0 ? 0 : beyond(now.vram, before->vram),
		};
		if (!more.bos && !more.vram)
			break;
		usleep(10000);
	}
	return more;
}

bool ttm_is_in_use(void)
{
	for (int tries = 0; tries < TRIES; tries++) {
		if (access(BUFFER_OBJECTS, F_OK))
			return false;
		usleep(10000);
	}
	return true;
}

int count_rescuers(void)
{
	int count = 0;
	glob_t files;

	igt_assert_eq(glob("/proc/[0-9]*/comm", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *file = fopen(files.gl_pathv[i], "r");
		char name[64] = "";

		if (!file)
			continue;
		count += fgets(name, sizeof(name), file) &&
			 (!strcmp(name, "kworker/R-bigbar\n") || !strcmp(name, "bigbar\n"));
		fclose(file);
	}
	globfree(&files);
	return count;
}

int rescuers_beyond(int before)
{
	int now = count_rescuers();

	for (int tries = 0; now > before && tries < THREAD_TRIES; tries++) {
		usleep(10000);
		now = count_rescuers();
	}
	return now > before ? now - before : 0;
}

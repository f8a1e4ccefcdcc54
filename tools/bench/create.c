// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes many buffer objects of one size, then as many of a smaller size. If TTM or a driver
 * aligns them, each of the first ones leaves a hole that is large enough for one of the second
 * ones, but is not aligned for it. Only the last ones are timed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "create.h"
#include "measure/measure.h"

#define MAKER_FOLDER	"/sys/kernel/debug/bo_maker/"

#define FIRST_BOS	12000
#define FIRST_SIZE	KIB(20)
#define MIXED_BOS	12000
#define TIMED_BOS	1000

static uint32_t placement_of(const struct subject *subject)
{
	struct bigbar_bo_info info;
	int error = bigbar_bo_query_info(subject->bo.bigbar, &info);

	if (error)
		errx(EXIT_FAILURE, "cannot ask where the BO is: %s", strerror(-error));
	return info.placement;
}

static int open_maker(const struct way *way, uint32_t placement)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), MAKER_FOLDER "%s-%s", way->role == OURS ? "ttm_huge" : "ttm",
		 placement == DRM_BIGBAR_PLACEMENT_VRAM ? "vram" : "system");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		fail_if_locked_down("debugfs");
		err(EXIT_FAILURE, "cannot open %s, of the module bo_maker", path);
	}
	return fd;
}

static void make_bos(int fd, unsigned int count, uint64_t size)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "%u %lu", count, size);

	if (write(fd, text, length) != length)
		err(EXIT_FAILURE, "cannot make %u BOs of %lu bytes", count, size);
}

static int64_t create_mixed_ns(int fd, uint64_t size)
{
	uint64_t start;

	make_bos(fd, FIRST_BOS, FIRST_SIZE);
	make_bos(fd, MIXED_BOS - TIMED_BOS, size);
	rest();
	start = now_ns();
	make_bos(fd, TIMED_BOS, size);
	return now_ns() - start;
}

/* Each sample has a new device, with new offsets. */
void run_create_mixed(const struct way *way, struct subject *subject, struct result *results)
{
	do {
		int fd = open_maker(way, placement_of(subject));

		add_sample(&results->ns, create_mixed_ns(fd, subject->size));
		close(fd);
	} while (more_samples(&results->ns));
}

static void create_bos(const struct device *device, uint32_t placement, unsigned int count,
		       uint64_t size, struct bigbar_bo **bos)
{
	for (unsigned int i = 0; i < count; i++) {
		int error = bigbar_bo_create(device->bigbar, size, placement, 0, &bos[i]);

		if (error)
			errx(EXIT_FAILURE, "cannot create a BO of %lu bytes: %s", size,
			     strerror(-error));
	}
}

static int64_t create_mixed_ioctl_ns(const struct device *device, uint32_t placement,
				     uint64_t size, struct bigbar_bo **bos)
{
	const unsigned int before = FIRST_BOS + MIXED_BOS - TIMED_BOS;
	uint64_t start;

	create_bos(device, placement, FIRST_BOS, FIRST_SIZE, bos);
	create_bos(device, placement, before - FIRST_BOS, size, bos + FIRST_BOS);
	rest();
	start = now_ns();
	create_bos(device, placement, TIMED_BOS, size, bos + before);
	return now_ns() - start;
}

static void destroy_bos(struct bigbar_bo **bos)
{
	for (unsigned int i = 0; i < FIRST_BOS + MIXED_BOS; i++) {
		int error = bigbar_bo_free(bos[i]);

		if (error)
			errx(EXIT_FAILURE, "cannot close a BO: %s", strerror(-error));
	}
}

void run_create_mixed_ioctl(const struct way *way, struct subject *subject,
			    struct result *results)
{
	struct bigbar_bo **bos = calloc(FIRST_BOS + MIXED_BOS, sizeof(*bos));

	(void)way;
	if (!bos)
		errx(EXIT_FAILURE, "no memory for %d BOs", FIRST_BOS + MIXED_BOS);
	do {
		add_sample(&results->ns,
			   create_mixed_ioctl_ns(subject->bo.device, placement_of(subject),
						 subject->size, bos));
		destroy_bos(bos);
	} while (more_samples(&results->ns));
	free(bos);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/mman.h>

#include "measure/measure.h"
#include "measure/gem.h"
#include "pci.h"
#include "scatter.h"
#include "ways.h"
#include "work.h"

#define W(work) (1U << WORK_##work)
#define ANY_MEMORY (W(TOUCH) | W(ONE_PAGE) | W(ONE_PAGE_ADVISED) | W(RANDOM) | W(FORK))
#define ANY_BO (ANY_MEMORY | W(TWO_THREADS) | W(TWO_BOS))
#define ANY_BIGBAR_BO (ANY_BO | W(EVICT))
#define CREATE (W(CREATE_MIXED) | W(CREATE_MIXED_IOCTL))

/* That of ttm_huge, in sysfs. */
#define MODULE_PATH "/sys/module/ttm_huge"

static struct device bigbar;
static struct device qxl, radeon;

static void begin_bigbar(const char *max_level)
{
	set_max_level(max_level);
	bigbar = open_device(DRIVER_NAME);
}

static void end_bigbar(void)
{
	close_device(&bigbar);
}

static void begin_ours(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	begin_bigbar("pud");
}

static void begin_ptes(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	begin_bigbar("pte");
}

static void begin_in_tree(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	begin_bigbar("off");
}

static void open_bo(struct subject *subject, uint32_t placement, uint32_t flags)
{
	take_bo(subject, create_bo(&bigbar, subject->size, placement, flags));
}

static void close_bo(const struct subject *subject)
{
	destroy_bo(&subject->bo);
}

static void open_vram(const struct way *way, struct subject *subject)
{
	(void)way;
	open_bo(subject, DRM_BIGBAR_PLACEMENT_VRAM, 0);
}

/* 2 MiB after a multiple of 1 GiB, so that the address is aligned to 2 MiB and no more. */
static void align_to_2m(struct subject *subject)
{
	subject->alignment = GIB(1);
	subject->shift = MIB(2);
}

static void open_vram_2m(const struct way *way, struct subject *subject)
{
	open_vram(way, subject);
	align_to_2m(subject);
}

/* Touches every page, so that the measured touch does not include an allocation. */
static void open_system(const struct way *way, struct subject *subject)
{
	uint64_t *map;

	(void)way;
	open_bo(subject, DRM_BIGBAR_PLACEMENT_SYSTEM, 0);
	map = map_subject(subject, NULL);
	touch_pages(map, subject_pages(subject), 0, 1);
	unmap_subject(subject, map);
}

static void open_tracked(const struct way *way, struct subject *subject)
{
	int error;

	(void)way;
	open_bo(subject, DRM_BIGBAR_PLACEMENT_VRAM, DRM_BIGBAR_GEM_CREATE_TRACKABLE);
	error = bigbar_dirty_start_by_bits(subject->bo.bigbar);
	if (error)
		errx(EXIT_FAILURE, "cannot track writes: %s", strerror(-error));
}

static uint64_t block_size(const struct way *way)
{
	return parse_size(strcmp(way->name, "scattered-2m") == 0 ? "2M" :
			  strcmp(way->name, "scattered-64k") == 0 ? "64K" : "4K");
}

static void begin_scattered(const struct way *way, uint64_t largest)
{
	begin_bigbar("pud");
	scatter_vram(&bigbar, largest, block_size(way));
}

static void end_scattered(void)
{
	gather_vram();
	end_bigbar();
}

static void begin_qxl(const char *max_level)
{
	set_max_level(max_level);
	qxl = open_device("qxl");
}

/* If TTM has ttm_huge inside, it is to use its own handler. */
static void begin_qxl_in_tree(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	begin_qxl("off");
}

static void begin_qxl_huge(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	begin_qxl("pud");
}

static void begin_qxl_ptes(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	begin_qxl("pte");
}

static void end_qxl(void)
{
	close_device(&qxl);
}

static void open_surface(const struct way *way, struct subject *subject)
{
	(void)way;
	take_bo(subject, create_qxl_surface(&qxl, subject->size));
}

static void open_surface_2m(const struct way *way, struct subject *subject)
{
	open_surface(way, subject);
	align_to_2m(subject);
}

/* Only a module that was loaded has the file initstate. */
static const char *missing_huge_ttm(void)
{
	if (access(MODULE_PATH, F_OK) || !access(MODULE_PATH "/initstate", F_OK))
		return "TTM of this kernel does not have ttm_huge inside: see make in-tree";
	return NULL;
}

static void close_opened(const struct subject *subject)
{
	close_gem_bo(&subject->bo);
}

/* For both radeon and radeon-huge, because one says nothing without the other. */
static const char *missing_radeon(void)
{
	const char *build = getenv("LAB_BUILD");
	char path[PATH_MAX];

	if (!build)
		errx(EXIT_FAILURE, "LAB_BUILD is not set: this is for the lab");
	snprintf(path, sizeof(path), "%s/adopt/radeon/radeon.ko", build);
	return access(path, F_OK) ? "radeon with ttm_huge was not built for this kernel" : NULL;
}

/* @option is one of tools/adopt/load-driver. */
static void load_radeon(const char *option)
{
	const char *loader = getenv("LOAD_DRIVER");
	char command[PATH_MAX + 32];

	if (!loader)
		errx(EXIT_FAILURE, "LOAD_DRIVER is not set: call tools/bench/run");
	snprintf(command, sizeof(command), "'%s' %s radeon", loader, option);
	if (system(command))
		errx(EXIT_FAILURE, "%s has failed", command);
}

static void begin_radeon(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	load_radeon("--unmodified");
	radeon = open_device("radeon");
}

/* The unmodified module cannot be unloaded, and stays. */
static void end_radeon(void)
{
	close_device(&radeon);
}

static void begin_adopted_radeon(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	set_max_level("pud");
	load_radeon("");
	radeon = open_device("radeon");
}

static void end_adopted_radeon(void)
{
	end_radeon();
	load_radeon("--unload");
}

static void open_radeon(const struct way *way, struct subject *subject)
{
	(void)way;
	take_bo(subject, create_radeon_bo(&radeon, subject->size));
}

static void begin_sysfs(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	give_pci_device_to(NULL);
}

static void begin_plain(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	give_pci_device_to("plain_bar");
}

static void begin_vfio(const struct way *way, uint64_t largest)
{
	(void)way;
	(void)largest;
	give_pci_device_to("vfio-pci");
}

static void take_pci_device_back(void)
{
	give_pci_device_to(DRIVER_NAME);
}

static void open_bar(struct subject *subject, int fd)
{
	subject->fd = fd;
	subject->flags = MAP_SHARED;
	subject->advice = NO_ADVICE;
}

static void open_sysfs(const struct way *way, struct subject *subject)
{
	(void)way;
	open_bar(subject, open_sysfs_bar());
}

static void open_plain(const struct way *way, struct subject *subject)
{
	(void)way;
	open_bar(subject, open_plain_bar());
}

static void open_plain_2m(const struct way *way, struct subject *subject)
{
	open_plain(way, subject);
	align_to_2m(subject);
}

static void close_bar(const struct subject *subject)
{
	close(subject->fd);
}

static void open_vfio_1g(const struct way *way, struct subject *subject)
{
	(void)way;
	open_bar(subject, open_vfio_bar(&subject->offset));
	subject->alignment = GIB(1);
}

static void open_vfio_2m(const struct way *way, struct subject *subject)
{
	open_vfio_1g(way, subject);
	align_to_2m(subject);
}

static void close_vfio(const struct subject *subject)
{
	(void)subject;
	close_vfio_bar();
}

static void open_anonymous(struct subject *subject, int flags, int advice)
{
	subject->fd = -1;
	subject->flags = MAP_PRIVATE | MAP_ANONYMOUS | flags;
	subject->alignment = GIB(1);
	subject->advice = advice;
}

static void open_4k_pages(const struct way *way, struct subject *subject)
{
	(void)way;
	open_anonymous(subject, 0, MADV_NOHUGEPAGE);
}

static void open_thp(const struct way *way, struct subject *subject)
{
	(void)way;
	open_anonymous(subject, 0, MADV_HUGEPAGE);
}

/* The guest's kernel reserves these pages when it boots. */
static void open_hugetlb(const struct way *way, struct subject *subject)
{
	(void)way;
	open_anonymous(subject, MAP_HUGETLB | MAP_HUGE_1GB, NO_ADVICE);
}

static void close_nothing(const struct subject *subject)
{
	(void)subject;
}

#define AS_BELOW "the cost grows as up to there"
#define RADEON_BAR "radeon's BAR has 256 MiB"
#define QXL_VRAM "no surface is larger: qxl has 2 GiB of VRAM"

/*
 * bigbar is bound to the PCI device until sysfs-wc. Peers that map the same memory are next to
 * each other, because what has run before makes a difference of some percent.
 */
const struct way ways[] = {
	{
		.name = "in-tree", .what = "in-tree TTM, the same BO", .role = PEER,
		.memory = VRAM, .level = "PTE",
		.largest_moved = GIB(1),
		.works = ANY_BIGBAR_BO | W(SMALL_BOS) | W(CREATE_MIXED) | W(STAGING),
		.begin = begin_in_tree, .end = end_bigbar, .open = open_vram, .close = close_bo,
	}, {
		.name = "qxl", .what = "in-tree qxl, a surface in its VRAM", .role = PEER,
		.memory = VRAM, .level = "PTE",
		.largest = GIB(1), .too_large = QXL_VRAM,
		.works = ANY_MEMORY | W(TWO_THREADS),
		.begin = begin_qxl_in_tree, .end = end_qxl,
		.open = open_surface, .close = close_opened,
	}, {
		.name = "qxl-pud", .what = "qxl with TTM that has ttm_huge inside, PUD entries",
		.role = OURS,
		.memory = SURFACE, .level = "PUD",
		.smallest = GIB(1), .too_small = "no PUD entry is smaller than 1 GiB: see qxl-pmd",
		.largest = GIB(1), .too_large = QXL_VRAM,
		.missing = missing_huge_ttm,
		.works = ANY_MEMORY | W(TWO_THREADS) | W(UNMAP_PART),
		.begin = begin_qxl_huge, .end = end_qxl,
		.open = open_surface, .close = close_opened,
	}, {
		.name = "qxl-pmd", .what = "the same, at an address aligned to 2 MiB only",
		.role = OURS,
		.memory = SURFACE, .level = "PMD",
		.largest = GIB(1), .too_large = QXL_VRAM,
		.missing = missing_huge_ttm,
		.works = ANY_MEMORY | W(TWO_THREADS),
		.begin = begin_qxl_huge, .end = end_qxl,
		.open = open_surface_2m, .close = close_opened,
	}, {
		.name = "qxl-pte", .what = "the same, runs of PTEs", .role = OURS,
		.memory = SURFACE, .level = "PTE",
		.largest = GIB(1), .too_large = QXL_VRAM,
		.missing = missing_huge_ttm,
		.works = ANY_MEMORY | W(TWO_THREADS),
		.begin = begin_qxl_ptes, .end = end_qxl,
		.open = open_surface, .close = close_opened,
	}, {
		.name = "pud", .what = "ttm_huge, PUD entries", .role = OURS,
		.memory = VRAM, .level = "PUD",
		.smallest = GIB(1), .too_small = "no PUD entry is smaller than 1 GiB: see pmd",
		.works = ANY_BIGBAR_BO | W(UNMAP_PART) | W(PREFAULT),
		.begin = begin_ours, .end = end_bigbar, .open = open_vram, .close = close_bo,
	}, {
		.name = "pmd", .what = "ttm_huge, PMD entries, at an address aligned to 2 MiB only",
		.role = OURS,
		.memory = VRAM, .level = "PMD",
		.largest_moved = GIB(1),
		.works = ANY_BIGBAR_BO | W(PREFAULT) | W(STAGING),
		.begin = begin_ours, .end = end_bigbar, .open = open_vram_2m, .close = close_bo,
	}, {
		.name = "pte", .what = "ttm_huge, runs of PTEs", .role = OURS,
		.memory = VRAM, .level = "PTE",
		.largest_moved = GIB(1),
		.works = ANY_BIGBAR_BO | W(SMALL_BOS) | CREATE | W(PREFAULT) |
			 W(PREFAULT_TIMER),
		.begin = begin_ptes, .end = end_bigbar, .open = open_vram, .close = close_bo,
	}, {
		.name = "scattered-2m", .what = "ttm_huge, VRAM in blocks of 2 MiB", .role = OURS,
		.memory = PIECES, .level = "PMD",
		.largest = GIB(2), .too_large = "as many blocks again must be in use",
		.works = ANY_MEMORY,
		.begin = begin_scattered, .end = end_scattered,
		.open = open_vram, .close = close_bo,
	}, {
		.name = "scattered-64k", .what = "ttm_huge, VRAM in blocks of 64 KiB", .role = OURS,
		.memory = PIECES, .level = "PTE",
		.largest = GIB(1), .too_large = "it takes too long to scatter",
		.works = ANY_MEMORY,
		.begin = begin_scattered, .end = end_scattered,
		.open = open_vram, .close = close_bo,
	}, {
		.name = "scattered-4k", .what = "ttm_huge, VRAM in blocks of 4 KiB", .role = OURS,
		.memory = PIECES, .level = "PTE",
		.largest = MIB(128), .too_large = "it takes too long to scatter",
		.works = ANY_MEMORY,
		.begin = begin_scattered, .end = end_scattered,
		.open = open_vram, .close = close_bo,
	}, {
		.name = "dirty", .what = "ttm_huge, writes tracked", .role = OURS,
		.memory = VRAM, .level = "PTE",
		.largest = GIB(1), .too_large = AS_BELOW,
		.works = ANY_BIGBAR_BO | W(TAKE),
		.begin = begin_ours, .end = end_bigbar, .open = open_tracked, .close = close_bo,
	}, {
		.name = "in-tree-system", .what = "in-tree TTM, a BO in system memory",
		.role = PEER,
		.memory = SYSTEM, .level = "PTE",
		.largest = GIB(1), .too_large = AS_BELOW,
		.works = ANY_BO | W(SMALL_BOS) | W(CREATE_MIXED) | W(STAGING),
		.begin = begin_in_tree, .end = end_bigbar, .open = open_system, .close = close_bo,
	}, {
		.name = "system", .what = "ttm_huge, a BO in system memory", .role = OURS,
		.memory = SYSTEM, .level = "PMD",
		.largest = GIB(1), .too_large = AS_BELOW,
		.works = ANY_BO | W(SMALL_BOS) | CREATE | W(STAGING),
		.begin = begin_ours, .end = end_bigbar, .open = open_system, .close = close_bo,
	}, {
		.name = "anon-4k", .what = "anonymous memory, no THP", .role = YARDSTICK,
		.memory = ANONYMOUS, .level = "PTE",
		.largest = GIB(1), .too_large = AS_BELOW,
		.works = ANY_MEMORY | W(TWO_THREADS),
		.open = open_4k_pages, .close = close_nothing,
	}, {
		.name = "anon-thp", .what = "anonymous memory, THP", .role = YARDSTICK,
		.memory = ANONYMOUS, .level = "PMD",
		.largest = GIB(1), .too_large = AS_BELOW,
		.works = ANY_MEMORY | W(TWO_THREADS),
		.open = open_thp, .close = close_nothing,
	}, {
		.name = "hugetlb-1g", .what = "hugetlb, pages of 1 GiB", .role = YARDSTICK,
		.memory = ANONYMOUS, .level = "PUD",
		.smallest = GIB(1), .too_small = "its pages are 1 GiB each",
		.largest = GIB(1), .too_large = "the guest has reserved one page",
		.works = ANY_MEMORY & ~W(FORK),
		.open = open_hugetlb, .close = close_nothing,
	}, {
		.name = "sysfs-wc", .what = "sysfs resource2_wc", .role = PEER,
		.memory = VRAM, .level = "PTE",
		.works = ANY_MEMORY | W(TWO_THREADS),
		.begin = begin_sysfs, .end = take_pci_device_back,
		.open = open_sysfs, .close = close_bar,
	}, {
		.name = "plain-pmd",
		.what = "pfnmap without TTM, at an address aligned to 2 MiB only", .role = OURS,
		.memory = VRAM, .level = "PMD",
		.works = ANY_MEMORY | W(TWO_THREADS),
		.begin = begin_plain, .end = take_pci_device_back,
		.open = open_plain_2m, .close = close_bar,
	}, {
		.name = "plain-pud", .what = "pfnmap without TTM, PUD entries", .role = OURS,
		.memory = VRAM, .level = "PUD",
		.smallest = GIB(1),
		.too_small = "no PUD entry is smaller than 1 GiB: see plain-pmd",
		.works = ANY_MEMORY | W(TWO_THREADS) | W(UNMAP_PART),
		.begin = begin_plain, .end = take_pci_device_back,
		.open = open_plain, .close = close_bar,
	}, {
		.name = "vfio-2m", .what = "vfio-pci, at an address aligned to 2 MiB only",
		.role = PEER,
		.memory = VRAM, .level = "PMD",
		.works = ANY_MEMORY | W(TWO_THREADS),
		.begin = begin_vfio, .end = take_pci_device_back,
		.open = open_vfio_2m, .close = close_vfio,
	}, {
		.name = "vfio-1g", .what = "vfio-pci, at an address aligned to 1 GiB", .role = PEER,
		.memory = VRAM, .level = "PUD",
		.smallest = GIB(1), .too_small = "no PUD entry is smaller than 1 GiB: see vfio-2m",
		.works = ANY_MEMORY | W(TWO_THREADS) | W(UNMAP_PART),
		.begin = begin_vfio, .end = take_pci_device_back,
		.open = open_vfio_1g, .close = close_vfio,
	}, {
		.name = "radeon-huge", .what = "radeon with ttm_huge, a BO in its VRAM",
		.role = OURS,
		.memory = RADEON, .level = "PMD",
		.largest = MIB(128), .too_large = RADEON_BAR,
		.missing = missing_radeon,
		.works = ANY_MEMORY | W(TWO_THREADS) | W(STAGING),
		.begin = begin_adopted_radeon, .end = end_adopted_radeon,
		.open = open_radeon, .close = close_opened,
	}, {
		.name = "radeon", .what = "in-tree radeon, a BO in its VRAM", .role = PEER,
		.memory = RADEON, .level = "PTE",
		.largest = MIB(128), .too_large = RADEON_BAR,
		.missing = missing_radeon,
		.works = ANY_MEMORY | W(TWO_THREADS) | W(STAGING),
		.begin = begin_radeon, .end = end_radeon,
		.open = open_radeon, .close = close_opened,
	},
};

const unsigned int nr_ways = ARRAY_SIZE(ways);

const char *memory_name(enum memory memory)
{
	static const char * const names[] = {
		[VRAM] = "VRAM", [PIECES] = "pieces", [SYSTEM] = "system",
		[RADEON] = "radeon", [SURFACE] = "surface", [ANONYMOUS] = "anonymous",
	};

	return names[memory];
}

const char *role_name(enum role role)
{
	static const char * const names[] = {
		[PEER] = "peer", [YARDSTICK] = "yardstick", [OURS] = "ours",
	};

	return names[role];
}

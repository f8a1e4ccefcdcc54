// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock is read right before and right after what is measured. What costs the same with
 * and without a page fault, such as the loop that writes, is measured again without page
 * faults, and subtracted.
 */
#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "create.h"
#include "measure/measure.h"
#include "plan.h"
#include "prefault.h"
#include "take.h"
#include "touch.h"
#include "trace.h"
#include "work.h"

static int64_t timed_touch(touch_t touch, uint64_t *map, uint64_t pages)
{
	uint64_t start = now_ns();

	touch(map, pages);
	return now_ns() - start;
}

/*
 * In a mapping so large that timer ticks would fall into the loop, they would take more time
 * than the faults. So it is touched in pieces, each of them right after a tick.
 */
#define PIECE_PAGES	(GIB(1) / TOUCHED_PAGE_SIZE)

static uint64_t piece_pages(touch_t touch, uint64_t pages)
{
	return wall_time || touch != touch_every || pages < PIECE_PAGES ? pages : PIECE_PAGES;
}

static int64_t timed_touch_by_pieces(touch_t touch, uint64_t *map, uint64_t pages)
{
	uint64_t piece = piece_pages(touch, pages);
	int64_t ns = timed_touch(touch, map, piece);

	for (uint64_t page = piece; page < pages; page += piece) {
		wait_for_tick();
		ns += timed_touch(touch, map + page * WORDS_PER_PAGE, piece);
	}
	return ns;
}

static int64_t measured_loop_ns(touch_t touch, uint64_t *map, uint64_t pages)
{
	struct samples passes = {};

	do {
		if (!wall_time)
			wait_for_tick();
		add_sample(&passes, timed_touch(touch, map, pages));
	} while (more_samples(&passes));
	return central_sample(&passes);
}

/*
 * The cost of a pass without page faults. Counted in instructions, it does not depend on what
 * is mapped, nor how.
 */
static int64_t loop_ns(touch_t touch, uint64_t *map, uint64_t pages)
{
	static struct {
		touch_t touch;
		uint64_t pages;
		int64_t ns;
	} known[32];
	unsigned int i;

	if (wall_time)
		return measured_loop_ns(touch, map, pages);
	for (i = 0; known[i].touch; i++) {
		if (known[i].touch == touch && known[i].pages == pages)
			return known[i].ns;
	}
	if (i == ARRAY_SIZE(known) - 1)
		errx(EXIT_FAILURE, "more loops than expected");
	known[i].touch = touch;
	known[i].pages = pages;
	known[i].ns = measured_loop_ns(touch, map, pages);
	return known[i].ns;
}

/* The cost of a pass without page faults, for a touch in pieces. */
static int64_t loop_by_pieces_ns(touch_t touch, uint64_t *map, uint64_t pages)
{
	uint64_t piece = piece_pages(touch, pages);

	return pages / piece * loop_ns(touch, map, piece);
}

static uint64_t unmap_ns(uint64_t *map, uint64_t bytes)
{
	uint64_t start;

	if (!wall_time)
		wait_for_tick();
	start = now_ns();
	unmap_bytes(map, bytes);
	return now_ns() - start;
}

/* Counts in a pass without page faults, whose time is not measured. */
static int64_t touch_tlb_misses(touch_t touch, uint64_t *map, uint64_t pages)
{
	if (!tlb_start())
		return -1;
	touch(map, pages);
	return tlb_misses();
}

/*
 * Takes one sample of mapping and touching, which takes @ns. Of the counts, which repeat, the
 * result keeps those of the last sample.
 */
static uint64_t *sample_touch(const struct subject *subject, touch_t touch,
			      struct result *result, int64_t *ns)
{
	void *address = choose_address(subject);
	uint64_t pages = subject_pages(subject);
	int status_fd = open_status();
	uint64_t tables, faults, start, mapped;
	int64_t raw;
	uint64_t *map;

	rest();
	tables = page_table_bytes(status_fd);
	faults = minor_faults();
	start = now_ns();
	map = map_subject(subject, address);
	mapped = now_ns();
	raw = timed_touch_by_pieces(touch, map, pages);
	result->faults = minor_faults() - faults;
	result->page_table_bytes = page_table_bytes(status_fd) - tables;
	close(status_fd);

	raw -= loop_by_pieces_ns(touch, map, pages);
	result->tlb_misses = touch_tlb_misses(touch, map, pages);
	add_part(result, "mmap", mapped - start);
	add_part(result, "touch", raw);
	*ns = mapped - start + raw;
	add_sample(&result->ns, *ns);
	return map;
}

static void run_touch(const struct way *way, struct subject *subject, struct result *results)
{
	(void)way;
	do {
		int64_t touched, unmapped;
		uint64_t *map = sample_touch(subject, touch_every, &results[0], &touched);

		unmapped = unmap_ns(map, subject->size);
		add_sample(&results[1].ns, unmapped);
		add_sample(&results[2].ns, touched + unmapped);
	} while (more_samples(&results[0].ns));
}

/* Maps the memory for one use, as do programs that do not keep their mappings. */
static void run_staging(const struct way *way, struct subject *subject, struct result *results)
{
	(void)way;
	do {
		struct result use = {};
		int64_t touched, unmapped;
		uint64_t *map = sample_touch(subject, touch_and_read_every, &use, &touched);

		unmapped = unmap_ns(map, subject->size);
		results->faults = use.faults;
		results->page_table_bytes = use.page_table_bytes;
		results->tlb_misses = use.tlb_misses;
		add_part(results, "touch", touched);
		add_part(results, "unmap", unmapped);
		add_sample(&results->ns, touched + unmapped);
	} while (more_samples(&results->ns));
}

static uint64_t unmap_part_ns(const struct subject *subject, uint64_t bytes)
{
	uint64_t *map = map_subject(subject, choose_address(subject));
	uint64_t ns;

	touch_middle(map, subject_pages(subject));
	ns = unmap_ns(map, bytes);
	unmap_bytes(map + bytes / sizeof(*map), subject->size - bytes);
	return ns;
}

/* The mapping is one PUD entry. The result is the cost of the largest part. */
static void run_unmap_part(const struct way *way, struct subject *subject,
			   struct result *results)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} parts[] = {
		{ "2M", MIB(2) }, { "8M", MIB(8) }, { "32M", MIB(32) },
		{ "128M", MIB(128) }, { "512M", MIB(512) },
	};

	(void)way;
	do {
		uint64_t ns = 0;

		for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
			ns = unmap_part_ns(subject, parts[i].bytes);
			add_part(results, parts[i].name, ns);
		}
		add_sample(&results->ns, ns);
	} while (more_samples(&results->ns));
}

static void run_some(struct subject *subject, touch_t touch, struct result *result)
{
	do {
		int64_t unused;

		unmap_subject(subject, sample_touch(subject, touch, result, &unused));
	} while (more_samples(&result->ns));
}

static void run_one_page(const struct way *way, struct subject *subject, struct result *results)
{
	(void)way;
	run_some(subject, touch_middle, results);
}

static void run_one_page_advised(const struct way *way, struct subject *subject,
				 struct result *results)
{
	(void)way;
	subject->random = true;
	run_some(subject, touch_middle, results);
	subject->random = false;
}

static void run_random(const struct way *way, struct subject *subject, struct result *results)
{
	(void)way;
	run_some(subject, touch_random, results);
}

static uint64_t timed_move(const struct bo *bo, uint32_t placement)
{
	uint64_t start;

	rest();
	start = now_ns();
	move_bo(bo, placement);
	return now_ns() - start;
}

static void sample_evict(const struct subject *subject, struct result *evict)
{
	bool traced = trace_begin("ttm_bo_unmap_virtual");

	add_sample(&evict[0].ns, timed_move(&subject->bo, DRM_BIGBAR_PLACEMENT_SYSTEM));
	if (traced)
		add_sample(&evict[1].ns, trace_end());
	else
		evict[1].why_not = "the kernel has no function graph tracer";
}

static void sample_return(const struct subject *subject, uint64_t *map, struct result *result)
{
	uint64_t pages = subject_pages(subject);
	int64_t moved = timed_move(&subject->bo, DRM_BIGBAR_PLACEMENT_VRAM);
	uint64_t faults = minor_faults();
	int64_t touched = timed_touch_by_pieces(touch_every, map, pages);

	result->faults = minor_faults() - faults;
	touched -= loop_by_pieces_ns(touch_every, map, pages);
	add_part(result, "move", moved);
	add_part(result, "touch", touched);
	add_sample(&result->ns, moved + touched);
}

static void run_evict(const struct way *way, struct subject *subject, struct result *results)
{
	uint64_t *map = map_subject(subject, choose_address(subject));

	(void)way;
	do {
		touch_every(map, subject_pages(subject));
		sample_evict(subject, results);
		sample_return(subject, map, &results[2]);
	} while (more_samples(&results[0].ns));
	unmap_subject(subject, map);
}

static int64_t fork_ns(void)
{
	uint64_t start = now_ns();
	int64_t ns;
	pid_t child = fork();

	if (!child)
		_exit(0);
	ns = now_ns() - start;
	if (child < 0 || waitpid(child, NULL, 0) != child)
		err(EXIT_FAILURE, "cannot fork");
	return ns;
}

static void sample_fork(uint64_t *map, uint64_t pages, struct result *result)
{
	uint64_t faults;
	int64_t forked, touched;

	rest();
	forked = fork_ns();
	faults = minor_faults();
	touched = timed_touch(touch_every, map, pages);
	result->faults = minor_faults() - faults;
	touched -= loop_ns(touch_every, map, pages);
	add_part(result, "fork", forked);
	add_part(result, "touch", touched);
	add_sample(&result->ns, forked + touched);
}

static void run_fork(const struct way *way, struct subject *subject, struct result *results)
{
	uint64_t *map = map_subject(subject, choose_address(subject));

	(void)way;
	touch_every(map, subject_pages(subject));
	do {
		sample_fork(map, subject_pages(subject), results);
	} while (more_samples(&results->ns));
	unmap_subject(subject, map);
}

#define THREAD_PASSES 3

struct toucher {
	pthread_t thread;
	pthread_barrier_t *barrier;
	uint64_t *map;
	uint64_t pages;
};

/* The first pass has the faults; THREAD_PASSES without a fault follow. */
static void *touch_in_thread(void *argument)
{
	struct toucher *toucher = argument;

	for (int pass = 0; pass < 1 + THREAD_PASSES; pass++) {
		pthread_barrier_wait(toucher->barrier);
		touch_every(toucher->map, toucher->pages);
		pthread_barrier_wait(toucher->barrier);
	}
	return NULL;
}

static int64_t pass_of_threads(pthread_barrier_t *barrier)
{
	uint64_t start = now_ns();

	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return now_ns() - start;
}

static void sample_threads(struct toucher touchers[2], struct result *result)
{
	struct samples passes = {};
	pthread_barrier_t barrier;
	uint64_t faults;
	int64_t first;

	pthread_barrier_init(&barrier, NULL, 3);
	for (int i = 0; i < 2; i++) {
		touchers[i].barrier = &barrier;
		if (pthread_create(&touchers[i].thread, NULL, touch_in_thread, &touchers[i]))
			errx(EXIT_FAILURE, "cannot start a thread");
	}
	rest();
	faults = minor_faults();
	first = pass_of_threads(&barrier);
	result->faults = minor_faults() - faults;
	for (int i = 0; i < THREAD_PASSES; i++)
		add_sample(&passes, pass_of_threads(&barrier));
	add_sample(&result->ns, first - central_sample(&passes));
	for (int i = 0; i < 2; i++)
		pthread_join(touchers[i].thread, NULL);
	pthread_barrier_destroy(&barrier);
}

/* Each thread touches one half of the mapping. */
static void run_two_threads(const struct way *way, struct subject *subject,
			    struct result *results)
{
	uint64_t half = subject_pages(subject) / 2;

	(void)way;
	do {
		uint64_t *map = map_subject(subject, choose_address(subject));
		struct toucher touchers[2] = {
			{ .map = map, .pages = half },
			{ .map = map + half * WORDS_PER_PAGE, .pages = half },
		};

		sample_threads(touchers, results);
		unmap_subject(subject, map);
	} while (more_samples(&results->ns));
}

/* Each thread touches a buffer object of its own, of the whole size. */
static void run_two_bos(const struct way *way, struct subject *subject, struct result *results)
{
	struct subject subjects[2] = { *subject, { .size = subject->size } };

	way->open(way, &subjects[1]);
	do {
		struct toucher touchers[2];

		for (int i = 0; i < 2; i++)
			touchers[i] = (struct toucher){
				.map = map_subject(&subjects[i], choose_address(&subjects[i])),
				.pages = subject_pages(&subjects[i]),
			};
		sample_threads(touchers, results);
		for (int i = 0; i < 2; i++)
			unmap_subject(&subjects[i], touchers[i].map);
	} while (more_samples(&results->ns));
	way->close(&subjects[1]);
}

/* The first buffer object is given; this makes the others. */
static void open_small_bos(const struct way *way, const struct subject *first,
			   struct subject *subjects)
{
	subjects[0] = *first;
	for (unsigned int i = 1; i < SMALL_BOS; i++) {
		subjects[i] = (struct subject){ .size = first->size };
		way->open(way, &subjects[i]);
	}
}

static void map_small_bos(const struct subject *subjects, uint64_t **maps)
{
	for (unsigned int i = 0; i < SMALL_BOS; i++)
		maps[i] = map_subject(&subjects[i], NULL);
}

static int64_t touch_small_bos_ns(const struct subject *subjects, uint64_t **maps)
{
	uint64_t start = now_ns();

	for (unsigned int i = 0; i < SMALL_BOS; i++)
		touch_every(maps[i], subject_pages(&subjects[i]));
	return now_ns() - start;
}

static void unmap_small_bos(const struct subject *subjects, uint64_t **maps)
{
	for (unsigned int i = 0; i < SMALL_BOS; i++)
		unmap_subject(&subjects[i], maps[i]);
}

static void sample_small_bos(const struct subject *subjects, uint64_t **maps,
			     struct result *result)
{
	int64_t mapped, touched, unmapped;
	uint64_t faults, start;

	rest();
	faults = minor_faults();
	start = now_ns();
	map_small_bos(subjects, maps);
	mapped = now_ns() - start;
	touched = touch_small_bos_ns(subjects, maps);
	result->faults = minor_faults() - faults;
	touched -= touch_small_bos_ns(subjects, maps);
	start = now_ns();
	unmap_small_bos(subjects, maps);
	unmapped = now_ns() - start;

	add_part(result, "mmap", mapped);
	add_part(result, "touch", touched);
	add_part(result, "unmap", unmapped);
	add_sample(&result->ns, mapped + touched + unmapped);
}

static void run_small_bos(const struct way *way, struct subject *subject,
			  struct result *results)
{
	struct subject *subjects = calloc(SMALL_BOS, sizeof(*subjects));
	uint64_t **maps = calloc(SMALL_BOS, sizeof(*maps));

	if (!subjects || !maps)
		errx(EXIT_FAILURE, "no memory for %d small BOs", SMALL_BOS);
	open_small_bos(way, subject, subjects);
	do {
		sample_small_bos(subjects, maps, results);
	} while (more_samples(&results->ns));
	for (unsigned int i = 1; i < SMALL_BOS; i++)
		way->close(&subjects[i]);
	free(maps);
	free(subjects);
}

#define ONLY_BIGBAR "only buffer objects of bigbar can be moved by user space"
#define ONLY_PREFAULT "only bigbar maps ahead of use, and one memory is enough to show it"

static const uint64_t small_sizes[] = { KIB(4), KIB(64), 0 };
static const uint64_t staging_sizes[] = { STAGING_SIZE, 0 };
static const uint64_t mixed_sizes[] = { KIB(12), 0 };
/* At these sizes, a prefault by PTEs takes some milliseconds. */
static const uint64_t timer_sizes[] = { GIB(1), GIB(8), 0 };

const struct work works[NR_WORKS] = {
	[WORK_TOUCH] = {
		.metrics = { "first-touch", "unmap", "life" },
		.what = {
			"mmap() and the first write to every page",
			"munmap() of all of it",
			"mmap(), the first write to every page, and munmap()",
		},
		.run = run_touch,
	},
	[WORK_UNMAP_PART] = {
		.metrics = { "unmap-part" },
		.what = { "munmap() of the first 512 MiB of what a PUD entry maps" },
		.not_for = "only a PUD entry is larger than what is unmapped",
		.largest = GIB(1),
		.too_large = "it is done to a single PUD entry",
		.run = run_unmap_part,
	},
	[WORK_ONE_PAGE] = {
		.metrics = { "one-page" },
		.what = { "mmap() and a write to the page in the middle" },
		.run = run_one_page,
	},
	[WORK_ONE_PAGE_ADVISED] = {
		.metrics = { "one-page-advised" },
		.what = { "the same after MADV_RANDOM" },
		.run = run_one_page_advised,
	},
	[WORK_RANDOM] = {
		.metrics = { "random-1pct" },
		.what = { "mmap() and writes to random 1 % of the pages" },
		.run = run_random,
	},
	[WORK_EVICT] = {
		.metrics = { "evict", "evict-zap", "return" },
		.what = {
			"move of a mapped BO to system memory, by the CPU",
			"removal of its page-table entries alone",
			"move back to VRAM and a write to every page",
		},
		.not_for = ONLY_BIGBAR,
		.largest = GIB(2),
		.too_large = "the guest does not have the memory to evict this to",
		.run = run_evict,
	},
	[WORK_FORK] = {
		.metrics = { "fork" },
		.what = { "fork(), and the parent's write to every page after the child ended" },
		.not_for = "it shows nothing that another way does not",
		.largest = GIB(1),
		.too_large = "the cost grows as up to there",
		.run = run_fork,
	},
	[WORK_TWO_THREADS] = {
		.metrics = { "two-threads-one-bo" },
		.what = { "first write to every page by two threads, half each" },
		.not_for = "it shows nothing that another way does not",
		.largest = GIB(1),
		.too_large = "the cost grows as up to there",
		.run = run_two_threads,
	},
	[WORK_TWO_BOS] = {
		.metrics = { "two-threads-two-bos" },
		.what = { "first write to every page by two threads, a BO each" },
		.not_for = "it shows nothing that another way does not",
		.largest = GIB(1),
		.too_large = "the cost grows as up to there",
		.run = run_two_bos,
	},
	[WORK_SMALL_BOS] = {
		.metrics = { "small-bos" },
		.what = { "mmap() of 4,096 BOs, a write to every page, munmap()" },
		.not_for = "it does not have 4,096 BOs",
		.sizes = small_sizes,
		.run = run_small_bos,
	},
	[WORK_CREATE_MIXED] = {
		.metrics = { "create-mixed" },
		.what = {
			"making the last 1,000 of 24,000 BOs, of which 12,000 were of 20 KiB",
		},
		.not_for = "how it is mapped makes no difference to its creation",
		.sizes = mixed_sizes,
		.run = run_create_mixed,
	},
	[WORK_CREATE_MIXED_IOCTL] = {
		.metrics = { "create-mixed-ioctl" },
		.what = { "the same by bigbar's ioctl, which also clears VRAM" },
		.not_for = "how it is mapped makes no difference to bigbar's ioctl",
		.sizes = mixed_sizes,
		.run = run_create_mixed_ioctl,
	},
	[WORK_STAGING] = {
		.metrics = { "staging" },
		.what = {
			"a staging buffer's use: mmap(), a write to and a read of every page, munmap()",
		},
		.not_for = "programs do not upload by it, or another way shows the same",
		.sizes = staging_sizes,
		.run = run_staging,
	},
	[WORK_TAKE] = {
		.metrics = { "take-dense", "take-sparse", "take-clean" },
		.what = {
			"taking the record of writes when every page has been written",
			"the same when random 1 % have been",
			"the same when none has been",
		},
		.not_for = "its writes are not recorded",
		.run = run_take,
	},
	[WORK_PREFAULT] = {
		.metrics = { "prefault" },
		.what = { "mapping all of it ahead of use by one ioctl, after mmap()" },
		.not_for = ONLY_PREFAULT,
		.run = run_prefault,
	},
	[WORK_PREFAULT_TIMER] = {
		.metrics = { "prefault-timer" },
		.what = { "the same while a signal comes each millisecond" },
		.not_for = "only PTEs take so long that a signal comes",
		.sizes = timer_sizes,
		.run = run_prefault_timer,
	},
};

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../igt_shim.h"
#include "file.h"
#include "page_table.h"
#include "random.h"
#include "remap.h"
#include "stress.h"
#include "subtest.h"

#define MAX_LEVEL "/sys/module/ttm_huge/parameters/max_level"

/* Addresses for those mappings of an actor that are not to be aligned. */
#define ARENA_SIZE GIB(2)
/* Most mappings of a large buffer object are not larger than this. */
#define PART_PAGES (MIB(8) / HUGE_PAGE_SIZE)
/* A large buffer object is moved only one in so many times, because a move takes seconds. */
#define LARGE_MOVES 64
#define RECORD_WORDS (GIB(1) / HUGE_PAGE_SIZE / 64)

/**
 * struct actor - one thread
 * @stage: what all share
 * @crew: the process that it is a thread of
 * @number: its number among all actors
 * @step: number of the step
 * @doing: name of the action
 * @choices: random choices of this step
 * @tally: its counts
 * @arena: its addresses, ARENA_SIZE bytes
 * @record: the last record of writes that it took
 */
struct actor {
	struct stress_stage *stage;
	struct crew *crew;
	int number;
	uint64_t step;
	const char *doing;
	struct choices choices;
	struct stress_tally *tally;
	char *arena;
	uint64_t record[RECORD_WORDS];
};

/**
 * struct crew - one process
 * @windows: each buffer object mapped as a whole, for all its actors
 * @page_tables: the device's dump
 * @levels: where the driver counts entries, if it does
 * @memory: the process's memory as a file
 */
struct crew {
	struct stress_stage *stage;
	char *windows[STRESS_MAX_BOS];
	struct huge_path page_tables;
	struct huge_path levels;
	int memory;
	struct actor actors[STRESS_CREW_ACTORS];
};

/* A part of a buffer object that is mapped. */
struct view {
	unsigned int bo;
	char *address;
	uint64_t first_page;
	uint64_t pages;
	bool is_writable;
};

static bool is_unplugged(const struct actor *actor)
{
	return __atomic_load_n(&actor->stage->is_unplugged, __ATOMIC_SEQ_CST);
}

static bool is_over(const struct actor *actor)
{
	return __atomic_load_n(&actor->stage->stop, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&actor->stage->complaints, __ATOMIC_RELAXED);
}

__attribute__((format(printf, 2, 3)))
static void complain(const struct actor *actor, const char *format, ...)
{
	struct stress_stage *stage = actor->stage;
	va_list arguments;
	int used;

	if (__atomic_fetch_add(&stage->complaints, 1, __ATOMIC_SEQ_CST))
		return;
	used = snprintf(stage->complaint, sizeof(stage->complaint),
			"seed %" PRIu64 " round %" PRIu64 " actor %d step %" PRIu64 " (%s): ",
			stage->seed, stage->round, actor->number, actor->step, actor->doing);
	va_start(arguments, format);
	vsnprintf(stage->complaint + used, sizeof(stage->complaint) - used, format, arguments);
	va_end(arguments);
}

/* Checks the error of a call to the device; returns whether the call succeeded. */
static bool succeeded(const struct actor *actor, const char *call, int error)
{
	if (!error)
		return true;
	if (error == ENOMEM)
		actor->tally->refused++;
	else if (error != ENODEV || !is_unplugged(actor))
		complain(actor, "%s: %s\n", call, strerror(error));
	return false;
}

/* A sigjmp_buf, to which a signal during an access to memory jumps. */
static __thread void *landing;

static void land(int signal)
{
	if (landing)
		siglongjmp(*(sigjmp_buf *)landing, signal);
	_exit(128 + signal);
}

static uint64_t choose_of(struct actor *actor, uint64_t count)
{
	return choose(&actor->choices, count);
}

/* Chooses the first, which is the largest, often enough, and other large ones rarely. */
static unsigned int choose_bo(struct actor *actor)
{
	const struct stress_stage *stage = actor->stage;
	unsigned int bo = choose_of(actor, stage->bo_count);
	unsigned int other = choose_of(actor, stage->bo_count);

	if (!choose_of(actor, 8))
		return 0;
	return stage->bos[bo].is_large ? other : bo;
}

static bool owns(const struct actor *actor, unsigned int bo, uint32_t page)
{
	return (page + bo) % STRESS_ACTORS == (unsigned int)actor->number;
}

static void check_word(struct actor *actor, unsigned int bo, const struct tagged_word *found)
{
	const struct tagged *tagged = &actor->stage->tagged[bo];

	/* If is_unplugged is not set now, it was not set when the word was read. */
	if (is_unplugged(actor) ? tagged_is_own(tagged, found) : tagged_is_right(tagged, found)) {
		actor->tally->bytes_verified += sizeof(found->value);
		return;
	}
	__atomic_fetch_add(&actor->stage->mismatches, 1, __ATOMIC_SEQ_CST);
	complain(actor, "bo %u (id %#x, %" PRIu64 " KiB), page %" PRIu64 ", word %u: %#" PRIx64
		 ", expected generation %u to %u\n", bo, tagged->id,
		 actor->stage->bos[bo].bo.size / 1024, found->page * tagged->stride, found->word,
		 found->value, found->done, found->announced);
}

static void check_page(struct actor *actor, unsigned int bo, uint32_t page, const char *address)
{
	for (uint32_t word = 0; word < TAGGED_WORDS; word++) {
		struct tagged_word found = tagged_read(&actor->stage->tagged[bo], page, word,
						       address);

		check_word(actor, bo, &found);
	}
}

static void touch_page(struct actor *actor, const struct view *view, uint32_t page)
{
	struct tagged *tagged = &actor->stage->tagged[view->bo];
	char *address = view->address + (page * tagged->stride - view->first_page) *
			HUGE_PAGE_SIZE;
	sigjmp_buf here;
	int signal = sigsetjmp(here, 1);

	if (signal) {
		landing = NULL;
		/* A range that could not be mapped again after unplug has become a hole. */
		if (signal != SIGSEGV || !is_unplugged(actor))
			complain(actor, "bo %u, page %" PRIu64 " at %p: %s\n", view->bo,
				 page * tagged->stride, address, strsignal(signal));
		return;
	}
	landing = &here;
	check_page(actor, view->bo, page, address);
	if (view->is_writable && owns(actor, view->bo, page)) {
		tagged_write(tagged, page, address);
		actor->tally->bytes_written += TAGGED_BYTES;
		check_page(actor, view->bo, page, address);
	}
	landing = NULL;
}

/* Touches some consecutive tagged pages of a view. */
static void touch(struct actor *actor, const struct view *view)
{
	const struct tagged *tagged = &actor->stage->tagged[view->bo];
	uint32_t first = (view->first_page + tagged->stride - 1) / tagged->stride;
	uint32_t end = (view->first_page + view->pages + tagged->stride - 1) / tagged->stride;
	uint32_t count = 1 + choose_of(actor, 16);

	if (first >= end)
		return;
	first += choose_of(actor, end - first);
	for (uint32_t page = first; page < end && count && !is_over(actor); page++, count--)
		touch_page(actor, view, page);
}

static struct view window_of(const struct actor *actor, unsigned int bo)
{
	return (struct view){
		.bo = bo,
		.address = actor->crew->windows[bo],
		.pages = actor->stage->bos[bo].bo.size / HUGE_PAGE_SIZE,
		.is_writable = true,
	};
}

static void act_touch(struct actor *actor)
{
	struct view view = window_of(actor, choose_bo(actor));

	touch(actor, &view);
}

static struct view choose_part(struct actor *actor, unsigned int bo)
{
	uint64_t pages = actor->stage->bos[bo].bo.size / HUGE_PAGE_SIZE;
	struct view part = window_of(actor, bo);
	bool whole = !choose_of(actor, actor->stage->bos[bo].is_large ? 16 : 3);
	uint64_t start = choose_of(actor, pages), most = pages - start;

	if (whole)
		return part;
	part.first_page = start;
	part.pages = 1 + choose_of(actor, most < PART_PAGES ? most : PART_PAGES);
	part.address += start * HUGE_PAGE_SIZE;
	return part;
}

static uint64_t length_of(const struct view *view)
{
	return view->pages * HUGE_PAGE_SIZE;
}

static uint64_t offset_of(const struct actor *actor, const struct view *view)
{
	return actor->stage->bos[view->bo].bo.offset + view->first_page * HUGE_PAGE_SIZE;
}

/* A place in the arena, most often not aligned to anything. */
static char *choose_place(struct actor *actor, const struct view *view)
{
	uint64_t places = (ARENA_SIZE - length_of(view)) / HUGE_PAGE_SIZE;

	return actor->arena + choose_of(actor, places) * HUGE_PAGE_SIZE;
}

static bool is_in_arena(const struct actor *actor, const char *address)
{
	return address >= actor->arena && address < actor->arena + ARENA_SIZE;
}

/* The arena stays reserved: else the kernel could place another thread's mapping there. */
static void unmap(struct actor *actor, char *address, uint64_t length)
{
	void *result = MAP_FAILED;

	if (!is_in_arena(actor, address)) {
		if (!munmap(address, length))
			return;
	} else {
		result = mmap(address, length, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	}
	if (result == MAP_FAILED)
		complain(actor, "munmap: %s\n", strerror(errno));
}

static bool map(struct actor *actor, struct view *view)
{
	int prot = view->is_writable ? PROT_READ | PROT_WRITE : PROT_READ;
	char *place = choose_of(actor, 2) ? choose_place(actor, view) : NULL;
	int flags = place ? MAP_SHARED | MAP_FIXED : MAP_SHARED;
	char *address = mmap(place, length_of(view), prot, flags,
			     actor->stage->bos[view->bo].bo.fd, offset_of(actor, view));

	if (address != MAP_FAILED) {
		view->address = address;
		return true;
	}
	succeeded(actor, "mmap", errno);
	/* The kernel may have removed the reservation before the driver refused. */
	if (place)
		unmap(actor, place, length_of(view));
	return false;
}

static void remap_elsewhere(struct actor *actor, struct view *view)
{
	char *place = choose_place(actor, view);

	if (is_in_arena(actor, view->address))
		return;
	if (mremap(view->address, length_of(view), length_of(view), MREMAP_MAYMOVE | MREMAP_FIXED,
		   place) == MAP_FAILED) {
		complain(actor, "mremap: %s\n", strerror(errno));
		return;
	}
	view->address = place;
	actor->tally->remaps++;
	touch(actor, view);
}

static void protect(struct actor *actor, struct view *view, bool is_writable)
{
	if (mprotect(view->address, length_of(view),
		     is_writable ? PROT_READ | PROT_WRITE : PROT_READ)) {
		complain(actor, "mprotect: %s\n", strerror(errno));
		return;
	}
	view->is_writable = is_writable;
	actor->tally->protections++;
	touch(actor, view);
}

/* Returns the front part of a view, which keeps the rest. */
static struct view split(struct actor *actor, struct view *view)
{
	struct view front = *view;

	front.pages = 1 + choose_of(actor, view->pages - 1);
	view->address += length_of(&front);
	view->first_page += front.pages;
	view->pages -= front.pages;
	return front;
}

/* A mapping that only this actor uses, from mmap() to munmap(). */
static void act_map(struct actor *actor)
{
	struct view view = choose_part(actor, choose_bo(actor)), front;

	view.is_writable = choose_of(actor, 4);
	if (!map(actor, &view))
		return;
	actor->tally->mappings++;
	touch(actor, &view);
	if (!choose_of(actor, 3))
		remap_elsewhere(actor, &view);
	if (view.pages > 1) {
		front = split(actor, &view);
		if (choose_of(actor, 2)) {
			protect(actor, &front, false);
			protect(actor, &front, true);
		}
		unmap(actor, front.address, length_of(&front));
	}
	touch(actor, &view);
	unmap(actor, view.address, length_of(&view));
}

/* Maps a range again over itself: at no time do the other threads find it unmapped. */
static void act_renew(struct actor *actor)
{
	struct view part = choose_part(actor, choose_bo(actor));

	if (is_unplugged(actor))
		return;
	if (ttm_huge_remap(part.address, length_of(&part), PROT_READ | PROT_WRITE,
			   actor->stage->bos[part.bo].bo.fd, offset_of(actor, &part)))
		succeeded(actor, "mmap over itself", errno);
	else
		actor->tally->remaps++;
	touch(actor, &part);
}

static void act_advise(struct actor *actor)
{
	struct view part = choose_part(actor, choose_bo(actor));
	int advice = choose_of(actor, 2) ? MADV_RANDOM : MADV_NORMAL;

	if (madvise(part.address, length_of(&part), advice) && !is_unplugged(actor))
		complain(actor, "madvise: %s\n", strerror(errno));
	touch(actor, &part);
}

static void act_prefault(struct actor *actor)
{
	unsigned int bo = choose_bo(actor);
	struct view part = choose_part(actor, bo);
	uint64_t done;
	int error = huge_prefault(actor->stage->bos[bo].bo.fd, part.address, length_of(&part),
				  &done);

	/* See touch_page(): there may be holes. */
	if (is_unplugged(actor) && (error == ENOMEM || error == EINVAL))
		return;
	if (error == ENOMEM)
		complain(actor, "prefault: %s\n", strerror(error));
	else if (succeeded(actor, "prefault", error))
		actor->tally->prefaults++;
	if (!error && done != length_of(&part))
		complain(actor, "prefault: %" PRIu64 " bytes of %" PRIu64 "\n", done,
			 length_of(&part));
	touch(actor, &part);
}

/* The child has the parent's mappings, and writes in its place. */
static void act_fork(struct actor *actor)
{
	unsigned int rounds = 1 + choose_of(actor, 4);
	int status;
	pid_t child = fork();

	if (!child) {
		while (rounds--)
			act_touch(actor);
		_exit(0);
	}
	if (child < 0) {
		complain(actor, "fork: %s\n", strerror(errno));
		return;
	}
	if (waitpid(child, &status, 0) != child || status)
		complain(actor, "a child ended with status %#x\n", status);
	actor->tally->forks++;
}

static void act_move(struct actor *actor)
{
	unsigned int bo = choose_bo(actor);
	enum huge_placement placement = choose_of(actor, 2) ? HUGE_VRAM : HUGE_SYSTEM;
	const struct stress_bo *chosen = &actor->stage->bos[bo];

	if (!chosen->is_movable || (chosen->is_large && choose_of(actor, LARGE_MOVES)))
		return;
	if (succeeded(actor, "move", huge_bo_try_move(&chosen->bo, placement)))
		actor->tally->moves++;
}

static bool choose_tracked(struct actor *actor, unsigned int *bo)
{
	unsigned int first = choose_of(actor, actor->stage->bo_count);

	for (unsigned int i = 0; i < actor->stage->bo_count; i++) {
		*bo = (first + i) % actor->stage->bo_count;
		if (actor->stage->bos[*bo].tracker == actor->number)
			return true;
	}
	return false;
}

static bool is_recorded(const struct actor *actor, uint64_t page)
{
	return actor->record[page / 64] >> page % 64 & 1;
}

/* A part of the record, which begins at a word. */
struct window {
	uint64_t first;
	uint64_t pages;
};

static bool is_in(const struct window *window, uint64_t page)
{
	return page >= window->first && page - window->first < window->pages;
}

static struct window choose_window(struct actor *actor, uint64_t pages)
{
	struct window window = { .first = choose_of(actor, (pages + 63) / 64) * 64 };

	window.pages = 1 + choose_of(actor, pages - window.first);
	return window;
}

/* Returns whether the record could be taken; checks whether it has the page. */
static bool take(struct actor *actor, unsigned int bo, const struct window *window, uint64_t page,
		 bool is_written)
{
	const struct huge_bo *tracked = &actor->stage->bos[bo].bo;

	if (!succeeded(actor, "record", huge_dirty_try_take(tracked, window->first, window->pages,
							    actor->record)))
		return false;
	actor->tally->records++;
	if (is_in(window, page) && is_recorded(actor, page - window->first) != is_written &&
	    !is_unplugged(actor))
		complain(actor, "bo %u, page %" PRIu64 ": %s, record of %" PRIu64 " pages from %"
			 PRIu64 "\n", bo, page,
			 is_written ? "written and not recorded" : "recorded and not written",
			 window->pages, window->first);
	return true;
}

/* No other actor writes the page, or takes the record. */
static void write_and_take(struct actor *actor, const struct view *view, uint32_t page)
{
	uint64_t at = page * actor->stage->tagged[view->bo].stride;
	const struct window all = { .pages = view->pages };
	struct window window;

	for (int round = 0; round < 2; round++) {
		window = choose_window(actor, view->pages);
		touch_page(actor, view, page);
		if (!take(actor, view->bo, &window, at, true))
			return;
	}
	/* A page outside the last window is still in the record. */
	take(actor, view->bo, &all, at, !is_in(&window, at));
}

/* Tracks writes; the actor's own writes must be in the record. */
static void act_track(struct actor *actor)
{
	const struct tagged *tagged;
	struct view view;
	unsigned int bo;
	uint32_t page;
	const struct huge_bo *tracked;

	if (!choose_tracked(actor, &bo))
		return;
	tagged = &actor->stage->tagged[bo];
	tracked = &actor->stage->bos[bo].bo;
	view = window_of(actor, bo);
	/* The first page after a random one that the actor owns. */
	page = choose_of(actor, tagged->pages);
	while (page < tagged->pages && !owns(actor, bo, page))
		page++;
	if (page == tagged->pages ||
	    !succeeded(actor, "start of tracking", huge_dirty_try_start(tracked)))
		return;
	write_and_take(actor, &view, page);
	if (choose_of(actor, 2))
		succeeded(actor, "end of tracking", huge_dirty_try_stop(tracked));
}

/* Reads a word as a debugger does. */
static void act_peek(struct actor *actor)
{
	unsigned int bo = choose_bo(actor);
	const struct tagged *tagged = &actor->stage->tagged[bo];
	uint32_t page = choose_of(actor, tagged->pages), word = choose_of(actor, TAGGED_WORDS);
	uint64_t at = page * tagged->stride * HUGE_PAGE_SIZE + word * HUGE_PAGE_SIZE / TAGGED_WORDS;
	struct tagged_word found = { .page = page, .word = word };

	found.done = __atomic_load_n(&tagged->generations[page].done, __ATOMIC_SEQ_CST);
	if (pread(actor->crew->memory, &found.value, sizeof(found.value),
		  (uintptr_t)actor->crew->windows[bo] + at) != sizeof(found.value)) {
		if (!is_unplugged(actor))
			complain(actor, "/proc/self/mem: %s\n", strerror(errno));
		return;
	}
	found.announced = __atomic_load_n(&tagged->generations[page].announced, __ATOMIC_SEQ_CST);
	check_word(actor, bo, &found);
}

static void read_all(int fd)
{
	char buffer[4096];

	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	close(fd);
}

/* The files may be gone after unplug. */
static void act_observe(struct actor *actor)
{
	int fd;

	if (!choose_of(actor, 4))
		fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	else
		fd = open(actor->crew->page_tables.text, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		read_all(fd);
}

static void act_ask(struct actor *actor)
{
	const struct huge_bo *bo = &actor->stage->bos[choose_bo(actor)].bo;
	struct huge_bo_info info;
	char asked[32];

	snprintf(asked, sizeof(asked), "%d %u", bo->fd, bo->handle);
	write_file(actor->crew->levels.text, asked);

	if (succeeded(actor, "info", huge_bo_try_info(bo, &info)) && info.size != bo->size)
		complain(actor, "info: size %" PRIu64 ", not %" PRIu64 "\n", info.size, bo->size);
}

static void act_policy(struct actor *actor)
{
	static const char * const levels[] = { "pud", "pud", "pmd", "pte", "off" };
	int error = write_file(MAX_LEVEL, levels[choose_of(actor, COUNT_OF(levels))]);

	if (error)
		complain(actor, "max_level: %s\n", strerror(error));
	actor->tally->policies++;
}

static bool page_is_zero(const volatile uint64_t *page)
{
	for (unsigned int i = 0; i < HUGE_PAGE_SIZE / sizeof(*page); i++) {
		if (page[i])
			return false;
	}
	return true;
}

static void check_new(struct actor *actor, const struct huge_bo *bo, char *address)
{
	sigjmp_buf here;
	int signal = sigsetjmp(here, 1);

	if (signal) {
		landing = NULL;
		complain(actor, "a new buffer object: %s\n", strsignal(signal));
		return;
	}
	landing = &here;
	for (int i = 0; i < 8; i++) {
		uint64_t page = choose_of(actor, bo->size / HUGE_PAGE_SIZE);
		volatile uint64_t *words = (uint64_t *)(address + page * HUGE_PAGE_SIZE);

		if (!page_is_zero(words) && !is_unplugged(actor)) {
			__atomic_fetch_add(&actor->stage->mismatches, 1, __ATOMIC_SEQ_CST);
			complain(actor, "page %" PRIu64 " of a new buffer object is not zero\n",
				 page);
		}
		actor->tally->bytes_verified += HUGE_PAGE_SIZE;
	}
	/* So that the next user of this memory would see it if it were not cleared. */
	for (uint64_t at = 0; at < bo->size; at += HUGE_PAGE_SIZE)
		*(volatile uint64_t *)(address + at) = UINT64_MAX;
	landing = NULL;
}

/* Buffer objects that no actor moves were in VRAM: those that are not any more were evicted. */
static void bring_back_evicted(struct actor *actor)
{
	for (unsigned int i = 0; i < actor->stage->bo_count && !is_over(actor); i++) {
		const struct stress_bo *bo = &actor->stage->bos[i];
		enum huge_placement placement;

		if (bo->is_movable)
			continue;
		if (!succeeded(actor, "info", huge_bo_try_placement(&bo->bo, &placement)))
			return;
		if (placement == HUGE_VRAM)
			continue;
		if (succeeded(actor, "move back", huge_bo_try_move(&bo->bo, HUGE_VRAM)))
			actor->tally->evictions++;
	}
}

/* A buffer object that VRAM has no room for. */
static void act_press(struct actor *actor)
{
	static const unsigned int flags[] = { 0, HUGE_CONTIGUOUS, HUGE_SINGLE_PAGES,
					      HUGE_TRACKABLE, HUGE_SYSTEM_WC };
	uint64_t size = MIB(1 + choose_of(actor, 16)) - KIB(4) * choose_of(actor, 4);
	int fd = actor->stage->bos[0].bo.fd, error;
	struct huge_bo_info info;
	struct huge_bo bo;
	char *address;

	/* Uses the largest one, so that it is not evicted first. */
	huge_bo_try_info(&actor->stage->bos[0].bo, &info);
	error = huge_bo_try_create(fd, size, HUGE_VRAM, flags[choose_of(actor, COUNT_OF(flags))],
				   &bo);
	if (!succeeded(actor, "create", error))
		return;
	address = mmap(NULL, bo.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, bo.offset);
	if (address != MAP_FAILED) {
		check_new(actor, &bo, address);
		munmap(address, bo.size);
	} else {
		succeeded(actor, "mmap", errno);
	}
	succeeded(actor, "close", huge_bo_try_destroy(&bo));
	if (choose_of(actor, 2))
		bring_back_evicted(actor);
}

/* How often an actor chooses each action, by its place in the crew. */
static const struct {
	const char *name;
	void (*act)(struct actor *actor);
	unsigned int weights[STRESS_CREW_ACTORS];
} actions[] = {
	{ "touch", act_touch, { 60, 40, 20, 10 } },
	{ "map", act_map, { 20, 30, 5, 5 } },
	{ "renew", act_renew, { 3, 5, 2, 0 } },
	{ "advise", act_advise, { 2, 3, 0, 0 } },
	{ "prefault", act_prefault, { 5, 5, 0, 2 } },
	{ "fork", act_fork, { 2, 1, 0, 1 } },
	{ "move", act_move, { 1, 1, 40, 0 } },
	{ "track", act_track, { 3, 3, 10, 3 } },
	{ "peek", act_peek, { 2, 2, 2, 10 } },
	{ "observe", act_observe, { 0, 0, 0, 3 } },
	{ "ask", act_ask, { 1, 1, 2, 5 } },
	{ "policy", act_policy, { 0, 0, 0, 5 } },
	/* Only by one actor of one crew, so that the count of evictions is right. */
	{ "press", act_press, { 0, 0, 0, 20 } },
};

static void act(struct actor *actor)
{
	int place = actor->number % STRESS_CREW_ACTORS;
	unsigned int sum = 0, chosen, i;

	for (i = 0; i < COUNT_OF(actions); i++)
		sum += actions[i].weights[place];
	chosen = choose_of(actor, sum);
	for (i = 0; chosen >= actions[i].weights[place]; i++)
		chosen -= actions[i].weights[place];
	if (actions[i].act == act_press && actor->number != place)
		return;
	actor->doing = actions[i].name;
	actions[i].act(actor);
}

static void *play(void *argument)
{
	struct actor *actor = argument;
	uint64_t who = actor->stage->round * STRESS_ACTORS + actor->number;

	for (actor->step = 0; !is_over(actor); actor->step++) {
		actor->choices = choices_of(actor->stage->seed, who, actor->step);
		act(actor);
		actor->tally->steps++;
	}
	return NULL;
}

static bool map_windows(struct crew *crew)
{
	for (unsigned int i = 0; i < crew->stage->bo_count; i++) {
		const struct huge_bo *bo = &crew->stage->bos[i].bo;

		crew->windows[i] = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, bo->fd,
					bo->offset);
		if (crew->windows[i] == MAP_FAILED)
			return false;
	}
	return true;
}

static bool cast(struct crew *crew, int number)
{
	for (int i = 0; i < STRESS_CREW_ACTORS; i++) {
		struct actor *actor = &crew->actors[i];

		actor->stage = crew->stage;
		actor->crew = crew;
		actor->number = number * STRESS_CREW_ACTORS + i;
		actor->tally = &crew->stage->tallies[actor->number];
		actor->doing = "nothing yet";
		actor->arena = mmap(NULL, ARENA_SIZE, PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (actor->arena == MAP_FAILED)
			return false;
	}
	return true;
}

static void catch_signals(void)
{
	struct sigaction catch = { .sa_handler = land, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &catch, NULL);
	sigaction(SIGBUS, &catch, NULL);
	signal(SIGTERM, SIG_DFL);
}

void stress_crew(struct stress_stage *stage, int crew_number)
{
	static struct crew crew;
	pthread_t threads[STRESS_CREW_ACTORS];

	crew.stage = stage;
	crew.page_tables = huge_debugfs(stage->bos[0].bo.fd, PAGE_TABLES);
	crew.levels = huge_debugfs(stage->bos[0].bo.fd, LEVELS);
	crew.memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	catch_signals();
	if (!cast(&crew, crew_number) || crew.memory < 0 || !map_windows(&crew)) {
		complain(&crew.actors[0], "a crew cannot begin: %s\n", strerror(errno));
		_exit(1);
	}
	for (int i = 0; i < STRESS_CREW_ACTORS; i++) {
		if (pthread_create(&threads[i], NULL, play, &crew.actors[i]))
			_exit(1);
	}
	for (int i = 0; i < STRESS_CREW_ACTORS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

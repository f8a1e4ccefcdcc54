// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

#define CLOCK_CHECK_TRIES	5

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/*
 * Returns how long a known number of instructions takes. FPATAN is slow on every
 * processor, and slower when emulated. Only a clock that counts instructions takes
 * it for an instruction like any other.
 */
static uint64_t known_instructions_ns(void)
{
	uint64_t left = CLOCK_CHECK_ITERATIONS;
	uint64_t start = now_ns();

	asm volatile("1:	fldpi\n"
		     "	fld1\n"
		     "	fpatan\n"
		     "	fstp	%%st(0)\n"
		     "	decq	%0\n"
		     "	jnz	1b\n"
		     : "+r" (left) : : "st", "st(1)", "cc");
	return now_ns() - start;
}

/* Takes the least of some tries, because the instructions of interrupts count, too. */
uint64_t clock_check_ns(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < CLOCK_CHECK_TRIES; i++) {
		uint64_t ns = known_instructions_ns();

		if (ns < least)
			least = ns;
	}
	return least;
}

/* The limits allow for timer ticks in the loop, whose instructions count, too. */
bool counts_instructions(uint64_t clock_check_ns)
{
	return clock_check_ns < CLOCK_CHECK_INSTRUCTIONS * 1.1 &&
	       clock_check_ns > CLOCK_CHECK_INSTRUCTIONS * 0.9;
}

/* Ticks come at multiples of 1, 4 or 10 ms: this is a multiple of all of them. */
#define TICK_GRID_NS		20000000ULL
#define BEHIND_TICK_NS		100000ULL

static void sleep_until(uint64_t ns)
{
	const struct timespec until = {
		.tv_sec = ns / 1000000000,
		.tv_nsec = ns % 1000000000,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

static void sleep_to_tick(uint64_t ns)
{
	uint64_t earliest = now_ns() + ns;

	sleep_until(earliest - earliest % TICK_GRID_NS + TICK_GRID_NS + BEHIND_TICK_NS);
}

void wait_for_tick(void)
{
	sleep_to_tick(0);
}

void settle(void)
{
	sleep_to_tick(1000000000);
}

uint64_t minor_faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		err(EXIT_FAILURE, "cannot count faults");
	return usage.ru_minflt;
}

void fail_if_locked_down(const char *what)
{
	if (errno == EPERM)
		errx(EXIT_FAILURE, "the kernel is locked down and refuses %s: boot it unlocked",
		     what);
}

int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		err(EXIT_FAILURE, "cannot open %s", path);
	return fd;
}

int open_status(void)
{
	return open_file("/proc/self/status", O_RDONLY);
}

uint64_t page_table_bytes(int status_fd)
{
	static const char field[] = "\nVmPTE:";
	char status[8192];
	const char *found;
	ssize_t length = pread(status_fd, status, sizeof(status) - 1, 0);

	if (length < 0)
		err(EXIT_FAILURE, "cannot read /proc/self/status");
	status[length] = '\0';
	found = strstr(status, field);
	if (!found)
		errx(EXIT_FAILURE, "no VmPTE in /proc/self/status");
	return strtoull(found + strlen(field), NULL, 10) * 1024;
}

uint64_t touched_content(uint64_t page, unsigned int word, unsigned int factor)
{
	return (page + 1) * factor + word;
}

/* In a file of its own, so that the subtracted loop is the same code as the timed loop. */
void touch_pages(uint64_t *map, uint64_t pages, unsigned int word, unsigned int factor)
{
	volatile uint64_t *words = map;

	for (uint64_t page = 0; page < pages; page++)
		words[page * WORDS_PER_PAGE + word] = touched_content(page, word, factor);
}

void check_pages(const uint64_t *map, uint64_t pages, unsigned int word, unsigned int factor)
{
	const volatile uint64_t *words = map;

	for (uint64_t page = 0; page < pages; page++) {
		uint64_t wrote = touched_content(page, word, factor);
		uint64_t found = words[page * WORDS_PER_PAGE + word];

		if (found != wrote)
			errx(EXIT_FAILURE, "page %lu, word %u: wrote %#lx, read back %#lx",
			     page, word, wrote, found);
	}
}

void unmap_bytes(void *map, uint64_t size)
{
	if (size && munmap(map, size))
		err(EXIT_FAILURE, "cannot unmap %lu bytes", size);
}

uint64_t parse_size(const char *text)
{
	static const char suffixes[] = "KMG";
	unsigned int shift = 0;
	const char *suffix;
	uint64_t size;
	char *end;

	errno = 0;
	size = strtoull(text, &end, 10);
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix) {
		shift = 10 * (suffix - suffixes + 1);
		end++;
	}
	if (errno || end == text || *end || *text == '-' ||
	    !size || size > ULLONG_MAX >> shift)
		errx(EXIT_FAILURE, "not a size: %s", text);
	return size << shift;
}

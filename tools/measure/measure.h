/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions to measure what a mapping costs: time, faults, page tables, and the
 * loops that touch pages. All functions end the program with a message if they fail.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define KIB(n)			((uint64_t)(n) << 10)
#define MIB(n)			((uint64_t)(n) << 20)
#define GIB(n)			((uint64_t)(n) << 30)

#define TOUCHED_PAGE_SIZE	4096
#define WORDS_PER_PAGE		(TOUCHED_PAGE_SIZE / sizeof(uint64_t))
#define LOOP_PASSES		5

uint64_t now_ns(void);

/* The number of instructions that the loop of clock_check_ns() executes. */
#define CLOCK_CHECK_ITERATIONS	200000
#define CLOCK_CHECK_INSTRUCTIONS (6 * CLOCK_CHECK_ITERATIONS)

/* The ns that they take: as many as instructions, if the clock counts instructions. */
uint64_t clock_check_ns(void);
bool counts_instructions(uint64_t clock_check_ns);

/*
 * Waits until RCU has freed the page tables of an earlier munmap(), and then until
 * just after a timer tick, so that the next tick comes as late as possible.
 */
void settle(void);
/* Only waits until just after a timer tick. */
void wait_for_tick(void);

uint64_t minor_faults(void);

/* The page tables of all levels except the top one: VmPTE counts PUD tables as well. */
int open_status(void);
uint64_t page_table_bytes(int status_fd);

/*
 * touch_pages() writes (page + 1) * @factor + @word to that word of each page, which
 * differs from page to page, and is never zero, unlike new memory.
 */
uint64_t touched_content(uint64_t page, unsigned int word, unsigned int factor);
void touch_pages(uint64_t *map, uint64_t pages, unsigned int word, unsigned int factor);
/* Ends the program if a page does not have what touch_pages() has written. */
void check_pages(const uint64_t *map, uint64_t pages, unsigned int word, unsigned int factor);

void unmap_bytes(void *map, uint64_t size);

/* Parses a number of bytes, which may end in K, M or G. */
uint64_t parse_size(const char *text);

int open_file(const char *path, int flags);

/* Ends the program if errno says that lockdown made the last call of root fail. */
void fail_if_locked_down(const char *what);

#endif

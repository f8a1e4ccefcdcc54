/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measuring what a mapping costs: time, faults, page tables, and the loops that
 * touch pages. Everything ends the program with a message if it fails.
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

/* How many instructions the loop of clock_check_ns() has. */
#define CLOCK_CHECK_ITERATIONS	200000
#define CLOCK_CHECK_INSTRUCTIONS (6 * CLOCK_CHECK_ITERATIONS)

/* How long they take; as many nanoseconds if the clock counts instructions. */
uint64_t clock_check_ns(void);
bool counts_instructions(uint64_t clock_check_ns);

/*
 * Wait until an earlier munmap() has had its page tables freed, by RCU, and then
 * for the moment behind a timer tick, so that what follows is not interrupted
 * before it is due again.
 */
void settle(void);
/* Only the second of both. */
void wait_for_tick(void);

uint64_t minor_faults(void);

/* Page tables of all levels but the top one: VmPTE counts PUD tables as well. */
int open_status(void);
uint64_t page_table_bytes(int status_fd);

/*
 * Writes (page + 1) * @factor + @word to that word of each page: different for
 * each page, and never the zero of new memory.
 */
uint64_t touched_content(uint64_t page, unsigned int word, unsigned int factor);
void touch_pages(uint64_t *map, uint64_t pages, unsigned int word, unsigned int factor);

void unmap_bytes(void *map, uint64_t size);
/* An aligned range of addresses that MAP_FIXED may replace. */
uint64_t *reserve_addresses(uint64_t size, uint64_t alignment);

/* Bytes, with K, M or G behind them perhaps. */
uint64_t parse_size(const char *text);

int open_file(const char *path, int flags);

/* Ends the program if that is why a call has just failed, as errno tells root. */
void fail_if_locked_down(const char *what);

#endif

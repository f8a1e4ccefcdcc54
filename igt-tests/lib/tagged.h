/* SPDX-License-Identifier: MIT */
/*
 * Tagged pages: words that say to which page of which buffer object they belong
 * and by which write they came, so that whoever reads them at any time, while they
 * are written and moved, can tell right from wrong.
 *
 * Each page has one writer. It announces a generation, writes its words, and says
 * when that is done. A reader notes what is done before it looks, and what is
 * announced after: the word must be of a generation in between.
 */
#ifndef TAGGED_H
#define TAGGED_H

#include <stdbool.h>
#include <stdint.h>

/* In each page, spread evenly. */
#define TAGGED_WORDS 8
#define TAGGED_BYTES (TAGGED_WORDS * sizeof(uint64_t))

#define TAGGED_MAX_PAGES 512

/**
 * struct tagged - the tagged pages of a buffer object, in memory that all share
 * @id: of the buffer object, not used again soon; less than 2^24
 * @pages: how many pages are tagged, at most TAGGED_MAX_PAGES
 * @stride: distance of those pages in the buffer object, in pages
 * @generations: of each page
 */
struct tagged {
	uint32_t id;
	uint32_t pages;
	uint64_t stride;
	struct {
		uint32_t announced;
		uint32_t done;
	} generations[TAGGED_MAX_PAGES];
};

/* Those of a buffer object that reads as zero. */
void tagged_init(struct tagged *tagged, uint32_t id, uint64_t bo_pages);

/* By the only writer of the page. */
void tagged_write(struct tagged *tagged, uint32_t page, volatile void *address);

struct tagged_word {
	uint32_t page;
	uint32_t word;
	uint32_t done;		/* before it was read */
	uint64_t value;
	uint32_t announced;	/* after it was read */
};

struct tagged_word tagged_read(const struct tagged *tagged, uint32_t page, uint32_t word,
			       const volatile void *address);

/* The device was there: the word is right and of the time. */
bool tagged_is_right(const struct tagged *tagged, const struct tagged_word *found);
/*
 * The device may have gone before it was read: then all pages of a buffer object
 * are one page, zero at first. What is there was written to this buffer object.
 */
bool tagged_is_own(const struct tagged *tagged, const struct tagged_word *found);

#endif

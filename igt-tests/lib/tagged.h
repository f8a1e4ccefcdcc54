/* SPDX-License-Identifier: MIT */
/*
 * Tagged pages: each word says to which page of which buffer object it belongs, and by
 * which write it came. A reader can check it at any time, also while the page is written
 * and the buffer object is moved.
 *
 * Each page has one writer. It announces a generation, writes its words, and then notes
 * that the generation is done. A reader reads the generation that is done, then the word,
 * and then the generation that is announced: the word must be of one of these generations,
 * or of one between them.
 */
#ifndef TAGGED_H
#define TAGGED_H

#include <stdbool.h>
#include <stdint.h>

/* Tagged words in each page, spread evenly. */
#define TAGGED_WORDS 8
#define TAGGED_BYTES (TAGGED_WORDS * sizeof(uint64_t))

#define TAGGED_MAX_PAGES 512

/**
 * struct tagged - the tagged pages of a buffer object, in memory that all processes share
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

/* For a new buffer object, which reads as zero. */
void tagged_init(struct tagged *tagged, uint32_t id, uint64_t bo_pages);

/* Must be called only by the writer of the page. */
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

/* For a read before unplug: the word belongs here, and to a generation of that time. */
bool tagged_is_right(const struct tagged *tagged, const struct tagged_word *found);
/*
 * For a read that may have been after unplug, when all pages of a buffer object show one
 * page, zero at first: the word is zero, or was written to this buffer object.
 */
bool tagged_is_own(const struct tagged *tagged, const struct tagged_word *found);

#endif

// SPDX-License-Identifier: MIT

#include "../igt_shim.h"
#include "huge_level.h"
#include "tagged.h"

/*
 * A word, from its highest bits on: generation, buffer object, page, word. A page that was
 * never written has generation 0, in which all words are zero.
 */
#define ID_BITS 24
#define PAGE_BITS 9
#define WORD_BITS 3
#define GENERATION_BITS (64 - ID_BITS - PAGE_BITS - WORD_BITS)

_Static_assert(TAGGED_WORDS == 1 << WORD_BITS, "WORD_BITS is the size of a word number");
_Static_assert(TAGGED_MAX_PAGES == 1 << PAGE_BITS, "PAGE_BITS is the size of a page number");

static uint64_t value_of(const struct tagged *tagged, uint32_t generation, uint32_t page,
			 uint32_t word)
{
	uint64_t value = generation % (UINT32_C(1) << GENERATION_BITS);

	if (!generation)
		return 0;
	value = value << ID_BITS | tagged->id;
	value = value << PAGE_BITS | page;
	return value << WORD_BITS | word;
}

static volatile uint64_t *word_at(const volatile void *address, uint32_t word)
{
	return (volatile uint64_t *)((uintptr_t)address + word * HUGE_PAGE_SIZE / TAGGED_WORDS);
}

void tagged_init(struct tagged *tagged, uint32_t id, uint64_t bo_pages)
{
	memset(tagged, 0, sizeof(*tagged));
	tagged->id = id;
	tagged->stride = (bo_pages + TAGGED_MAX_PAGES - 1) / TAGGED_MAX_PAGES;
	tagged->pages = (bo_pages + tagged->stride - 1) / tagged->stride;
}

/* Write-combining memory is weakly ordered: fences on both sides, as in tagged_read(). */
void tagged_write(struct tagged *tagged, uint32_t page, volatile void *address)
{
	uint32_t generation = tagged->generations[page].announced + 1;

	__atomic_store_n(&tagged->generations[page].announced, generation, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint32_t word = 0; word < TAGGED_WORDS; word++)
		*word_at(address, word) = value_of(tagged, generation, page, word);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&tagged->generations[page].done, generation, __ATOMIC_RELAXED);
}

struct tagged_word tagged_read(const struct tagged *tagged, uint32_t page, uint32_t word,
			       const volatile void *address)
{
	struct tagged_word found = { .page = page, .word = word };

	found.done = __atomic_load_n(&tagged->generations[page].done, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	found.value = *word_at(address, word);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	found.announced = __atomic_load_n(&tagged->generations[page].announced, __ATOMIC_RELAXED);
	return found;
}

bool tagged_is_right(const struct tagged *tagged, const struct tagged_word *found)
{
	for (uint32_t generation = found->done; generation <= found->announced; generation++) {
		if (found->value == value_of(tagged, generation, found->page, found->word))
			return true;
	}
	return false;
}

bool tagged_is_own(const struct tagged *tagged, const struct tagged_word *found)
{
	uint32_t page = found->value >> WORD_BITS & (TAGGED_MAX_PAGES - 1);
	uint32_t generation = found->value >> (ID_BITS + PAGE_BITS + WORD_BITS);
	uint32_t announced;

	if (!found->value)
		return true;
	announced = __atomic_load_n(&tagged->generations[page].announced, __ATOMIC_RELAXED);
	return generation <= announced &&
	       found->value == value_of(tagged, generation, page, found->word);
}

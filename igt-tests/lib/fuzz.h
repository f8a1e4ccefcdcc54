/* SPDX-License-Identifier: MIT */
/*
 * Calls to the driver, to mmap() and to similar functions, which can be printed, parsed,
 * chosen at random, and made. For each call the errors are known that it may return.
 *
 * A call is a line: its name and its arguments, which are numbers, or
 *	h3	the handle that 'create' has put into slot 3,
 *	o3	the offset at which that buffer object is mapped,
 *	d3	the dma-buf that 'export' has put into slot 3,
 *	a	the address where the arena for mappings begins,
 *	s	a buffer of 64 KiB,
 * to which a number can be added: a+0x1000. Slots with an odd number belong to a file of
 * the primary node, the others to one of the render node. At its end a line may say which
 * error the call must return, or 0: "= EINVAL". The line "reset" frees everything.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"

#define FUZZ_SLOTS 16
#define FUZZ_MAX_ARGUMENTS 10
#define FUZZ_LINE 256

struct fuzz_argument {
	char base;		/* h, o, d, a, s, or 0 for a number only */
	uint8_t slot;
	uint64_t value;
};

struct fuzz_call {
	unsigned int function;
	struct fuzz_argument arguments[FUZZ_MAX_ARGUMENTS];
};

/* What calls use; one for each process. */
struct fuzz_stage {
	int files[2];
	uint32_t handles[FUZZ_SLOTS];
	uint64_t offsets[FUZZ_SLOTS];
	int dma_bufs[FUZZ_SLOTS];
	int memory;
	uint64_t vram_size;
	uint64_t ram_size;
	char *arena;
	char *buffer;
};

/* Opens the files; asserts. The stage has to be zeroed, or reset. */
void fuzz_open(struct fuzz_stage *stage);
/* Frees and closes everything. */
void fuzz_reset(struct fuzz_stage *stage);

/* A random call, which most of the time is almost right. */
struct fuzz_call fuzz_choose(const struct fuzz_stage *stage, struct choices *choices);
/* Makes the call. Returns 0 or an errno value. */
int fuzz_make(struct fuzz_stage *stage, const struct fuzz_call *call);
/* Whether the call may return this error; short_memory if any allocation may fail. */
bool fuzz_may_give(const struct fuzz_call *call, int error, bool short_memory);

void fuzz_print(const struct fuzz_call *call, char line[FUZZ_LINE]);
/*
 * Returns false if the line is not a call. @expected is set to the errno value or 0 that
 * the call must return, or to -1 if the line does not say.
 */
bool fuzz_parse(const char *line, struct fuzz_call *call, int *expected);

#endif

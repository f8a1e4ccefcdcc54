/* SPDX-License-Identifier: MIT */
/*
 * A virtual machine that writes and reads memory of this process, by KVM. Its CPU runs two
 * loops of a few instructions, without page tables of its own. For x86.
 */
#ifndef VIRTUAL_MACHINE_H
#define VIRTUAL_MACHINE_H

#include <stdint.h>

#include "huge_level.h"

struct kvm_run;

struct virtual_machine {
	int kvm, machine, cpu;
	struct kvm_run *run;
	void *code;
};

/**
 * struct machine_words - words of a machine's memory, and their values
 * @first: guest address of the first word, below 4 GiB
 * @stride: distance of two words, in bytes
 * @count: how many words, at least one
 * @mask: the value of a word is its guest address and @mask,
 * @seed: exclusive or @seed
 */
struct machine_words {
	uint32_t first;
	uint32_t stride;
	uint32_t count;
	uint32_t mask;
	uint32_t seed;
};

/* One word in each page, with a value of its own. */
struct machine_words machine_words_of(uint64_t first, uint64_t length, uint32_t seed);
uint32_t machine_word(const struct machine_words *words, uint32_t index);

/* Skips if kernel or CPU cannot run virtual machines. */
void virtual_machine_start(struct virtual_machine *machine);
/* Does nothing if it was not started. */
void virtual_machine_stop(struct virtual_machine *machine);
/* @address is what the machine has at a guest address; once in a machine's life. */
void virtual_machine_give(struct virtual_machine *machine, uint64_t guest_address,
			  void *address, uint64_t length);

/*
 * The machine writes the words, or compares them, in any thread. Returns 0; EFAULT if the
 * kernel cannot give it the memory, and it can be tried again; or ERANGE at the first word
 * with another value.
 */
int virtual_machine_write(struct virtual_machine *machine, const struct machine_words *words);
int virtual_machine_compare(struct virtual_machine *machine, const struct machine_words *words);

/* What maps the memory for the machine, by KVM's own count. Needs debugfs. */
struct huge_levels virtual_machine_levels(const struct virtual_machine *machine);

#endif

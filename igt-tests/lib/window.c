// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../igt_shim.h"
#include "cpu.h"
#include "file.h"
#include "window.h"

#define PAUSER "/sys/kernel/debug/pauser"

/* In ms: longer than a host that is not busy keeps a processor of the guest from running. */
#define FIRST_PAUSE 7
/* In ms. More than it takes to come to any instruction. */
#define COME "5000"
/* On a busy host a pause may be over before this thread sees it. */
#define TRIES 100
/*
 * Or before this thread has done its part, which it never has if it waits for the paused one.
 * Each pause is twice as long as the last.
 */
#define LATE_TRIES 4

#define SYMBOLS_STEP (4096 * 1024)

#define CALLER_CPU 0
#define PAUSED_CPU 1

/* A round: its race, and the number of the instruction. */
struct round {
	const struct race *race;
	unsigned int instruction;
	unsigned int pause;		/* in ms */
	int arm_error;
	int reach_error;
	bool is_late;
	pthread_barrier_t armed;
};

static bool is_probed;

void windows_require(void)
{
	igt_require_f(!access(PAUSER, W_OK), "the module pauser is not loaded\n");
	igt_require_f(sysconf(_SC_NPROCESSORS_ONLN) > PAUSED_CPU, "there is one processor only\n");
}

void windows_end(void)
{
	if (is_probed)
		write_file(PAUSER, "end");
	is_probed = false;
}

bool windows_is_paused(void)
{
	return !write_file(PAUSER, "check");
}

/* The kernel's symbols, a line each. Read only once, because the kernel takes seconds for them. */
static const char *symbols(void)
{
	static char *text;
	size_t size = 0, length = 0;
	ssize_t got = 1;
	int fd;

	if (text)
		return text;
	fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	igt_assert_lte(0, fd);
	while (got > 0) {
		if (size - length <= 1) {
			size += SYMBOLS_STEP;
			text = realloc(text, size);
			igt_assert(text);
		}
		got = read(fd, text + length, size - length - 1);
		igt_assert_lte(0, got);
		length += got;
	}
	text[length] = '\0';
	close(fd);
	return text;
}

/* Probes the symbol that begins at @name, unless it is another function. */
static bool probe_symbol(const char *name, size_t length)
{
	char symbol[128], command[160];

	if (sscanf(name, "%127s", symbol) != 1 || (symbol[length] && symbol[length] != '.'))
		return false;
	snprintf(command, sizeof(command), "probe %s", symbol);
	return !write_file(PAUSER, command);
}

/* Probes all symbols of a function; returns how many there are. */
static unsigned int probe(const char *function)
{
	const char *name = symbols();
	unsigned int count = 0;
	char word[128];

	is_probed = true;
	/* A blank separates the type of a symbol, which is a letter, from its name. */
	snprintf(word, sizeof(word), " %s", function);
	for (; (name = strstr(name, word)); name++)
		count += probe_symbol(name + 1, strlen(function));
	return count;
}

static void *execute(void *argument)
{
	struct round *round = argument;
	char command[64];
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(PAUSED_CPU, &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	snprintf(command, sizeof(command), "stop %u %u", round->instruction,
		 round->pause);
	round->arm_error = write_file(PAUSER, command);
	pthread_barrier_wait(&round->armed);
	round->race->paused();
	round->reach_error = write_file(PAUSER, "release");
	return NULL;
}

/* Returns 0; ETIME if the pause was over too early; ECANCELED if there is no such instruction. */
static int try_to_play(struct round *round)
{
	pthread_t thread;
	int error;

	if (round->race->renew)
		round->race->renew();
	pthread_barrier_init(&round->armed, NULL, 2);
	igt_assert_eq(pthread_create(&thread, NULL, execute, round), 0);
	pthread_barrier_wait(&round->armed);
	error = write_file(PAUSER, "wait " COME);
	if (!error)
		round->race->meanwhile();
	round->is_late = !windows_is_paused();
	write_file(PAUSER, "release");
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&round->armed);
	igt_assert_eq(round->arm_error, 0);
	igt_assert_eq(round->reach_error, error == ECANCELED ? ECANCELED : 0);
	return error;
}

/* Returns whether there is such an instruction. */
static bool play(struct round *round)
{
	unsigned int tries = 0, late_tries = 0;
	int error;

	round->pause = FIRST_PAUSE;
	do {
		error = try_to_play(round);
		if (error == ECANCELED)
			return false;
		igt_assert_f(!error || (error == ETIME && ++tries < TRIES), "instruction %u: %s\n",
			     round->instruction, strerror(error));
		if (error)
			continue;
		round->race->check();
		round->pause *= 2;
	} while (error || (round->is_late && ++late_tries < LATE_TRIES));
	return true;
}

unsigned int windows_go_through(const char *function, const struct race *race)
{
	struct round round = { .race = race };
	cpu_set_t cpus = cpus_allowed();

	if (!probe(function)) {
		igt_info("%s: the kernel has no such function\n", function);
		return 0;
	}
	run_on_cpu(CALLER_CPU);
	do
		round.instruction++;
	while (play(&round));
	run_on_cpus(&cpus);
	windows_end();
	igt_info("%s: %u instructions\n", function, round.instruction - 1);
	return round.instruction - 1;
}

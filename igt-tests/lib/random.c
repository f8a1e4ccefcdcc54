// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "../igt_shim.h"
#include "random.h"

/* The finalizer of splitmix64: every bit of the input reaches every bit of the output. */
static uint64_t mix(uint64_t word)
{
	word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
	return word ^ (word >> 31);
}

struct choices choices_of(uint64_t seed, uint64_t who, uint64_t step)
{
	return (struct choices){ .state = mix(mix(mix(seed) + who) + step) };
}

uint64_t choose_word(struct choices *choices)
{
	choices->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(choices->state);
}

uint64_t choose(struct choices *choices, uint64_t count)
{
	return choose_word(choices) % count;
}

bool one_in(struct choices *choices, uint64_t count)
{
	return !choose(choices, count);
}

uint64_t number_of_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	char *end;
	uint64_t number;

	if (!text || !*text)
		return otherwise;
	errno = 0;
	number = strtoull(text, &end, 0);
	igt_assert_f(!errno && !*end, "%s=%s: not a number\n", name, text);
	return number;
}

uint64_t seed_of_environment(const char *name)
{
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	/* Shortened to be easy to type. */
	seed = number_of_environment(name, mix(now.tv_sec * 1000000000ull + now.tv_nsec) >> 40);
	igt_info("%s=%" PRIu64 "\n", name, seed);
	return seed;
}

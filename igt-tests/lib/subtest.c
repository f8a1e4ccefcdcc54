// SPDX-License-Identifier: MIT

#include "../igt_shim.h"
#include "subtest.h"

void run_subtests(const struct subtest *subtests, unsigned int count, void (*clean_up)(void))
{
	for (unsigned int i = 0; i < count; i++) {
		igt_describe(subtests[i].what);
		igt_subtest(subtests[i].name)
			subtests[i].run();
		igt_fixture()
			clean_up();
	}
}

void run_level_subtests(const struct level_subtest *subtests, unsigned int count,
			void (*clean_up)(void))
{
	for (unsigned int i = 0; i < count; i++) {
		for (enum huge_level level = HUGE_PTE; level < HUGE_LEVELS; level++) {
			igt_describe(subtests[i].what);
			igt_subtest_f("%s-%s", subtests[i].name, huge_level_name(level))
				subtests[i].run(level);
			igt_fixture()
				clean_up();
		}
	}
}

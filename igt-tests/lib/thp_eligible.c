// SPDX-License-Identifier: MIT

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../igt_shim.h"
#include "thp_eligible.h"

bool thp_eligible(const void *address)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[512], first_line[24];
	bool found = false;
	int eligible = -1;

	igt_assert(smaps);
	snprintf(first_line, sizeof(first_line), "%" PRIxPTR "-", (uintptr_t)address);
	while (eligible < 0 && fgets(line, sizeof(line), smaps)) {
		found |= !strncmp(line, first_line, strlen(first_line));
		if (found)
			sscanf(line, "THPeligible: %d", &eligible);
	}
	fclose(smaps);
	igt_assert_f(eligible >= 0, "smaps has no THPeligible for the mapping\n");
	return eligible;
}

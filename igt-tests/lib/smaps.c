// SPDX-License-Identifier: MIT

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../igt_shim.h"
#include "smaps.h"

void smaps_field(const void *address, const char *field, char rest[SMAPS_LINE])
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	bool in_mapping = false, found = false;
	char line[SMAPS_LINE], first_line[24];

	igt_assert(smaps);
	snprintf(first_line, sizeof(first_line), "%" PRIxPTR "-", (uintptr_t)address);
	while (!found && fgets(line, sizeof(line), smaps)) {
		in_mapping |= !strncmp(line, first_line, strlen(first_line));
		found = in_mapping && !strncmp(line, field, strlen(field));
	}
	fclose(smaps);
	igt_assert_f(found, "smaps has no %s for the mapping\n", field);
	strcpy(rest, line + strlen(field));
}

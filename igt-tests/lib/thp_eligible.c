// SPDX-License-Identifier: MIT

#include <stdlib.h>

#include "../igt_shim.h"
#include "smaps.h"
#include "thp_eligible.h"

bool thp_eligible(const void *address)
{
	char text[SMAPS_LINE], *end;
	bool eligible;

	smaps_field(address, "THPeligible:", text);
	eligible = strtol(text, &end, 10);
	igt_assert(end != text);
	return eligible;
}

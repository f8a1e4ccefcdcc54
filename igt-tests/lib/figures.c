// SPDX-License-Identifier: MIT

#include <inttypes.h>

#include "../igt_shim.h"
#include "figures.h"

void figures_print(const struct figure *figures, unsigned int count)
{
	char line[2048] = "";
	int used = 0;

	for (unsigned int i = 0; i < count; i++) {
		igt_info("  %-24s %20" PRIu64 "\n", figures[i].name, figures[i].value);
		used += snprintf(line + used, sizeof(line) - used, "%s\"%s\": %" PRIu64,
				 i ? ", " : "", figures[i].name, figures[i].value);
		igt_assert(used < (int)sizeof(line));
	}
	igt_info("figures {%s}\n", line);
}

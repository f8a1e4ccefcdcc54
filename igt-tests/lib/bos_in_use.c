// SPDX-License-Identifier: MIT

#include <inttypes.h>

#include "../igt_shim.h"
#include "bos_in_use.h"

uint64_t bos_in_use(void)
{
	FILE *file = fopen(BUFFER_OBJECTS, "r");
	uint64_t count;

	/* TTM removes the file together with the last device. */
	if (!file)
		return 0;
	igt_assert_eq(fscanf(file, "%" SCNu64, &count), 1);
	fclose(file);
	return count;
}

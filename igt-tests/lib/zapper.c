// SPDX-License-Identifier: MIT

#include <stdio.h>
#include <unistd.h>

#include "../igt_shim.h"
#include "file.h"
#include "zapper.h"

#define ZAPPER "/sys/kernel/debug/zapper"

void zapper_require(void)
{
	igt_require_f(!access(ZAPPER, W_OK), "the module zapper is not loaded\n");
}

int zap_all_mappings(int fd, unsigned int times)
{
	char text[64];

	snprintf(text, sizeof(text), "%d %u", fd, times);
	return write_file(ZAPPER, text);
}

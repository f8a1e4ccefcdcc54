// SPDX-License-Identifier: MIT

#include "../igt_shim.h"
#include "file.h"
#include "freed_device.h"

#define FREED_DEVICE "/sys/kernel/debug/freed_device"

void freed_device_require(void)
{
	igt_require_f(access(FREED_DEVICE, F_OK) == 0, "the module freed_device is not loaded\n");
}

int freed_device_set_up(unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nth);
	return write_file(FREED_DEVICE, text);
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>

#include "../igt_shim.h"
#include "fdinfo.h"
#include "huge_device.h"
#include "subtest.h"

#define TEXT_SIZE 4096

/* Of the lines that begin with "drm-": DRM's own, and those of bigbar. */
static const char * const keys[] = {
	"driver", "client-id", "client-name", "pdev",
	"total-vram", "shared-vram", "active-vram", "resident-vram",
	"total-system", "shared-system", "active-system", "resident-system",
	"engine-copy",
};

static bool read_text(int fd, char *text)
{
	char path[64];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	if (!file)
		return false;
	length = fread(text, 1, TEXT_SIZE - 1, file);
	text[length] = '\0';
	fclose(file);
	return true;
}

void fdinfo_read(int fd)
{
	char text[TEXT_SIZE];

	(void)read_text(fd, text);
}

void fdinfo_require(int fd)
{
	char text[TEXT_SIZE];

	igt_assert(read_text(fd, text));
	igt_require_f(strstr(text, "\ndrm-client-id:"),
		      "DRM of this kernel tells nothing of its clients\n");
}

/* Of a line such as "drm-total-vram:	8 MiB": the number, and its unit if it has one. */
static uint64_t number_of(const char *text, const char *what, const char *of, char unit[4])
{
	char key[32];
	uint64_t value;
	const char *line;

	unit[0] = '\0';
	snprintf(key, sizeof(key), "\ndrm-%s-%s:", what, of);
	line = strstr(text, key);
	igt_assert_f(line, "no line of drm-%s-%s\n", what, of);
	igt_assert_f(sscanf(line + strlen(key), "%" SCNu64 "%*[ ]%3[A-Za-z]", &value, unit) > 0,
		     "no number after drm-%s-%s\n", what, of);
	return value;
}

static uint64_t size_of(const char *text, const char *what, const char *region)
{
	char unit[4];
	uint64_t value = number_of(text, what, region, unit);

	if (!strcmp(unit, "KiB"))
		return KIB(value);
	if (!strcmp(unit, "MiB"))
		return MIB(value);
	igt_assert_f(!*unit, "a unit of %s\n", unit);
	return value;
}

static bool is_key(const char *text, size_t length)
{
	const char * const *key;

	for_each_case(key, keys) {
		if (strlen(*key) == length && !strncmp(text, *key, length))
			return true;
	}
	return false;
}

void fdinfo_assert_keys(int fd)
{
	char text[TEXT_SIZE];

	igt_assert(read_text(fd, text));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strncmp(line, "drm-", 4))
			igt_assert_f(is_key(line + 4, strcspn(line + 4, ":")),
				     "an unknown line: %s\n", line);
	}
}

uint64_t fdinfo_copy_ns(int fd)
{
	char text[TEXT_SIZE], unit[4];
	uint64_t value;

	igt_assert(read_text(fd, text));
	value = number_of(text, "engine", "copy", unit);
	igt_assert_f(!strcmp(unit, "ns"), "a unit of %s\n", unit);
	return value;
}

struct fdinfo_memory fdinfo_memory(int fd, const char *region)
{
	char text[TEXT_SIZE];

	igt_assert(read_text(fd, text));
	return (struct fdinfo_memory){
		.total = size_of(text, "total", region),
		.shared = size_of(text, "shared", region),
		.active = size_of(text, "active", region),
		.resident = size_of(text, "resident", region),
	};
}

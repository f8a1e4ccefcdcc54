// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "page_tables.h"

/* Returns -1 if there is no such file and @optional is set. */
static int open_in_debugfs(const struct device *device, const char *file, bool optional)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u/%s", device->minor, file);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && !(optional && errno == ENOENT)) {
		fail_if_locked_down(path);
		err(EXIT_FAILURE, "cannot open %s", path);
	}
	return fd;
}

int open_page_tables(const struct device *device)
{
	return open_in_debugfs(device, "pfnmap_page_tables", true);
}

int open_levels(const struct device *device)
{
	return open_in_debugfs(device, "levels", false);
}

void count_entries(int fd, const struct bo *bo, struct entries *entries)
{
	char text[128];
	ssize_t length;

	if (dprintf(fd, "%d %u", bo->device->fd, bo->handle) < 0)
		err(EXIT_FAILURE, "cannot count the entries that map the BO");
	length = pread(fd, text, sizeof(text) - 1, 0);
	if (length < 0)
		err(EXIT_FAILURE, "cannot read how many entries map the BO");
	text[length] = '\0';
	if (sscanf(text, "level pte entries %lu level pmd entries %lu level pud entries %lu",
		   &entries->pte, &entries->pmd, &entries->pud) != 3)
		errx(EXIT_FAILURE, "unexpected text on the entries that map the BO: %s", text);
}

static void select_page_tables(int fd, const struct bo *bo)
{
	char selection[64];
	int length = snprintf(selection, sizeof(selection), "0 0x%lx 0x%lx", bo->offset, bo->size);

	if (write(fd, selection, length) != length)
		err(EXIT_FAILURE, "cannot select the page tables of the BO");
}

static char *read_all(int fd)
{
	size_t room = 4096, length = 0;
	char *text = NULL;
	ssize_t count;

	do {
		room *= 2;
		text = realloc(text, room);
		if (!text)
			errx(EXIT_FAILURE, "no memory for %zu bytes of text", room);
		while ((count = pread(fd, text + length, room - length - 1, length)) > 0)
			length += count;
		if (count < 0)
			err(EXIT_FAILURE, "cannot read the page tables");
	} while (length == room - 1);

	text[length] = '\0';
	return text;
}

char *read_page_tables(int fd, const struct bo *bo)
{
	select_page_tables(fd, bo);
	return read_all(fd);
}

void print_page_tables(FILE *out, char *text)
{
	const char *separator = "";

	fprintf(out, "[");
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strpbrk(line, "\"\\"))
			errx(EXIT_FAILURE, "unexpected line of page tables: %s", line);
		fprintf(out, "%s\n        \"%s\"", separator, line);
		separator = ",";
	}
	fprintf(out, "\n      ]");
}

// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>

#include "../igt_shim.h"
#include "file.h"
#include "importer.h"
#include "lockdown.h"

#define IMPORTER "/sys/kernel/debug/dma_buf_importer"
#define MOST_IMPORTERS 4

static int importers[MOST_IMPORTERS];
static unsigned int importer_count;

int importer_try(int importer, const char *command)
{
	return write(importer, command, strlen(command)) < 0 ? errno : 0;
}

void importer_do(int importer, const char *command)
{
	int error = importer_try(importer, command);

	igt_assert_f(!error, "%s: %s\n", command, strerror(error));
}

static int new_importer(int dma_buf, const char *way, const char *device)
{
	int importer = open_unless_locked_down(IMPORTER);
	char command[64];

	igt_require_f(importer >= 0, "the module dma_buf_importer is not loaded\n");
	igt_assert_lt(importer_count, MOST_IMPORTERS);
	importers[importer_count++] = importer;
	snprintf(command, sizeof(command), "attach %d %s %s", dma_buf, way, device);
	importer_do(importer, command);
	return importer;
}

int importer_static(int dma_buf)
{
	return new_importer(dma_buf, "static", "");
}

int importer_dynamic(int dma_buf)
{
	return new_importer(dma_buf, "dynamic", "");
}

/* With the device of a DRM file. */
static int new_importer_of(int dma_buf, const char *way, int drm)
{
	char folder[PATH_MAX];

	device_folder(drm, folder);
	return new_importer(dma_buf, way, strrchr(folder, '/') + 1);
}

int importer_peer(int dma_buf, int drm)
{
	return drm < 0 ? new_importer(dma_buf, "peer", "") : new_importer_of(dma_buf, "peer", drm);
}

int importer_deaf(int dma_buf, int drm)
{
	return new_importer_of(dma_buf, "deaf", drm);
}

void importer_close(int importer)
{
	for (unsigned int i = 0; i < importer_count; i++) {
		if (importers[i] == importer)
			importers[i--] = importers[--importer_count];
	}
	close(importer);
}

void importers_close(void)
{
	while (importer_count)
		close(importers[--importer_count]);
}

static void read_segment(FILE *file, struct importer_segment *segment)
{
	igt_assert_eq(fscanf(file, "%" SCNx64 "%" SCNx64 "%" SCNx64, &segment->address,
			     &segment->length, &segment->word), 3);
}

struct importer_state importer_state(int importer)
{
	struct importer_state state;
	int copy = dup(importer);
	FILE *file = fdopen(copy, "r");

	igt_assert(file);
	igt_assert_eq(fseek(file, 0, SEEK_SET), 0);
	igt_assert_eq(fscanf(file, "%d %d %u %u", &state.takes_vram, &state.goes_on, &state.told,
			     &state.count), 4);
	igt_assert_lte(state.count, IMPORTER_MOST_SEGMENTS);
	for (unsigned int i = 0; i < state.count; i++)
		read_segment(file, &state.segments[i]);
	fclose(file);
	return state;
}

uint64_t importer_address(const struct importer_state *state, uint64_t offset)
{
	for (unsigned int i = 0; i < state->count; i++) {
		if (offset < state->segments[i].length)
			return state->segments[i].address + offset;
		offset -= state->segments[i].length;
	}
	igt_assert_f(false, "offset %#" PRIx64 " after the last segment\n", offset);
	return 0;
}

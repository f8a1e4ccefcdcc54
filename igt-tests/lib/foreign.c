// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <xf86drm.h>

#include "../igt_shim.h"
#include "file.h"
#include "foreign.h"
#include "module.h"

#define VGEM "/sys/module/vgem"
#define MOST_CARDS 64

static int open_if_vgem(int card)
{
	drmVersionPtr version;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/dri/card%d", card);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	version = drmGetVersion(fd);
	if (!version || strcmp(version->name, "vgem")) {
		close(fd);
		fd = -1;
	}
	drmFreeVersion(version);
	return fd;
}

static bool has_loaded_vgem;

static bool has_vgem(void)
{
	if (!access(VGEM, F_OK))
		return true;
	has_loaded_vgem = !system("modprobe -q vgem");
	return has_loaded_vgem;
}

static void require_vgem(void)
{
	igt_require_f(has_vgem(), "the kernel has no vgem\n");
}

long foreign_vgem_users(void)
{
	require_vgem();
	return number_in_file(VGEM "/refcnt");
}

void foreign_clean_up(void)
{
	if (has_loaded_vgem)
		module_unload("vgem");
	has_loaded_vgem = false;
}

int foreign_open_vgem(void)
{
	int fd = -1;

	require_vgem();
	for (int card = 0; card < MOST_CARDS && fd < 0; card++)
		fd = open_if_vgem(card);
	igt_assert_fd(fd);
	return fd;
}

static char *map_shared(int fd, uint64_t size, uint64_t offset)
{
	char *address = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

	igt_assert_f(address != MAP_FAILED, "mmap: %s\n", strerror(errno));
	return address;
}

/* As the pixels of a picture, of which a row is a page. */
struct foreign foreign_vgem(uint64_t size)
{
	struct drm_mode_create_dumb create = { .width = 1024, .height = size / 4096, .bpp = 32 };
	struct foreign foreign = { .size = size };
	struct drm_mode_map_dumb map = {};
	int fd = foreign_open_vgem();

	igt_assert_eq(drmIoctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &create), 0);
	igt_assert_eq_u64(create.size, size);
	map.handle = create.handle;
	igt_assert_eq(drmIoctl(fd, DRM_IOCTL_MODE_MAP_DUMB, &map), 0);
	foreign.address = map_shared(fd, size, map.offset);
	igt_assert_eq(drmPrimeHandleToFD(fd, create.handle, O_CLOEXEC | O_RDWR, &foreign.dma_buf),
		      0);
	close(fd);
	return foreign;
}

struct foreign foreign_udmabuf(uint64_t size)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = size };
	struct foreign foreign = { .size = size };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	igt_require_f(device >= 0, "the kernel has no udmabuf\n");
	create.memfd = memfd_create("udmabuf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	igt_assert_eq(ftruncate(create.memfd, size), 0);
	igt_assert_eq(fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	foreign.address = map_shared(create.memfd, size, 0);
	foreign.dma_buf = ioctl(device, UDMABUF_CREATE, &create);
	igt_assert_f(foreign.dma_buf >= 0, "UDMABUF_CREATE: %s\n", strerror(errno));
	close(create.memfd);
	close(device);
	return foreign;
}

void foreign_close(struct foreign *foreign)
{
	if (!foreign->address)
		return;
	munmap(foreign->address, foreign->size);
	close(foreign->dma_buf);
	*foreign = (struct foreign){};
}

// SPDX-License-Identifier: MIT

#include <linux/dma-buf.h>
#include <xf86drm.h>

#include "../igt_shim.h"
#include "sync_file.h"

int sync_file_of(int dma_buf)
{
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_READ };

	igt_assert_eq(drmIoctl(dma_buf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &export), 0);
	return export.fd;
}

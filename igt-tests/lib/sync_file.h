/* SPDX-License-Identifier: MIT */
/* Files that stand for fences. */
#ifndef SYNC_FILE_H
#define SYNC_FILE_H

/* For the fences that a reader of the dma-buf has to wait for. The caller closes it. */
int sync_file_of(int dma_buf);

#endif

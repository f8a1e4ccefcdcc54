// SPDX-License-Identifier: GPL-2.0-only
/* How the importers of a dma-buf are told that it moves. */
#include <linux/dma-buf.h>

#if defined(FORM_MAPPINGS)
const struct dma_buf_attach_ops probe_ops = { .invalidate_mappings = NULL };

bool probe(struct dma_buf *dma_buf, struct dma_buf_attachment *attach)
{
	dma_buf_invalidate_mappings(dma_buf);
	return dma_buf_attach_revocable(attach);
}
#elif defined(FORM_MOVE_NOTIFY)
char dma_buf_invalidate_mappings, dma_buf_attach_revocable;
const struct dma_buf_attach_ops probe_ops = { .move_notify = NULL };

void probe(struct dma_buf *dma_buf)
{
	dma_buf_move_notify(dma_buf);
}
#endif

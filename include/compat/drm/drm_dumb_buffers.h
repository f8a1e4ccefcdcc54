/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For kernels whose drivers calculate the size of dumb buffers; compat.h does it for them.
 */

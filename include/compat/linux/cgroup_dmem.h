/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For kernels without the dmem cgroup controller; compat.h has what is left of it.
 */

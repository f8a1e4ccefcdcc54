/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * amdgpu without what it has for displays, as Kconfig can build it.
 */
#undef CONFIG_DRM_AMD_DC
#undef CONFIG_DRM_AMD_DC_FP
#undef CONFIG_DRM_AMD_DC_SI

# SPDX-License-Identifier: MIT
"""Structures and ioctls of DRM drivers, from the kernel's public headers."""

import ctypes

TYPES = {"u16": ctypes.c_uint16, "u32": ctypes.c_uint32, "s32": ctypes.c_int32,
         "u64": ctypes.c_uint64}

READ, WRITE = 2 << 30, 1 << 30
DRM = ord("d") << 8
DRIVER = 0x40


def structure(name, members):
    """A structure of a header, from 'u32 handle, u64 reserved[2]', for example."""
    fields = []
    for member in members.split(", "):
        kind, field = member.split()
        field, _, count = field.rstrip("]").partition("[")
        fields.append((field, TYPES[kind] * int(count) if count else TYPES[kind]))
    TYPES[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
    return TYPES[name]


def union(name, **members):
    """A union of a header. Its members may have other names than there."""
    return type(name, (ctypes.Union,), {"_fields_": list(members.items())})


class Ioctl:
    """An ioctl that reads and writes a structure."""

    def __init__(self, number, argument):
        self.argument = argument
        self.request = READ | WRITE | ctypes.sizeof(argument) << 16 | DRM | number


# drm.h, drm_mode.h
DROP_MASTER = DRM | 0x1f
CREATE_DUMB = Ioctl(0xb2, structure(
    "drm_mode_create_dumb",
    "u32 height, u32 width, u32 bpp, u32 flags, u32 handle, u32 pitch, u64 size"))
MAP_DUMB = Ioctl(0xb3, structure("drm_mode_map_dumb", "u32 handle, u32 pad, u64 offset"))

# amdgpu_drm.h
AMDGPU_DOMAIN_VRAM = 4
AMDGPU_CPU_ACCESS_REQUIRED = 1
AMDGPU_CREATE_IN = structure(
    "drm_amdgpu_gem_create_in", "u64 bo_size, u64 alignment, u64 domains, u64 domain_flags")
AMDGPU_CREATE_OUT = structure("drm_amdgpu_gem_create_out", "u32 handle, u32 _pad")
AMDGPU_MMAP_IN = structure("drm_amdgpu_gem_mmap_in", "u32 handle, u32 _pad")
AMDGPU_MMAP_OUT = structure("drm_amdgpu_gem_mmap_out", "u64 addr_ptr")
AMDGPU_GEM_CREATE = Ioctl(DRIVER, union(
    "drm_amdgpu_gem_create", asked=AMDGPU_CREATE_IN, told=AMDGPU_CREATE_OUT))
AMDGPU_GEM_MMAP = Ioctl(DRIVER + 1, union(
    "drm_amdgpu_gem_mmap", asked=AMDGPU_MMAP_IN, told=AMDGPU_MMAP_OUT))

# radeon_drm.h
RADEON_DOMAIN_VRAM = 4
RADEON_GEM_CREATE = Ioctl(DRIVER + 0x1d, structure(
    "drm_radeon_gem_create",
    "u64 size, u64 alignment, u32 handle, u32 initial_domain, u32 flags"))
RADEON_GEM_MMAP = Ioctl(DRIVER + 0x1e, structure(
    "drm_radeon_gem_mmap", "u32 handle, u32 pad, u64 offset, u64 size, u64 addr_ptr"))

# nouveau_drm.h
NOUVEAU_DOMAIN_VRAM, NOUVEAU_DOMAIN_MAPPABLE = 2, 8
NOUVEAU_TILE_NONCONTIG = 8
NOUVEAU_GEM_INFO = structure(
    "drm_nouveau_gem_info", "u32 handle, u32 domain, u64 size, u64 offset, u64 map_handle, "
    "u32 tile_mode, u32 tile_flags")
NOUVEAU_GEM_NEW = Ioctl(DRIVER + 0x40, structure(
    "drm_nouveau_gem_new", "drm_nouveau_gem_info info, u32 channel_hint, u32 align"))

# xe_drm.h
XE_QUERY_MEM_REGIONS = 1
XE_CLASS_SYSTEM, XE_CLASS_VRAM = 0, 1
XE_NEEDS_VISIBLE_VRAM = 4
XE_CACHING_WB, XE_CACHING_WC = 1, 2
XE_MEM_REGION = structure(
    "drm_xe_mem_region", "u16 mem_class, u16 instance, u32 min_page_size, u64 total_size, "
    "u64 used, u64 cpu_visible_size, u64 cpu_visible_used, u64 reserved[6]")
XE_MEM_REGIONS = structure("drm_xe_query_mem_regions", "u32 num_mem_regions, u32 pad")
XE_DEVICE_QUERY = Ioctl(DRIVER, structure(
    "drm_xe_device_query", "u64 extensions, u32 query, u32 size, u64 data, u64 reserved[2]"))
XE_GEM_CREATE = Ioctl(DRIVER + 1, structure(
    "drm_xe_gem_create", "u64 extensions, u64 size, u32 placement, u32 flags, u32 vm_id, "
    "u32 handle, u16 cpu_caching, u16 pad[3], u64 reserved[2]"))
XE_GEM_MMAP_OFFSET = Ioctl(DRIVER + 2, structure(
    "drm_xe_gem_mmap_offset", "u64 extensions, u32 handle, u32 flags, u64 offset, "
    "u64 reserved[2]"))

# i915_drm.h
I915_QUERY_MEMORY_REGIONS = 4
I915_CLASS_SYSTEM, I915_CLASS_DEVICE = 0, 1
I915_CREATE_EXT_MEMORY_REGIONS = 0
I915_NEEDS_CPU_ACCESS = 1
I915_MMAP_WC, I915_MMAP_FIXED = 1, 4
I915_REGION = structure(
    "drm_i915_gem_memory_class_instance", "u16 memory_class, u16 memory_instance")
I915_REGION_INFO = structure(
    "drm_i915_memory_region_info", "drm_i915_gem_memory_class_instance region, u32 rsvd0, "
    "u64 probed_size, u64 unallocated_size, u64 rsvd1[8]")
I915_REGIONS = structure("drm_i915_query_memory_regions", "u32 num_regions, u32 rsvd[3]")
I915_QUERY_ITEM = structure(
    "drm_i915_query_item", "u64 query_id, s32 length, u32 flags, u64 data_ptr")
I915_QUERY = Ioctl(DRIVER + 0x39, structure(
    "drm_i915_query", "u32 num_items, u32 flags, u64 items_ptr"))
I915_EXTENSION = structure(
    "i915_user_extension", "u64 next_extension, u32 name, u32 flags, u32 rsvd[4]")
I915_CREATE_REGIONS = structure(
    "drm_i915_gem_create_ext_memory_regions",
    "i915_user_extension base, u32 pad, u32 num_regions, u64 regions")
I915_GEM_CREATE_EXT = Ioctl(DRIVER + 0x3c, structure(
    "drm_i915_gem_create_ext", "u64 size, u32 handle, u32 flags, u64 extensions"))
I915_GEM_CREATE = Ioctl(DRIVER + 0x1b, structure(
    "drm_i915_gem_create", "u64 size, u32 handle, u32 pad"))
I915_GEM_MMAP_OFFSET = Ioctl(DRIVER + 0x24, structure(
    "drm_i915_gem_mmap_offset", "u32 handle, u32 pad, u64 offset, u64 flags, u64 extensions"))

# qxl_drm.h
QXL_ALLOC_SURF = Ioctl(DRIVER + 6, structure(
    "drm_qxl_alloc_surf",
    "u32 format, u32 width, u32 height, s32 stride, u32 handle, u32 pad"))
QXL_MAP = Ioctl(DRIVER + 1, structure("drm_qxl_map", "u64 offset, u32 handle, u32 pad"))

# vmwgfx_drm.h
VMW_ALLOC_REQ = structure("drm_vmw_alloc_bo_req", "u32 size, u32 pad64")
VMW_ALLOC_REP = structure(
    "drm_vmw_bo_rep",
    "u64 map_handle, u32 handle, u32 cur_gmr_id, u32 cur_gmr_offset, u32 pad64")
VMW_ALLOC_BO = Ioctl(DRIVER + 1, union(
    "drm_vmw_alloc_bo_arg", asked=VMW_ALLOC_REQ, told=VMW_ALLOC_REP))

# bigbar_drm.h
BIGBAR_PLACEMENT_VRAM = 1
BIGBAR_GEM_CREATE = Ioctl(DRIVER + 1, structure(
    "drm_bigbar_gem_create", "u64 size, u32 placement, u32 flags, u32 handle, u32 pad"))
BIGBAR_GEM_MMAP_OFFSET = Ioctl(DRIVER + 2, structure(
    "drm_bigbar_gem_mmap_offset", "u32 handle, u32 pad, u64 offset"))

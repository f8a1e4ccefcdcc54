# SPDX-License-Identifier: GPL-2.0-only
"""Make a buffer object in VRAM by the ioctls of each driver, or a dumb buffer by those that any
driver may have. It is gone when the file is closed, or the process ends."""

import ctypes
import errno
import fcntl
import os
import pathlib
from collections import namedtuple
from contextlib import contextmanager

import uapi
from devices import CostError

NODES = pathlib.Path("/dev/dri")
MIB = 1 << 20

# A surface of qxl and a dumb buffer are pictures, with lines of this many bytes.
LINE = 32768

# Errors for which a dumb buffer is tried: the driver's ioctl is not for this client, or this
# kernel has another one.
NOT_FOR_US = (errno.EACCES, errno.EPERM, errno.ENOTTY, errno.EINVAL, errno.EOPNOTSUPP)
NO_ROOM = (errno.ENOMEM, errno.ENOSPC, errno.E2BIG)

# Where to map it in its file, how large it became, and how it was made.
Bo = namedtuple("Bo", "offset bytes how")


def call(fd, ioctl, **members):
    """Call an ioctl as drmIoctl() does; return its structure."""
    argument = ioctl.argument(**members)
    while True:
        try:
            fcntl.ioctl(fd, ioctl.request, argument, True)
            return argument
        except (InterruptedError, BlockingIOError):
            continue


def rounded_up(size, unit):
    """A size, rounded up to a multiple."""
    return -(-size // unit) * unit


def create_amdgpu(fd, size):
    """In VRAM that the CPU sees. The driver takes system memory if there is no room."""
    asked = uapi.AMDGPU_CREATE_IN(bo_size=size, domains=uapi.AMDGPU_DOMAIN_VRAM,
                                  domain_flags=uapi.AMDGPU_CPU_ACCESS_REQUIRED)
    handle = call(fd, uapi.AMDGPU_GEM_CREATE, asked=asked).told.handle
    found = call(fd, uapi.AMDGPU_GEM_MMAP, asked=uapi.AMDGPU_MMAP_IN(handle=handle))
    return Bo(found.told.addr_ptr, size, "amdgpu's GEM_CREATE, in VRAM")


def create_radeon(fd, size):
    """In VRAM. The driver takes system memory if there is no room."""
    created = call(fd, uapi.RADEON_GEM_CREATE, size=size,
                   initial_domain=uapi.RADEON_DOMAIN_VRAM)
    offset = call(fd, uapi.RADEON_GEM_MMAP, handle=created.handle).addr_ptr
    return Bo(offset, created.size, "radeon's GEM_CREATE, in VRAM")


def create_nouveau(fd, size):
    """In VRAM, in as many pieces as the driver likes."""
    wanted = uapi.NOUVEAU_GEM_INFO(
        size=size, domain=uapi.NOUVEAU_DOMAIN_VRAM | uapi.NOUVEAU_DOMAIN_MAPPABLE,
        tile_flags=uapi.NOUVEAU_TILE_NONCONTIG)
    info = call(fd, uapi.NOUVEAU_GEM_NEW, info=wanted).info
    return Bo(info.map_handle, info.size, "nouveau's GEM_NEW, in VRAM")


def parse_regions(data, head, region, count):
    """The regions that follow the head of the answer to a query."""
    number = getattr(head.from_buffer_copy(data), count)
    return [region.from_buffer_copy(data, ctypes.sizeof(head) + place * ctypes.sizeof(region))
            for place in range(number)]


def xe_regions(fd):
    """The regions of memory that xe has."""
    what = uapi.XE_QUERY_MEM_REGIONS
    size = call(fd, uapi.XE_DEVICE_QUERY, query=what).size
    data = ctypes.create_string_buffer(size)
    call(fd, uapi.XE_DEVICE_QUERY, query=what, size=size, data=ctypes.addressof(data))
    return parse_regions(data, uapi.XE_MEM_REGIONS, uapi.XE_MEM_REGION, "num_mem_regions")


def create_xe(fd, size):
    """In VRAM that the CPU sees; in system memory, if the GPU has no VRAM."""
    regions = xe_regions(fd)
    region = next((region for region in regions if region.mem_class == uapi.XE_CLASS_VRAM
                   and region.cpu_visible_size), None)
    flags, caching, where = uapi.XE_NEEDS_VISIBLE_VRAM, uapi.XE_CACHING_WC, "VRAM"
    if not region:
        region = next(region for region in regions if region.mem_class == uapi.XE_CLASS_SYSTEM)
        flags, caching, where = 0, uapi.XE_CACHING_WB, "system memory"
    size = rounded_up(size, region.min_page_size)
    handle = call(fd, uapi.XE_GEM_CREATE, size=size, placement=1 << region.instance,
                  flags=flags, cpu_caching=caching).handle
    offset = call(fd, uapi.XE_GEM_MMAP_OFFSET, handle=handle).offset
    return Bo(offset, size, f"xe's GEM_CREATE, in {where}")


def i915_query(fd, data=None):
    """Ask for the regions of memory; return the length of the answer."""
    item = uapi.I915_QUERY_ITEM(query_id=uapi.I915_QUERY_MEMORY_REGIONS)
    if data:
        item.length, item.data_ptr = len(data), ctypes.addressof(data)
    call(fd, uapi.I915_QUERY, num_items=1, items_ptr=ctypes.addressof(item))
    if item.length < 0:
        raise OSError(-item.length, os.strerror(-item.length))
    return item.length


def i915_regions(fd):
    """The regions of memory that i915 has; none on a kernel that does not know them."""
    try:
        data = ctypes.create_string_buffer(i915_query(fd))
        i915_query(fd, data)
    except OSError:
        return []
    return parse_regions(data, uapi.I915_REGIONS, uapi.I915_REGION_INFO, "num_regions")


def i915_create_in(fd, size, regions, flags):
    """Make a buffer object in one of some regions."""
    places = (uapi.I915_REGION * len(regions))(*(info.region for info in regions))
    extension = uapi.I915_CREATE_REGIONS(
        base=uapi.I915_EXTENSION(name=uapi.I915_CREATE_EXT_MEMORY_REGIONS),
        num_regions=len(regions), regions=ctypes.addressof(places))
    return call(fd, uapi.I915_GEM_CREATE_EXT, size=size, flags=flags,
                extensions=ctypes.addressof(extension))


def i915_create_in_vram(fd, size, vram, system):
    """The same in VRAM that the CPU sees. A kernel that cannot tell which it is shows all."""
    try:
        return i915_create_in(fd, size, vram + system, uapi.I915_NEEDS_CPU_ACCESS)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return i915_create_in(fd, size, vram, 0)


def create_i915(fd, size):
    """In VRAM that the CPU sees; in system memory, if the GPU has no VRAM."""
    vram, system = ([info for info in i915_regions(fd) if info.region.memory_class == wanted][:1]
                    for wanted in (uapi.I915_CLASS_DEVICE, uapi.I915_CLASS_SYSTEM))
    if vram:
        created = i915_create_in_vram(fd, size, vram, system)
    else:
        created = call(fd, uapi.I915_GEM_CREATE, size=size)
    offset = call(fd, uapi.I915_GEM_MMAP_OFFSET, handle=created.handle,
                  flags=uapi.I915_MMAP_FIXED if vram else uapi.I915_MMAP_WC).offset
    return Bo(offset, created.size,
              "i915's GEM_CREATE_EXT, in VRAM" if vram else "i915's GEM_CREATE, in system memory")


def create_qxl(fd, size):
    """A surface: qxl's large BAR has nothing else. The driver adds a line to it."""
    lines = max(2, -(-size // LINE))
    handle = call(fd, uapi.QXL_ALLOC_SURF, format=32, width=LINE // 4, height=lines - 1,
                  stride=LINE).handle
    offset = call(fd, uapi.QXL_MAP, handle=handle).offset
    return Bo(offset, lines * LINE, "qxl's ALLOC_SURF, in its VRAM for surfaces")


def create_vmwgfx(fd, size):
    """Where the driver has its buffers: in system memory, on all devices of today."""
    told = call(fd, uapi.VMW_ALLOC_BO, asked=uapi.VMW_ALLOC_REQ(size=size)).told
    return Bo(told.map_handle, size, "vmwgfx's ALLOC_BO, where the driver likes")


def create_bigbar(fd, size):
    """In VRAM."""
    created = call(fd, uapi.BIGBAR_GEM_CREATE, size=size,
                   placement=uapi.BIGBAR_PLACEMENT_VRAM)
    offset = call(fd, uapi.BIGBAR_GEM_MMAP_OFFSET, handle=created.handle).offset
    return Bo(offset, created.size, "bigbar's GEM_CREATE, in VRAM")


def create_dumb(fd, size):
    """A dumb buffer: the driver says where. Render nodes have none."""
    created = call(fd, uapi.CREATE_DUMB, width=LINE // 4, height=-(-size // LINE), bpp=32)
    offset = call(fd, uapi.MAP_DUMB, handle=created.handle).offset
    return Bo(offset, created.size, "a dumb buffer, where the driver likes")


CREATORS = {"amdgpu": create_amdgpu, "radeon": create_radeon, "nouveau": create_nouveau,
            "xe": create_xe, "i915": create_i915, "qxl": create_qxl, "vmwgfx": create_vmwgfx,
            "bigbar": create_bigbar}


@contextmanager
def opened(node):
    """The file of a node. A display server that starts meanwhile has to find the device free."""
    path = NODES / node
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except PermissionError as error:
        raise CostError(f"{path} may not be opened: try sudo, or join the group of that "
                        "file") from error
    except OSError as error:
        raise CostError(f"{path}: {error.strerror}") from error
    try:
        if node.startswith("card"):
            leave_display(fd)
        yield fd
    finally:
        os.close(fd)


def leave_display(fd):
    """Give up the right to set modes, which the first one gets who opens the file."""
    try:
        fcntl.ioctl(fd, uapi.DROP_MASTER)
    except OSError:
        pass  # somebody else has it


def refusal(error, gpu, size):
    """The error that says why there is no buffer object."""
    if error.errno in NO_ROOM:
        return CostError(f"{gpu}: no room for {size / MIB:,.4g} MiB: {error.strerror}")
    return CostError(f"{gpu} makes no buffer object: {error.strerror}")


def ways_of(gpu):
    """How to make a buffer object: node, function, and whose ioctls these are."""
    if gpu.driver in CREATORS:
        yield gpu.nodes[0], CREATORS[gpu.driver], gpu.driver
    for node in gpu.nodes:
        if node.startswith("card"):
            yield node, create_dumb, "dumb buffers"


@contextmanager
def new_bo(gpu, size):
    """A buffer object, with the file to map it from: by the driver's own ioctls, or a dumb
    buffer if the driver is unknown or does not let us."""
    refused = []
    for node, creator, whose in ways_of(gpu):
        with opened(node) as fd:
            try:
                bo = creator(fd, size)
            except OSError as error:
                if error.errno not in NOT_FOR_US:
                    raise refusal(error, gpu, size) from error
                refused.append(f"{whose}: {error.strerror}")
                continue
            yield fd, bo._replace(how="; ".join([bo.how, *refused]))
            return
    raise CostError(f"{gpu} makes no buffer object: "
                    + ("; ".join(refused) or "the driver is unknown, and has no dumb buffers"))

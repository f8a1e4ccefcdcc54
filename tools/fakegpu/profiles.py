# SPDX-License-Identifier: GPL-2.0-only
"""The GPUs that there are: what amdgpu takes each for, and what it needs to be told."""

import dataclasses

MIB, GIB = 1 << 20, 1 << 30

AMD = 0x1002

# Bits of ip_block_mask, in the order of cik_set_ip_blocks(). There is nothing for displays, video
# or power.
COMMON, GMC, IH, GFX, SDMA = (1 << bit for bit in range(5))


@dataclasses.dataclass(frozen=True)
class Profile:
    """A GPU. vram, bar: bytes. firmware: the files that amdgpu asks for. parameters: for the
    kernel's command line."""
    # pylint: disable=too-many-instance-attributes
    name: str
    title: str
    device: int
    vram: int
    bar: int
    firmware: tuple
    parameters: tuple
    vendor: int = AMD
    pci_class: int = 0x038000


KAVERI = Profile(
    name="kaveri",
    title="AMD Kaveri (GCN 2), all of its VRAM in the BAR",
    device=0x1304,
    vram=4 * GIB,
    bar=4 * GIB,
    firmware=tuple(f"kaveri_{part}.bin" for part in (
        "pfp", "me", "ce", "mec", "mec2", "rlc", "sdma", "sdma1")),
    parameters=(f"amdgpu.ip_block_mask={COMMON | GMC | IH | GFX | SDMA:#x}", "amdgpu.cik_support=1",
                "amdgpu.exp_hw_support=1", "amdgpu.dc=0", "amdgpu.runpm=0",
                # the default of 2 or 10 s is short for a guest without KVM
                "amdgpu.lockup_timeout=60000", "amdgpu.gpu_recovery=1"))

PROFILES = {profile.name: profile for profile in (
    KAVERI,
    dataclasses.replace(KAVERI, name="kaveri-small-bar", bar=256 * MIB,
                        title="the same with 256 MiB of its VRAM in the BAR"),
)}

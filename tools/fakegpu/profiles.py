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
    kernel's command line. ids: devices that amdgpu takes for the same. carved: where in the guest's
    memory VRAM is, if it is not in the BAR. options: for QEMU."""
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
    ids: tuple = ()
    carved: int = 0
    options: tuple = ()

    @property
    def all_parameters(self):
        """Those for the kernel's command line; they keep the kernel away from VRAM."""
        if not self.carved:
            return self.parameters
        ram, reserved = 1, 2
        return (*self.parameters, "nokaslr",
                f"memmap={self.vram:#x}%{self.carved:#x}-{ram}+{reserved}")


KAVERI = Profile(
    name="kaveri",
    title="AMD Kaveri (GCN 2), all of its VRAM in the BAR",
    device=0x1304,
    ids=(*range(0x1304, 0x1308), *range(0x1309, 0x1319), 0x131b, 0x131c, 0x131d),
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
    # Off a border of 1 GiB. amdgpu looks there only if it does not take itself for a guest.
    dataclasses.replace(KAVERI, name="kaveri-carved", vram=GIB, bar=256 * MIB,
                        carved=4 * GIB + 260 * MIB, options=("-cpu", "max,-hypervisor"),
                        title="the same with its VRAM in the guest's memory, as an APU has it"),
)}

# SPDX-License-Identifier: GPL-2.0-only
"""Makes the files that a driver asks for besides the device: a ROM image and firmware. They have
the headers that amdgpu looks at, and nothing of a vendor's in them."""

import pathlib
import struct
import zlib

ROM_BYTES = 64 << 10
ROM_BLOCK = 512

# Where the parts of the ROM image are. What is above DATA_TABLES is named by a table.
SIGNATURE, NAME, DATE = 0x30, 0x80, 0x50
ROM_HEADER_AT, PCI_HEADER_AT = 0x48, 0x18
PCI_HEADER, NO_TEXT, ROM_HEADER, COMMAND_TABLES, DATA_TABLES = 0x180, 0x1c0, 0x200, 0x400, 0x600
ASIC_INIT, INDIRECT_IO, FIRMWARE_INFO = 0x700, 0x800, 0x900

# Places in the ROM header, and in the list of data tables.
CONFIG_NAME_AT, BOOT_TEXT_AT, COMMANDS_AT, DATA_AT = 0xc, 0x10, 0x1e, 0x20
NR_COMMANDS, NR_TABLES = 90, 40
ASIC_INIT_INDEX, FIRMWARE_INFO_INDEX, INDIRECT_IO_INDEX = 0, 4, 23

# What a command does: it ends.
END_OF_TABLE = 0x5b

# Clocks in units of 10 kHz: engine, memory and pixels.
ENGINE_CLOCK, MEMORY_CLOCK, PIXEL_CLOCK = 30000, 50000, 60000

RETURN_FAR = 0xcb

# common_firmware_header, and room for the rest of the headers that SDMA, GFX and RLC have: a
# version of features, and sizes and offsets of what is not there.
FIRMWARE_HEADER = struct.Struct("<IIHHHHIIII" "IIIII")
FIRMWARE_WORDS = 4
FIRMWARE_VERSION, FEATURE_VERSION = 1, 1


def table_header(rom, at, size, version, content):
    """What each ATOM table begins with."""
    struct.pack_into("<HBB", rom, at, size, version, content)


def put_text(rom, at, text):
    """A text that ends with 0, as the image has nothing else there."""
    rom[at:at + len(text)] = text


def put_pci_header(rom, profile):
    """What PCI knows of the image: it is the only one, for this device."""
    rom[0:4] = bytes([0x55, 0xaa, ROM_BYTES // ROM_BLOCK, RETURN_FAR])
    struct.pack_into("<H", rom, PCI_HEADER_AT, PCI_HEADER)
    put_text(rom, PCI_HEADER, b"PCIR")
    size, is_last = 0x18, 0x80
    struct.pack_into("<HHHHBBBBHHBB", rom, PCI_HEADER + 4, profile.vendor, profile.device, 0,
                     size, 0, 0, 0x80, 0x03, ROM_BYTES // ROM_BLOCK, 0, 0, is_last)


def put_atom_header(rom):
    """What amdgpu looks for: a signature, and where the tables are."""
    put_text(rom, SIGNATURE, b" 761295520")
    put_text(rom, DATE, b"01/01/26 00:00")
    put_text(rom, NAME, b"FAKEGPU")
    struct.pack_into("<H", rom, ROM_HEADER_AT, ROM_HEADER)
    table_header(rom, ROM_HEADER, 0x24, 1, 1)
    put_text(rom, ROM_HEADER + 4, b"ATOM")
    for at, value in ((CONFIG_NAME_AT, NO_TEXT), (BOOT_TEXT_AT, NO_TEXT),
                      (COMMANDS_AT, COMMAND_TABLES), (DATA_AT, DATA_TABLES)):
        struct.pack_into("<H", rom, ROM_HEADER + at, value)


def put_tables(rom):
    """Of commands only the one that sets the GPU up after a reset, which has nothing to do; of data
    only an empty list of I/O programs, and the clocks."""
    table_header(rom, COMMAND_TABLES, 4 + 2 * NR_COMMANDS, 1, 1)
    struct.pack_into("<H", rom, COMMAND_TABLES + 4 + 2 * ASIC_INIT_INDEX, ASIC_INIT)
    table_header(rom, ASIC_INIT, 7, 1, 1)
    rom[ASIC_INIT + 6] = END_OF_TABLE
    table_header(rom, DATA_TABLES, 4 + 2 * NR_TABLES, 1, 1)
    for index, at in ((FIRMWARE_INFO_INDEX, FIRMWARE_INFO), (INDIRECT_IO_INDEX, INDIRECT_IO)):
        struct.pack_into("<H", rom, DATA_TABLES + 4 + 2 * index, at)
    table_header(rom, INDIRECT_IO, 8, 1, 1)
    table_header(rom, FIRMWARE_INFO, 0x70, 2, 2)
    for at, value in ((8, ENGINE_CLOCK), (12, MEMORY_CLOCK), (0x20, PIXEL_CLOCK)):
        struct.pack_into("<I", rom, FIRMWARE_INFO + at, value)


def make_rom(profile):
    """A ROM image."""
    rom = bytearray(ROM_BYTES)
    put_pci_header(rom, profile)
    put_atom_header(rom)
    put_tables(rom)
    rom[-1] = -sum(rom) & 0xff
    return bytes(rom)


def make_firmware():
    """A file that amdgpu takes for the firmware of a part of the GPU: a header, and a few zeros."""
    words = bytes(4 * FIRMWARE_WORDS)
    size = FIRMWARE_HEADER.size
    header = FIRMWARE_HEADER.pack(size + len(words), size, 1, 0, 2, 0, FIRMWARE_VERSION,
                                  len(words), size, zlib.crc32(words), FEATURE_VERSION, 0, 0, 0, 0)
    return header + words


def write_files(folder, profile):
    """Write the ROM image, the firmware, the parameters for the kernel, and options for QEMU."""
    folder = pathlib.Path(folder)
    firmware = folder / "firmware" / "amdgpu"
    firmware.mkdir(parents=True, exist_ok=True)
    (folder / "rom").write_bytes(make_rom(profile))
    for name in profile.firmware:
        (firmware / name).write_bytes(make_firmware())
    for name, words in (("parameters", profile.all_parameters), ("options", profile.options)):
        (folder / name).write_text(" ".join(words) + "\n", encoding="ascii")

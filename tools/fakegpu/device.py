# SPDX-License-Identifier: GPL-2.0-only
"""A PCI device at one end of a vfio-user connection: its configuration space, its BARs and its
interrupt, for a model such as gpu.Gpu that does the rest."""

import errno
import json
import os
import select
import struct

from protocol import MOST_DATA, MOST_FILES, Command, Gone, close_all

CONFIG_BYTES, CONFIG_REGION = 256, 7
REGIONS, INTERRUPTS = 9, 5
MSI = 1

RESETS, IS_PCI = 0x1, 0x2
READABLE, WRITABLE, MAPPABLE = 0x1, 0x2, 0x4
BY_EVENT, IS_TRIGGER = 0x4, 0x20
BY_EVENT_INFO = 0x1
MAP_WRITABLE, UNMAP_ALL = 0x2, 0x2

# Offsets in configuration space, and of the only capability in it.
VENDOR, COMMAND, STATUS, CLASS, FIRST_BAR, SUBSYSTEM = 0x0, 0x4, 0x6, 0x8, 0x10, 0x2c
CAPABILITIES, LINE = 0x34, 0x3c
HAS_CAPABILITIES = 0x10
MSI_CAPABILITY, MSI_ID, MSI_64_BIT, MSI_BYTES = 0x50, 0x5, 0x80, 14

# What the guest may write to: the rest of configuration space is fixed. QEMU keeps BARs itself.
CHANGEABLE = [*range(COMMAND, COMMAND + 2), LINE,
              *range(MSI_CAPABILITY + 2, MSI_CAPABILITY + MSI_BYTES)]


class Refused(Exception):
    """A request that makes no sense, with an error number."""

    def __init__(self, number):
        super().__init__(os.strerror(number))
        self.number = number


class Interrupt:
    """The one MSI: an event file that QEMU has sent."""

    def __init__(self, log):
        self._log = log
        self._file = None

    def set(self, file):
        """Take a file from QEMU, or none."""
        if self._file is not None:
            os.close(self._file)
        self._file = file

    def send(self):
        """Interrupt the guest."""
        if self._file is None:
            self._log.say("no MSI: the guest has not turned it on")
        else:
            os.write(self._file, (1).to_bytes(8, "little"))


def make_config(profile, bars):
    """Configuration space as after a reset."""
    config = bytearray(CONFIG_BYTES)
    struct.pack_into("<HH", config, VENDOR, profile.vendor, profile.device)
    struct.pack_into("<H", config, STATUS, HAS_CAPABILITIES)
    struct.pack_into("<I", config, CLASS, profile.pci_class << 8)
    for number, bar in bars.items():
        struct.pack_into("<I", config, FIRST_BAR + 4 * number, bar.kind)
    struct.pack_into("<HH", config, SUBSYSTEM, profile.vendor, profile.device)
    config[CAPABILITIES] = MSI_CAPABILITY
    struct.pack_into("<BBH", config, MSI_CAPABILITY, MSI_ID, 0, MSI_64_BIT)
    return config


class Device:
    """Answers to what QEMU asks. make_model(send_interrupt) returns the model."""

    def __init__(self, make_model, log):
        self._log = log
        self._interrupt = Interrupt(log)
        self.model = make_model(self._interrupt.send)
        self._config = make_config(self.model.profile, self.model.bars)
        self._answers = {
            Command.VERSION: self._version,
            Command.DMA_MAP: self._map,
            Command.DMA_UNMAP: self._unmap,
            Command.DEVICE_GET_INFO: self._info,
            Command.DEVICE_GET_REGION_INFO: self._region_info,
            Command.DEVICE_GET_IRQ_INFO: self._interrupt_info,
            Command.DEVICE_SET_IRQS: self._set_interrupts,
            Command.REGION_READ: self._read,
            Command.REGION_WRITE: self._write,
            Command.DEVICE_RESET: self._reset,
        }

    def serve(self, connection):
        """Answer until the other side is gone, which raises Gone."""
        poller = select.poll()
        poller.register(connection, select.POLLIN)
        try:
            while True:
                pause = self.model.work()
                if pause is None or poller.poll(1000 * pause):
                    self._answer(connection, connection.receive())
        except Gone:
            self._log.say("the client is gone")
            raise
        finally:
            self._log.flush()
            self._interrupt.set(None)
            self.model.lose_power()
            self._config = make_config(self.model.profile, self.model.bars)

    def close(self):
        """Give back what the model has."""
        self.model.close()

    def _answer(self, connection, message):
        answer = self._answers.get(message.command)
        try:
            if not answer:
                raise Refused(errno.EOPNOTSUPP)
            payload, files = answer(message)
        except (struct.error, Refused) as why:
            self._log.warn(f"refused: command {message.command} of {len(message.payload)} "
                           f"bytes: {why}")
            connection.refuse(message, getattr(why, "number", errno.EINVAL))
        else:
            connection.reply(message, payload, files)
        finally:
            close_all(message.files)

    # One function for each command: returns what to answer, and the files to send. A file that
    # it keeps it takes from the message.

    def _version(self, message):
        major, minor = struct.unpack_from("<HH", message.payload)
        asked = message.payload[4:].rstrip(b"\0").decode(errors="replace")
        self._log.say(f"vfio-user {major}.{minor} {asked}")
        if major:
            raise Refused(errno.EINVAL)
        capabilities = {"max_msg_fds": MOST_FILES, "max_data_xfer_size": MOST_DATA,
                        "max_dma_maps": 65535, "pgsizes": 4096,
                        "migration": {"pgsize": 4096, "max_bitmap_size": 4096}}
        text = json.dumps({"capabilities": capabilities})
        return struct.pack("<HH", 0, 0) + text.encode() + b"\0", ()

    def _map(self, message):
        _, flags, offset, address, size = struct.unpack_from("<IIQQQ", message.payload)
        file = message.files[0] if message.files else None
        self._log.say(f"map {address:#x} {size:#x} "
                      f"{'read-only' if not flags & MAP_WRITABLE else 'writable'} "
                      f"{'without a file' if file is None else f'at {offset:#x} of a file'}")
        if not flags & MAP_WRITABLE:
            file = None     # ROMs: the GPU has nothing to do with them
        try:
            self.model.guest.map(address, size, file, offset)
        except (OSError, ValueError) as error:
            self._log.warn(f"the guest's memory at {address:#x} cannot be mapped: {error}")
            self.model.guest.map(address, size, None, 0)
        return b"", ()

    def _unmap(self, message):
        _, flags, address, size = struct.unpack_from("<IIQQ", message.payload)
        self._log.say(f"unmap {address:#x} {size:#x}")
        if flags & UNMAP_ALL:
            self.model.guest.unmap_all()
        else:
            self.model.guest.unmap(address, size)
        return message.payload, ()

    def _info(self, _):
        return struct.pack("<IIII", 16, RESETS | IS_PCI, REGIONS, INTERRUPTS), ()

    def _region_info(self, message):
        _, _, index, _, _, _ = struct.unpack_from("<IIIIQQ", message.payload)
        bar = self.model.bars.get(index)
        size = CONFIG_BYTES if index == CONFIG_REGION else bar.size if bar else 0
        files = (bar.file,) if bar and bar.file is not None else ()
        flags = (READABLE | WRITABLE if size else 0) | (MAPPABLE if files else 0)
        return struct.pack("<IIIIQQ", 32, flags, index, 0, size, 0), files

    def _interrupt_info(self, message):
        _, _, index, _ = struct.unpack_from("<IIII", message.payload)
        count = 1 if index == MSI else 0
        return struct.pack("<IIII", 16, BY_EVENT_INFO if count else 0, index, count), ()

    def _set_interrupts(self, message):
        _, flags, index, start, count = struct.unpack_from("<IIIII", message.payload)
        self._log.say(f"interrupts {index}: {count} from {start}, flags {flags:#x}, "
                      f"{len(message.files)} files")
        if index == MSI and flags & IS_TRIGGER:
            if start + count > 1 or len(message.files) > count:
                raise Refused(errno.EINVAL)
            if message.files:
                self._interrupt.set(message.files.pop())
            elif flags & BY_EVENT or not count:
                self._interrupt.set(None)
            else:
                self._interrupt.send()
        return b"", ()

    def _region_of(self, message):
        offset, index, count = struct.unpack_from("<QII", message.payload)
        bar = self.model.bars.get(index)
        size = CONFIG_BYTES if index == CONFIG_REGION else bar.size if bar else 0
        if not count or count > MOST_DATA or offset + count > size:
            raise Refused(errno.EINVAL)
        return offset, index, count

    def _read(self, message):
        offset, index, count = self._region_of(message)
        if index == CONFIG_REGION:
            data = bytes(self._config[offset:offset + count])
        else:
            data = self.model.read(index, offset, count)
        return message.payload[:16] + data, ()

    def _write(self, message):
        offset, index, count = self._region_of(message)
        data = message.payload[16:]
        if len(data) != count:
            raise Refused(errno.EINVAL)
        if index == CONFIG_REGION:
            for at in range(offset, offset + count):
                if at in CHANGEABLE:
                    self._config[at] = data[at - offset]
        else:
            self.model.write(index, offset, data)
        return message.payload[:16], ()

    def _reset(self, _):
        self._log.say("reset")
        self._config = make_config(self.model.profile, self.model.bars)
        self.model.reset()
        return b"", ()

# SPDX-License-Identifier: GPL-2.0-only
"""The messages of vfio-user, as QEMU's vfio-user-pci sends them, on a socket."""

import collections
import enum
import os
import socket
import struct

HEADER = struct.Struct("<HHIII")
MOST_DATA = 1 << 20
MOST_FILES = 8

REPLY, NO_REPLY, ERROR = 0x1, 0x10, 0x20
TYPE = 0xf


class Command(enum.IntEnum):
    """What a message is about."""
    VERSION = 1
    DMA_MAP = 2
    DMA_UNMAP = 3
    DEVICE_GET_INFO = 4
    DEVICE_GET_REGION_INFO = 5
    DEVICE_GET_REGION_IO_FDS = 6
    DEVICE_GET_IRQ_INFO = 7
    DEVICE_SET_IRQS = 8
    REGION_READ = 9
    REGION_WRITE = 10
    DMA_READ = 11
    DMA_WRITE = 12
    DEVICE_RESET = 13
    DIRTY_PAGES = 14


class Gone(Exception):
    """The other side has closed the connection."""


class ProtocolError(Exception):
    """What came is not vfio-user, with the reason in one line."""


# files: file descriptors, which belong to the receiver.
Message = collections.namedtuple("Message", "number command flags payload files")


def close_all(files):
    """Close file descriptors."""
    for file in files:
        os.close(file)


class Connection:
    """One end of a socket, by which messages go with their files."""

    def __init__(self, sock):
        self._socket = sock

    def fileno(self):
        """For poll()."""
        return self._socket.fileno()

    def close(self):
        """Close the socket."""
        self._socket.close()

    def _rest(self, data, size):
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            if not more:
                raise Gone
            data += more
        return data

    def receive(self):
        """Wait for a message. Its files come with its first byte."""
        try:
            start, files, _, _ = socket.recv_fds(self._socket, HEADER.size, MOST_FILES)
            if not start:
                raise Gone
            number, command, size, flags, error = HEADER.unpack(self._rest(start, HEADER.size))
            if not HEADER.size <= size <= HEADER.size + MOST_DATA + 64:
                close_all(files)
                raise ProtocolError(f"a message of {size} bytes is no message of vfio-user")
            payload = self._rest(b"", size - HEADER.size)
        except ConnectionError as gone:
            raise Gone from gone
        if flags & ERROR:
            raise ProtocolError(f"the other side reports the error {error}")
        return Message(number, command, flags, payload, files)

    def send(self, number, command, flags, payload=b"", files=(), error=0):
        """Send a message."""
        header = HEADER.pack(number, command, HEADER.size + len(payload), flags, error)
        data = header + payload
        try:
            sent = socket.send_fds(self._socket, [data], files)
            if sent < len(data):
                self._socket.sendall(data[sent:])
        except ConnectionError as gone:
            raise Gone from gone

    def reply(self, message, payload=b"", files=()):
        """Answer a message, if it wants an answer."""
        if not message.flags & NO_REPLY:
            self.send(message.number, message.command, REPLY, payload, files)

    def refuse(self, message, error):
        """Answer that a message cannot be obeyed, by an error number."""
        if not message.flags & NO_REPLY:
            self.send(message.number, message.command, REPLY | ERROR, error=error)

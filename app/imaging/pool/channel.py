"""Messages between the server and its decoder processes: a few bytes of JSON, and pixels in a sealed memfd."""

import fcntl
import json
import mmap
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

# What the forkserver says when it is ready, and of each child.
READY = b"R"
PID = struct.Struct("<i")
_LENGTH = struct.Struct("<I")
_MOST_MESSAGE_BYTES = 1 << 20
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class BadMessage(Exception):
    """The other side ended, or sent what is no message."""


def send(channel: socket.socket, message: dict[str, Any], memory: Sequence[int] = ()) -> None:
    """Send a message, and descriptors beside it.

    Raises:
        OSError: the other side ended.
    """
    body = json.dumps(message).encode()
    socket.send_fds(channel, [_LENGTH.pack(len(body))], list(memory))
    channel.sendall(body)


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A message and the descriptors that came with it, which are the caller's to close.

    Raises:
        BadMessage: no complete JSON object came.
        OSError: the channel broke, or its timeout passed.
    """
    head, memory, _, _ = socket.recv_fds(channel, _LENGTH.size, 1)
    try:
        if len(head) < _LENGTH.size:
            raise BadMessage
        length = _LENGTH.unpack(head)[0]
        if length > _MOST_MESSAGE_BYTES:
            raise BadMessage
        message = json.loads(_exactly(channel, length))
        if not isinstance(message, dict):
            raise BadMessage
    except (OSError, ValueError, RecursionError, BadMessage) as failure:
        for each in memory:
            os.close(each)
        raise failure if isinstance(failure, OSError) else BadMessage from None
    return message, list(memory)


def sealed_memory(parts: Sequence[bytes | memoryview]) -> int:
    """A descriptor of anonymous memory that holds the parts one after another and can no longer change."""
    memory = os.memfd_create("pixels", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        for part in parts:
            view = memoryview(part).cast("B")
            while view:
                view = view[os.write(memory, view) :]
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _SEALS)
    except OSError:
        os.close(memory)
        raise
    return memory


def mapped(memory: int) -> mmap.mmap | bytes:
    """The content of sealed memory, without a copy.

    Raises:
        BadMessage: it is not sealed, and could shrink or change under the eyes of the reader.
    """
    try:
        if fcntl.fcntl(memory, fcntl.F_GET_SEALS) & _SEALS != _SEALS:
            raise BadMessage
        size = os.fstat(memory).st_size
        return mmap.mmap(memory, size, prot=mmap.PROT_READ) if size else b""
    except OSError:
        raise BadMessage from None


def _exactly(channel: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = channel.recv(length - len(parts))
        if not part:
            raise BadMessage
        parts += part
    return bytes(parts)

"""A decoder process: one file in, one answer out, and the end."""

import os
import socket
from collections.abc import Callable

from app.config import Limits
from app.errors import FractureError, TooComplex
from app.imaging.pool.answer import radiograph_message, refusal_message
from app.imaging.pool.channel import receive, sealed_memory, send
from app.imaging.pool.confinement import Confinement, confine
from app.imaging.pool.warm_up import load_codecs
from app.records import Radiograph

# What decoding a radiograph of a megapixel or two touches.
_MEMORY_BEFOREHAND = 16 << 20
_STEP = 1 << 20

Decode = Callable[[bytes, Limits], Radiograph]


def serve_one(channel: socket.socket, decode: Decode, limits: Limits, confinement: Confinement) -> None:
    """Wait for a file within the limits of this process, decode it, and answer."""
    confine(confinement)
    # What the forkserver loaded is copied page by page as it is written to; this does most of it beforehand.
    load_codecs()
    touch_memory(_MEMORY_BEFOREHAND)
    _, memory = receive(channel)
    with os.fdopen(memory[0], "rb", buffering=0) as file:
        file.seek(0)
        raw = file.read()
    try:
        radiograph = decode(raw, limits)
    except FractureError as refusal:
        send(channel, refusal_message(refusal))
        return
    except MemoryError:
        send(channel, refusal_message(TooComplex()))
        return
    message, parts = radiograph_message(radiograph)
    send(channel, message, [sealed_memory(parts)])


def touch_memory(count: int) -> None:
    """Have the allocator hold so many bytes that the kernel has backed already, before there is a file to wait."""
    parts = [bytearray(_STEP) for _ in range(count // _STEP)]
    parts.clear()

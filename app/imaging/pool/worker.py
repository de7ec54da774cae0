"""A decoder process: one file in, one answer out, and the end."""

import os
import socket
from collections.abc import Callable, Sequence

from app.config import Limits
from app.errors import FractureError, TooComplex
from app.imaging.pool.answer import radiograph_message, refusal_message
from app.imaging.pool.channel import receive, sealed_memory, send
from app.imaging.pool.confinement import Confinement, confine
from app.imaging.pool.warm_up import decode_each
from app.records import Radiograph

Decode = Callable[[bytes, Limits], Radiograph]


def serve_one(
    channel: socket.socket, decode: Decode, limits: Limits, confinement: Confinement, warm_up: Sequence[bytes] = ()
) -> None:
    """Wait for a file within the limits of this process, decode it, and answer.

    warm_up: small files to decode beforehand. What the forkserver loaded is copied page by page as it is written to;
    with a PNG and a JPEG that costs 3 ms of CPU time, with every codec 30, which the detector would lack.
    """
    confine(confinement)
    decode_each(warm_up)
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

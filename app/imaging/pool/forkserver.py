"""The process that decoder processes are forked from: no threads, no detector, no keys, and decoders already loaded.

Started by `app.imaging.pool.fork_client` with a socket. Each byte that comes over it, with a descriptor, asks for a
child that serves that descriptor.
"""

import gc
import importlib
import json
import os
import signal
import socket
import warnings
from collections.abc import Callable

import cv2

from app.config import Limits
from app.imaging.pool.channel import PID, READY, BadMessage
from app.imaging.pool.confinement import Confinement
from app.imaging.pool.warm_up import all_files, decode_each, raster_files
from app.imaging.pool.worker import Decode, serve_one


def run(arguments: list[str]) -> None:
    """Fork children until the other side closes.

    arguments: the last of the command line: descriptor of the socket, `module:function` of a decoder with the signature
    of `app.imaging.decode`, and as JSON the limits that children decode in.
    """
    descriptor, decoder, settings = arguments[-3:]
    job = json.loads(settings)
    limits, confinement = Limits(pixels=job["pixels"]), Confinement(job["cpu_s"], job["memory_bytes"])
    warnings.simplefilter("ignore")
    # Children are not waited for; a signal for the server's terminal is the server's to answer.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(0)
    module, name = decoder.split(":")
    decode: Decode = getattr(importlib.import_module(module), name)
    control = socket.socket(fileno=int(descriptor))
    decode_each(all_files())
    common = list(raster_files())
    gc.freeze()
    control.sendall(READY)
    while True:
        asked, given, _, _ = socket.recv_fds(control, 1, 1)
        if not asked:
            return
        pid = os.fork()
        if not pid:
            _serve(control, given[0], lambda channel: serve_one(channel, decode, limits, confinement, common))
        os.close(given[0])
        control.sendall(PID.pack(pid))


def _serve(control: socket.socket, descriptor: int, serve: Callable[[socket.socket], None]) -> None:
    """Serve one file in a child, and never return into the loop of its parent."""
    status = 1
    try:
        control.close()
        with socket.socket(fileno=descriptor) as channel:
            serve(channel)
        status = 0
    except (BadMessage, MemoryError, OSError, RuntimeError, TypeError, ValueError):
        # No answer is an answer; what the failure says may quote the file.
        pass
    finally:
        os._exit(status)

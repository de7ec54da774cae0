"""A warm pool of decoder processes, each of which decodes one file and ends."""

import logging
import os
import queue
import select
import threading
import time
from contextlib import suppress
from functools import partial
from typing import Any

from app.config import Limits
from app.errors import DamagedImage, TooComplex, Unavailable
from app.imaging.pool.answer import radiograph_of, refusal_of
from app.imaging.pool.channel import BadMessage, mapped, receive, sealed_memory, send
from app.imaging.pool.confinement import Confinement
from app.imaging.pool.fork_client import Child, ForkServer
from app.imaging.pool.lanes import Lane, Lanes
from app.records import Radiograph

_DECODER = "app.imaging.decode:decode"
# What nearly every radiograph is decoded in; after it others go first.
_QUICK_S = 0.2
_WAIT_S = 15.0
_SLOW_SEATS = 4
_ATTEMPTS = 3
# Until then the detector is done with the file whose decoder is to be replaced.
_PAUSE_S = 0.25

_log = logging.getLogger(__name__)


class DecoderPool:
    """Decodes files that are not trusted. Safe to use from several threads.

    A crash, a hang or a bomb costs the file that causes it, and nobody else; no process sees a second file.
    """

    def __init__(
        self, limits: Limits, cpu_s: int = 20, wall_s: float = 60.0, size: int | None = None, decoder: str = _DECODER
    ) -> None:
        """Start the forkserver, without waiting for it.

        cpu_s, wall_s: the longest that one file may take. size: files decoded at a time, one a core if not given.
        """
        self._limits = limits
        self._cpu_s, self._wall_s = cpu_s, wall_s
        confinement = Confinement.for_file(limits, cpu_s)
        settings = {"pixels": limits.pixels, "cpu_s": cpu_s, "memory_bytes": confinement.memory_bytes}
        self._start = partial(ForkServer, decoder, settings)
        size = size or max(2, os.cpu_count() or 2)
        self._lanes = Lanes(size, _SLOW_SEATS, _WAIT_S)
        self._server = self._start()
        self._idle: queue.SimpleQueue[Child] = queue.SimpleQueue()
        self._wanted = threading.Semaphore(size)
        self._is_short = threading.Event()
        self._is_closed = threading.Event()
        self._refill = threading.Thread(target=self._keep_warm, name="decoder-pool", daemon=True)
        self._refill.start()

    def decode(self, raw: bytes) -> Radiograph:
        """Decode one X-ray image; its arrays are read-only.

        Raises:
            FractureError: as `app.imaging.decode` says; DamagedImage also where the decoder crashed.
            TooComplex: beyond the limits of time or memory.
            Busy: too many files are being decoded. Unavailable: no process can be started.
        """
        with self._lanes.seat() as lane:
            child = self._with_file(raw)
            try:
                return self._answer(child, lane)
            finally:
                child.end()

    def close(self) -> None:
        """End the forkserver and the processes that wait."""
        self._is_closed.set()
        self._is_short.set()
        self._wanted.release()
        self._refill.join()
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().end()
        self._server.close()

    def _with_file(self, raw: bytes) -> Child:
        """A process that has taken the file; one that has died while it waited is passed over."""
        try:
            memory = sealed_memory([raw])
        except OSError:
            raise Unavailable from None
        try:
            for _ in range(_ATTEMPTS):
                child = self._take()
                try:
                    send(child.channel, {}, [memory])
                except OSError:
                    child.end()
                    self._wanted.release()
                else:
                    return child
        finally:
            os.close(memory)
        raise Unavailable

    def _take(self) -> Child:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            self._is_short.set()
        try:
            return self._idle.get(timeout=_WAIT_S)
        except queue.Empty:
            raise Unavailable from None

    def _answer(self, child: Child, lane: Lane) -> Radiograph:
        began = time.monotonic()
        is_quick = _has_answer(child, _QUICK_S)
        # Only now, so that forking the next process does not take time from this file's.
        self._wanted.release()
        if self._idle.empty():
            self._is_short.set()
        if not is_quick:
            lane.slow_down()
            child.lower_priority()
            if not _has_answer(child, self._wall_s - _QUICK_S):
                raise TooComplex
        try:
            child.channel.settimeout(self._wall_s)
            message, memory = receive(child.channel)
            return self._opened(message, memory)
        except (BadMessage, OSError):
            is_late = time.monotonic() - began >= 0.9 * self._cpu_s
            raise (TooComplex if is_late else DamagedImage) from None

    def _opened(self, message: dict[str, Any], memory: list[int]) -> Radiograph:
        try:
            refusal = refusal_of(message)
            if refusal is not None:
                raise refusal
            if not memory:
                raise BadMessage
            return radiograph_of(message, mapped(memory[0]), self._limits)
        finally:
            for each in memory:
                os.close(each)

    def _keep_warm(self) -> None:
        """Fork a child for each that was taken; start the forkserver again where it has died.

        A fork takes time from the detector, which is busy with the file: while another child is ready, it waits.
        """
        while True:
            self._wanted.acquire()
            if not self._idle.empty():
                self._is_short.wait(_PAUSE_S)
            self._is_short.clear()
            if self._is_closed.is_set():
                return
            try:
                self._idle.put(self._server.fork())
            except OSError:
                self._wanted.release()
                self._restart()

    def _restart(self) -> None:
        if self._is_closed.wait(1.0):
            return
        _log.error("decoder-pool: the forkserver ended and is started again")
        self._server.close()
        with suppress(OSError):
            self._server = self._start()


def _has_answer(child: Child, timeout_s: float) -> bool:
    """Whether the process answered, or ended, within the time."""
    poll = select.poll()
    poll.register(child.channel, select.POLLIN)
    return bool(poll.poll(max(0.0, timeout_s) * 1000))
